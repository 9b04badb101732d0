/**
 * Temporal, as far as the story of a call notices it: activities are handed to a worker, timed out and repeated by their
 * options, which are the real ones of `workflows/carrier-activities.ts`.
 */
import { ActivityFailure, ApplicationFailure, RetryState, TimeoutFailure, TimeoutType } from '@temporalio/common';
import { msToNumber } from '@temporalio/common/lib/time';
import type { ActivityOptions, proxyActivities } from '@temporalio/workflow';
import type { CallId } from '../domain/call';
import type { Clock } from '../simulator/carrier/world';
import { runAttempt } from './attempts';
import type { Attempt } from './attempts';
import type { Chance } from './chance';
import { ATTEMPT_FAULTS } from './faults';
import type { Worker } from './processes';

export interface TemporalDeps {
  readonly clock: Clock;
  readonly worker: Worker;
  readonly chance: Chance;
  /** How likely an attempt is to meet a fault. */
  readonly faulty: number;
  readonly callId: CallId;
  /** Runs the activity of this name. */
  perform(name: string, input: unknown): Promise<unknown>;
  /** An activity threw something that is no answer of a carrier. */
  broken(error: unknown): void;
  /** Hands something to the workflow, which looks at it when it next runs. */
  deliver(job: () => void): void;
  /** The workflow has learned the result of this attempt. */
  heard(attempt: Attempt): void;
}

interface Policy {
  readonly scheduleToStartMs: number;
  readonly startToCloseMs: number;
  readonly scheduleToCloseMs: number;
  readonly attempts: number;
  waitMs(afterAttempt: number): number;
}

/** An option that is not read here would be tested as if it were not there. */
const KNOWN = ['scheduleToStartTimeout', 'startToCloseTimeout', 'scheduleToCloseTimeout', 'retry'];

function refuseUnknown(options: ActivityOptions, known: readonly string[]): void {
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown !== undefined) throw new Error(`the simulation does not know the activity option ${unknown}`);
}

/** Of options, which are constants. */
const policies = new WeakMap<ActivityOptions, Policy>();

function policyOf(options: ActivityOptions): Policy {
  const policy = policies.get(options) ?? readPolicy(options);
  policies.set(options, policy);
  return policy;
}

/** Temporal's defaults for what the options leave out (docs.temporal.io: retry policies). */
function readPolicy(options: ActivityOptions): Policy {
  refuseUnknown(options, KNOWN);
  const { retry = {} } = options;
  const ms = (given: unknown): number => (given === undefined ? Infinity : msToNumber(given));
  const firstMs = msToNumber(retry.initialInterval ?? '1 second');
  const mostMs = retry.maximumInterval === undefined ? firstMs * 100 : msToNumber(retry.maximumInterval);
  return {
    scheduleToStartMs: ms(options.scheduleToStartTimeout),
    startToCloseMs: ms(options.startToCloseTimeout),
    scheduleToCloseMs: ms(options.scheduleToCloseTimeout),
    attempts: retry.maximumAttempts ?? Infinity,
    waitMs: (after) => Math.min(mostMs, firstMs * (retry.backoffCoefficient ?? 2) ** (after - 1)),
  };
}

/** What `proxyActivities` is in a workflow. */
export function createProxy(deps: TemporalDeps): typeof proxyActivities {
  const counts = new Map<string, number>();
  const execute = (name: string, policy: Policy, input: unknown): Promise<unknown> => {
    const nth = (counts.get(name) ?? 0) + 1;
    counts.set(name, nth);
    return new Promise((resolve, reject) => {
      const finish = (how: How, attempt: Attempt | null): void => {
        deps.deliver(() => {
          if (attempt) deps.heard(attempt);
          if ('result' in how) resolve(how.result);
          else
            reject(new ActivityFailure('activity failed', name, undefined, RetryState.TIMEOUT, undefined, how.failure));
        });
      };
      runActivity(deps, {
        name,
        title: `${name} ${nth} of ${deps.callId.slice(-1)}`,
        input,
        policy,
        finish,
      });
    });
  };
  const proxy = (options: ActivityOptions): unknown => {
    const policy = policyOf(options);
    const activity = (name: string): object => ({
      executeWithOptions(more: ActivityOptions, [input]: readonly unknown[]): Promise<unknown> {
        refuseUnknown(more, ['summary']);
        return execute(name, policy, input);
      },
    });
    return new Proxy({}, { get: (_, name: string) => activity(name) });
  };
  return proxy as typeof proxyActivities;
}

