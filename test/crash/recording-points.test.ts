/**
 * `kill -9` just before and just after each step of a recording's way, from the carrier's webhook to the end of the spool
 * file: whatever step a process dies at, the recording is stored once and as it is. Then: a process that is held up until
 * another has done its work, and clocks that are wrong.
 */
import { deliveryWorkflowId } from '../../domain/recordings';
import { DELIVER_RECORDING, recordingsTaskQueue, sweepWorkflowId } from '../../workflows/messages';
import { API_KEY, leftInSpool, startOutside, until, wronglyStored } from '../support/outside';
import type { Outside } from '../support/outside';
import { clockOffBy, dyingAt, runToDeath, startPart } from '../support/processes';
import type { Part } from '../support/processes';
import { atScale } from '../support/scale';
import { BASE_PATH, delivered } from '../support/system';
import { aRecording } from '../unit/domain/a-recording';

/** Of the process that takes the webhook. */
const WEBHOOK_POINTS = [
  'body:before',
  'body:after',
  'signature:before',
  'signature:after',
  'signal:before',
  'signal:after',
  'answer:before',
  'answer:after',
];
/** Of the worker that dials: here a recording is asked for, and the carrier's answer names it. */
const DIAL_POINTS = ['dial:before', 'dial:answered'];
/** Of the worker that looks for recordings. */
const SWEEP_POINTS = ['list:before', 'list:answered', 'owner:before', 'owner:answered'];
/** Of the worker that fetches and delivers. */
const DELIVERY_POINTS = [
  'ask:before',
  'ask:answered',
  'download:before',
  'download:answered',
  'download:first',
  'download:last',
  'verify:before',
  'verify:after',
  'deliver:before',
  'deliver:first-sent',
  'deliver:all-sent',
  'deliver:answered',
  'deliver:first',
  'deliver:last',
  'remove:before',
  'remove:after',
];
const chosen = (points: readonly string[], few: readonly string[]): readonly string[] =>
  atScale({ quick: few, ci: points, full: points });

/** What takes minutes. */
const slowly = atScale({ quick: describe.skip, ci: describe, full: describe });

const DIES_WITHIN_MS = 60_000;
const ARRIVES_WITHIN_MS = 150_000;

let outside: Outside;
let parts: Part[] = [];
const start = async (command: string, event: string, env: Readonly<Record<string, string>>): Promise<Part> => {
  const part = await startPart([command], event, env);
  parts.push(part);
  return part;
};
const startWorker = (env = outside.env): Promise<Part> => start('work', 'workers.running', env);
const startApi = (env = outside.env): Promise<Part> => start('serve', 'api.listening', env);
const stopAll = async (): Promise<void> => {
  await Promise.all(parts.map((part) => part.kill()));
  parts = [];
};

beforeAll(async () => {
  outside = await startOutside({ seed: 1 });
}, 120_000);
afterEach(stopAll);
afterAll(() => outside.stop());

const isStored = (id: string): boolean => outside.storedIds().includes(id);
const recordingQueue = recordingsTaskQueue('outcall');
const deliverFromNow = async (durationMillis: number): Promise<string> => {
  const recordingId = await outside.plant(durationMillis);
  await outside.client.workflow.start(DELIVER_RECORDING, {
    workflowId: deliveryWorkflowId(recordingId),
    taskQueue: recordingQueue,
    args: [aRecording({ recordingId })],
  });
  return recordingId;
};
/** As the carrier has it, once, and the run says so. */
const expectAllDelivered = async (ids: readonly string[]): Promise<void> => {
  await until('all have arrived', () => ids.every(isStored), ARRIVES_WITHIN_MS);
  for (const id of ids) {
    await until(id, async () => (await outside.deliveryOf(id))?.state === 'delivered', ARRIVES_WITHIN_MS);
  }
  expect(wronglyStored(outside)).toEqual([]);
};

