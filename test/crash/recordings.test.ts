/**
 * Recordings against a seeded mix of everything that can go wrong between carrier and web backend, while all workers are
 * killed, twice: each arrives once and as it is, or stays open with a reason that the mix explains. No webhook is sent;
 * the sweep finds them.
 */
import { mulberry32 } from '../../simulator/mischief';
import { leftInSpool, startOutside, until, wronglyStored } from '../support/outside';
import type { Outside } from '../support/outside';
import { startPart } from '../support/processes';
import type { Part } from '../support/processes';
import { atScale } from '../support/scale';

const RECORDINGS = atScale({ quick: 20, ci: 200, full: 1000 });
const KILLS = atScale({ quick: 1, ci: 2, full: 4 });
const SEED = 20261121;

const PASSING: readonly (readonly [operation: string, fault: object])[] = [
  ...[0, 1, 5_000, -1].map((bytes) => ['download', { kind: 'cut', bytes }] as const),
  ['download', { kind: 'cut', bytes: 100, framing: 'chunked' }],
  ['download', { kind: 'cut', bytes: 100, framing: 'close' }],
  ['download', { kind: 'truncated', bytes: 1 }],
  ['download', { kind: 'html' }],
  ['download', { kind: 'status', status: 403 }],
  ['download', { kind: 'reset' }],
  ['download', { kind: 'slow', bytesPerSecond: 40_000 }],
  ['getRecording', { kind: 'status', status: 503 }],
  ['deliver', { kind: 'reset' }],
  ['deliver', { kind: 'cut', bytes: 5_000 }],
  ['deliver', { kind: 'reset', applied: true }],
  ['deliver', { kind: 'status', status: 500, applied: true }],
  ['deliver', { kind: 'status', status: 503, headers: { 'retry-after': '1' } }],
  ['deliver', { kind: 'status', status: 429 }],
  ['deliver', { kind: 'status', status: 404 }],
  ['deliver', { kind: 'slow', bytesPerSecond: 40_000 }],
  ['deliver', { kind: 'delay', ms: 2_000 }],
];
/** Faults that stay, and what the delivery then says. */
const LASTING: readonly (readonly [operation: string, fault: object, failure: string])[] = [
  ['deliver', { kind: 'status', status: 410 }, 'web_backend_gone'],
  ['deliver', { kind: 'status', status: 422 }, 'web_backend_refuses'],
  ['deliver', { kind: 'status', status: 401 }, 'web_backend_credentials'],
  ['download', { kind: 'truncated', bytes: 7 }, 'file_damaged'],
  ['download', { kind: 'status', status: 404 }, 'storage_refused'],
];

let outside: Outside;
let workers: Part[] = [];

const killWorkers = async (): Promise<void> => {
  await Promise.all(workers.map((worker) => worker.kill()));
};
const startWorkers = async (count: number): Promise<void> => {
  const starting = Array.from({ length: count }, () => startPart(['work'], 'workers.running', outside.env));
  workers = await Promise.all(starting);
};

beforeAll(async () => {
  outside = await startOutside({ seed: SEED });
}, 120_000);
afterAll(async () => {
  await killWorkers();
  await outside.stop();
});

test(`${RECORDINGS} recordings arrive, once and as they are, or say why not; all workers are killed ${KILLS} times`, async () => {
  const random = mulberry32(SEED);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
  /** Which failure explains that a recording is still open; null when it has to arrive. */
  const explained = new Map<string, string | null>();
  const plan = ([operation, fault]: readonly [string, object, string?], recording: string, times: number) =>
    outside.control('faults', { operation, fault, recording, times });
  for (let nth = 0; nth < RECORDINGS; nth++) {
    const id = await outside.plant(2_000 + Math.floor(random() * 4_000));
    // The first rule that fits is met: what lasts comes before what passes, which could be a slow success.
    const lasting = random() < 0.15 ? pick(LASTING) : null;
    if (lasting) await plan(lasting, id, 1_000_000);
    for (let faults = Math.floor(random() * 3); faults > 0; faults--) await plan(pick(PASSING), id, 1);
    explained.set(id, lasting?.[2] ?? null);
  }
  const toArrive = [...explained].flatMap(([id, failure]) => (failure === null ? [id] : []));
  await startWorkers(2);
  for (let kill = 1; kill <= KILLS; kill++) {
    const share = kill / (KILLS + 1);
    await until(`${share} have arrived`, () => outside.storedIds().length >= toArrive.length * share, 120_000);
    await killWorkers();
    await startWorkers(2);
  }
  const missing = (): string[] => {
    const stored = new Set(outside.storedIds());
    return toArrive.filter((id) => !stored.has(id));
  };
  await until('all have arrived', () => missing().length === 0, 240_000);

  const unexplained: unknown[] = [];
  for (const [id, failure] of explained) {
    const isAsExpected = async (): Promise<boolean> => {
      const document = await outside.deliveryOf(id);
      if (failure === null) return document?.state === 'delivered';
      return document?.last_error?.startsWith(`${failure}:`) === true && document.state !== 'delivered';
    };
    await until(id, isAsExpected, 60_000).catch(async () => unexplained.push([failure, await outside.deliveryOf(id)]));
  }
  expect(unexplained).toEqual([]);

  expect(wronglyStored(outside)).toEqual([]);
}, 600_000);

test('killed workers leave nothing in the spool', () => {
  expect(leftInSpool(outside)).toEqual([]);
});
