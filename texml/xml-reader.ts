/**
 * XML text to a tree, strictly: what is not well-formed, too large or declares a DOCTYPE is refused, with its place.
 * Knows nothing of TeXML; that is `checker.ts`. Text stays text, order stays order.
 */
import { SaxesParser } from 'saxes';
import { placeOf } from './findings';
import type { Finding, FindingCode } from './findings';

export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlNode[];
  /** Where its `<` stands in the text. */
  readonly offset: number;
}

export interface XmlComment {
  readonly comment: string;
}

/** Strings are text, CDATA included; two never stand next to each other. */
export type XmlNode = XmlElement | XmlComment | string;

export interface XmlDocument {
  readonly root: XmlElement;
  /** Comments before and after the root. */
  readonly before: readonly XmlComment[];
  readonly after: readonly XmlComment[];
  /** What it was read from, decoded. */
  readonly text: string;
}

export type XmlReading = XmlDocument | { readonly refused: Finding };

const LIMITS = { bytes: 64 * 1024, depth: 32, elements: 500, attributes: 32 } as const;

/** Reads bytes as UTF-8 and nothing else. */
export function readXml(input: string | Uint8Array): XmlReading {
  let text = '';
  try {
    if (input.length > LIMITS.bytes) throw tooLarge();
    text = typeof input === 'string' ? input : new TextDecoder().decode(input);
    if (typeof input !== 'string') refuseOtherEncodings(input, text);
    refuseBeforeParsing(text);
    return { ...parse(text), text };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const { code, message, suggestion, offset } = error;
    return { refused: { code, severity: 'error', ...placeOf(text, offset), path: '', message, suggestion } };
  }
}

class Refusal extends Error {
  constructor(
    readonly code: FindingCode,
    message: string,
    readonly suggestion: string | null = null,
    readonly offset = 0,
  ) {
    super(message);
  }
}

function refuseOtherEncodings(bytes: Uint8Array, decoded: string): void {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new Refusal('not_utf8', 'expected bytes in UTF-8', 'save the file as UTF-8', decoded.indexOf('\uFFFD'));
  }
}

const tooLarge = () => new Refusal('too_large', `expected at most ${LIMITS.bytes} bytes`);

function refuseBeforeParsing(text: string): void {
  // A UTF-16 unit takes up to three bytes in UTF-8.
  if (text.length * 3 > LIMITS.bytes && new TextEncoder().encode(text).length > LIMITS.bytes) throw tooLarge();
  const declaration = /<!(?:DOCTYPE|ENTITY)/i.exec(text);
  if (declaration) {
    const instead = 'remove it, and write the text itself where its entities stand';
    throw new Refusal('doctype_forbidden', 'expected neither a DOCTYPE nor entities', instead, declaration.index);
  }
  // With the flag u, a surrogate matches only where it is none of a pair; saxes does not look.
  const half = /[\ud800-\udfff]/.test(text) ? text.search(/[\ud800-\udfff]/u) : -1;
  if (half !== -1) throw new Refusal('not_well_formed', 'not well-formed: half a character', 'remove it', half);
  if (!/^\uFEFF?\s*</.test(text)) {
    throw new Refusal('not_texml', 'expected XML: <Response>…</Response>', 'begin with <Response>');
  }
}

interface Growing extends XmlElement {
  readonly children: XmlNode[];
}

