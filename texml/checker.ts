/** A tree of XML against the table of verbs and the rules beside it: everything that is wrong, in the order of the text. */
import { placeOf } from './findings';
import type { Finding } from './findings';
import { RULES } from './rules';
import type { Breach } from './rules';
import { nearest } from './suggest';
import { TWIML_ATTRIBUTES, TWIML_ELEMENTS } from './twiml';
import { objectionTo } from './values';
import { isSsml, parentsOf, ROW_NAMES, rowNamed, rowOf } from './verbs';
import type { RowName } from './verbs';
import { sipUri } from './verbs/row';
import { elementsIn, spokenIn, textIn } from './xml-reader';
import type { XmlElement } from './xml-reader';

/** An element among those around it. */
interface At {
  readonly element: XmlElement;
  readonly row: RowName;
  readonly parent: At | null;
}

type Report = (at: Pick<At, 'element' | 'parent'>, breach: Breach) => void;

/** `text` is what `root` was read from: it tells lines and columns. `nextAskedBy` as in `parseTexml`. */
export function check(root: XmlElement, text: string, nextAskedBy: 'telnyx' | 'us'): readonly Finding[] {
  const found: { readonly finding: Finding; readonly offset: number }[] = [];
  const report: Report = (at, { code, severity = 'error', message, suggestion = null, attribute, leads }) => {
    if (leads && nextAskedBy === 'us' && code === 'unreachable_host') return;
    const offset = attribute === undefined ? at.element.offset : offsetOf(attribute, at.element, text);
    const path = attribute === undefined ? pathOf(at) : `${pathOf(at)}/@${attribute}`;
    found.push({ finding: { code, severity, ...placeOf(text, offset), path, message, suggestion }, offset });
  };
  if (root.name === 'Response') {
    checkElement({ element: root, row: 'Response', parent: null }, report);
  } else {
    const message = `expected Response as the root, found ${root.name}`;
    report({ element: root, parent: null }, { code: 'not_texml', message, suggestion: 'write <Response>' });
  }
  return found.sort((one, other) => one.offset - other.offset).map(({ finding }) => finding);
}

function checkElement(at: At, report: Report): void {
  checkAttributes(at, report);
  checkText(at, report);
  checkChildren(at, report);
  const { element, row } = at;
  const rules = RULES[row];
  if (!rules) return;
  const children = elementsIn(element);
  const seen = {
    attributes: element.attributes,
    text: textIn(element).trim(),
    children: children.map(({ name }) => name),
  };
  for (const rule of rules) {
    const breach = rule(seen);
    const blamed = breach && breach.child !== undefined ? children[breach.child] : undefined;
    if (breach) report(blamed ? { element: blamed, parent: at } : at, breach);
  }
}

function checkAttributes(at: At, report: Report): void {
  const { element, row } = at;
  const known = rowNamed(row).attributes;
  for (const [name, value] of Object.entries(element.attributes)) {
    const attribute = Object.hasOwn(known, name) ? known[name] : undefined;
    if (!attribute) {
      report(at, unknownAttribute(name, row));
      continue;
    }
    const objection = objectionTo(value, attribute.is);
    if (!objection) continue;
    const { code, expected, suggestion } = objection;
    const message = `expected ${expected}, found ${quoted(value)}`;
    report(at, { code, message, suggestion, attribute: name, leads: attribute.leads });
  }
  for (const [name, { required, meaning }] of Object.entries(known)) {
    if (required && !element.attributes[name]) {
      report(at, { code: 'missing_attribute', message: `expected ${name}: ${meaning}`, suggestion: `add ${name}="…"` });
    }
  }
}

function unknownAttribute(attribute: string, row: RowName): Breach {
  const { tag, attributes } = rowNamed(row);
  const twiml = TWIML_ATTRIBUTES.get(row)?.get(attribute);
  if (twiml) {
    const message = `${attribute} of ${tag} is TwiML, Telnyx ignores it`;
    const suggestion = 'renamed' in twiml ? `write ${twiml.renamed}` : `remove it: ${twiml.dropped}`;
    return { code: 'not_in_texml', message, suggestion, attribute };
  }
  const names = Object.keys(attributes);
  const meant = nearest(attribute, names);
  const expected = names.length === 0 ? `no attributes` : `an attribute of ${tag}`;
  const suggestion = meant === null ? 'remove it' : `write ${meant}`;
  return {
    code: 'unknown_attribute',
    message: `expected ${expected}, found ${quoted(attribute)}`,
    suggestion,
    attribute,
  };
}

