/** A flow as it is once it has been read: plain JSON, every way resolved, so that whoever plays it looks nothing up. */
import { rowOf } from './table';
import type { Field, STEPS, ValueOf, Verb } from './table';

export interface Flow {
  readonly name: string;
  /** By name: the default, or null when the call has to give the value. */
  readonly variables: Readonly<Record<string, string | null>>;
  /** Who speaks, and the language that is listened for; null: Telnyx's defaults. */
  readonly voice: string | null;
  readonly language: string | null;
  /** In the order of the file; the call begins with the first. Their names differ. */
  readonly steps: readonly FlowStep[];
}

/** Name of the step that comes next; null ends the call. */
export type Next = string | null;

export interface Way {
  readonly when: string;
  readonly to: Next;
}

export type FlowStep = { [Name in Verb]: StepOf<Name> }[Verb];

type Given<Of, Value> = Of extends { required: true } ? Value : Value | null;
type FieldOf<Of extends Field> = Given<Of, ValueOf<Of['is']>>;

export type StepOf<Name extends Verb> = {
  readonly name: string;
  readonly does: Name;
  readonly value: FieldOf<(typeof STEPS)[Name]['value']>;
  readonly on: readonly Way[];
  /** After it, when `on` is empty. */
  readonly then: Next;
  /** When nothing of `on` fits. */
  readonly otherwise: Next;
  /** When a person who was asked did nothing. */
  readonly silence: Next;
} & {
  readonly [Key in keyof (typeof STEPS)[Name]['fields']]: (typeof STEPS)[Name]['fields'][Key] extends Field
    ? FieldOf<(typeof STEPS)[Name]['fields'][Key]>
    : never;
};

/** Everywhere a step can lead, with when; the same step may be there several times. */
export function waysOf(step: FlowStep): readonly Way[] {
  const { on, then, otherwise, silence } = step;
  const { ways } = rowOf(step.does);
  if (ways === 'end') return [];
  if (step.does === 'repeat')
    return [
      { when: `${step.times} times`, to: step.value },
      { when: 'then', to: then },
    ];
  const onward = on.length > 0 ? [] : [{ when: '', to: then }];
  if (ways === 'input')
    return [...on, ...onward, { when: 'otherwise', to: otherwise }, { when: 'silence', to: silence }];
  const all = outcomesOf(step);
  const isComplete = all?.every((outcome) => on.some(({ when }) => when === outcome)) === true;
  return on.length > 0 && !isComplete ? [...on, { when: 'otherwise', to: otherwise }] : [...on, ...onward];
}

/** All that can come of a step; null when that is not known beforehand. */
export function outcomesOf({ does, value }: Pick<FlowStep, 'does' | 'value'>): readonly string[] | null {
  const { ways } = rowOf(does);
  if (does === 'branch' && value === 'machine') return ['person', 'machine'];
  return typeof ways === 'object' ? ways : null;
}

/** Longest value of a variable, in UTF-16 units. */
export const MOST_LETTERS = 1_000;

/** Names of the variables that a call may give; `isRequired` are those without a default. */
export function variablesOf(flow: Flow): readonly { readonly name: string; readonly isRequired: boolean }[] {
  return Object.entries(flow.variables).map(([name, value]) => ({ name, isRequired: value === null }));
}

/** Whether the flow wants to know if a machine has answered: then the call is dialed with detection. */
export function listensForMachines(flow: Flow): boolean {
  return flow.steps.some(({ does, value }) => does === 'branch' && value === 'machine');
}

export type Completed =
  | { readonly kind: 'complete'; readonly variables: Readonly<Record<string, string>> }
  | { readonly kind: 'incomplete'; readonly problems: readonly VariableProblem[] };

export interface VariableProblem {
  readonly name: string;
  readonly code: 'missing' | 'unknown' | 'not_text' | 'too_long';
  readonly message: string;
}

/** A value for every variable of the flow, from what the call gives and the defaults; or all that is wrong with it. */
export function completeVariables(flow: Flow, given: Readonly<Record<string, unknown>>): Completed {
  const declared = flow.variables;
  const variables: Record<string, string> = {};
  const problems: VariableProblem[] = [];
  const blame = (name: string, code: VariableProblem['code'], message: string) =>
    problems.push({ name, code, message });
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(declared, name)) {
      const known = Object.keys(declared).join(', ') || 'none';
      blame(name, 'unknown', `flow ${flow.name} has no variable ${name}; it has ${known}`);
    }
  }
  for (const [name, standard] of Object.entries(declared)) {
    const value = Object.hasOwn(given, name) ? given[name] : standard;
    if (value === null || value === undefined) blame(name, 'missing', `flow ${flow.name} needs the variable ${name}`);
    else if (typeof value !== 'string') blame(name, 'not_text', `expected text for the variable ${name}`);
    else if (value.length > MOST_LETTERS) {
      blame(name, 'too_long', `expected at most ${MOST_LETTERS} characters for the variable ${name}`);
    } else variables[name] = value;
  }
  return problems.length === 0 ? { kind: 'complete', variables } : { kind: 'incomplete', problems };
}
