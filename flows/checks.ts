/** What only shows when all steps are known: those that nothing leads to, and rounds without end. */
import { waysOf } from './flow';
import type { FlowStep, Next } from './flow';
import { quoted } from './reading';
import type { Reading } from './reading';
import type { Verb } from './table';

/** `offsets`: where the name of each step stands. */
export function checkSteps(steps: readonly FlowStep[], offsets: ReadonlyMap<string, number>, reading: Reading): void {
  const at = (name: string): number => offsets.get(name) ?? 0;
  for (const step of steps) checkStep(step, at(step.name), reading);
  const reached = reachedFrom(steps[0]?.name ?? '', steps);
  for (const { name } of steps) {
    if (reached.has(name)) continue;
    const message = `nothing leads to the step ${quoted(name)}`;
    const suggestion = 'name it in another step, or remove it';
    reading.complain(at(name), { code: 'unreachable_step', severity: 'warning', message, suggestion });
  }
  const circle = endlessCircle(steps);
  if (circle === null) return;
  const [first = ''] = circle;
  reading.complain(at(first), {
    code: 'endless_loop',
    message: `${[...circle, first].join(', ')} goes round without waiting for anybody`,
    suggestion: 'lead back with repeat, which counts, or wait with gather or pause',
  });
}

/** Values of one step that need each other. */
function checkStep(step: FlowStep, offset: number, { complain }: Reading): void {
  const missing = (message: string, suggestion: string) => {
    complain(offset, { code: 'missing_key', message, suggestion });
  };
  if (step.does === 'gather' && step.digits === null && !step.speech) {
    missing('expected digits, speech or both in a gather', 'add digits: 1, or speech: true');
  }
  if (step.does === 'branch' && (step.value === 'clock') !== (step.zone !== null)) {
    if (step.zone === null) missing('expected zone with clock', 'add zone: America/New_York, or yours');
    else complain(offset, { code: 'misplaced_key', message: 'zone goes with clock only', suggestion: 'remove it' });
  }
  if (step.does === 'repeat' && step.value === step.name) {
    complain(offset, { code: 'bad_value', message: 'expected another step than itself to repeat' });
  }
}

function reachedFrom(first: string, steps: readonly FlowStep[]): ReadonlySet<string> {
  const reached = new Set<string>();
  const waiting = [first];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    const step = steps.find((one) => one.name === name);
    if (step === undefined || reached.has(name)) continue;
    reached.add(name);
    waiting.push(...waysOf(step).flatMap(({ to }) => to ?? []));
  }
  return reached;
}

/** Somebody is waited for, or time passes on purpose. */
const WAITING: readonly Verb[] = ['gather', 'dial', 'agent', 'record', 'enqueue', 'pause'];

/** A repeat counts how often it leads back; only what comes after that can go on for ever. */
const unboundedWaysOf = (step: FlowStep): readonly Next[] =>
  step.does === 'repeat' ? [step.then] : waysOf(step).map(({ to }) => to);

/** A round that consists of other steps only; null when there is none. */
function endlessCircle(steps: readonly FlowStep[]): readonly string[] | null {
  const restless = new Map(steps.filter(({ does }) => !WAITING.includes(does)).map((step) => [step.name, step]));
  const done = new Set<string>();
  const search = (name: string, path: readonly string[]): readonly string[] | null => {
    if (path.includes(name)) return path.slice(path.indexOf(name));
    const step = restless.get(name);
    if (step === undefined || done.has(name)) return null;
    for (const to of unboundedWaysOf(step)) {
      const circle = to === null ? null : search(to, [...path, name]);
      if (circle !== null) return circle;
    }
    done.add(name);
    return null;
  };
  for (const name of restless.keys()) {
    const circle = search(name, []);
    if (circle !== null) return circle;
  }
  return null;
}
