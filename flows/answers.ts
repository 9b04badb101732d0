/** What came of a step: the carrier's fields, or a report, to the step that comes next and the variables it changes. */
import { isWithin, timeOfWeek, windowOf } from './clock';
import { MOST_LETTERS, outcomesOf } from './flow';
import type { FlowStep, Next, StepOf } from './flow';
import type { Fields, Report, Scene } from './script';
import type { Values } from './template';

/** What is known when a step is left. */
export interface Answered {
  readonly to: Next;
  /** Those that change. */
  readonly variables: Values;
}

/** Where a step leads by the fields of the carrier's request. A step that needed no answer leads on. */
export function answerOf(step: FlowStep, fields: Fields): Answered {
  switch (step.does) {
    case 'gather':
      return answerOfGather(step, fields);
    case 'dial':
    case 'agent':
      return byOutcome(step, dialOutcomeOf(fields));
    case 'enqueue':
      return byOutcome(step, queueOutcomeOf(fields));
    case 'record': {
      const id = fields['RecordingSid'] ?? '';
      const isEmpty = id === '' || fields['RecordingDuration'] === '0';
      return byOutcome(step, isEmpty ? 'empty' : 'recorded', isEmpty ? {} : saved(step.save, id));
    }
    case 'say':
    case 'play':
    case 'pause':
    case 'set':
    case 'repeat':
    case 'branch':
    case 'http':
    case 'transfer':
    case 'hangup':
      return { to: step.then, variables: {} };
  }
}

/** One of a step's known outcomes: `on` names it, or not. */
export function byOutcome(step: FlowStep, outcome: string, variables: Values = {}): Answered {
  const way = step.on.find(({ when }) => when === outcome);
  return { to: way === undefined ? (step.on.length > 0 ? step.otherwise : step.then) : way.to, variables };
}

function dialOutcomeOf({ DialCallStatus: status = '' }: Fields): string {
  if (status === 'completed' || status === 'answered') return 'answered';
  return status === 'busy' || status === 'no-answer' ? status : 'failed';
}

/** Telnyx does not list the results; those of TwiML, and what means the same. */
function queueOutcomeOf({ QueueResult: result = '' }: Fields): string {
  if (result === 'bridged') return 'answered';
  return /time|wait/i.test(result) ? 'timeout' : 'failed';
}

function answerOfGather(step: StepOf<'gather'>, fields: Fields): Answered {
  const digits = text(fields['Digits']).trim();
  const speech = text(fields['SpeechResult']).trim();
  if (digits !== '' && step.digits !== null) {
    const came = { 'last.digits': digits };
    if (!isValid(digits, step)) return { to: step.otherwise, variables: came };
    return answered(step, { ...came, ...saved(step.save, digits) }, (when) => when === digits);
  }
  if (speech !== '' && step.speech) {
    return answered(step, { 'last.speech': speech, ...saved(step.save, speech) }, speechMatcher(step, speech));
  }
  return { to: step.silence, variables: {} };
}

function answered(step: StepOf<'gather'>, variables: Values, fits: (when: string) => boolean): Answered {
  if (step.on.length === 0) return { to: step.then, variables };
  const way = step.on.find(({ when }) => fits(when));
  return { to: way === undefined ? step.otherwise : way.to, variables };
}

/** Telnyx hands on keys that do not count only where it is told to; they are looked at here again. */
function isValid(digits: string, { digits: count, keys }: StepOf<'gather'>): boolean {
  if (count !== null && (digits.length < count.min || digits.length > count.max)) return false;
  return Array.from(digits).every((digit) => (keys ?? '0123456789*#').includes(digit));
}

/** Who says exactly one of the keys means it, even when another one is part of it. */
function speechMatcher({ on }: Pick<FlowStep, 'on'>, speech: string): (when: string) => boolean {
  const said = wordsOf(speech);
  const isExact = on.some(({ when }) => wordsOf(when) === said);
  return (when) => {
    const words = wordsOf(when);
    return isExact ? words === said : words.trim() !== '' && said.includes(words);
  };
}

/** Lower case, words only, with a space around each: ` yes please `. */
function wordsOf(speech: string): string {
  const words =
    speech
      .normalize('NFKC')
      .toLowerCase()
      .match(/[\p{L}\p{M}\p{N}*#]+/gu) ?? [];
  return ` ${words.join(' ')} `;
}

/** Where a branch leads whose subject is known: everything but `machine`. */
export function branchOf(step: StepOf<'branch'>, values: Values, { nowMs }: Scene): Next {
  const way = step.on.find(subjectMatcher(step, values, nowMs));
  return way === undefined ? step.otherwise : way.to;
}

function subjectMatcher(step: StepOf<'branch'>, values: Values, nowMs: number): (way: { when: string }) => boolean {
  if (step.value === 'clock') {
    const now = timeOfWeek(nowMs, step.zone ?? 'UTC');
    return ({ when }) => {
      const window = windowOf(when);
      return window !== null && isWithin(window, now);
    };
  }
  if (step.value === 'speech') {
    const fits = speechMatcher(step, values['last.speech'] ?? '');
    return ({ when }) => fits(when);
  }
  const name = step.value === 'digits' ? 'last.digits' : step.value;
  const value = (Object.hasOwn(values, name) ? (values[name] ?? '') : '').trim().toLowerCase();
  return ({ when }) => when.toLowerCase() === value;
}

/** What a report says of the step that asked for it; one that belongs to no errand of the step is none of it. */
export function reportedOf(step: FlowStep, report: Report): Answered {
  if (report.kind === 'verdict' && outcomesOf(step)?.includes(report.verdict)) return byOutcome(step, report.verdict);
  if (report.kind === 'http' && step.does === 'http') return answerOfHttp(step, report);
  return byOutcome(step, 'failed');
}

/** An answer is fine when it is 2xx, and JSON where something of it is to be saved. */
function answerOfHttp(step: StepOf<'http'>, { status, body }: Extract<Report, { kind: 'http' }>): Answered {
  if (status === null || status < 200 || status > 299) return byOutcome(step, 'failed');
  if (step.save === null) return byOutcome(step, 'ok');
  const json = parsed(body);
  if (json === undefined) return byOutcome(step, 'failed');
  const found = Object.entries(step.save).flatMap(([name, path]) => {
    const value = valueAt(json, path);
    return value === null ? [] : [[name, text(value)] as const];
  });
  return byOutcome(step, 'ok', Object.fromEntries(found));
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    return undefined;
  }
}

/** Text, a number, true or false as text; null for everything else. */
function valueAt(json: unknown, path: string): string | null {
  let value = json;
  for (const key of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return null;
    value = (value as Readonly<Record<string, unknown>>)[key];
  }
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : null;
}

function saved(variable: string | null, value: string): Values {
  return variable === null ? {} : { [variable]: text(value) };
}

/** What came from outside, as long as a variable may be. */
function text(value: string | undefined): string {
  return (value ?? '').slice(0, MOST_LETTERS);
}
