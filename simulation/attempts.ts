/** One attempt of an activity, in the context that the real activities read (`activityInfo`, `log`). */
import { asyncLocalStorage, Context } from '@temporalio/activity';
import type { Info } from '@temporalio/activity';
import type { CallId } from '../domain/call';

export interface Attempt {
  readonly callId: CallId;
  /** The activity's name and number in its call: `askLeg 3`. */
  readonly name: string;
  /** From 1. */
  readonly nth: number;
  /** Resolves when the process that runs it runs: at once, after a pause, or never. */
  running(): Promise<void>;
}

class AttemptContext extends Context {
  constructor(
    readonly attempt: Attempt,
    info: Partial<Info>,
  ) {
    const never = new Promise<never>(() => undefined);
    super(info as Info, never, NEVER_CANCELLED, () => undefined, undefined, SILENT, NO_METRICS, {});
  }
}

const NEVER_CANCELLED = new AbortController().signal;
const quiet = (): void => undefined;
const SILENT: Context['log'] = { log: quiet, trace: quiet, debug: quiet, info: quiet, warn: quiet, error: quiet };
/** No activity of ours keeps metrics. */
const NO_METRICS = {} as Context['metricMeter'];

/** Runs an activity as Temporal's worker does. */
export function runAttempt<T>(attempt: Attempt, scheduledAtMs: number, work: () => Promise<T>): Promise<T> {
  const info = { currentAttemptScheduledTimestampMs: scheduledAtMs, attempt: attempt.nth };
  const context = new AttemptContext(attempt, info);
  return asyncLocalStorage.run(context, work);
}

export function currentAttempt(): Attempt {
  const context = asyncLocalStorage.getStore();
  if (context instanceof AttemptContext) return context.attempt;
  throw new Error('a request was made outside of an activity');
}
