/**
 * A process that stands still for seconds, as in a paused virtual machine or on a starved host, and then goes on: it
 * catches up, and no call notices.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { isSettled } from '../../domain/status';
import type { StatusDocument } from '../../domain/status';
import { API_KEY, startOutside, until } from '../support/outside';
import type { Outside } from '../support/outside';
import { startPart } from '../support/processes';
import type { Part } from '../support/processes';
import { atScale } from '../support/scale';
import { readStatus } from '../support/system';

/** Longer than the five seconds that the SDK gives a workflow by itself. */
const WORKER_STANDS_MS = 5_500;
const API_STANDS_MS = 3_000;
/** Whether a workflow is at work when its worker stops is chance: before it was mended, six rounds were enough. */
const ROUNDS = atScale({ quick: 1, ci: 10, full: 60 });
const CALLS_AT_ONCE = atScale({ quick: 10, ci: 30, full: 30 });
const SETTLES_WITHIN_MS = 120_000;

let outside: Outside;
let api: Part;
let worker: Part;
let calls = 0;

beforeAll(async () => {
  outside = await startOutside({ seed: 10 });
  worker = await startPart(['work'], 'workers.running', outside.env);
  api = await startPart(['serve'], 'api.listening', outside.env);
}, 120_000);
afterAll(async () => {
  await Promise.all([worker.kill(), api.kill()]);
  await outside.stop();
});

async function call(): Promise<string> {
  calls += 1;
  const document = await outside.request('POST', '/initiate', { to_phone: `+1555${600 + calls}1000` });
  return document.call_id;
}
const statusOf = (callId: string): Promise<StatusDocument> => outside.request('GET', `/calls/${callId}`);

async function standStill(part: Part, forMs: number): Promise<void> {
  process.kill(part.pid, 'SIGSTOP');
  await sleep(forMs);
  process.kill(part.pid, 'SIGCONT');
}

async function expectEachRungOnce(callIds: readonly string[]): Promise<void> {
  for (const callId of callIds) {
    await until(`the end of ${callId}`, async () => isSettled(await statusOf(callId)), SETTLES_WITHIN_MS);
  }
  const { dial_requests: dials, legs } = outside.simulator.ledger();
  expect(legs.filter((leg) => leg.ended_at === null)).toEqual([]);
  expect(Object.values(dials).filter((times) => times !== 1)).toEqual([]);
}

test('the API: its metrics say so, and no webhook is lost', async () => {
  const callId = await call();
  await until('ringing', async () => (await statusOf(callId)).status === 'ringing', 30_000, 50);
  await standStill(api, API_STANDS_MS);
  const metrics = await (await fetch(`${outside.url}/metrics`)).text();
  const lagSecs = Number(/^nodejs_eventloop_lag_max_seconds (\S+)$/m.exec(metrics)?.[1]);
  expect(lagSecs * 1000).toBeGreaterThan(API_STANDS_MS / 2);
  await expectEachRungOnce([callId]);
  const document = await readStatus({ url: outside.url, apiKey: API_KEY }, callId);
  expect(document).toMatchObject({ outcome: 'completed', recording: { state: 'delivered' } });
}, 180_000);

test(
  `the only worker, ${ROUNDS} times with ${CALLS_AT_ONCE} calls under way: it lives on`,
  async () => {
    const callIds: string[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const beginning = Promise.all(Array.from({ length: CALLS_AT_ONCE }, call));
      await sleep(200 + 50 * round);
      await standStill(worker, WORKER_STANDS_MS);
      callIds.push(...(await beginning));
      await sleep(200);
      expect(worker.isDead() ? worker.lines.slice(-20) : 'alive').toBe('alive');
    }
    await expectEachRungOnce(callIds);
  },
  SETTLES_WITHIN_MS + ROUNDS * 20_000,
);
