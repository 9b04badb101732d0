/**
 * A delivery on Temporal, in skipped time: weeks take seconds. What the attempts come to is a script here; attempts with
 * a carrier, a store and a web-backend are under `test/e2e`.
 */
import { ApplicationFailure } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Worker } from '@temporalio/worker';
import type { LogEntry } from '@temporalio/worker';
import type { WorkflowHandle } from '@temporalio/client';
import type { RecordingActivities } from '../../activities/recordings';
import type { AttemptResult, DeliveryPolicy } from '../../domain/delivery';
import type { DeliveryFailure } from '../../domain/delivery-failures';
import { deliveryWorkflowId, expectedRecording } from '../../domain/recordings';
import type { RecordingStatus } from '../../domain/recordings';
import { deliverRecording } from '../../workflows/deliver-recording';
import { deliveryQuery, recordingQuery, redeliverSignal, searchAttributes } from '../../workflows/messages';
import { startSkippedTime } from '../support/skipped-time';
import { compiledWorkflows } from '../support/workflow-bundle';
import { atScale } from '../support/system';
import { aRecording } from '../unit/domain/a-recording';

const HOUR = 3600_000;
const DAY = 24 * HOUR;
const DAYS_DOWN = atScale({ quick: 9, ci: 29, full: 29 });
const QUEUE = 'recordings';
const policy: DeliveryPolicy = { retentionMs: 30 * DAY, timeScale: 1 };

const logged: LogEntry[] = [];
const logger = new DefaultLogger('INFO', (entry) => logged.push(entry));
/** Fields of the lines with this event. */
const linesOf = (event: string): Record<string, unknown>[] =>
  logged.flatMap(({ meta }) => (meta?.['event'] === event ? [meta as Record<string, unknown>] : []));

