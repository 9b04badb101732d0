/**
 * A document for Twilio made one for Telnyx: what is named otherwise is renamed, Twilio's defaults are written out where
 * Telnyx has others, and what cannot be carried over is said. Telnyx itself ignores unknown names without a word.
 */
import { placeOf } from './findings';
import type { Finding } from './findings';
import { TWIML_ATTRIBUTES, TWIML_ELEMENTS } from './twiml';
import { objectionTo } from './values';
import { rowNamed, rowOf } from './verbs';
import type { RowName } from './verbs';
import type { ValueType } from './verbs/row';
import { elementsIn, spokenIn } from './xml-reader';
import type { XmlDocument, XmlElement, XmlNode } from './xml-reader';

/** What was done, or is left for a person to do, where in the document as it was. */
export interface Change extends Pick<Finding, 'line' | 'column' | 'message'> {
  readonly kind: 'done' | 'todo';
}

export interface Conversion {
  readonly document: XmlDocument;
  readonly changes: readonly Change[];
}

export function convertTwiml(document: XmlDocument): Conversion {
  const changes: Change[] = [];
  const note: Note = (kind, { offset }, message) => {
    changes.push({ kind, ...placeOf(document.text, offset), message });
  };
  const root = document.root.name === 'Response' ? converted(document.root, 'Response', note) : document.root;
  return { document: { ...document, root }, changes };
}

type Note = (kind: Change['kind'], element: XmlElement, message: string) => void;
type Attributes = Readonly<Record<string, string>>;

function converted(element: XmlElement, row: RowName, note: Note): XmlElement {
  const raised = row === 'Dial' ? raisedFrom(element, note) : {};
  const attributes = { ...convertedAttributes(element, row, note), ...raised };
  for (const [name, value] of Object.entries(DEFAULTS[row] ?? {})) {
    if (name in attributes || namesOf(name, row).some((twiml) => twiml in element.attributes)) continue;
    attributes[name] = value;
    note('done', element, `${element.name} ${name}="${value}" added: it is Twilio’s default, not Telnyx’s`);
  }
  if (['Gather', 'Record'].includes(row) && !('action' in attributes)) {
    note(
      'todo',
      element,
      `${element.name} needs an action: without one Twilio asks for this document again, Telnyx goes on`,
    );
  }
  const children = element.children.flatMap((child): readonly XmlNode[] => {
    if (typeof child === 'string' || !('name' in child)) return [child];
    const inside = rowOf(child.name, row);
    if (inside) return [converted(child, inside, note)];
    return replaced(child, row, note);
  });
  return { ...element, attributes, children };
}

/** Twilio's defaults where Telnyx has others. */
const DEFAULTS: Readonly<Partial<Record<RowName, Attributes>>> = {
  Record: { timeout: '5', trim: 'trim-silence', channels: 'single' },
  Recording: { trim: 'trim-silence' },
  Transcription: { transcriptionTracks: 'both' },
  Siprec: { track: 'inbound_track' },
};

/** The names that an attribute has at Telnyx and at Twilio. */
function namesOf(attribute: string, row: RowName): readonly string[] {
  const renamed = [...(TWIML_ATTRIBUTES.get(row) ?? [])].filter(
    ([, at]) => 'renamed' in at && at.renamed === attribute,
  );
  return [attribute, ...renamed.map(([name]) => name)];
}

function convertedAttributes(element: XmlElement, row: RowName, note: Note): Record<string, string> {
  const attributes: Record<string, string> = {};
  for (const [twiml, value] of Object.entries(element.attributes)) {
    const at = TWIML_ATTRIBUTES.get(row)?.get(twiml);
    if (/^xmlns(?::|$)|^xsi:/.test(twiml)) {
      note('done', element, `${twiml} left out: Telnyx needs no namespaces`);
    } else if (RAISED.includes(twiml) && at) {
      // Already in the Dial around it.
    } else if (at && 'dropped' in at) {
      note('todo', element, `${element.name} ${twiml}="${value}" left out: ${at.dropped}`);
    } else {
      const name = at ? at.renamed : twiml;
      if (at) note('done', element, `${element.name} ${twiml} is ${name} at Telnyx`);
      const kept = convertedValue({ element, row, name, value }, note);
      if (kept !== null) attributes[name] = kept;
    }
  }
  return attributes;
}

