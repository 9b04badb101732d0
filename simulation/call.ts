/** The story of one call, bound to the world of a seed as `workflows/cold-call.ts` binds it to Temporal. */
import type { CallRequest } from '../domain/call';
import type { CallEvent } from '../domain/events';
import { advance, NOTHING_KNOWN } from '../domain/facts';
import type { Facts } from '../domain/facts';
import { isSame } from '../domain/json';
import type { RecordingToDeliver } from '../domain/recordings';
import { describeCall } from '../domain/status';
import type { Change, StatusDocument } from '../domain/status';
import type { Script } from '../flows/script';
import type { Clock } from '../simulator/carrier/world';
import { callStory } from '../workflows/call-story';
import type { InstructionsRequest, MuteAnswer, MuteRequest } from '../workflows/messages';
import type { CallRuntime } from '../workflows/runtime';
import { createInstructions } from '../workflows/story/instructions';
import { mute } from '../workflows/story/mute';
import type { Worker } from './processes';

export interface CallWatch {
  learned(event: CallEvent, before: StatusDocument, after: StatusDocument): void;
  waits(summary: string, timeoutMs: number): void;
  /** Null: the story ended as it should. */
  readonly ended: (error: unknown) => void;
}

export interface CallDeps {
  readonly clock: Clock;
  readonly worker: Worker;
  readonly request: CallRequest;
  /** What a TeXML call follows; null: it is none. */
  readonly script: Script | null;
  readonly watch: CallWatch;
  /** Binds commands, questions and errands. */
  readonly bind: (deliver: (job: () => void) => void) => Pick<CallRuntime, 'carrier' | 'errands'>;
}

export interface RunningCall {
  readonly request: CallRequest;
  readonly facts: () => Facts;
  readonly document: () => StatusDocument;
  readonly isOver: () => boolean;
  readonly deliveries: readonly RecordingToDeliver[];
  /** False: the call is over. The call hears of it when a worker runs. */
  signal(event: CallEvent, heard?: () => void): boolean;
  /** The update of this name. False: the call is over. */
  mute(request: MuteRequest, answered: (answer: MuteAnswer) => void): boolean;
  /**
   * The update that answers a document. One of an id runs once, whoever asks again gets what came of it; one that no
   * worker has accepted dies with the worker. False: the call is over.
   */
  instruct(updateId: string, request: InstructionsRequest, then: Instructed): boolean;
  /** Lets those go on who waited for what is known now; true when there were any. */
  wake(): boolean;
}

export interface Instructed {
  readonly heard: () => void;
  readonly answered: (texml: string) => void;
}

interface Job {
  readonly signal: boolean;
  readonly run: () => void;
}

/** Accepts a call: its story begins as soon as a worker takes it. */
export function startCall({ clock, worker, request, script, watch, bind }: CallDeps): RunningCall {
  let facts = NOTHING_KNOWN;
  let change: Change = { at: request.createdAt, source: 'api' };
  let over = false;
  let jobs: Job[] = [];
  /** Something has changed since the waiting were last looked at. */
  let stale = false;
  const blocked = new Set<{ readonly predicate: (facts: Facts) => boolean; readonly go: () => void }>();
  const deliveries: RecordingToDeliver[] = [];
  const document = (): StatusDocument => describeCall(request, facts, change);
  let shown = document();

  /** One workflow task: signals first, then what else has come, as Temporal's SDK does; then `wake`, again and again. */
  const task = (): void => {
    const due = jobs;
    jobs = [];
    for (const job of [...due.filter(({ signal }) => signal), ...due.filter(({ signal }) => !signal)]) job.run();
    stale = true;
  };
  const wake = (): boolean => {
    if (!stale) return false;
    stale = false;
    const ready = [...blocked].filter(({ predicate }) => predicate(facts));
    for (const { go } of ready) go();
    return ready.length > 0;
  };
  const deliver = (job: Job): void => {
    jobs.push(job);
    if (jobs.length === 1)
      clock.after(TASK_MS, () => {
        worker.whenRunning(task);
      });
  };

  const learn = (event: CallEvent): void => {
    const known = facts;
    facts = advance(known, event);
    if (isSame(known, facts)) return;
    stale = true;
    change = { at: new Date(clock.now()).toISOString(), source: event.source };
    const before = shown;
    shown = document();
    watch.learned(event, before, shown);
  };

  const until: CallRuntime['until'] = (predicate, timeoutMs, summary) =>
    new Promise((resolve) => {
      if (predicate(facts)) {
        resolve(true);
        return;
      }
      watch.waits(summary, timeoutMs);
      const settle = (met: boolean): void => {
        cancel();
        if (blocked.delete(waiting)) resolve(met);
      };
      const waiting = {
        predicate,
        go: () => {
          settle(true);
        },
      };
      const timer = {
        signal: false,
        run: () => {
          settle(predicate(facts));
        },
      };
      const cancel =
        timeoutMs === Infinity
          ? () => undefined
          : clock.after(Math.max(1, timeoutMs), () => {
              deliver(timer);
            });
      blocked.add(waiting);
    });

  const runtime: CallRuntime = {
    facts: () => facts,
    acceptedAtMs: clock.now(),
    now: () => clock.now(),
    learn,
    until,
    ...bind((run) => {
      deliver({ signal: false, run });
    }),
    deliverRecording: (recording) => {
      deliveries.push(recording);
    },
  };
  const instructions = script === null ? null : createInstructions(request, script, runtime);
  const documents = new Map<string, Promise<string>>();
  const end = (error: unknown): void => {
    over = true;
    watch.ended(error);
  };
  deliver({
    signal: false,
    run: () =>
      void callStory(request, runtime, instructions)
        .then(() => Promise.all(documents.values()))
        .then(() => {
          end(null);
        }, end),
  });

  return {
    request,
    facts: () => facts,
    document,
    isOver: () => over,
    deliveries,
    signal(event, heard) {
      if (over) return false;
      deliver({
        signal: true,
        run: () => {
          learn(event);
          heard?.();
        },
      });
      return true;
    },
    mute(asked, answered) {
      if (over) return false;
      deliver({ signal: true, run: () => void mute(request, asked, runtime).then(answered, watch.ended) });
      return true;
    },
    instruct(updateId, asked, { heard, answered }) {
      if (over || !instructions) return false;
      const life = worker.life();
      const run = (): void => {
        const known = documents.get(updateId);
        if (!known && worker.life() !== life) return;
        const document = known ?? instructions.answer(asked);
        documents.set(updateId, document);
        heard();
        void document.then((texml) => {
          stale = true;
          answered(texml);
        }, watch.ended);
      };
      deliver({ signal: true, run });
      return true;
    },
    wake,
  };
}

/** From something happening to the workflow's hearing of it. */
const TASK_MS = 3;