type How = { readonly result: unknown } | { readonly failure: Error };

interface Scheduled {
  readonly name: string;
  readonly title: string;
  readonly input: unknown;
  readonly policy: Policy;
  readonly finish: (how: How, attempt: Attempt | null) => void;
}

/** All attempts of one activity. */
function runActivity(deps: TemporalDeps, activity: Scheduled): void {
  const { clock } = deps;
  const { policy, finish } = activity;
  const endsAtMs = clock.now() + policy.scheduleToCloseMs;
  const attempt = (nth: number): void => {
    const again = (failure: Error): void => {
      const asksFor = failure instanceof ApplicationFailure && failure.nextRetryDelay !== undefined;
      const waitMs = asksFor ? msToNumber(failure.nextRetryDelay) : policy.waitMs(nth);
      if (nth >= policy.attempts || clock.now() + waitMs >= endsAtMs) finish({ failure }, null);
      else
        clock.after(waitMs, () => {
          attempt(nth + 1);
        });
    };
    runOnce(deps, activity, { nth, endsAtMs, again });
  };
  attempt(1);
}

interface Once {
  readonly nth: number;
  readonly endsAtMs: number;
  /** This attempt has failed. */
  readonly again: (failure: Error) => void;
}

/** One attempt: waits for a worker, runs there, and is over when the first of result, failure and time-out comes. */
function runOnce(
  deps: TemporalDeps,
  { name, title, input, policy, finish }: Scheduled,
  { nth, endsAtMs, again }: Once,
): void {
  const { clock, worker, chance, callId } = deps;
  const occasion = nth === 1 ? title : `${title}, attempt ${nth}`;
  const fault = chance.fault(occasion, deps.faulty, ATTEMPT_FAULTS);
  const scheduledAtMs = clock.now();
  const limits = new Set<() => void>();
  let over = false;
  const close = (then: () => void): void => {
    if (over) return;
    over = true;
    for (const cancel of limits) cancel();
    then();
  };
  /** Returns what lifts the limit. */
  const limit = (ms: number, type: TimeoutType, then: (failure: Error) => void): (() => void) => {
    if (ms === Infinity) return () => undefined;
    const cancel = clock.after(ms, () => {
      close(() => {
        then(new TimeoutFailure(`activity ${type} timeout`, undefined, type));
      });
    });
    limits.add(cancel);
    return cancel;
  };
  const giveUp = (failure: Error): void => {
    finish({ failure }, null);
  };

  limit(endsAtMs - scheduledAtMs, TimeoutType.SCHEDULE_TO_CLOSE, giveUp);
  const started = limit(policy.scheduleToStartMs, TimeoutType.SCHEDULE_TO_START, giveUp);
  const start = (): void => {
    if (over) return;
    started();
    limit(policy.startToCloseMs, TimeoutType.START_TO_CLOSE, again);
    const running = runningInThisLife(worker);
    const attempt = { callId, name: occasion, nth, running };
    const run = async (): Promise<void> => {
      try {
        const result = await runAttempt(attempt, scheduledAtMs, () => deps.perform(name, input));
        if (fault?.row.fate !== 'resultLost')
          close(() => {
            finish({ result }, attempt);
          });
      } catch (error) {
        if (error instanceof ApplicationFailure)
          close(() => {
            again(error);
          });
        else deps.broken(error);
      }
    };
    if (fault?.row.fate === 'startsLate')
      clock.after(fault.draws.between(1_000, 60_000), () => void running().then(run));
    else void run();
  };
  clock.after(chance.draws(`${occasion}, task`).between(1, 10), () => {
    worker.whenRunning(start);
  });
}

/** A promise that is kept when the worker that runs now runs, and never once it was killed. */
function runningInThisLife(worker: Worker): () => Promise<void> {
  const life = worker.life();
  const isThisLife = (): boolean => worker.life() === life;
  return () =>
    new Promise((resolve) => {
      worker.whenRunning(() => {
        if (isThisLife()) resolve();
      });
    });
}