test('the process that takes the webhook dies at each step of it, the worker that dials as well, and each recording arrives', async () => {
  const { simulator, url } = outside;
  /** Rings, answers, talks and hangs up in a second and a half. Asked for again it is the same call. */
  const call = async (): Promise<string> => {
    // Its last digits stand for no particular phone.
    const to = `+15551230${901 + callIds.length}`;
    await fetch(`${simulator.url}/_simulator/phones/${encodeURIComponent(to)}`, {
      method: 'PUT',
      body: JSON.stringify({ ringMs: 500, talkMs: 1_000, recordingReadyMs: 200 }),
    });
    const response = await fetch(`${url}${BASE_PATH}/initiate`, {
      method: 'POST',
      headers: { 'x-api-key': API_KEY, 'content-type': 'application/json', 'idempotency-key': to },
      body: JSON.stringify({ to_phone: to }),
    });
    return ((await response.json()) as { call_id: string }).call_id;
  };
  const callIds: string[] = [];
  await startApi();
  for (const point of chosen(DIAL_POINTS, [])) {
    callIds.push(await call());
    await runToDeath(['work'], { ...outside.env, ...dyingAt(point, '') }, DIES_WITHIN_MS);
  }
  await stopAll();
  await startWorker();
  for (const point of chosen(WEBHOOK_POINTS, ['signal:before'])) {
    let api = await startApi({ ...outside.env, ...dyingAt(point, 'call.recording.saved') });
    // It may die of a webhook of the call before, which the carrier repeats.
    let callId = await call().catch(() => null);
    for (; callId === null; callId = await call().catch(() => null)) {
      if (api.isDead()) api = await startApi({ ...outside.env, ...dyingAt(point, 'call.recording.saved') });
    }
    callIds.push(callId);
    await until(`death at ${point}`, () => api.isDead(), DIES_WITHIN_MS, 20);
  }
  await startApi();
  const storedCalls = (): string[] => simulator.ledger().deliveries.map(({ metadata }) => delivered(metadata).call_id);
  await until('all have arrived', () => callIds.every((id) => storedCalls().includes(id)), ARRIVES_WITHIN_MS);
  expect(callIds.map((id) => storedCalls().filter((stored) => stored === id).length)).toEqual(callIds.map(() => 1));
  expect(wronglyStored(outside)).toEqual([]);
  expect(simulator.ledger().legs.filter(({ to }) => to.startsWith('+155512309'))).toHaveLength(callIds.length);
}, 600_000);

slowly('workers', () => {
  test('a worker dies at each step of finding, fetching and delivering, and each recording arrives', async () => {
    const ids: string[] = [];
    for (const point of SWEEP_POINTS) {
      ids.push(await outside.plant(3_000));
      // A look that died is repeated after its heartbeat is missed; here the next worker begins a new one at once.
      const sweep = outside.client.workflow.getHandle(sweepWorkflowId(outside.env['OUTCALL_INSTALLATION'] ?? ''));
      await sweep.terminate().catch(() => undefined);
      await runToDeath(['work'], { ...outside.env, ...dyingAt(point, '') }, DIES_WITHIN_MS);
    }
    for (const point of DELIVERY_POINTS) {
      const id = await deliverFromNow(3_000);
      ids.push(id);
      await runToDeath(['work'], { ...outside.env, ...dyingAt(point, id) }, DIES_WITHIN_MS);
    }
    await startWorker();
    // And when all is done: the run has its result in its history, and nothing else has happened.
    const last = await deliverFromNow(3_000);
    await outside.client.workflow.getHandle(deliveryWorkflowId(last)).result();
    await stopAll();
    await startWorker();
    await expectAllDelivered([...ids, last]);
    expect(leftInSpool(outside)).toEqual([]);
  }, 600_000);

  test('a worker that is held up after its upload comes back when another has done it: stored once, the late result is ignored', async () => {
    const id = await deliverFromNow(3_000);
    const late = await startWorker({ ...outside.env, ...dyingAt('deliver:last', id, 'SIGSTOP') });
    await until('it stands', () => late.lines.some((line) => line.includes('point.reached')), DIES_WITHIN_MS);
    await startWorker();
    await expectAllDelivered([id]);
    process.kill(late.pid, 'SIGCONT');
    const another = await deliverFromNow(3_000);
    await expectAllDelivered([another]);
    const stored = outside.simulator
      .ledger()
      .deliveries.filter(({ metadata }) => delivered(metadata).recording_sid === id);
    expect(stored).toHaveLength(1);
    expect(stored[0]?.repeats).toBeGreaterThanOrEqual(1);
    expect(late.isDead() ? late.lines.slice(-5) : 'alive').toBe('alive');
  }, 200_000);

  test.each(['-10', '10'])(
    'a worker whose clock is %s minutes off delivers as usual',
    async (minutes) => {
      await startWorker({ ...outside.env, ...clockOffBy(Number(minutes) * 60_000) });
      const id = await deliverFromNow(3_000);
      await expectAllDelivered([id]);
      expect(isStored(id)).toBe(true);
    },
    200_000,
  );
});
