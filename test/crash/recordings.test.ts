/**
 * Recordings against a seeded mix of everything that can go wrong between carrier and web backend, while all workers are
 * killed, twice: each arrives once and as it is, or stays open with a reason that the mix explains. No webhook is sent;
 * the sweep finds them. And: files of a gigabyte, without a gigabyte of memory.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { freePort } from '../../cli/programs/child';
import { startTemporalDevServer } from '../../cli/programs/temporal';
import type { DevServer } from '../../cli/programs/temporal';
import { LEAD } from '../../domain/call';
import { encodeClientState } from '../../platform/telnyx/client-state';
import { mulberry32 } from '../../simulator/mischief';
import { startSimulator } from '../../simulator/server';
import type { Simulator } from '../../simulator/server';
import { deliveryQuery, searchAttributes } from '../../workflows/messages';
import type { DeliveryDocument } from '../../workflows/messages';
import { startPart } from '../support/processes';
import type { Part } from '../support/processes';
import { atScale, delivered } from '../support/system';

const RECORDINGS = atScale({ quick: 30, ci: 200, full: 1000 });
const KILLS = atScale({ quick: 1, ci: 2, full: 4 });
const LARGE_BYTES = atScale({ quick: 64, ci: 1024, full: 4 * 1024 }) * 1024 * 1024;
const MOST_EXTRA_BYTES = 64 * 1024 * 1024;
const SEED = 20261121;
const INSTALLATION = 'crash-test';
/** Of the simulator's MP3 in stereo. */
const BYTES_A_SECOND = 8_000;

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

