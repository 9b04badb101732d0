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
  /** Asks for a call that is asked for a key until it has fetched DOCUMENTS documents. */
  startFlow(): Promise<void>;
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

/** Presses 1 whenever a document asks. */
const LISTENER = '+15550100060';
/** Documents of a flow: a question, nineteen repeats of it, a goodbye. */
export const DOCUMENTS = 21;
const FLOW = `
steps:
  ask: { gather: Press 1 to hear this again., digits: 1, on: { "1": again }, otherwise: bye }
  again: { repeat: ask, times: ${DOCUMENTS - 2}, then: bye }
  bye: { say: Goodbye. }
`;

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
    const initiate = (body: object): Promise<string> => post(`${api}/initiate`, body, { 'x-api-key': stack.apiKey });
    return {
      simulator,
      temporal: new Client({ connection, namespace }),
      outcall: {
        name: 'Outcall',
        start: () => initiate({ to_phone: TO, from_phone: FROM }),
        async startFlow() {
          await initiate({ to_phone: LISTENER, record: false, handler: { type: 'texml', flow_source: FLOW } });
        },
        webhookUrl: `${api}/webhook/telnyx/call-status`,
      },
      bare: {
        name: 'bare',
        start: () => post(bare.startUrl, { to_phone: TO, from_phone: FROM }),
        startFlow: () => bare.startFlow({ to: LISTENER, from: FROM, documents: DOCUMENTS }),
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
