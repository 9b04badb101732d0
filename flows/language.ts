/** A flow's YAML to a flow: what is wrong with it is said, with its place, and only what is right is handed on. */
import { nearest } from '../texml/suggest';
import { checkSteps } from './checks';
import { readField } from './fields';
import { createComplaints } from './findings';
import type { FlowFinding } from './findings';
import { MOST_LETTERS } from './flow';
import type { Flow, FlowStep } from './flow';
import {
  entriesOf,
  entryOf,
  isTaken,
  listed,
  quoted,
  refuse,
  refuseOthers,
  STEP_NAME,
  textOf,
  VARIABLE_NAME,
} from './reading';
import type { Reading } from './reading';
import { HANGUP, rowOf, STEPS, SUBJECTS, VERBS } from './table';
import type { StepRow } from './table';
import { readWays, WAY_KEYS } from './ways';
import { readYaml } from './yaml';
import type { YamlEntry, YamlMapping, YamlNode } from './yaml';

export interface FlowReading {
  /** Null when there is an error among the findings. */
  readonly flow: Flow | null;
  /** Errors and warnings, in the order of the text. */
  readonly findings: readonly FlowFinding[];
}

const MOST = { steps: 200, variables: 50 } as const;

/** `name` is what the flow is called from now on: its file without the ending. Never throws, whatever the text. */
export function parseFlow(name: string, text: string): FlowReading {
  const withoutMark = text.replace(/^\uFEFF/, '');
  const { complain, findings } = createComplaints(withoutMark);
  const root = readYaml(withoutMark, complain);
  const reading: Reading = { complain, variables: [], steps: [], used: new Set() };
  const flow = root === null ? undefined : readFlow(name, root, reading);
  if (root === null && findings().length === 0) {
    complain(0, { code: 'not_a_flow', message: 'expected a flow, found nothing', suggestion: 'begin with steps:' });
  }
  const isRefused = findings().some(({ severity }) => severity === 'error');
  return { flow: isRefused ? null : (flow ?? null), findings: findings() };
}

const TOP = ['variables', 'voice', 'language', 'steps'] as const;

function readFlow(name: string, root: YamlNode, { complain, used }: Reading): Flow | undefined {
  const empty: Reading = { complain, variables: [], steps: [], used };
  if (root.kind !== 'mapping') {
    refuse(root, 'a flow: steps: …', empty);
    return undefined;
  }
  refuseOthers(root, TOP, 'at the top of a flow', empty);
  const variables = readVariables(entryOf(root, 'variables')?.value, empty);
  const stepsNode = entryOf(root, 'steps')?.value;
  if (stepsNode?.kind !== 'mapping' || stepsNode.entries.length === 0) {
    const suggestion = 'add steps: with a step under it';
    complain(stepsNode?.offset ?? 0, { code: 'not_a_flow', message: 'expected steps', suggestion });
    return undefined;
  }
  const names = stepsNode.entries.map(({ key }) => key.text);
  const reading: Reading = { complain, variables: Object.keys(variables), steps: names, used };
  const steps = readSteps(stepsNode, reading);
  complainOfUnused(root, reading);
  const literal = (key: 'voice' | 'language') => readLiteral(entryOf(root, key)?.value, key, reading);
  return steps && { name, variables, voice: literal('voice'), language: literal('language'), steps };
}

function readLiteral(node: YamlNode | undefined, key: 'voice' | 'language', reading: Reading): string | null {
  const { is } = key === 'voice' ? STEPS.say.fields.voice : STEPS.gather.fields.language;
  return node === undefined ? null : ((readField(node, is, reading) as string | undefined) ?? null);
}

function readVariables(node: YamlNode | undefined, reading: Reading): Record<string, string | null> {
  const variables: Record<string, string | null> = {};
  if (node === undefined || node.kind === 'nothing') return variables;
  const entries = entriesOf(node, 'names of variables, each with a default or nothing', reading) ?? [];
  if (entries.length > MOST.variables) {
    reading.complain(node.offset, { code: 'too_many', message: `expected at most ${MOST.variables} variables` });
  }
  for (const { key, value } of entries) {
    checkName(key, VARIABLE_NAME, SUBJECTS, reading);
    const standard = value.kind === 'nothing' ? null : textOf(value, 'a default: text, or nothing', reading);
    if (standard) isTaken(standard, { type: 'text', maxLength: MOST_LETTERS }, value.offset, reading);
    variables[key.text] = standard ?? null;
  }
  return variables;
}