function checkText(at: At, report: Report): void {
  const { element, row } = at;
  const { tag, text: expected } = rowNamed(row);
  const isSpoken = expected?.is.type === 'speech';
  const text = (isSpoken ? spokenIn(element) : textIn(element)).trim();
  if (!expected) {
    if (text !== '') {
      report(at, {
        code: 'unexpected_text',
        message: `expected no text in ${tag}, found ${quoted(text)}`,
        suggestion: row === 'Response' ? 'put it into a Say' : 'remove it',
      });
    }
    return;
  }
  if (text === '') {
    const hasSsml = isSpoken && elementsIn(element).length > 0;
    if (expected.required && !hasSsml) {
      report(at, { code: 'missing_text', message: `expected text in ${tag}: ${expected.meaning}` });
    }
    return;
  }
  if (row === 'Dial' && isBareSip(text)) {
    const message = 'expected a phone number as the text of Dial, found a SIP address; it is read as a Sip';
    report(at, { code: 'bare_sip', severity: 'warning', message, suggestion: `write <Dial><Sip>${text}</Sip></Dial>` });
  }
  const objection = objectionTo(text, row === 'Dial' && isBareSip(text) ? sipUri : expected.is);
  if (!objection) return;
  const { code, expected: what, suggestion } = objection;
  report(at, { code, message: `expected ${what}, found ${quoted(text)}`, suggestion, leads: expected.leads });
}

/** `<Dial>sip:agent@example.com</Dial>`, as guides have it. Telnyx documents only phone numbers there. */
export function isBareSip(text: string): boolean {
  return /^sips?:/i.test(text);
}

function checkChildren(at: At, report: Report): void {
  const speaks = rowNamed(at.row).text?.is.type === 'speech';
  for (const element of elementsIn(at.element)) {
    if (speaks && isSsml(element.name)) {
      checkSsml({ element, parent: at }, report);
      continue;
    }
    const row = rowOf(element.name, at.row);
    if (row) checkElement({ element, row, parent: at }, report);
    else report({ element, parent: at }, strangeElement(element.name, at.row));
  }
}

function checkSsml(at: Pick<At, 'element' | 'parent'>, report: Report): void {
  for (const element of elementsIn(at.element)) {
    const inside = { element, parent: { ...at, row: 'Say' as const } };
    if (isSsml(element.name)) checkSsml(inside, report);
    else report(inside, strangeElement(element.name, 'Say'));
  }
}

const TAGS = [...new Set(ROW_NAMES.map((name) => rowNamed(name).tag))];

function strangeElement(tag: string, row: RowName): Breach {
  const parent = rowNamed(row);
  const allowed = [...new Set(parent.children.map((name) => rowNamed(name as RowName).tag))];
  const names = allowed.length > 9 ? 'a verb' : allowed.join(', ').replace(/, ([^,]*)$/, ' or $1');
  const expected = `${names || (parent.text?.is.type === 'speech' ? 'text and SSML' : 'no element')} in ${parent.tag}`;
  const instead = TWIML_ELEMENTS.get(tag);
  if (instead !== undefined) {
    return { code: 'not_in_texml', message: `${tag} is TwiML, Telnyx leaves it out`, suggestion: instead };
  }
  const message = `expected ${expected}, found ${quoted(tag)}`;
  if (TAGS.includes(tag)) {
    return {
      code: 'misplaced',
      message,
      suggestion: `it may stand in ${[...new Set(parentsOf(tag))].join(', ') || 'nothing'}`,
    };
  }
  const meant = nearest(tag.replace(/^[^:]*:/, ''), allowed) ?? nearest(tag, TAGS);
  return { code: 'unknown_verb', message, suggestion: meant === null ? null : `write <${meant}>` };
}

const quoted = (text: string): string => JSON.stringify(text.length > 80 ? `${text.slice(0, 79)}…` : text);

function pathOf({ element, parent }: Pick<At, 'element' | 'parent'>): string {
  if (!parent) return `/${element.name}`;
  const alike = elementsIn(parent.element).filter(({ name }) => name === element.name);
  return `${pathOf(parent)}/${element.name}[${alike.indexOf(element) + 1}]`;
}

/** Reads the start tag once more, which is well-formed: only findings need to know where an attribute stands. */
function offsetOf(attribute: string, { name, offset }: XmlElement, text: string): number {
  const attributes = /\s*([^\s=]+)\s*=\s*(?:"[^"]*"|'[^']*')/y;
  attributes.lastIndex = offset + 1 + name.length;
  for (let match = attributes.exec(text); match; match = attributes.exec(text)) {
    const [whole, found = ''] = match;
    if (found === attribute) return match.index + whole.indexOf(found);
  }
  return offset;
}