describe('recordings, and workers that die', () => {
  const dataDir = mkdtempSync(path.join(os.tmpdir(), 'outcall-recordings-'));
  let temporal: DevServer;
  let simulator: Simulator;
  let connection: Connection;
  let client: Client;
  let env: Record<string, string>;
  let workers: Part[] = [];

  beforeAll(async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    simulator = await startSimulator({ quiet: true, webhookUrl: url, seed: SEED });
    temporal = await startTemporalDevServer({
      cliPath: process.env['TEMPORAL_CLI_PATH'] ?? '',
      port: await freePort(),
      uiPort: null,
      dbFile: null,
      namespace: 'outcall',
      searchAttributes: Object.values(searchAttributes),
      logFile: path.join(dataDir, 'temporal.log'),
      say: () => undefined,
    });
    connection = await Connection.connect({ address: temporal.address });
    client = new Client({ connection, namespace: 'outcall' });
    env = {
      TEMPORAL_ADDRESS: temporal.address,
      TEMPORAL_NAMESPACE: 'outcall',
      TELNYX_API_KEY: simulator.apiKey,
      TELNYX_BASE_URL: simulator.apiBaseUrl,
      TELNYX_CONNECTION_ID: simulator.connectionId,
      TELNYX_PUBLIC_KEY: simulator.publicKey,
      TELNYX_PHONE_NUMBER: '+15551234567',
      COLD_CALL_API_KEYS: 'a-key-for-tests',
      COLD_CALL_BUSINESS_ID: '11111111-2222-4333-8444-555555555555',
      WEB_BACKEND_URL: simulator.webBackendUrl,
      OUTBOUND_ALLOW_HOSTS: new URL(simulator.url).host,
      OUTCALL_INSTALLATION: INSTALLATION,
      PUBLIC_URL: url,
      DATA_DIR: dataDir,
      TEST_TIME_SCALE: '100',
    };
  }, 120_000);

  afterAll(async () => {
    await Promise.all(workers.map((worker) => worker.kill()));
    await connection.close();
    await temporal.stop();
    await simulator.close();
    rmSync(dataDir, { recursive: true, force: true });
  });

  const startWorkers = async (count: number): Promise<void> => {
    workers = await Promise.all(Array.from({ length: count }, () => startPart(['work'], 'workers.running', env)));
  };
  const control = async (what: string, body: object): Promise<Record<string, unknown>> => {
    const options = { method: 'POST', body: JSON.stringify(body) };
    const response = await fetch(`${simulator.url}/_simulator/${what}`, options);
    return (await response.json()) as Record<string, unknown>;
  };
  let planted = 0;
  const plant = async (durationMillis: number): Promise<string> => {
    const callId = `COLD_CALL_${String((planted += 1)).padStart(26, '0')}`;
    const client_state = encodeClientState({ installation: INSTALLATION, callId, leg: LEAD });
    const wish = { client_state, duration_millis: durationMillis, ago_millis: 2_000 };
    return (await control('recordings', wish))['recording_id'] as string;
  };
  const storedIds = (): string[] =>
    simulator.ledger().deliveries.map(({ metadata }) => delivered(metadata).recording_sid);
  const until = async (what: string, isTrue: () => Promise<boolean> | boolean, withinMs: number): Promise<void> => {
    const endsAt = Date.now() + withinMs;
    while (!(await isTrue())) {
      if (Date.now() > endsAt) throw new Error(`not within ${withinMs} ms: ${what}`);
      await sleep(250);
    }
  };
  const deliveryOf = (id: string): Promise<DeliveryDocument | null> =>
    client.workflow
      .getHandle(`rec:${id}`)
      .query(deliveryQuery)
      .catch(() => null);

  test(`${RECORDINGS} recordings arrive, once and as they are, or say why not; all workers are killed ${KILLS} times`, async () => {
    const random = mulberry32(SEED);
    const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
    /** Which failure explains that a recording is still open; null when it has to arrive. */
    const explained = new Map<string, string | null>();
    for (let nth = 0; nth < RECORDINGS; nth++) {
      const id = await plant(2_000 + Math.floor(random() * 4_000));
      const lasts = random() < 0.15;
      for (let faults = Math.floor(random() * 3); faults > 0; faults--) {
        const [operation, fault] = pick(PASSING);
        await control('faults', { operation, fault, recording: id });
      }
      const [operation, fault, failure] = pick(LASTING);
      if (lasts) await control('faults', { operation, fault, recording: id, times: 1_000_000 });
      explained.set(id, lasts ? failure : null);
    }
    const toArrive = [...explained].flatMap(([id, failure]) => (failure === null ? [id] : []));
    await startWorkers(2);
    for (let kill = 1; kill <= KILLS; kill++) {
      const share = kill / (KILLS + 1);
      await until(`${share} have arrived`, () => storedIds().length >= toArrive.length * share, 120_000);
      await Promise.all(workers.map((worker) => worker.kill()));
      await startWorkers(2);
    }
    const missing = (): string[] => {
      const stored = new Set(storedIds());
      return toArrive.filter((id) => !stored.has(id));
    };
    await until('all have arrived', () => missing().length === 0, 240_000);

    const unexplained: unknown[] = [];
    for (const [id, failure] of explained) {
      const isAsExpected = async (): Promise<boolean> => {
        const document = await deliveryOf(id);
        if (failure === null) return document?.state === 'delivered';
        return document?.last_error?.startsWith(`${failure}:`) === true && document.state !== 'delivered';
      };
      await until(id, isAsExpected, 60_000).catch(async () => unexplained.push([failure, await deliveryOf(id)]));
    }
    expect(unexplained).toEqual([]);

    const { recordings, deliveries } = simulator.ledger();
    const carriers = new Map(recordings.map(({ id, sha256 }) => [id, sha256]));
    const wrong = deliveries.filter(
      ({ metadata, sha256 }) => carriers.get(delivered(metadata).recording_sid) !== sha256,
    );
    expect(wrong).toEqual([]);
    expect(new Set(storedIds()).size).toBe(storedIds().length);
  }, 600_000);

  test('killed workers leave nothing in the spool', () => {
    expect(readdirSync(path.join(dataDir, 'spool'))).toEqual([]);
  });

  /** The most that a process has ever had in memory. */
  const peakBytes = (pid: number): number => {
    const [, kilobytes = ''] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return Number(kilobytes) * 1024;
  };

  test(`${LARGE_BYTES / 1024 / 1024} MiB raise the worker’s peak memory by less than ${MOST_EXTRA_BYTES / 1024 / 1024} MiB`, async () => {
    await fetch(`${simulator.url}/_simulator/faults`, { method: 'DELETE' });
    await Promise.all(workers.map((worker) => worker.kill()));
    await startWorkers(1);
    const [worker] = workers;
    // Idle is a worker that has done its work at least once.
    const small = await plant(4_000);
    await until('the small one has arrived', () => storedIds().includes(small), 60_000);
    await sleep(2_000);
    const idleBytes = peakBytes(worker?.pid ?? 0);
    const large = await plant((LARGE_BYTES / BYTES_A_SECOND) * 1000);
    await until('the large one has arrived', () => storedIds().includes(large), 300_000);
    const extraBytes = peakBytes(worker?.pid ?? 0) - idleBytes;
    process.stderr.write(`peak memory: ${Math.round(extraBytes / 1024 / 1024)} MiB above idle\n`);
    expect(extraBytes).toBeLessThan(MOST_EXTRA_BYTES);
  }, 400_000);
});
