/**
 * A whole Outcall for a test: real Temporal server (in memory), simulator, workers and API on free ports of this
 * machine. Tests speak to it over HTTP, as clients and the carrier do.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import type { StatusDocument } from '../../domain/status';
import { startStack } from '../../cli/stack';
import type { Stack } from '../../cli/stack';
import { loadConfig } from '../../platform/config';
import { createLogger } from '../../platform/logger';
import type { Ledger, MischiefOptions, Settings, Simulator } from '../../simulator/server';
import { installRuntime } from '../../worker/workers';

export const BASE_PATH = '/aicallgo/api/v1/cold-call';

export interface System {
  readonly stack: Stack;
  readonly simulator: Simulator;
  readonly url: string;
  request(method: string, path: string, options?: RequestOptions): Promise<Answer>;
  /** Starts a call and returns its id; fails the test when it is not accepted. */
  call(body: object, headers?: Readonly<Record<string, string>>): Promise<string>;
  status(callId: string): Promise<StatusDocument>;
  /** Waits until the document is as wanted, looking ever less often. Fails with the last document after `withinMs`. */
  until(callId: string, wanted: (document: StatusDocument) => boolean, withinMs?: number): Promise<StatusDocument>;
  /** Asks or tells Temporal something. */
  withTemporal<T>(look: (client: Client) => Promise<T>): Promise<T>;
  ledger(): Ledger;
  control(method: string, path: string, body?: object): Promise<void>;
  stop(): Promise<void>;
}

export interface RequestOptions {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

export interface SystemOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly settings?: Partial<Settings>;
  readonly mischief?: MischiefOptions;
}

/** Log lines of the systems under test, newest last. */
export const logLines: string[] = [];
let runtimeInstalled = false;

const running = new Set<System>();

let starting: Promise<unknown> = Promise.resolve();

/** For `afterAll`: stops every system of this test file, also those of a `beforeAll` that failed. */
export async function stopSystems(): Promise<void> {
  await starting;
  await Promise.all([...running].map((system) => system.stop()));
}

/** One start at a time: two that look for free ports at once would find the same. */
export function startSystem(options: SystemOptions = {}): Promise<System> {
  const started = starting.then(() => start(options));
  starting = started.catch(() => undefined);
  return started;
}

async function start({ env = {}, settings = {}, mischief }: SystemOptions): Promise<System> {
  const dataDir = mkdtempSync(path.join(os.tmpdir(), 'outcall-test-'));
  const log = createLogger({ level: 'info', destination: { write: (line) => void logLines.push(line) } });
  const WORKFLOW_BUNDLE = process.env['WORKFLOW_BUNDLE'];
  const config = loadConfig({ DATA_DIR: dataDir, WORKFLOW_BUNDLE, ...firstPorts(), ...env }, { warn: () => undefined });
  if (!runtimeInstalled) installRuntime(log);
  runtimeInstalled = true;
  const say = (line: string): void => void logLines.push(line);
  const stack = await startStack({ config, log, say, durable: false, anyPorts: true });
  const { simulator } = stack;
  if (!simulator) throw new Error('tests run against the simulator');
  simulator.changeSettings(settings);
  const system: System = speakTo(stack, simulator, () => {
    running.delete(system);
    rmSync(dataDir, { recursive: true, force: true });
  });
  running.add(system);
  if (mischief) await system.control('PUT', 'mischief', mischief);
  return system;
}

/** Where to look for free ports first: test files that run side by side, here or in another run, must not look in the same place. */
function firstPorts(): Record<string, string> {
  const base = 20_000 + 1_000 * Number(process.env['JEST_WORKER_ID'] ?? 0) + (process.pid % 300);
  return { PORT: `${base}`, TEMPORAL_DEV_PORT: `${base + 300}`, TEMPORAL_DEV_UI_PORT: `${base + 600}` };
}

/** As a client should: 503 says when to come again. */
export async function readStatus(
  { url, apiKey }: { readonly url: string; readonly apiKey: string },
  callId: string,
): Promise<StatusDocument> {
  for (let tries = 1; ; tries++) {
    const answer = await fetch(`${url}${BASE_PATH}/calls/${callId}`, { headers: { 'x-api-key': apiKey } });
    if (answer.ok) return (await answer.json()) as StatusDocument;
    if (answer.status !== 503 || tries === 5) {
      throw new Error(`status of ${callId}: ${answer.status} ${await answer.text()}`);
    }
    await sleep(1000 * Number(answer.headers.get('retry-after')));
  }
}

function speakTo(stack: Stack, simulator: Simulator, cleanUp: () => void): System {
  const request: System['request'] = async (method, route, { body, headers } = {}) => {
    const json = body !== undefined && typeof body !== 'string' && !(body instanceof Uint8Array);
    const response = await fetch(`${stack.url}${route}`, {
      method,
      headers: {
        'x-api-key': stack.apiKey,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: json ? JSON.stringify(body) : (body as string) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: parse(text) };
  };
  const status = (callId: string): Promise<StatusDocument> => readStatus(stack, callId);
  return {
    stack,
    simulator,
    url: stack.url,
    request,
    status,
    async withTemporal(look) {
      const connection = await Connection.connect({ address: stack.temporal.address });
      const client = new Client({ connection, namespace: stack.config.temporal.namespace });
      return look(client).finally(() => connection.close());
    },
    async call(body, headers = {}) {
      const answer = await request('POST', `${BASE_PATH}/initiate`, { body, headers });
      if (answer.status !== 201) throw new Error(`not accepted: ${answer.status} ${JSON.stringify(answer.body)}`);
      return answer.body['call_id'] as string;
    },
    async until(callId, wanted, withinMs = 30_000) {
      const endsAt = Date.now() + withinMs;
      for (let pauseMs = 100; ; pauseMs = Math.min(pauseMs * 1.05, 500)) {
        const document = await status(callId);
        if (wanted(document)) return document;
        if (Date.now() > endsAt)
          throw new Error(`not as wanted within ${withinMs} ms: ${JSON.stringify(document, null, 1)}`);
        await sleep(pauseMs);
      }
    },
    ledger: () => simulator.ledger(),
    async control(method, route, body) {
      const response = await fetch(`${simulator.url}/_simulator/${route}`, {
        method,
        ...(body && { body: JSON.stringify(body) }),
      });
      if (!response.ok) throw new Error(`simulator: ${method} ${route}: ${response.status} ${await response.text()}`);
    },
    async stop() {
      await stack.stop();
      cleanUp();
    },
  };
}

function parse(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return { text };
  }
}

export const hasEnded = (document: StatusDocument): boolean => document.status === 'ended';

/** The metadata part of a delivery, as far as tests look at it. */
export function delivered(metadata: unknown): { readonly call_id: string; readonly recording_sid: string } {
  return metadata as { call_id: string; recording_sid: string };
}
