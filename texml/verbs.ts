/**
 * The table of verbs: every element that Telnyx documents for TeXML, with what it may carry. Reading, writing, checking,
 * the JSON schema and docs/texml-reference.md follow from it. Source: Telnyx's pages below `PAGES`, as of autumn 2026.
 */
import { ASSISTANTS } from './verbs/assistants';
import { DIALING } from './verbs/dialing';
import { REQUESTS } from './verbs/requests';
import type { Row, Rows } from './verbs/row';
import { SERVICES } from './verbs/services';
import { SPEECH } from './verbs/speech';

const VERBS = { ...SPEECH, ...DIALING, ...SERVICES, ...ASSISTANTS, ...REQUESTS } as const;

type Verbs = typeof VERBS;
type VerbName = { [Name in keyof Verbs]: Verbs[Name]['kind'] extends 'verb' ? Name : never }[keyof Verbs];

const isVerb = (name: string): name is VerbName => VERBS[name as keyof Verbs].kind === 'verb';

export const TABLE = {
  Response: {
    tag: 'Response',
    kind: 'root',
    page: '',
    meaning: 'A document. Its verbs are carried out in order; after the last one, the call is hung up.',
    attributes: {},
    children: Object.keys(VERBS).filter(isVerb),
  },
  ...VERBS,
} as const satisfies Rows;

export type RowName = keyof typeof TABLE;

export const ROW_NAMES = Object.keys(TABLE) as readonly RowName[];

export function rowNamed(name: RowName): Row {
  return TABLE[name];
}

const childrenByTag = new Map(
  ROW_NAMES.map((parent) => [
    parent,
    new Map((rowNamed(parent).children as readonly RowName[]).map((child) => [rowNamed(child).tag, child])),
  ]),
);

/** The row of an element by the row of the one around it; null when it may not stand there. */
export function rowOf(tag: string, parent: RowName): RowName | null {
  return childrenByTag.get(parent)?.get(tag) ?? null;
}

/** Elements in which one of this name may stand. */
export function parentsOf(tag: string): readonly string[] {
  return ROW_NAMES.filter((parent) => rowOf(tag, parent) !== null).map((parent) => rowNamed(parent).tag);
}

/** SSML that may stand in what is spoken (Amazon Polly's set, which Telnyx passes on); its attributes are the voice's matter. */
const SSML: ReadonlySet<string> = new Set([
  ...['speak', 'break', 'emphasis', 'lang', 'mark', 'p', 'phoneme', 'prosody', 's', 'say-as', 'sub', 'w'],
  ...['amazon:effect', 'amazon:domain', 'amazon:auto-breaths', 'amazon:breath'],
]);

export function isSsml(tag: string): boolean {
  return SSML.has(tag);
}
