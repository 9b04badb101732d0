/** Values of a step, each by its type in the table. A reader gives back undefined when it has complained. */
import type { Json } from '../domain/json';
import { nearest } from '../texml/suggest';
import { objectionTo } from '../texml/values';
import { TABLE } from '../texml/verbs';
import { url } from '../texml/verbs/row';
import { isZone } from './clock';
import { entriesOf, isTaken, listed, quoted, refuse, refuseOthers, templateOf, textOf, variableNamed } from './reading';
import type { Reading } from './reading';
import { CLIENT_ID, HANGUP, SUBJECTS } from './table';
import type { Agent, Destination, DestinationKind, FieldType, Prompt, Texts, ValueOf } from './table';
import { fill } from './template';
import type { YamlNode } from './yaml';

type Reader<Type extends FieldType['type']> = (
  node: YamlNode,
  is: Extract<FieldType, { type: Type }>,
  reading: Reading,
) => ValueOf<Extract<FieldType, { type: Type }>> | undefined;

export function readField(node: YamlNode, is: FieldType, reading: Reading): unknown {
  return (READERS[is.type] as Reader<FieldType['type']>)(node, is, reading);
}

const READERS: { readonly [Type in FieldType['type']]: Reader<Type> } = {
  text: (node, { is }, reading) => {
    const text = templateOf(node, 'text', reading);
    if (text?.trim() === '') {
      refuse(node, 'text', reading);
      return undefined;
    }
    return text !== undefined && isTaken(text, is, node.offset, reading) ? text : undefined;
  },
  literal: (node, { is }, reading) => {
    const text = textOf(node, 'text', reading);
    return text !== undefined && isTaken(text, is, node.offset, reading) ? text : undefined;
  },
  whole: (node, { is }, reading) => {
    if (node.kind !== 'text' || node.isQuoted) {
      refuse(node, 'a whole number', reading);
      return undefined;
    }
    return isTaken(node.text, is, node.offset, reading) ? Number(node.text) : undefined;
  },
  flag: (node, _is, reading) => {
    const isPlain = node.kind === 'text' && !node.isQuoted;
    if (isPlain && (node.text === 'true' || node.text === 'false')) return node.text === 'true';
    refuse(node, 'true or false', reading);
    return undefined;
  },
  digits: readDigits,
  words: (node, _is, reading) => {
    const nodes = node.kind === 'list' ? node.items : [node];
    const words = nodes.map((item) => templateOf(item, 'words, as [sales, support]', reading));
    return words.every((word) => word !== undefined) ? words : undefined;
  },
  prompt: readPrompt,
  destination: readDestination,
  agent: readAgent,
  variable: (node, _is, reading) => {
    const name = textOf(node, 'the name of a variable', reading);
    return name !== undefined && variableNamed(name, node.offset, reading) ? name : undefined;
  },
  paths: readPaths,
  texts: readTexts,
  json: readJson,
  webAddress: readWebAddress,
  subject: (node, _is, reading) => {
    const name = textOf(node, listed([...SUBJECTS, 'the name of a variable']), reading);
    if (name === undefined || SUBJECTS.includes(name)) return name;
    if (reading.variables.includes(name) || nearest(name, SUBJECTS) === null) {
      return variableNamed(name, node.offset, reading) ? name : undefined;
    }
    refuse(node, `${listed(SUBJECTS)}, or a variable`, reading, `write ${nearest(name, SUBJECTS) ?? ''}`);
    return undefined;
  },
  zone: (node, _is, reading) => {
    const zone = textOf(node, 'a time zone, as America/New_York', reading);
    if (zone === undefined || isZone(zone)) return zone;
    const meant = nearest(zone, Intl.supportedValuesOf('timeZone'));
    refuse(node, 'a time zone, as America/New_York', reading, meant && `write ${meant}`);
    return undefined;
  },
  step: (node, _is, reading) => {
    const name = textOf(node, 'the name of a step', reading);
    if (name === undefined || reading.steps.includes(name)) return name;
    complainOfStep(name, node.offset, reading);
    return undefined;
  },
  nothing: (node, _is, reading) => {
    if (node.kind === 'nothing') return null;
    refuse(node, 'nothing', reading, 'remove it');
    return undefined;
  },
};