describe('deliverRecording on Temporal', () => {
  let env: TestWorkflowEnvironment;
  let recordings = 0;

  beforeAll(async () => {
    env = await startSkippedTime(logger);
  }, 60_000);
  beforeEach(() => {
    logged.length = 0;
  });
  afterAll(() => env.teardown());

  type Script = (attempt: number, nowMs: number) => AttemptResult | Promise<AttemptResult>;
  type Handle = WorkflowHandle<typeof deliverRecording>;

  interface Run {
    readonly handle: Handle;
    readonly published: readonly RecordingStatus[];
    readonly attemptedAtMs: readonly number[];
    readonly startedAtMs: number;
    /** From the start to the last attempt: once a run is over, skipped time runs away. */
    readonly tookMs: () => number;
  }

  async function run(script: Script, during: (run: Run) => Promise<void>): Promise<void> {
    recordings += 1;
    const recording = aRecording({ recordingId: `r${recordings}` });
    const published: RecordingStatus[] = [];
    const attemptedAtMs: number[] = [];
    const activities: RecordingActivities = {
      attemptDelivery: async () => {
        const nowMs = await env.currentTimeMs();
        attemptedAtMs.push(nowMs);
        return script(attemptedAtMs.length, nowMs);
      },
      publishRecording: ({ recording: status }) => {
        published.push(status);
        return Promise.resolve();
      },
    };
    const { nativeConnection: connection } = env;
    const worker = await Worker.create({
      connection,
      taskQueue: QUEUE,
      workflowBundle: compiledWorkflows(),
      activities,
    });
    await worker.runUntil(async () => {
      const startedAtMs = await env.currentTimeMs();
      const handle = await env.client.workflow.start(deliverRecording, {
        workflowId: deliveryWorkflowId(recording.recordingId),
        taskQueue: QUEUE,
        args: [recording],
      });
      const tookMs = (): number => (attemptedAtMs.at(-1) ?? Infinity) - startedAtMs;
      await during({ handle, published, attemptedAtMs, startedAtMs, tookMs });
    });
  }

  const failed = (failure: DeliveryFailure, createdAt: string | null = null): AttemptResult => ({
    kind: 'failed',
    failure,
    detail: 'as the test wants it',
    retryAfterMs: null,
    policy,
    createdAt,
  });
  const delivered = (): AttemptResult => ({
    kind: 'delivered',
    status: { ...expectedRecording('mp3', 'r'), state: 'delivered', sha256: 'ab', size_bytes: 5 },
    policy,
    createdAt: null,
  });
  const stateOf = async (handle: Handle): Promise<unknown> => {
    const { typedSearchAttributes } = await handle.describe();
    return typedSearchAttributes.get(searchAttributes.recordingState);
  };
  /** Until the run says so; time is skipped on the way. */
  const until = async (handle: Handle, wanted: (status: RecordingStatus) => boolean): Promise<RecordingStatus> => {
    for (let looks = 0; looks < 200; looks++) {
      const status = await handle.query(recordingQuery);
      if (wanted(status)) return status;
      await env.sleep('1 minute');
    }
    throw new Error('it never came');
  };

  test(`a receiver that is down for ${DAYS_DOWN} days loses nothing, and no history grows beyond its limit`, async () => {
    let upAgainMs = Infinity;
    await run(
      (_attempt, nowMs) => (nowMs < upAgainMs ? failed('web_backend_unreachable') : delivered()),
      async ({ handle, attemptedAtMs, startedAtMs, tookMs }) => {
        upAgainMs = startedAtMs + DAYS_DOWN * DAY;
        expect(await handle.result()).toMatchObject({ state: 'delivered' });
        expect(attemptedAtMs.length).toBeGreaterThan(DAYS_DOWN * 24 * 0.8);
        const gaps = attemptedAtMs.slice(1).map((at, i) => at - (attemptedAtMs[i] ?? 0));
        expect(Math.max(...gaps)).toBeLessThanOrEqual(1.2 * HOUR + 1000);
        const { historyLength } = await handle.describe();
        expect(historyLength).toBeLessThan(4_000);
        expect(tookMs()).toBeLessThan(DAYS_DOWN * DAY + 2 * HOUR);
      },
    );
    expect(linesOf('recording.at_risk').map(({ within }) => within)).toEqual(
      DAYS_DOWN === 29 ? ['7d', '48h', '24h'] : [],
    );
  }, 180_000);

  test('one that never comes back is lost at the end, after three alarms that say how to redrive it', async () => {
    await run(
      () => failed('web_backend_gone'),
      async ({ handle, tookMs }) => {
        expect(await handle.result()).toMatchObject({
          state: 'lost',
          last_error: 'web_backend_gone: as the test wants it',
        });
        expect(tookMs()).toBeGreaterThanOrEqual(30 * DAY);
        expect(await stateOf(handle)).toBe('lost');
      },
    );
    // Read when the worker has stopped: its lines are written behind its work.
    const alarms = linesOf('recording.at_risk');
    expect(alarms.map(({ within }) => within)).toEqual(['7d', '48h', '24h']);
    for (const alarm of alarms) {
      expect(alarm).toMatchObject({
        state: 'dead_letter',
        lastError: expect.stringContaining('web_backend_gone') as string,
        redrive: `outcall recordings redeliver ${String(alarm['recordingId'])}`,
      });
    }
    expect(linesOf('recording.lost')).toHaveLength(1);
  }, 120_000);

  test('a refused recording is an open run in the dead-letter queue, and a redrive delivers it', async () => {
    let accepts = false;
    await run(
      () => (accepts ? delivered() : failed('web_backend_refuses')),
      async ({ handle, startedAtMs, attemptedAtMs, published }) => {
        await until(handle, ({ state }) => state === 'dead_letter');
        expect((await env.currentTimeMs()) - startedAtMs).toBeLessThanOrEqual(20 * 60_000);
        expect(attemptedAtMs).toHaveLength(3);
        expect(await stateOf(handle)).toBe('dead_letter');
        expect((await handle.describe()).status.name).toBe('RUNNING');
        expect(published.at(-1)).toMatchObject({ state: 'dead_letter' });
        accepts = true;
        await handle.signal(redeliverSignal);
        expect(await handle.result()).toMatchObject({ state: 'delivered', last_error: null });
        expect(attemptedAtMs).toHaveLength(4);
      },
    );
  });

  test('a dead letter tries by itself once a day', async () => {
    await run(
      (attempt) => (attempt < 6 ? failed('web_backend_refuses') : delivered()),
      async ({ handle, attemptedAtMs }) => {
        await handle.result();
        const [, , third = 0, fourth = 0, fifth = 0] = attemptedAtMs;
        for (const gap of [fourth - third, fifth - fourth]) expect(Math.abs(gap - DAY)).toBeLessThanOrEqual(0.21 * DAY);
      },
    );
  });

  test('redrives while an attempt is under way come to one more attempt', async () => {
    let handle: Handle | null = null;
    await run(
      async (attempt) => {
        if (attempt > 1) return delivered();
        while (!handle) await new Promise((resolve) => setTimeout(resolve, 10));
        for (let times = 0; times < 3; times++) await handle.signal(redeliverSignal);
        return failed('web_backend_gone');
      },
      async (started) => {
        handle = started.handle;
        await handle.result();
        expect(started.attemptedAtMs).toHaveLength(2);
      },
    );
  });

  test('what the delivery waits for is in the query, and on the run’s page', async () => {
    await run(
      (attempt) => (attempt < 3 ? failed('web_backend_credentials') : delivered()),
      async ({ handle }) => {
        await until(handle, ({ last_error: lastError }) => lastError !== null);
        expect(await handle.query(deliveryQuery)).toMatchObject({
          state: 'delivering',
          last_error: 'web_backend_credentials: as the test wants it',
          next_attempt_at: expect.stringMatching(/Z$/) as string,
          at_risk: null,
        });
        const page = JSON.stringify(await handle.query('__temporal_workflow_metadata'));
        expect(page).toContain('web_backend_credentials');
        await handle.result();
      },
    );
    expect(linesOf('recording.blocked')).toHaveLength(1);
  });

  test('a recording that the carrier never had is absent after a day', async () => {
    await run(
      () => failed('recording_unknown'),
      async ({ handle, tookMs }) => {
        expect(await handle.result()).toMatchObject({ state: 'absent' });
        expect(tookMs()).toBeGreaterThan(0.8 * DAY);
      },
    );
  });

  test('one that it had and has no more is lost within the hour, which is told', async () => {
    await run(
      (attempt, nowMs) =>
        attempt === 1 ? failed('storage_refused', new Date(nowMs).toISOString()) : failed('recording_unknown'),
      async ({ handle, tookMs }) => {
        expect(await handle.result()).toMatchObject({ state: 'lost' });
        expect(tookMs()).toBeLessThan(1.5 * HOUR);
      },
    );
    expect(linesOf('recording.lost')).toHaveLength(1);
  });

  test('an attempt with a bug is waited for like any other failure', async () => {
    let broken = 5;
    await run(
      () => {
        broken -= 1;
        if (broken >= 0) throw ApplicationFailure.create({ message: 'undefined is not a function' });
        return delivered();
      },
      async ({ handle, published }) => {
        expect(await handle.result()).toMatchObject({ state: 'delivered' });
        expect(published[0]).toMatchObject({ last_error: 'attempt_broken: undefined is not a function' });
      },
    );
  });
});
