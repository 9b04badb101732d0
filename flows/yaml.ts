/**
 * YAML text to a tree whose every node knows where it stands. Of YAML only what cannot be misread is taken: mappings,
 * lists and text. What a value means is decided by who reads the tree; here nothing becomes a number or a date.
 */
import {
  boolYaml11Tag,
  EVENT_ID,
  floatCoreTag,
  floatYaml11Tag,
  getScalarValue,
  intCoreTag,
  intYaml11Tag,
  NOT_RESOLVED,
  nullYaml11Tag,
  parseEvents,
  SCALAR_STYLE,
  timestampTag,
  YAMLException,
} from 'js-yaml';
import type { Event, ScalarEvent } from 'js-yaml';
import type { Complain } from './findings';

export type YamlNode = YamlText | YamlMapping | YamlList | YamlNothing;

export interface YamlText {
  readonly kind: 'text';
  readonly text: string;
  /** Without quotes, and some YAML reader would not take it for text: `no`, `0123`, `22:30`. */
  readonly isDoubtful: boolean;
  readonly isQuoted: boolean;
  /** Where it begins in the text, with its quotes, in UTF-16 units from 0. */
  readonly offset: number;
}
export interface YamlMapping {
  readonly kind: 'mapping';
  readonly entries: readonly YamlEntry[];
  readonly offset: number;
}
export interface YamlEntry {
  readonly key: YamlText;
  readonly value: YamlNode;
}
export interface YamlList {
  readonly kind: 'list';
  readonly items: readonly YamlNode[];
  readonly offset: number;
}
/** A key with nothing behind it, or with `null`. */
export interface YamlNothing {
  readonly kind: 'nothing';
  readonly offset: number;
}

const LIMITS = { bytes: 64 * 1024, depth: 12 } as const;

/** Null when it cannot be read at all; then, and when something in it has to go, it has been complained of. */
export function readYaml(text: string, complain: Complain): YamlNode | null {
  // A UTF-16 unit takes up to three bytes in UTF-8.
  if (text.length > LIMITS.bytes || new TextEncoder().encode(text).length > LIMITS.bytes) {
    complain(0, {
      code: 'too_large',
      message: `expected at most ${LIMITS.bytes} bytes`,
      suggestion: 'make two flows of it',
    });
    return null;
  }
  const strange = text.search(/[\0\uFFFD]/);
  if (strange !== -1) {
    complain(strange, { code: 'not_utf8', message: 'expected text in UTF-8', suggestion: 'save the file as UTF-8' });
    return null;
  }
  try {
    return treeOf(parseEvents(text, { maxDepth: LIMITS.depth }), text, complain);
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    const isDeep = error.reason.startsWith('nesting exceeded');
    complain(error.mark?.position ?? 0, {
      code: isDeep ? 'too_deep' : 'not_yaml',
      message: isDeep ? `expected at most ${LIMITS.depth} levels` : error.reason,
      suggestion: ADVICE.find(([pattern]) => pattern.test(error.reason))?.[1] ?? null,
    });
    return null;
  }
}

/** What people do wrong most, by js-yaml's words for it. */
const ADVICE: readonly (readonly [said: RegExp, suggestion: string])[] = [
  [/tab characters/, 'indent with spaces'],
  [/bad indentation/, 'align it with the line above, or put text that contains ": " in quotes'],
  [/within a (?:double|single) quoted scalar/, 'close the quotes'],
  [/end of the stream|flow collection/, 'close the brackets; text that begins with { or [ belongs in quotes'],
  [/cannot start any token|reserved indicator/, 'put the text in quotes'],
];

/** Walks the events once; a collection that is open knows how to take what comes. */
function treeOf(events: readonly Event[], source: string, complain: Complain): YamlNode | null {
  const cursor = { events, at: 0, source, complain, lastOffset: 0 };
  let root: YamlNode | null = null;
  let documents = 0;
  while (cursor.at < events.length) {
    const event = events[cursor.at++];
    if (event?.type !== EVENT_ID.DOCUMENT) continue;
    documents += 1;
    if (event.directives.length > 0) complain(0, notPlain('directives', 'remove the lines that begin with %'));
    const node = nodeAt(cursor);
    if (documents === 2) complain(node.offset, notPlain('a second document', 'make a file of its own of it'));
    root ??= node;
  }
  return root;
}

interface Cursor {
  readonly events: readonly Event[];
  readonly source: string;
  readonly complain: Complain;
  at: number;
  /** Where the last node began: all that is known of the place of one that is empty. */
  lastOffset: number;
}

const notPlain = (what: string, suggestion: string) =>
  ({ code: 'not_plain_yaml', message: `expected no ${what.replace(/^an? /, '')}`, suggestion }) as const;

