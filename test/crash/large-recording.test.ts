/**
 * A recording of a gigabyte on its way, and calls meanwhile, in the same worker: it needs no gigabyte of memory, and the
 * calls do not feel it. The carrier's storage sends as fast as a good line.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { startOutside, until, wronglyStored } from '../support/outside';
import type { Outside } from '../support/outside';
import { startPart } from '../support/processes';
import type { Part } from '../support/processes';
import { atScale } from '../support/system';

const MEBIBYTE = 1024 * 1024;
const LARGE_BYTES = atScale({ quick: 128, ci: 1024, full: 4 * 1024 }) * MEBIBYTE;
const LINE_BYTES_A_SECOND = 40 * MEBIBYTE;
const MOST_EXTRA_BYTES = 64 * MEBIBYTE;
/** Five calls in three seconds, the quick scale, say nothing of time. */
const MOST_TIMES_SLOWER = atScale({ quick: Infinity, ci: 1.5, full: 1.5 });
/** Calls in each of the two groups. */
const CALLS = atScale({ quick: 5, ci: 15, full: 31 });
/** Of the simulator's MP3 in stereo. */
const BYTES_A_SECOND = 8_000;

let outside: Outside;
let worker: Part;
let api: Part;

beforeAll(async () => {
  outside = await startOutside({ seed: 1 });
  worker = await startPart(['work'], 'workers.running', outside.env);
  api = await startPart(['serve'], 'api.listening', outside.env);
}, 120_000);
afterAll(async () => {
  await Promise.all([worker.kill(), api.kill()]);
  await outside.stop();
});

/** The most that the worker has had in memory since `forgetPeak`. */
function peakBytes(): number {
  const [, kilobytes = ''] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${worker.pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) * 1024;
}

/** Compiling the workflows took more than anything after it (Linux: proc(5), clear_refs). */
function forgetPeak(): void {
  writeFileSync(`/proc/${worker.pid}/clear_refs`, '5');
}

/** From asking for the end of a call to its end at the carrier: API, Temporal, workflow, activity, carrier. */
async function hangUpMs({ callId, to }: LiveCall): Promise<number> {
  const askedAtMs = Date.now();
  await outside.request('POST', `/calls/${callId}/hangup`);
  const endedAt = (): string | null => outside.simulator.ledger().legs.find((leg) => leg.to === to)?.ended_at ?? null;
  await until(`the end of ${callId}`, () => endedAt() !== null, 30_000, 5);
  return Date.parse(endedAt() ?? '') - askedAtMs;
}

interface LiveCall {
  readonly callId: string;
  readonly to: string;
}

/** In its conference, and nothing going on. */
async function startCall(nth: number): Promise<LiveCall> {
  const to = `+1555${String(nth).padStart(4, '0')}006`;
  const { call_id: callId } = await outside.request('POST', '/initiate', { to_phone: to, record: false });
  await until(
    `${callId} joined`,
    async () => (await outside.request('GET', `/calls/${callId}`)).joined_at !== null,
    30_000,
  );
  return { callId, to };
}

const medianOf = (values: readonly number[]): number =>
  [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)] ?? NaN;
const isStored = (id: string): boolean => outside.storedIds().includes(id);

test(`${LARGE_BYTES / MEBIBYTE} MiB raise the worker’s peak memory by less than ${MOST_EXTRA_BYTES / MEBIBYTE} MiB, and no call reacts 1.5 times slower (not judged at quick scale)`, async () => {
  const calls = await Promise.all(Array.from({ length: 2 * CALLS }, (_, nth) => startCall(nth)));
  // Idle is a worker that has done all of its work before.
  const small = await Promise.all(Array.from({ length: 8 }, () => outside.plant(4_000)));
  await until('the small ones have arrived', () => small.every(isStored), 60_000);
  forgetPeak();
  const idleMs: number[] = [];
  for (const call of calls.slice(0, CALLS)) idleMs.push(await hangUpMs(call));
  const idleBytes = peakBytes();
  forgetPeak();

  const large = await outside.plant((LARGE_BYTES / BYTES_A_SECOND) * 1000);
  const fault = { kind: 'slow', bytesPerSecond: LINE_BYTES_A_SECOND };
  await outside.control('faults', { operation: 'download', fault, recording: large });
  // The first look into the ledger reads the file through, which takes seconds.
  outside.simulator.ledger();
  await until('it has begun', () => outside.simulator.ledger().faults['slow'] === 1, 60_000);
  const busyMs: number[] = [];
  for (const call of calls.slice(CALLS)) {
    busyMs.push(await hangUpMs(call));
    await sleep(50);
  }
  expect(isStored(large)).toBe(false);
  await until('the large one has arrived', () => isStored(large), 400_000);

  const extraBytes = peakBytes() - idleBytes;
  const ratio = medianOf(busyMs) / medianOf(idleMs);
  process.stderr.write(
    `peak memory: ${Math.round(extraBytes / MEBIBYTE)} MiB above idle; hanging up takes ${medianOf(idleMs)} ms, ` +
      `${medianOf(busyMs)} ms meanwhile (${ratio.toFixed(2)} times)\n`,
  );
  expect(wronglyStored(outside)).toEqual([]);
  expect(extraBytes).toBeLessThan(MOST_EXTRA_BYTES);
  expect(ratio).toBeLessThan(MOST_TIMES_SLOWER);
}, 600_000);
