/**
 * Everything that Outcall's processes need of the world, for tests that start and kill those processes: Temporal (in
 * memory), and the simulator with its storage and web backend.
 */
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { freePort } from '../../cli/programs/child';
import { startTemporalDevServer } from '../../cli/programs/temporal';
import type { DevServer } from '../../cli/programs/temporal';
import { LEAD } from '../../domain/call';
import type { StatusDocument } from '../../domain/status';
import { encodeClientState } from '../../platform/telnyx/client-state';
import { startSimulator } from '../../simulator/server';
import type { Simulator } from '../../simulator/server';
import { deliveryQuery, searchAttributes } from '../../workflows/messages';
import type { DeliveryDocument } from '../../workflows/messages';
import { BASE_PATH, delivered } from './system';

export const API_KEY = 'a-key-for-tests';

export interface Outside {
  readonly simulator: Simulator;
  readonly client: Client;
  readonly dataDir: string;
  /** Where the API has to listen, and webhooks go. */
  readonly url: string;
  /** For `startPart`. */
  readonly env: Readonly<Record<string, string>>;
  /** Of the API, as one of its clients; returns the JSON of the answer. */
  request(method: string, route: string, body?: object): Promise<StatusDocument>;
  /** Tells the simulator to behave in some way. */
  control(what: string, body: object): Promise<Record<string, unknown>>;
  /** A recording of this installation that no webhook tells of; returns its id. */
  plant(durationMillis: number, installation?: string): Promise<string>;
  /** Ids of the recordings that the web backend has stored. */
  storedIds(): string[];
  deliveryOf(recordingId: string): Promise<DeliveryDocument | null>;
  /** SIGKILL, or SIGSTOP and SIGCONT. */
  signalTemporal(signal: NodeJS.Signals): void;
  /** After SIGKILL, with what it had in its file, at the same address. */
  restartTemporal(): Promise<void>;
  stop(): Promise<void>;
}

export interface OutsideOptions {
  readonly seed: number;
  /** Temporal keeps what it knows in a file, and can be killed and started again. @default false */
  readonly durable?: boolean;
  /** How long Temporal keeps ended runs. @default as the dev server does */
  readonly retentionDays?: number;
}

export async function startOutside({ seed, durable = false, retentionDays }: OutsideOptions): Promise<Outside> {
  const dataDir = mkdtempSync(path.join(os.tmpdir(), 'outcall-outside-'));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const webhookUrl = `${url}${BASE_PATH}/webhook/telnyx/call-status`;
  const simulator = await startSimulator({ quiet: true, webhookUrl, seed });
  const temporalPort = await freePort();
  const startTemporal = (): Promise<DevServer> =>
    startTemporalDevServer({
      cliPath: process.env['TEMPORAL_CLI_PATH'] ?? '',
      port: temporalPort,
      uiPort: null,
      dbFile: durable ? path.join(dataDir, 'temporal.db') : null,
      namespace: 'outcall',
      ...(retentionDays !== undefined && { retentionDays }),
      searchAttributes: Object.values(searchAttributes),
      logFile: path.join(dataDir, 'temporal.log'),
      say: () => undefined,
    });
  let temporal = await startTemporal();
  const connection = await Connection.connect({ address: temporal.address });
  const client = new Client({ connection, namespace: 'outcall' });
  const installation = 'crash-test';
  const env = {
    TEMPORAL_ADDRESS: temporal.address,
    TEMPORAL_NAMESPACE: 'outcall',
    TELNYX_API_KEY: simulator.apiKey,
    TELNYX_BASE_URL: simulator.apiBaseUrl,
    TELNYX_CONNECTION_ID: simulator.connectionId,
    TELNYX_ACCOUNT_SID: simulator.accountSid,
    TELNYX_TEXML_APPLICATION_ID: simulator.texmlApplicationId,
    TELNYX_PUBLIC_KEY: simulator.publicKey,
    TELNYX_PHONE_NUMBER: '+15551234567',
    COLD_CALL_API_KEYS: API_KEY,
    COLD_CALL_BUSINESS_ID: '11111111-2222-4333-8444-555555555555',
    WEB_BACKEND_URL: simulator.webBackendUrl,
    OUTBOUND_ALLOW_HOSTS: new URL(simulator.url).host,
    OUTCALL_INSTALLATION: installation,
    PUBLIC_URL: url,
    PORT: `${port}`,
    DATA_DIR: dataDir,
    TEST_TIME_SCALE: '100',
  };
  let planted = 0;
  const control: Outside['control'] = async (what, body) => {
    const response = await fetch(`${simulator.url}/_simulator/${what}`, { method: 'POST', body: JSON.stringify(body) });
    return (await response.json()) as Record<string, unknown>;
  };
  return {
    simulator,
    client,
    dataDir,
    url,
    env,
    request: async (method, route, body) => {
      const response = await fetch(`${url}${BASE_PATH}${route}`, {
        method,
        headers: { 'x-api-key': API_KEY, 'content-type': 'application/json' },
        ...(body && { body: JSON.stringify(body) }),
      });
      return (await response.json()) as StatusDocument;
    },
    control,
    async plant(durationMillis, of = installation) {
      const callId = `COLD_CALL_${String((planted += 1)).padStart(26, '0')}`;
      const clientState = encodeClientState({ installation: of, callId, leg: LEAD });
      const wish = { client_state: clientState, duration_millis: durationMillis, ago_millis: 2_000 };
      return (await control('recordings', wish))['recording_id'] as string;
    },
    storedIds: () => simulator.ledger().deliveries.map(({ metadata }) => delivered(metadata).recording_sid),
    deliveryOf: (id) =>
      client.workflow
        .getHandle(`rec:${id}`)
        .query(deliveryQuery)
        .catch(() => null),
    signalTemporal: (signal) => void process.kill(temporal.pid, signal),
    async restartTemporal() {
      await temporal.exited;
      temporal = await startTemporal();
    },
    async stop() {
      await connection.close();
      await temporal.stop();
      await simulator.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/** Looks four times a second, or every `everyMs`. */
export async function until(
  what: string,
  isTrue: () => Promise<boolean> | boolean,
  withinMs: number,
  everyMs = 250,
): Promise<void> {
  const endsAt = Date.now() + withinMs;
  while (!(await isTrue())) {
    if (Date.now() > endsAt) throw new Error(`not within ${withinMs} ms: ${what}`);
    await sleep(everyMs);
  }
}

/** Recordings that the web backend has with other bytes than the carrier, or more than once. */
export function wronglyStored({ simulator }: Outside): readonly unknown[] {
  const { recordings, deliveries } = simulator.ledger();
  const carriers = new Map(recordings.map(({ id, sha256 }) => [id, sha256]));
  const seen = new Set<string>();
  return deliveries.filter(({ metadata, sha256 }) => {
    const id = delivered(metadata).recording_sid;
    const isAgain = seen.has(id);
    seen.add(id);
    return isAgain || carriers.get(id) !== sha256;
  });
}

/**
 * What is left of recordings on the disk. A process that dies between making a file and taking its name away leaves an
 * empty one, which a start a minute later sweeps.
 */
export function leftInSpool({ dataDir }: Outside): readonly string[] {
  const spool = path.join(dataDir, 'spool');
  return readdirSync(spool).filter((name) => statSync(path.join(spool, name)).size > 0);
}