function parse(text: string): Omit<XmlDocument, 'text'> {
  const parser = new SaxesParser();
  const open: Growing[] = [];
  const before: XmlComment[] = [];
  const after: XmlComment[] = [];
  let root: Growing | undefined;
  let closed: Growing | undefined;
  let elements = 0;
  const addText = (more: string): void => {
    const children = open.at(-1)?.children;
    if (!children || more === '') return;
    const last = children.at(-1);
    if (typeof last === 'string') children[children.length - 1] = last + more;
    else children.push(more);
  };
  // No more than seven handlers: with eight, V8 turns the parser's fields into a dictionary, and reading takes five times as long.
  parser.on('opentag', ({ name, attributes }) => {
    // Between the "<" of a tag and its end there is no other: attributes may not contain one.
    const offset = text.lastIndexOf('<', parser.position - 1);
    const element: Growing = { name, attributes, children: [], offset };
    refuseTooMuch(element, open.length + 1, ++elements);
    open.at(-1)?.children.push(element);
    open.push(element);
    root ??= element;
  });
  parser.on('closetag', () => {
    closed = open.pop();
  });
  parser.on('text', addText);
  parser.on('cdata', addText);
  parser.on('comment', (comment) => (open.at(-1)?.children ?? (root ? after : before)).push({ comment }));
  parser.on('xmldecl', ({ encoding = 'UTF-8', version = '1.0' }) => {
    if (!/^utf-?8$/i.test(encoding))
      throw new Refusal('not_utf8', `expected UTF-8, not ${encoding}`, 'write encoding="UTF-8"');
    if (version !== '1.0')
      throw new Refusal('not_well_formed', `expected XML 1.0, not ${version}`, 'write version="1.0"');
  });
  parser.on('processinginstruction', ({ target }) => {
    const message = `expected no processing instruction, found <?${target}`;
    throw new Refusal('processing_instruction', message, 'remove it', text.lastIndexOf('<?', parser.position - 1));
  });
  try {
    // Without a handler of errors, the first one is thrown: what follows it would be guesses.
    parser.write(text).close();
  } catch (error) {
    if (error instanceof Refusal || !(error instanceof Error)) throw error;
    throw notWellFormed(error.message, { text, position: parser.position, open: open.at(-1), closed });
  }
  if (!root) throw new Refusal('not_texml', 'expected an element');
  return { root, before, after };
}

function refuseTooMuch({ attributes, offset }: XmlElement, depth: number, elements: number): void {
  if (depth > LIMITS.depth)
    throw new Refusal('too_deep', `expected elements at most ${LIMITS.depth} deep`, null, offset);
  if (elements > LIMITS.elements) {
    throw new Refusal('too_many', `expected at most ${LIMITS.elements} elements`, null, offset);
  }
  if (Object.keys(attributes).length > LIMITS.attributes) {
    throw new Refusal('too_many', `expected at most ${LIMITS.attributes} attributes`, null, offset);
  }
}

/** What people do wrong most, by saxes' words for it. */
const ADVICE: readonly (readonly [said: RegExp, suggestion: string])[] = [
  [/unclosed tag/, 'close it'],
  [/unexpected close tag|unmatched closing tag/, 'close elements in the reverse order of opening them'],
  [/unquoted attribute value|attribute without value/, 'write name="value"'],
  [
    /undefined entity|empty entity name|malformed character entity|disallowed character in entity name|unterminated entity/i,
    'write &amp; for &',
  ],
  [/disallowed character/, 'write &lt; for < and &amp; for &; control characters cannot be written'],
  [/duplicate attribute/, 'remove one of them'],
  [/only one root|text data outside of root/, 'put everything into one <Response>'],
];

interface Where {
  readonly text: string;
  readonly position: number;
  readonly open: XmlElement | undefined;
  /** The element that was closed last, by whatever tag. */
  readonly closed: XmlElement | undefined;
}

function notWellFormed(message: string, { text, position, open, closed }: Where): Refusal {
  const said = message.replace(/^[^:]*?\d+:\d+: /, '').replace(/\.$/, '');
  const suggestion = ADVICE.find(([pattern]) => pattern.test(said))?.[1] ?? null;
  const refuse = (words: string, offset = Math.min(position, text.length), advice = suggestion) =>
    new Refusal('not_well_formed', `not well-formed: ${words}`, advice, offset);
  if (said === 'unexpected close tag' && closed) return refuse(`${said}, ${closed.name} is open`);
  if (!/^unclosed tag|^unexpected end/.test(said)) return refuse(said);
  // An ampersand that begins no reference takes all that follows for its name; the end of the text is of no use.
  const ampersand = text
    .replace(/<!\[CDATA\[[^]*?\]\]>|<!--[^]*?-->/g, (whole) => ' '.repeat(whole.length))
    .search(/&(?!(?:#\d+|#x[\da-f]+|[a-z][\w.-]*);)/i);
  if (ampersand !== -1) return refuse('an & that begins no reference', ampersand, 'write &amp; for &');
  return refuse(said, open?.offset);
}

export function elementsIn({ children }: XmlElement): readonly XmlElement[] {
  return children.filter((child): child is XmlElement => typeof child !== 'string' && 'name' in child);
}

/** The text that stands directly in an element. */
export function textIn({ children }: XmlElement): string {
  return children.filter((child) => typeof child === 'string').join('');
}

/** The text in an element and in the elements inside of it: what is heard of SSML. */
export function spokenIn({ children }: XmlElement): string {
  return children.map((child) => (typeof child === 'string' ? child : 'name' in child ? spokenIn(child) : '')).join('');
}
