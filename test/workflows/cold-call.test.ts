/**
 * The binding of the story to Temporal, in skipped time: what only Temporal can show. The carrier is a script here; the
 * whole with a carrier is under `test/e2e`.
 */
import { EventEmitter, once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApplicationFailure } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Worker } from '@temporalio/worker';
import type { StatusActivities } from '../../activities/status';
import { LEAD } from '../../domain/call';
import type { CallRequest, ReachableLeg } from '../../domain/call';
import type { Carrier } from '../../domain/carrier';
import type { CallEvent } from '../../domain/events';
import type { StatusDocument } from '../../domain/status';
import { coldCall } from '../../workflows/cold-call';
import { eventSignals, searchAttributes, statusQuery } from '../../workflows/messages';
import { startSkippedTime } from '../support/skipped-time';
import { compiledWorkflows } from '../support/workflow-bundle';
import { aCall } from '../unit/domain/a-call';

const logger = new DefaultLogger('ERROR', () => undefined);
const QUEUE = 'calls';
const leg: ReachableLeg = { ...LEAD, callControlId: 'v3:a', callLegId: 'leg-a', callSessionId: 'session-a' };

type CallActivities = Omit<Carrier, 'redirect'> & StatusActivities;
type Script = Partial<CallActivities>;

const usual: CallActivities = {
  dial: () => Promise.resolve({ kind: 'placed', leg, recordingId: null, echoed: true }),
  hangUp: () => Promise.resolve({ kind: 'accepted' }),
  enterConference: () => Promise.resolve({ kind: 'accepted' }),
  leaveConference: () => Promise.resolve({ kind: 'accepted' }),
  playInConference: () => Promise.resolve({ kind: 'accepted' }),
  stopPlaying: () => Promise.resolve({ kind: 'accepted' }),
  say: () => Promise.resolve({ kind: 'accepted' }),
  startRecording: () => Promise.resolve({ kind: 'accepted' }),
  mute: () => Promise.resolve({ kind: 'accepted' }),
  askLeg: () => Promise.resolve([]),
  askParticipants: () => Promise.resolve([]),
  findLeg: () => Promise.resolve({ events: [], complete: true }),
  listRecordings: () => Promise.resolve([]),
  publishStatus: () => Promise.resolve(),
};

const initiated = (): CallEvent => ({ kind: 'initiated', at: new Date().toISOString(), source: 'poll', leg });

const hungUp = (cause: string | null, hangupSource: string | null = null): CallEvent => ({
  kind: 'hungUp',
  at: new Date().toISOString(),
  source: 'poll',
  leg,
  cause,
  hangupSource,
  sipCause: null,
});