export function complainOfStep(name: string, offset: number, { steps, complain }: Reading): void {
  const meant = nearest(name, [...steps, HANGUP]);
  complain(offset, {
    code: 'unknown_step',
    message: `expected the name of a step, found ${quoted(name)}`,
    suggestion: meant === null ? `add a step ${name}, or write ${HANGUP}` : `write ${meant}`,
  });
}

/** `4`, or `1-16`. */
function readDigits(node: YamlNode, _is: FieldType, reading: Reading): { min: number; max: number } | undefined {
  const expected = 'how many keys, 1 to 128: 4, or 1-16';
  if (node.kind !== 'text') {
    refuse(node, expected, reading);
    return undefined;
  }
  const [, first = '', last = first] = /^(\d{1,3})(?:-(\d{1,3}))?$/.exec(node.text) ?? [];
  const { is } = TABLE.Gather.attributes.maxDigits;
  const [min, max] = [Number(first), Number(last)];
  if (first !== '' && min >= is.min && min <= max && max <= is.max) return { min, max };
  refuse(node, expected, reading);
  return undefined;
}

function readPrompt(node: YamlNode, _is: FieldType, reading: Reading): Prompt | undefined {
  if (node.kind !== 'mapping') {
    const say = READERS.text(node, { type: 'text', is: TABLE.Say.text.is }, reading);
    return say === undefined ? undefined : { say };
  }
  refuseOthers(node, ['say', 'play'], 'in a prompt', reading);
  const [first, second] = node.entries;
  if (first === undefined || second !== undefined) {
    refuse(node, 'text, or {play: URL}', reading);
    return undefined;
  }
  if (first.key.text === 'say') return readPrompt(first.value, _is, reading);
  const play = readWebAddress(first.value, { askedBy: 'carrier' }, reading);
  return play === undefined ? undefined : { play };
}

const DESTINATIONS = {
  number: TABLE.Number.text.is,
  sip: TABLE.Sip.text.is,
  queue: TABLE.Queue.text.is,
  conference: TABLE.Conference.text.is,
} as const satisfies Readonly<Record<DestinationKind, unknown>>;

function readDestination(
  node: YamlNode,
  { kinds }: Extract<FieldType, { type: 'destination' }>,
  reading: Reading,
): Destination | undefined {
  if (node.kind === 'text') return addressOf('number', node, reading);
  const others = kinds.map((kind) => `{${kind}: …}`);
  const expected = `a phone number, ${listed(others)}`;
  if (node.kind !== 'mapping') {
    refuse(node, expected, reading);
    return undefined;
  }
  refuseOthers(node, kinds, 'here', reading);
  const [entry, second] = node.entries;
  if (entry === undefined || second !== undefined) {
    refuse(node, expected, reading);
    return undefined;
  }
  const kind = kinds.find((one) => one === entry.key.text);
  return kind && addressOf(kind, entry.value, reading);
}

function addressOf(kind: DestinationKind, node: YamlNode, reading: Reading): Destination | undefined {
  const to = READERS.text(node, { type: 'text', is: DESTINATIONS[kind] }, reading);
  return to === undefined ? undefined : { kind, to };
}

const AGENTS = {
  phone: { key: 'number', is: DESTINATIONS.number },
  sip: { key: 'uri', is: DESTINATIONS.sip },
  webrtc: { key: 'client_id', is: CLIENT_ID },
} as const;

