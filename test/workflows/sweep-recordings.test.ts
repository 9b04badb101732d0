/** The look for recordings that nobody delivers, in skipped time. What the carrier lists is a script here. */
import { setTimeout as sleep } from 'node:timers/promises';
import { ApplicationFailure } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Worker } from '@temporalio/worker';
import type { LogEntry } from '@temporalio/worker';
import type { Accounts, AccountsActivities } from '../../activities/recording-accounts';
import { deliveryWorkflowId } from '../../domain/recordings';
import { sweepRecordings } from '../../workflows/sweep-recordings';
import { startSkippedTime } from '../support/skipped-time';
import { compiledWorkflows } from '../support/workflow-bundle';
import { aRecording } from '../unit/domain/a-recording';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const QUEUE = 'sweeps';

const logged: LogEntry[] = [];
const logger = new DefaultLogger('INFO', (entry) => logged.push(entry));
const levelsOf = (event: string): string[] =>
  logged.flatMap(({ meta, level }) => (meta?.['event'] === event ? [level] : []));

/** Skipped time is ahead of what a worker has had time to do. */
async function eventually(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  for (let looks = 0; !(await isTrue()); looks++) {
    if (looks === 200) throw new Error('it never came');
    await sleep(50);
  }
}

const nothing: Accounts = {
  listed: 0,
  delivered: 0,
  open: 0,
  foreign: 0,
  strangers: [],
  unaccounted: [],
  newestAt: null,
  policy: { retentionMs: 30 * DAY, timeScale: 1 },
};

describe('sweepRecordings on Temporal', () => {
  let env: TestWorkflowEnvironment;
  let sweeps = 0;

  beforeAll(async () => {
    env = await startSkippedTime(logger);
  }, 60_000);
  beforeEach(() => {
    logged.length = 0;
  });
  afterAll(() => env.teardown());

  interface Look {
    readonly atMs: number;
    readonly since: string | null;
  }
  interface Running {
    readonly looks: readonly Look[];
    /** The run's page; Temporal's test server keeps no changes of a memo. */
    readonly page: () => Promise<string>;
  }

  async function run(script: (atMs: number) => Accounts, during: (running: Running) => Promise<void>): Promise<void> {
    const looks: Look[] = [];
    const activities: AccountsActivities = {
      accountForRecordings: async ({ since }) => {
        const atMs = await env.currentTimeMs();
        looks.push({ atMs, since });
        return script(atMs);
      },
    };
    const worker = await Worker.create({
      connection: env.nativeConnection,
      taskQueue: QUEUE,
      workflowBundle: compiledWorkflows(),
      activities,
    });
    await worker.runUntil(async () => {
      sweeps += 1;
      const workflowId = `sweep-${sweeps}`;
      const handle = await env.client.workflow.start(sweepRecordings, { workflowId, taskQueue: QUEUE });
      const page = async (): Promise<string> => JSON.stringify(await handle.query('__temporal_workflow_metadata'));
      await during({ looks, page });
      await handle.terminate();
    });
  }

  test('the latest are looked at every 15 minutes, all of them at first and once a day', async () => {
    await run(
      (atMs) => ({ ...nothing, newestAt: new Date(atMs).toISOString() }),
      async ({ looks }) => {
        await env.sleep(DAY + HOUR);
        const gaps = looks.slice(1).map(({ atMs }, nth) => atMs - (looks[nth]?.atMs ?? 0));
        expect(Math.max(...gaps)).toBeLessThan(16 * MINUTE);
        const audits = looks.filter(({ since }) => since === null);
        expect(audits).toHaveLength(2);
        // The list may be late: an hour is looked at again.
        const overlaps = looks.flatMap(({ atMs, since }) => (since === null ? [] : [atMs - Date.parse(since)]));
        expect(Math.min(...overlaps)).toBeGreaterThan(HOUR);
      },
    );
  });

  test('a carrier whose list is away for a day is an error in the log after 6 hours; then the next look misses nothing', async () => {
    let backAtMs = Infinity;
    await run(
      (atMs) => {
        if (atMs >= backAtMs) return nothing;
        throw ApplicationFailure.nonRetryable('the list is away');
      },
      async ({ looks, page }) => {
        backAtMs = (await env.currentTimeMs()) + DAY;
        await env.sleep(5 * HOUR);
        expect(levelsOf('recording.sweep_failed')).not.toContain('ERROR');
        await env.sleep(2 * HOUR);
        await eventually(() => levelsOf('recording.sweep_failed').includes('ERROR'));
        expect(await page()).toContain('none yet');
        await env.sleep(17 * HOUR + 20 * MINUTE);
        await eventually(async () => !(await page()).includes('none yet'));
        expect(looks.at(-1)).toMatchObject({ since: null });
      },
    );
  });

  test('a recording that nobody delivers gets a delivery, and one that nobody delivered in time is told of', async () => {
    const stranger = aRecording({ recordingId: 'nobodys' });
    await run(
      () => ({ ...nothing, listed: 1, strangers: [stranger], unaccounted: ['nobodys'] }),
      async ({ page }) => {
        await eventually(async () => (await page()).includes('unaccounted_ids: nobodys'));
        const delivery = env.client.workflow.getHandle(deliveryWorkflowId('nobodys'));
        expect((await delivery.describe()).status.name).toBe('RUNNING');
        await eventually(() => levelsOf('recording.unaccounted').includes('ERROR'));
        await delivery.terminate();
      },
    );
  });
});
