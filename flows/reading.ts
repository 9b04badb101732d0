/** What all readers of a flow's tree share: complaints in one voice, text that is text, names that are known. */
import { nearest } from '../texml/suggest';
import { objectionTo } from '../texml/values';
import type { ValueType } from '../texml/verbs/row';
import type { Complain } from './findings';
import { BUILT_IN, hasLooseBraces, placesIn } from './template';
import type { YamlEntry, YamlMapping, YamlNode, YamlText } from './yaml';

/** What is known of a flow while the rest of it is read. */
export interface Reading {
  readonly complain: Complain;
  readonly variables: readonly string[];
  readonly steps: readonly string[];
  /** Variables that something uses so far. */
  readonly used: Set<string>;
}

/** Names of steps and variables: letters, digits, `_`, and for steps `-`. */
export const STEP_NAME = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/;
export const VARIABLE_NAME = /^[A-Za-z][A-Za-z0-9_]{0,63}$/;

export const quoted = (text: string): string => JSON.stringify(text.length > 60 ? `${text.slice(0, 59)}…` : text);
export const listed = (words: readonly string[]): string => words.join(', ').replace(/, ([^,]*)$/, ' or $1');

/** What was found instead of what was expected. */
function found(node: YamlNode): string {
  if (node.kind === 'text') return quoted(node.text);
  return node.kind === 'nothing' ? 'nothing' : `a ${node.kind}`;
}

/** Complains of a value of another kind. Gives back undefined, which is what readers have for a value they refuse. */
export function refuse(
  node: YamlNode,
  expected: string,
  { complain }: Reading,
  suggestion: string | null = null,
): undefined {
  complain(node.offset, { code: 'bad_value', message: `expected ${expected}, found ${found(node)}`, suggestion });
}

/** The text of a node, with or without quotes; undefined when it is no text, or none for every reader of YAML. */
export function textOf(node: YamlNode, expected: string, reading: Reading): string | undefined {
  if (node.kind !== 'text') {
    refuse(node, expected, reading);
    return undefined;
  }
  if (!node.isDoubtful) return node.text;
  const { offset, text } = node;
  const message = `some readers of YAML do not take ${text} for text`;
  reading.complain(offset, { code: 'quote_it', message, suggestion: `quote it: ${JSON.stringify(text)}` });
  return undefined;
}

/** Text with names in it, all of which are known. */
export function templateOf(node: YamlNode, expected: string, reading: Reading): string | undefined {
  const text = textOf(node, expected, reading);
  if (text !== undefined) checkNames(node.offset, text, reading);
  return text;
}

function checkNames(offset: number, text: string, reading: Reading): void {
  for (const { name, whole } of placesIn(text)) {
    if (!Object.hasOwn(BUILT_IN, name)) variableNamed(name, offset, reading, `in ${quoted(whole)}`);
  }
  if (!hasLooseBraces(text)) return;
  const message = 'expected {{ and }} around a name';
  reading.complain(offset, { code: 'unknown_variable', message, suggestion: 'write {{name}}' });
}

/** Whether the variable is declared; if not, it is complained of. */
export function variableNamed(name: string, offset: number, reading: Reading, where = ''): boolean {
  reading.used.add(name);
  if (reading.variables.includes(name)) return true;
  const meant = nearest(name, [...reading.variables, ...Object.keys(BUILT_IN)]);
  reading.complain(offset, {
    code: 'unknown_variable',
    message: `expected a declared variable${where && ` ${where}`}, found ${quoted(name)}`,
    suggestion: meant === null ? `add ${VARIABLE_NAME.test(name) ? name : 'it'} to variables` : `write ${meant}`,
  });
  return false;
}

/** Whether Telnyx takes the value; what has names in it is known only when they are filled in. */
export function isTaken(value: string, is: ValueType, offset: number, { complain }: Reading): boolean {
  const objection = objectionTo(value, is);
  if (!objection) return true;
  const { code, expected, suggestion } = objection;
  complain(offset, {
    code,
    message: `expected ${expected}${code === 'text_too_long' ? '' : `, found ${quoted(value)}`}`,
    suggestion: code === 'text_too_long' ? 'make several steps of it' : suggestion,
  });
  return false;
}

/** The entries of a mapping; undefined when it is none. */
export function entriesOf(node: YamlNode, expected: string, reading: Reading): readonly YamlEntry[] | undefined {
  if (node.kind === 'mapping') return node.entries;
  refuse(node, expected, reading);
  return undefined;
}

export function entryOf({ entries }: YamlMapping, key: string): YamlEntry | undefined {
  return entries.find((entry) => entry.key.text === key);
}

/** Complains of keys that are not among those that may stand there. */
export function refuseOthers(
  node: YamlMapping,
  allowed: readonly string[],
  where: string,
  { complain }: Reading,
): void {
  for (const { key } of node.entries) {
    if (!allowed.includes(key.text)) complain(key.offset, unknownKey(key, allowed, where));
  }
}

function unknownKey({ text }: YamlText, allowed: readonly string[], where: string) {
  const meant = nearest(text, allowed);
  return {
    code: 'unknown_key',
    message: `expected ${allowed.length > 8 ? 'another key' : listed(allowed)} ${where}, found ${quoted(text)}`,
    suggestion: meant === null ? 'remove it' : `write ${meant}`,
  } as const;
}