function readAgent(node: YamlNode, _is: FieldType, reading: Reading): Agent | undefined {
  const entries = entriesOf(
    node,
    '{type: phone, number: …}, {type: sip, uri: …} or {type: webrtc, client_id: …}',
    reading,
  );
  if (node.kind !== 'mapping' || entries === undefined) return undefined;
  const kinds = Object.keys(AGENTS) as readonly (keyof typeof AGENTS)[];
  const typeNode = entries.find(({ key }) => key.text === 'type')?.value ?? node;
  const type = typeNode.kind === 'text' ? kinds.find((one) => one === typeNode.text) : undefined;
  if (type === undefined) {
    refuse(typeNode, `type: ${listed(kinds)}`, reading);
    return undefined;
  }
  const { key, is } = AGENTS[type];
  refuseOthers(node, ['type', key], `with type: ${type}`, reading);
  const value = entries.find((entry) => entry.key.text === key)?.value;
  if (value === undefined) {
    reading.complain(node.offset, { code: 'missing_key', message: `expected ${key} with type: ${type}` });
    return undefined;
  }
  const to = READERS.text(value, { type: 'text', is }, reading);
  return to === undefined ? undefined : ({ type, [key]: to } as unknown as Agent);
}

/** Variables by the path of the field that they become. */
function readPaths(node: YamlNode, _is: FieldType, reading: Reading): Texts | undefined {
  const paths: Record<string, string> = {};
  for (const { key, value } of entriesOf(node, '{variable: path.to.field}', reading) ?? []) {
    variableNamed(key.text, key.offset, reading);
    const path = textOf(value, 'the path of a field, as account.balance', reading);
    if (path === undefined) continue;
    if (/^[^.\s]+(?:\.[^.\s]+){0,9}$/.test(path)) paths[key.text] = path;
    else refuse(value, 'the path of a field, as account.balance or items.0.name', reading);
  }
  return paths;
}

/** Headers that are the connection's own matter. */
const OUR_HEADERS = ['host', 'content-length', 'transfer-encoding', 'connection', 'upgrade', 'te', 'trailer', 'expect'];

function readTexts(node: YamlNode, { of }: Extract<FieldType, { type: 'texts' }>, reading: Reading): Texts | undefined {
  const texts: Record<string, string> = {};
  for (const { key, value } of entriesOf(node, of === 'headers' ? '{name: text}' : '{variable: text}', reading) ?? []) {
    if (of === 'variables') variableNamed(key.text, key.offset, reading);
    else if (!/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/.test(key.text) || OUR_HEADERS.includes(key.text.toLowerCase())) {
      refuse(key, 'the name of a header that you may set', reading, 'remove it');
    }
    const text = templateOf(value, 'text', reading);
    if (text !== undefined) texts[key.text] = text;
  }
  return texts;
}

/** Plain numbers, true, false and null are what JSON takes them for; everything else is text. */
function readJson(node: YamlNode, is: FieldType, reading: Reading): Json | undefined {
  if (node.kind === 'nothing') return null;
  if (node.kind === 'list') return node.items.map((item) => readJson(item, is, reading) ?? null);
  if (node.kind === 'mapping') {
    return Object.fromEntries(node.entries.map(({ key, value }) => [key.text, readJson(value, is, reading) ?? null]));
  }
  if (!node.isQuoted && /^(?:-?(?:0|[1-9]\d{0,14})(?:\.\d{1,15})?|true|false|null)$/.test(node.text)) {
    return JSON.parse(node.text) as Json;
  }
  return templateOf(node, 'text', reading);
}

/** A whole http or https address whose host is no variable's matter: values are only put behind it. */
function readWebAddress(
  node: YamlNode,
  { askedBy }: Pick<Extract<FieldType, { type: 'webAddress' }>, 'askedBy'>,
  reading: Reading,
): string | undefined {
  const text = templateOf(node, 'an http or https URL', reading);
  if (text === undefined) return undefined;
  if (!/^https?:\/\/[^/?#{}]+(?:[/?#]|$)/i.test(text)) {
    refuse(node, 'an http or https URL with its host written out', reading);
    return undefined;
  }
  const address = fill(text, {});
  // Which hosts of our own network may be asked is for OUTBOUND_ALLOW_HOSTS to say.
  if (askedBy === 'us' && objectionTo(address, url)?.code === 'unreachable_host') return text;
  return isTaken(address, url, node.offset, reading) ? text : undefined;
}