describe('coldCall on Temporal', () => {
  let env: TestWorkflowEnvironment;
  let calls = 0;

  beforeAll(async () => {
    env = await startSkippedTime(logger);
  }, 60_000);
  afterAll(() => env.teardown());

  const aCallNow = async (differs: Partial<CallRequest> = {}): Promise<CallRequest> => {
    calls += 1;
    const callId = `COLD_CALL_${String(calls).padStart(26, '0')}`;
    const createdAt = new Date(await env.currentTimeMs()).toISOString();
    return aCall({ callId, createdAt, record: false, ...differs });
  };

  interface Running {
    readonly signal: (event: CallEvent) => Promise<void>;
    readonly cancel: () => Promise<unknown>;
    readonly status: () => Promise<StatusDocument>;
    readonly result: () => Promise<StatusDocument>;
  }

  async function run(call: CallRequest, script: Script, during: (running: Running) => Promise<void>): Promise<void> {
    const nowhere = { fn: () => undefined };
    const sinks = { store: { publish: nowhere }, watch: { learned: nowhere } };
    const worker = await Worker.create({
      connection: env.nativeConnection,
      taskQueue: QUEUE,
      workflowBundle: compiledWorkflows(),
      activities: { ...usual, ...script },
      sinks,
    });
    await worker.runUntil(async () => {
      const handle = await env.client.workflow.start(coldCall, {
        workflowId: call.callId,
        taskQueue: QUEUE,
        args: [call],
      });
      await during({
        signal: (event) => {
          if (!(event.kind in eventSignals)) throw new Error(`${event.kind} is no signal`);
          return handle.signal<[CallEvent]>(event.kind, event);
        },
        cancel: () => handle.cancel(),
        status: () => handle.query(statusQuery),
        result: () => handle.result(),
      });
    });
  }

  test('a dial that is sent too late is dialed anew while it is still wanted', async () => {
    const answers = [{ kind: 'late' } as const, { kind: 'placed', leg, recordingId: null, echoed: true } as const];
    const dial = jest.fn(() => Promise.resolve(answers.shift() ?? answers[0] ?? ({ kind: 'late' } as const)));
    const script: Script = { dial, askLeg: () => Promise.resolve([hungUp('user_busy')]) };
    await run(await aCallNow(), script, async ({ result }) => {
      expect(await result()).toMatchObject({ outcome: 'busy' });
    });
    expect(dial).toHaveBeenCalledTimes(2);
  });

  test('a worker lost in the middle of a dial makes the dial unclear, not repeated blindly', async () => {
    const seen: string[] = [];
    const script: Script = {
      dial: () => {
        seen.push('dial');
        return Promise.reject(ApplicationFailure.create({ message: 'the worker was lost' }));
      },
      findLeg: () => {
        seen.push('findLeg');
        const events = [{ kind: 'initiated', at: new Date().toISOString(), source: 'poll', leg } as const];
        return Promise.resolve({ events, complete: true });
      },
      askLeg: () => Promise.resolve([hungUp('timeout')]),
    };
    await run(await aCallNow(), script, async ({ result }) => {
      expect(await result()).toMatchObject({ outcome: 'no_answer' });
    });
    expect(seen).toEqual(['dial', 'findLeg']);
  });

  test('an unclear dial that nothing is ever found of is sent again for 45 seconds at most, then unknown', async () => {
    const sentAt: number[] = [];
    const script: Script = {
      dial: async () => {
        sentAt.push(await env.currentTimeMs());
        return { kind: 'ambiguous', detail: 'no answer' };
      },
    };
    await run(await aCallNow(), script, async ({ result }) => {
      expect(await result()).toMatchObject({ outcome: 'dial_unknown', status: 'ended', ended_by: 'unknown' });
    });
    expect(Math.max(...sentAt) - Math.min(...sentAt)).toBeLessThanOrEqual(45_000);
  });

  test('a hangup that is asked for before the dial is answered stops all sending', async () => {
    let dials = 0;
    const script: Script = {
      dial: () => {
        dials += 1;
        return Promise.resolve({ kind: 'notPlaced', code: 'rate_limited', detail: 'later', retryAfterMs: 60_000 });
      },
    };
    await run(await aCallNow(), script, async ({ signal, result }) => {
      await signal({ kind: 'hangupRequested', at: new Date().toISOString(), source: 'api' });
      expect(await result()).toMatchObject({ outcome: 'canceled', ended_by: 'api' });
    });
    expect(dials).toBeLessThanOrEqual(1);
  });

  test('"Cancel" in the Temporal UI hangs up, and the story is told to its end', async () => {
    let alive = true;
    const dialed = new EventEmitter();
    const isDialed = once(dialed, 'dialed');
    const script: Script = {
      dial: (command) => {
        dialed.emit('dialed');
        return usual.dial(command);
      },
      hangUp: () => {
        alive = false;
        return Promise.resolve({ kind: 'accepted' });
      },
      askLeg: () => Promise.resolve(alive ? [initiated()] : [hungUp('originator_cancel')]),
    };
    await run(await aCallNow(), script, async ({ cancel, result }) => {
      // Earlier, nobody would be called, and nothing would have to be hung up.
      await isDialed;
      await cancel();
      expect(await result()).toMatchObject({ status: 'ended', outcome: 'canceled' });
    });
    expect(alive).toBe(false);
  });

  test('a hangup that the carrier refuses for minutes is repeated until the leg is over', async () => {
    let refusals = 20;
    const script: Script = {
      hangUp: () => {
        refusals -= 1;
        if (refusals > 0) return Promise.reject(ApplicationFailure.create({ message: '503', type: 'http_503' }));
        return Promise.resolve({ kind: 'accepted' });
      },
      askLeg: () => Promise.resolve(refusals > 0 ? [] : [hungUp('normal_clearing')]),
    };
    await run(await aCallNow(), script, async ({ signal, result }) => {
      await signal({ kind: 'answered', at: new Date().toISOString(), source: 'webhook', leg });
      await signal({ kind: 'hangupRequested', at: new Date().toISOString(), source: 'api' });
      expect(await result()).toMatchObject({ outcome: 'completed', ended_by: 'api' });
    });
  });

  test('a carrier that never answers again does not keep a call open for ever', async () => {
    const gone = (): Promise<never> => Promise.reject(ApplicationFailure.create({ message: 'unreachable' }));
    const script: Script = { hangUp: gone, askLeg: gone, askParticipants: gone, enterConference: gone };
    await run(await aCallNow({ timeLimitSeconds: 60 }), script, async ({ signal, result }) => {
      await signal({ kind: 'answered', at: new Date().toISOString(), source: 'webhook', leg });
      expect(await result()).toMatchObject({ status: 'ended', hangup_cause: null, ended_by: 'unknown' });
    });
  }, 120_000);

  test('a lead who hung up before the conference was there is not asked for again: the call is completed', async () => {
    const enterConference = jest.fn(() => Promise.resolve({ kind: 'gone' } as const));
    const script: Script = {
      enterConference,
      askLeg: () => Promise.resolve([hungUp('normal_clearing', 'callee')]),
    };
    await run(await aCallNow(), script, async ({ signal, result }) => {
      await signal({ kind: 'answered', at: new Date().toISOString(), source: 'webhook', leg });
      expect(await result()).toMatchObject({ outcome: 'completed', ended_by: 'lead', joined_at: null });
    });
    expect(enterConference).toHaveBeenCalledTimes(1);
  });

  test('a lead who was gone when the recording was to start is not recorded, and that is known at once', async () => {
    const script: Script = {
      startRecording: () => Promise.resolve({ kind: 'gone' }),
      askLeg: () => Promise.resolve([hungUp('normal_clearing')]),
    };
    const call = await aCallNow({ record: true, recordingNotice: 'This call is recorded.' });
    await run(call, script, async ({ signal, result }) => {
      const at = new Date().toISOString();
      await signal({ kind: 'answered', at, source: 'webhook', leg });
      await signal({ kind: 'said', at, source: 'webhook', leg, speech: 'notice', completed: true });
      const { recording, updated_at } = await result();
      expect(recording).toMatchObject({ state: 'absent' });
      expect(Date.parse(updated_at) - Date.parse(call.createdAt)).toBeLessThan(10 * 60_000);
    });
  });

  test('a recording that nobody ever lists is absent a day later, and the call is over long before', async () => {
    const script: Script = { askLeg: () => Promise.resolve([hungUp('normal_clearing')]) };
    await run(await aCallNow({ record: true }), script, async ({ signal, result }) => {
      await signal({ kind: 'answered', at: new Date().toISOString(), source: 'webhook', leg });
      const document = await result();
      expect(document).toMatchObject({ outcome: 'completed', recording: { state: 'absent' } });
      expect(Date.parse(document.ended_at ?? '') - Date.parse(document.created_at)).toBeLessThan(120_000);
    });
  });

  test('a deploy with a bug ends no call: the next deploy goes on with it', async () => {
    const call = await aCallNow();
    const broken = await Worker.create({
      connection: env.nativeConnection,
      taskQueue: QUEUE,
      workflowsPath: require.resolve('./broken-twin'),
    });
    const handle = await broken.runUntil(async () => {
      const started = await env.client.workflow.start(coldCall, {
        workflowId: call.callId,
        taskQueue: QUEUE,
        args: [call],
      });
      const hasMetTheBug = async (): Promise<boolean> =>
        ((await started.fetchHistory()).events ?? []).some((event) => event.workflowTaskFailedEventAttributes);
      while (!(await hasMetTheBug())) await sleep(50);
      return started;
    });
    expect((await handle.describe()).status.name).toBe('RUNNING');
    const askLeg = (): Promise<readonly CallEvent[]> => Promise.resolve([hungUp('user_busy')]);
    const mended = await Worker.create({
      connection: env.nativeConnection,
      taskQueue: QUEUE,
      workflowBundle: compiledWorkflows(),
      activities: { ...usual, askLeg },
    });
    await mended.runUntil(async () => {
      expect(await handle.result()).toMatchObject({ outcome: 'busy' });
    });
  });

  test('search attributes and the query say the same', async () => {
    const call = await aCallNow();
    await run(call, { askLeg: () => Promise.resolve([hungUp('user_busy')]) }, async ({ result, status }) => {
      const document = await result();
      expect(await status()).toEqual(document);
      const { typedSearchAttributes } = await env.client.workflow.getHandle(call.callId).describe();
      expect(typedSearchAttributes.get(searchAttributes.callStatus)).toBe('ended');
      expect(typedSearchAttributes.get(searchAttributes.callOutcome)).toBe('busy');
    });
  });
});
