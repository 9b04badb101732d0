/** Where a step leads: `then`, `on`, `otherwise`, `silence`, each checked against what the step can come to. */
import { nearest } from '../texml/suggest';
import { windowOf } from './clock';
import { complainOfStep } from './fields';
import { outcomesOf } from './flow';
import type { FlowStep, Next, StepOf, Way } from './flow';
import { entriesOf, entryOf, listed, quoted, refuse, textOf } from './reading';
import type { Reading } from './reading';
import { HANGUP, rowOf } from './table';
import type { YamlMapping, YamlNode, YamlText } from './yaml';

export const WAY_KEYS: readonly string[] = ['then', 'on', 'otherwise', 'silence'];

interface Written {
  readonly node: YamlMapping;
  /** What is known of the step so far: all but its ways. */
  readonly step: FlowStep;
  /** The step below it, where it leads unless it says otherwise. */
  readonly follower: Next;
}

type Ways = Pick<FlowStep, 'on' | 'then' | 'otherwise' | 'silence'>;

/** Undefined when something about them is wrong, which has been complained of. */
export function readWays(written: Written, reading: Reading): Ways | undefined {
  const { node, step, follower } = written;
  if (!areKeysRight(written, reading)) return undefined;
  const on = readOn(step, entryOf(node, 'on')?.value, reading);
  const next = (key: string, standard: Next): Next | undefined => {
    const value = entryOf(node, key)?.value;
    return value === undefined ? standard : nextOf(value, reading);
  };
  const then = next('then', rowOf(step.does).ways === 'end' ? null : follower);
  const otherwise = next('otherwise', then ?? null);
  const silence = next('silence', otherwise ?? null);
  if (on === undefined || then === undefined || otherwise === undefined || silence === undefined) return undefined;
  return { on, then, otherwise, silence };
}

function nextOf(node: YamlNode, reading: Reading): Next | undefined {
  const name = textOf(node, 'the name of a step', reading);
  if (name === undefined) return undefined;
  if (name === HANGUP) return null;
  if (reading.steps.includes(name)) return name;
  complainOfStep(name, node.offset, reading);
  return undefined;
}

/** Which of them may, and have to, stand there depends on what the step can come to. */
function areKeysRight({ node, step }: Written, { complain }: Reading): boolean {
  const { ways } = rowOf(step.does);
  const isComplete = outcomesOf(step)?.every((outcome) => writtenOutcomes(node).includes(outcome)) ?? false;
  const has = (key: string): boolean => entryOf(node, key) !== undefined;
  const misplaced = (key: string, suggestion: string): boolean => {
    const offset = entryOf(node, key)?.key.offset ?? node.offset;
    complain(offset, { code: 'misplaced_key', message: `${key} does not go with this ${step.does}`, suggestion });
    return false;
  };
  const missing = (key: string, why: string): boolean => {
    complain(node.offset, {
      code: 'missing_key',
      message: `expected ${key}: ${why}`,
      suggestion: `add ${key}: and a step`,
    });
    return false;
  };
  const branches = ways !== 'end' && ways !== 'then';
  if (ways === 'end' && has('then')) return misplaced('then', 'remove it: the flow ends here');
  if (!branches && has('on')) return misplaced('on', 'remove it: nothing can come of it but one');
  if (ways !== 'input' && has('silence')) return misplaced('silence', 'remove it: nobody is asked');
  if (ways !== 'input' && has('otherwise') && !has('on')) return misplaced('otherwise', 'write then');
  if (has('then') && has('on')) return misplaced('then', 'write otherwise');
  if (ways === 'subject' && !has('on')) return missing('on', 'what may be, and the step it leads to');
  if (ways === 'input' && !has('otherwise'))
    return missing('otherwise', 'where to when something else comes, or nothing');
  if (ways === 'subject' && !has('otherwise') && !isComplete)
    return missing('otherwise', 'where to when none of on fits');
  return true;
}

function writtenOutcomes(node: YamlMapping): readonly string[] {
  const on = entryOf(node, 'on')?.value;
  return on?.kind === 'mapping' ? on.entries.map(({ key }) => key.text) : [];
}

function readOn(step: FlowStep, node: YamlNode | undefined, reading: Reading): readonly Way[] | undefined {
  if (node === undefined) return [];
  const entries = entriesOf(node, 'what may come, each with a step: {"1": greet}', reading);
  if (entries === undefined) return undefined;
  if (entries.length === 0) {
    refuse(node, 'what may come, each with a step', reading);
    return undefined;
  }
  const known = new Set<string>();
  const ways = entries.map(({ key, value }) => {
    const when = textOf(key, 'what may come', reading)?.trim();
    const to = nextOf(value, reading);
    if (when === undefined || to === undefined) return undefined;
    const impossible = known.has(when.toLowerCase()) ? 'it stands there twice' : objectionTo(when, step);
    known.add(when.toLowerCase());
    if (impossible === null) return { when, to };
    complainOfKey(key, impossible, step, reading);
    return undefined;
  });
  return ways.every((way) => way !== undefined) ? ways : undefined;
}

function complainOfKey({ text, offset }: YamlText, why: string, step: FlowStep, { complain }: Reading): void {
  const meant = nearest(text, outcomesOf(step) ?? []);
  const suggestion = meant === null ? 'change it, or remove it' : `write ${quoted(meant)}`;
  complain(offset, { code: 'impossible_key', message: `${quoted(text)} can never come: ${why}`, suggestion });
}

/** Why it can never come of the step; null when it can. */
function objectionTo(when: string, step: FlowStep): string | null {
  const outcomes = outcomesOf(step);
  if (outcomes !== null) return outcomes.includes(when) ? null : `it comes to ${listed(outcomes)}`;
  if (when === '') return 'it is empty';
  if (step.does === 'gather') return objectionToAnswer(when, step);
  if (step.does !== 'branch') return null;
  if (step.value === 'clock') return windowOf(when) === null ? 'a time is written as mon-fri 09:00-17:00' : null;
  return step.value === 'digits' && !/^[0-9*#]+$/.test(when) ? 'it is no key' : null;
}

function objectionToAnswer(when: string, { digits, keys, finish, speech }: StepOf<'gather'>): string | null {
  if (!/^[0-9*#]+$/.test(when)) {
    if (!speech) return 'only keys count; add speech: true';
    return /[\p{L}\p{N}]/u.test(when) ? null : 'it has no letter';
  }
  if (digits === null) return speech ? null : 'nothing is asked for';
  if (when.length < digits.min || when.length > digits.max) {
    return digits.min === digits.max ? `digits is ${digits.min}` : `digits is ${digits.min}-${digits.max}`;
  }
  const ending = Array.from(when).find((key) => (finish ?? '#').includes(key));
  if (ending !== undefined) return `${ending} ends the input; finish: "" lets it count`;
  const other = Array.from(when).find((key) => keys !== null && !keys.includes(key));
  return other === undefined ? null : `${other} is not among keys`;
}