/** Attributes of Number and Sip that belong to Dial at Telnyx. */
const RAISED: readonly string[] = [
  'machineDetectionSpeechThreshold',
  'machineDetectionSpeechEndThreshold',
  'machineDetectionSilenceTimeout',
];

function raisedFrom(dial: XmlElement, note: Note): Attributes {
  const raised: Record<string, string> = {};
  for (const noun of elementsIn(dial)) {
    for (const name of RAISED) {
      const value = noun.attributes[name];
      if (value === undefined || name in raised) continue;
      raised[name] = value;
      note('done', noun, `${name} is an attribute of Dial at Telnyx`);
    }
  }
  return raised;
}

interface Valued {
  readonly element: XmlElement;
  readonly row: RowName;
  readonly name: string;
  readonly value: string;
}

/** Null when the attribute cannot be kept. */
function convertedValue({ element, row, name, value }: Valued, note: Note): string | null {
  const { attributes } = rowNamed(row);
  const is = Object.hasOwn(attributes, name) ? attributes[name]?.is : undefined;
  const known = VALUES[name]?.(value, row);
  if (is === undefined || (known === undefined && objectionTo(value, is) === null)) return value;
  const meant = known === undefined ? nearestValue(value, is) : known;
  if (known === null) {
    note('done', element, `${element.name} ${name}="${value}" left out: it is what Telnyx does without it`);
  } else if (meant === null) {
    note('todo', element, `${element.name} ${name}="${value}" left out: Telnyx does not take it`);
  } else if (meant !== value) {
    note('done', element, `${element.name} ${name}="${value}" is "${meant}" at Telnyx`);
  }
  return meant;
}

/** Words of Twilio's for which Telnyx has others, or null where it needs none; undefined where the value stays what it is. */
const VALUES: Readonly<Record<string, (value: string, row: RowName) => string | null | undefined>> = {
  record: (value, row) => (row === 'Dial' ? { true: 'record-from-answer', false: 'do-not-record' }[value] : undefined),
  transcriptionTracks: (value) => /^(inbound|outbound|both)_tracks?$/.exec(value)?.[1],
  trim: (value, row) => (value === 'do-not-trim' && row !== 'Conference' ? null : undefined),
  // In seconds at Twilio, 3 to 59.
  machineDetectionTimeout: (value) => (/^\d{1,2}$/.test(value) ? String(Number(value) * 1_000) : undefined),
  input: (value) => (value === 'speech dtmf' ? 'dtmf speech' : undefined),
};

/** The value of this type that comes nearest, or null. What is no matter of a table is left for the linter. */
function nearestValue(value: string, is: ValueType): string | null {
  switch (is.type) {
    case 'integer':
      return /^\d+$/.test(value) ? String(Math.min(is.max, Math.max(is.min, Number(value)))) : null;
    case 'word':
      return is.words.find((word) => word.toLowerCase() === value.toLowerCase()) ?? null;
    case 'words':
      return (
        value
          .split(/\s+/)
          .filter((word) => is.words.includes(word))
          .join(' ') || null
      );
    case 'text':
      return null;
    case 'flag':
    case 'decimal':
    case 'keys':
    case 'url':
    case 'webSocketUrl':
    case 'phoneNumber':
    case 'sipUri':
    case 'speech':
    case 'json':
      return value;
  }
}

function replaced(child: XmlElement, row: RowName, note: Note): readonly XmlNode[] {
  if (row === 'Dial' && child.name === 'Client') return [sipOf(child, note)];
  if (row === 'Gather' && child.name === 'Pause') {
    note('todo', child, 'Pause left out: at Telnyx only Say and Play may stand in Gather');
    return [];
  }
  const instead = TWIML_ELEMENTS.get(child.name);
  if (instead === undefined) return [child];
  note('todo', child, `${child.name} left out: ${instead}`);
  return [];
}

/** A browser of Twilio's by its name, as the SIP user of that name. */
function sipOf(client: XmlElement, note: Note): XmlElement {
  const identity = elementsIn(client).find(({ name }) => name === 'Identity') ?? client;
  const user = spokenIn(identity).trim();
  note(
    'todo',
    client,
    `Client is a Sip at Telnyx: give the browser a telephony credential with the SIP user name ${user}`,
  );
  const sip = { ...client, name: 'Sip', children: [`sip:${user}@sip.telnyx.com`] };
  return { ...sip, attributes: convertedAttributes(sip, 'Sip', note) };
}
