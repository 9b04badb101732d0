/** The two that are compared, behind one face, on one Temporal server and one simulator. */
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { startStack } from '../cli/stack';
import { remark } from '../cli/terminal';
import { loadConfig } from '../platform/config';
import { createLogger } from '../platform/logger';
import { BASE_PATH } from '../server/base-path';
import type { Simulator } from '../simulator/server';
import { installRuntime } from '../worker/workers';
import { startBareSystem } from './bare/system';

export interface Side {
  readonly name: 'Outcall' | 'bare';
  /** Asks for a call to the simulator's usual phone and resolves with its id as soon as that is answered. */
  start(): Promise<string>;
  /** Where the simulator sends what belongs to no leg. */
  readonly webhookUrl: string;
}

export interface Sides {
  readonly outcall: Side;
  readonly bare: Side;
  readonly simulator: Simulator;
  readonly temporal: Client;
  stop(): Promise<void>;
}

/** Rings, answers, talks and hangs up by itself. */
const TO = '+15559999999';
const FROM = '+15551234567';

export async function startSides(): Promise<Sides> {
  const dataDir = mkdtempSync(path.join(os.tmpdir(), 'outcall-bench-'));
  const undo = [() => rm(dataDir, { recursive: true, force: true })];
  const stop = async (): Promise<void> => {
    for (let last = undo.pop(); last; last = undo.pop()) await last().catch(report);
  };
  try {
    // Settings of the shell must lead neither to a real carrier nor to another Temporal server.
    for (const name of Object.keys(process.env)) {
      if (name.startsWith('TEMPORAL_') && name !== 'TEMPORAL_CLI_PATH') Reflect.deleteProperty(process.env, name);
    }
    const config = loadConfig({ DATA_DIR: dataDir, PORT: '28000', ...DEV_SERVER_PORTS }, { warn: remark });
    const log = createLogger({ level: 'error' });
    installRuntime(log);
    const stack = await startStack({ config, log, say: remark, durable: false, anyPorts: true });
    undo.push(() => stack.stop());
    const { simulator } = stack;
    if (!simulator) throw new Error('the simulator was not started');
    const { address } = stack.temporal;
    const { namespace } = stack.config.temporal;
    const connection = await Connection.connect({ address });
    undo.push(() => connection.close());
    const bare = await startBareSystem({ address, namespace }, simulator);
    undo.push(() => bare.stop());
    const api = `${stack.url}${BASE_PATH}`;
    return {
      simulator,
      temporal: new Client({ connection, namespace }),
      outcall: {
        name: 'Outcall',
        start: () => post(`${api}/initiate`, { to_phone: TO, from_phone: FROM }, { 'x-api-key': stack.apiKey }),
        webhookUrl: `${api}/webhook/telnyx/call-status`,
      },
      bare: {
        name: 'bare',
        start: () => post(bare.startUrl, { to_phone: TO, from_phone: FROM }),
        webhookUrl: bare.webhookUrl,
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Away from those of `npm start` and of the tests; others are taken when these are in use. */
const DEV_SERVER_PORTS = { TEMPORAL_DEV_PORT: '28300', TEMPORAL_DEV_UI_PORT: '28600' };

function report(error: unknown): void {
  remark(`bench: while stopping: ${String(error)}`);
}

async function post(url: string, body: object, headers: Readonly<Record<string, string>> = {}): Promise<string> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  const answer = (await response.json()) as { call_id?: string };
  if (response.status !== 201 || answer.call_id === undefined)
    throw new Error(`POST ${url}: ${response.status} ${JSON.stringify(answer)}`);
  return answer.call_id;
}