function checkName(key: YamlEntry['key'], pattern: RegExp, reserved: readonly string[], reading: Reading): void {
  const name = textOf(key, 'a name', reading);
  if (name === undefined || (pattern.test(name) && !reserved.includes(name))) return;
  const message = reserved.includes(name)
    ? `expected another name than ${name}, which means something already`
    : `expected a name of at most 64 letters, digits and _, found ${quoted(name)}`;
  reading.complain(key.offset, { code: 'bad_name', message, suggestion: 'begin it with a letter' });
}

/** Undefined as soon as one of them cannot be read. */
function readSteps(node: YamlMapping, reading: Reading): readonly FlowStep[] | undefined {
  if (node.entries.length > MOST.steps) {
    reading.complain(node.offset, { code: 'too_many', message: `expected at most ${MOST.steps} steps` });
    return undefined;
  }
  const steps = node.entries.map((entry, index) => {
    checkName(entry.key, STEP_NAME, [HANGUP], reading);
    return readStep(entry, node.entries[index + 1]?.key.text ?? null, reading);
  });
  if (!steps.every((step) => step !== undefined)) return undefined;
  checkSteps(steps, new Map(node.entries.map(({ key }) => [key.text, key.offset])), reading);
  return steps;
}

/** `follower` is the step below it. */
function readStep({ key, value: node }: YamlEntry, follower: string | null, reading: Reading): FlowStep | undefined {
  if (node.kind !== 'mapping') {
    refuse(node, 'a step, as {say: Hello}', reading);
    return undefined;
  }
  const verb = verbOf(node, key, reading);
  if (verb === undefined) return undefined;
  const row = rowOf(verb.name);
  refuseOthers(node, [verb.name, ...Object.keys(row.fields), ...WAY_KEYS], `in a ${verb.name}`, reading);
  const value = valueOf(verb.entry, row, reading);
  const fields = fieldsOf(node, row, reading);
  if (value === undefined || fields === undefined) return undefined;
  // The compiler cannot follow the table from a name to a type; readers of fields are typed by it.
  const step = { name: key.text, does: verb.name, value, ...fields } as unknown as FlowStep;
  const ways = readWays({ node, step, follower }, reading);
  return ways && { ...step, ...ways };
}

function verbOf(node: YamlMapping, name: YamlEntry['key'], { complain }: Reading) {
  const found = node.entries.flatMap((entry) => {
    const verb = VERBS.find((one) => one === entry.key.text);
    return verb === undefined ? [] : [{ name: verb, entry }];
  });
  const [first, second] = found;
  if (first !== undefined && second === undefined) return first;
  const keys = node.entries.map(({ key }) => key);
  const near = keys.flatMap(({ text, offset }) => {
    const meant = WAY_KEYS.includes(text) ? null : nearest(text, VERBS);
    return meant === null ? [] : [{ meant, offset }];
  })[0];
  const which = listed(VERBS);
  if (second !== undefined) {
    const message = `expected one of ${found.map(({ name: verb }) => verb).join(', ')} in a step`;
    complain(second.entry.key.offset, { code: 'no_verb', message, suggestion: 'make two steps of it' });
  } else {
    const suggestion = near === undefined ? null : `write ${near.meant}`;
    complain(near?.offset ?? name.offset, {
      code: 'no_verb',
      message: `expected ${which} in step ${quoted(name.text)}`,
      suggestion,
    });
  }
  return undefined;
}

function valueOf({ key, value }: YamlEntry, { value: field }: StepRow, reading: Reading): unknown {
  if (value.kind !== 'nothing') return readField(value, field.is, reading);
  if (!field.required) return null;
  const message = `expected something behind ${key.text}: ${field.meaning}`;
  reading.complain(key.offset, { code: 'missing_key', message });
  return undefined;
}

/** Null for those that are not there; undefined when one cannot be read. */
function fieldsOf(node: YamlMapping, { fields }: StepRow, reading: Reading): object | undefined {
  const values = Object.entries(fields).map(([name, { is, required, meaning }]) => {
    const entry = entryOf(node, name);
    if (entry === undefined && required) {
      const message = `expected ${name}: ${meaning}`;
      reading.complain(node.offset, { code: 'missing_key', message, suggestion: `add ${name}` });
      return [name, undefined] as const;
    }
    return [name, entry === undefined ? null : readField(entry.value, is, reading)] as const;
  });
  return values.every(([, value]) => value !== undefined) ? Object.fromEntries(values) : undefined;
}

function complainOfUnused(root: YamlMapping, { used, complain }: Reading): void {
  const declared = entryOf(root, 'variables')?.value;
  if (declared?.kind !== 'mapping') return;
  for (const { key } of declared.entries) {
    if (used.has(key.text)) continue;
    const message = `nothing uses the variable ${quoted(key.text)}`;
    complain(key.offset, { code: 'unused_variable', severity: 'warning', message, suggestion: 'remove it' });
  }
}
