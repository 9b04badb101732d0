/** What the directory of calls says of a document, with a real Temporal server, and with workflows that stand in. */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Client, Connection, makeGrpcRetryInterceptor } from '@temporalio/client';
import { bundleWorkflowCode, NativeConnection, Worker } from '@temporalio/worker';
import type { WorkflowBundle } from '@temporalio/worker';
import { SHORT_RETRIES } from '../../cli/assemble';
import { freePort } from '../../cli/programs/child';
import { startTemporalDevServer } from '../../cli/programs/temporal';
import type { DevServer } from '../../cli/programs/temporal';
import { createLogger } from '../../platform/logger';
import { createCallDirectory } from '../../server/call-directory';
import type { CallDirectory, Instructions } from '../../server/call-directory';
import { freshCallId } from '../../server/call-ids';
import { installRuntime } from '../../worker/workers';
import { instructionsUpdateId, searchAttributes } from '../../workflows/messages';
import { aCall } from '../unit/domain/a-call';
import { NUMBERS } from './following';

const noop = (): void => undefined;
const log = createLogger({ level: 'silent', destination: { write: noop } });
const quiet = { log: noop, trace: noop, debug: noop, info: noop, warn: noop, error: noop };
const interceptors = [makeGrpcRetryInterceptor(SHORT_RETRIES)];
const dataDir = mkdtempSync(path.join(os.tmpdir(), 'outcall-instructions-'));

let temporal: DevServer;
let connection: Connection;
let native: NativeConnection;
let client: Client;
let workflowBundle: WorkflowBundle;
beforeAll(async () => {
  installRuntime(log);
  temporal = await startTemporalDevServer({
    cliPath: process.env['TEMPORAL_CLI_PATH'] ?? '',
    port: await freePort(),
    uiPort: null,
    dbFile: null,
    namespace: 'outcall',
    searchAttributes: Object.values(searchAttributes),
    logFile: path.join(dataDir, 'temporal.log'),
    say: noop,
  });
  const { address } = temporal;
  [connection, native] = await Promise.all([
    Connection.connect({ address, interceptors }),
    NativeConnection.connect({ address }),
  ]);
  client = new Client({ connection, namespace: 'outcall' });
  workflowBundle = await bundleWorkflowCode({ workflowsPath: require.resolve('./following'), logger: quiet });
});
afterAll(async () => {
  await Promise.all([connection.close(), native.close()]);
  await temporal.stop();
  rmSync(dataDir, { recursive: true });
});

const directoryOf = (taskQueue: string, of = client): CallDirectory =>
  createCallDirectory({ client: of, taskQueue, leadKey: () => 'key' });

const startWorker = (taskQueue: string): Promise<Worker> =>
  Worker.create({ connection: native, namespace: 'outcall', taskQueue, workflowBundle });

/** A call of a queue of its own, and how it is asked. */
async function aCallOf(taskQueue: string) {
  const directory = directoryOf(taskQueue);
  const callId = freshCallId();
  const request = aCall({
    callId,
    handler: { type: 'texml', source: 'url', name: null, version: null, listens: false },
  });
  await directory.start(
    { request, bodyHash: null },
    { kind: 'documents', first: { url: 'https://x' }, fallbackUrl: null },
  );
  const ask = (number: number, withinMs = 3_000): Promise<Instructions> => asked(directory, callId, number, withinMs);
  return { callId, ask };
}

function asked(directory: CallDirectory, callId: string, number: number, withinMs: number): Promise<Instructions> {
  const request = { number, target: 0, base: 'https://x', callSid: 'v3:x', fields: {}, at: new Date().toISOString() };
  return directory.instruct(callId, request, { updateId: instructionsUpdateId({ number }), withinMs });
}

describe('with a worker', () => {
  let worker: Worker;
  let running: Promise<void>;
  beforeAll(async () => {
    worker = await startWorker('worked');
    running = worker.run();
  });
  afterAll(async () => {
    worker.shutdown();
    await running;
  });

  test('a repeat gets the same document, in parallel and later', async () => {
    const { ask } = await aCallOf('worked');
    const document = { kind: 'document', texml: 'document 1, asked 1 times, run 1' };
    expect(await Promise.all([ask(1), ask(1), ask(1)])).toEqual([document, document, document]);
    expect(await ask(1)).toEqual(document);
    expect(await ask(2)).toEqual({ kind: 'document', texml: 'document 2, asked 2 times, run 1' });
  });

  test('a slow call is late, and the same request joins what is under way', async () => {
    const { ask } = await aCallOf('worked');
    expect(await ask(NUMBERS.slow, 500)).toEqual({ kind: 'late' });
    expect(await ask(NUMBERS.slow)).toEqual({
      kind: 'document',
      texml: `document ${NUMBERS.slow}, asked 1 times, run 1`,
    });
  });

  test('a call that ends while it is asked is over', async () => {
    const { ask } = await aCallOf('worked');
    expect(await ask(NUMBERS.endsTheCall)).toEqual({ kind: 'over' });
    expect(await ask(1)).toEqual({ kind: 'over' });
  });

  test('a call that goes on as a new run while it is asked answers there', async () => {
    const { ask } = await aCallOf('worked');
    const texml = `document ${NUMBERS.goesOnAsNew}, asked 1 times, run 2`;
    expect(await ask(NUMBERS.goesOnAsNew)).toEqual({ kind: 'document', texml });
  });

  test('a call that was terminated is over, and so is one that never was', async () => {
    const { callId, ask } = await aCallOf('worked');
    await client.workflow.getHandle(callId).terminate();
    expect(await ask(1)).toEqual({ kind: 'over' });
    expect(await asked(directoryOf('worked'), freshCallId(), 1, 3_000)).toEqual({ kind: 'over' });
  });
});

test('without a worker it is late in time, and answered when one is there', async () => {
  const { ask } = await aCallOf('idle');
  const before = Date.now();
  expect(await ask(1, 1_000)).toEqual({ kind: 'late' });
  expect(Date.now() - before).toBeLessThan(2_500);
  const worker = await startWorker('idle');
  const answer = await worker.runUntil(ask(1));
  expect(answer).toEqual({ kind: 'document', texml: 'document 1, asked 1 times, run 1' });
});

test('more requests at once than Temporal takes are late or answered, and nothing else', async () => {
  const { ask } = await aCallOf('idle');
  const before = Date.now();
  const answers = await Promise.all(Array.from({ length: 30 }, (_, i) => ask(i + 1, 1_000)));
  expect(new Set(answers.map(({ kind }) => kind))).toEqual(new Set(['late']));
  expect(Date.now() - before).toBeLessThan(4_000);
});

test('a Temporal that cannot be reached is late, in time', async () => {
  const nowhere = Connection.lazy({
    address: `127.0.0.1:${await freePort()}`,
    connectTimeout: '1 second',
    interceptors,
  });
  const before = Date.now();
  const answer = await asked(directoryOf('idle', new Client({ connection: nowhere })), freshCallId(), 1, 1_000);
  expect(answer).toEqual({ kind: 'late' });
  expect(Date.now() - before).toBeLessThan(4_000);
  await nowhere.close();
});