function nodeAt(cursor: Cursor): YamlNode {
  const event = cursor.events[cursor.at++];
  if (event === undefined || event.type === EVENT_ID.POP || event.type === EVENT_ID.DOCUMENT) {
    return { kind: 'nothing', offset: cursor.lastOffset };
  }
  if (event.type === EVENT_ID.ALIAS) {
    cursor.lastOffset = event.anchorStart - 1;
    cursor.complain(cursor.lastOffset, notPlain('aliases', 'write it out; text that begins with * belongs in quotes'));
    return { kind: 'nothing', offset: cursor.lastOffset };
  }
  if (event.anchorStart !== -1) {
    cursor.complain(event.anchorStart - 1, notPlain('anchors', 'text that begins with & belongs in quotes'));
  }
  if (event.tagStart !== -1)
    cursor.complain(event.tagStart, notPlain('tags', 'text that begins with ! belongs in quotes'));
  if (event.type === EVENT_ID.SCALAR) return scalarOf(event, cursor);
  cursor.lastOffset = event.start;
  if (event.type === EVENT_ID.SEQUENCE) return listAt(cursor, event.start);
  return cursor.source.startsWith('{{', event.start) ? bracesAt(cursor, event.start) : mappingAt(cursor, event.start);
}

function scalarOf(event: ScalarEvent, cursor: Cursor): YamlText | YamlNothing {
  const isQuoted = event.style === SCALAR_STYLE.DOUBLE_QUOTED || event.style === SCALAR_STYLE.SINGLE_QUOTED;
  if (event.valueStart === -1 && !isQuoted) return { kind: 'nothing', offset: cursor.lastOffset };
  const text = getScalarValue(cursor.source, event);
  const offset = isQuoted && event.valueStart !== -1 ? event.valueStart - 1 : event.valueStart;
  cursor.lastOffset = offset;
  const isPlain = event.style === SCALAR_STYLE.PLAIN;
  if (isPlain && /^(?:null|Null|NULL|~)$/.test(text)) return { kind: 'nothing', offset };
  return { kind: 'text', text, isDoubtful: isPlain && isDoubtful(text), isQuoted, offset };
}

const OTHER_THAN_TEXT = [
  ...[boolYaml11Tag, nullYaml11Tag, intYaml11Tag, floatYaml11Tag, timestampTag],
  ...[intCoreTag, floatCoreTag],
];

/** A whole number without frills reads the same everywhere, and nobody takes y and n for true and false any more. */
function isDoubtful(text: string): boolean {
  if (/^(?:0|[1-9]\d{0,14}|[yYnN])$/.test(text)) return false;
  return OTHER_THAN_TEXT.some((tag) => tag.resolve(text, false, tag.tagName) !== NOT_RESOLVED);
}

function listAt(cursor: Cursor, offset: number): YamlList {
  const items: YamlNode[] = [];
  while (!isAtPop(cursor)) items.push(nodeAt(cursor));
  cursor.at += 1;
  return { kind: 'list', items, offset };
}

function mappingAt(cursor: Cursor, offset: number): YamlMapping {
  const entries: YamlEntry[] = [];
  const known = new Set<string>();
  while (!isAtPop(cursor)) {
    const key = nodeAt(cursor);
    const value = nodeAt(cursor);
    if (key.kind === 'text' && isUsable(key, known, cursor.complain)) entries.push({ key, value });
    else if (key.kind !== 'text') {
      cursor.complain(key.offset, {
        code: 'not_yaml',
        message: 'expected text as a key',
        suggestion: 'write key: value',
      });
    }
  }
  cursor.at += 1;
  return { kind: 'mapping', entries, offset };
}

const isAtPop = ({ events, at }: Cursor): boolean => events[at] === undefined || events[at].type === EVENT_ID.POP;

function isUsable({ text, offset }: YamlText, known: Set<string>, complain: Complain): boolean {
  if (known.has(text)) {
    complain(offset, {
      code: 'duplicate_key',
      message: `expected ${JSON.stringify(text)} once`,
      suggestion: 'remove one of them',
    });
    return false;
  }
  known.add(text);
  if (text === '<<') complain(offset, notPlain('merge keys', 'write it out'));
  else if (text === '__proto__')
    complain(offset, { code: 'bad_name', message: 'expected another name than __proto__' });
  else return true;
  return false;
}

/** `say: {{name}}` is a mapping in a mapping for YAML; people mean text. */
function bracesAt(cursor: Cursor, offset: number): YamlText {
  const end = cursor.source.indexOf('}}', offset);
  const text = cursor.source.slice(offset, end === -1 ? undefined : end + 2);
  // What else is wrong with it is of no interest.
  const quiet = { ...cursor, complain: () => undefined };
  mappingAt(quiet, offset);
  cursor.at = quiet.at;
  const suggestion = 'put the whole text in quotes';
  cursor.complain(offset, { code: 'quote_it', message: 'expected quotes around text that begins with {{', suggestion });
  return { kind: 'text', text, isDoubtful: false, isQuoted: false, offset };
}
