/**
 * The API against its own `/openapi.json`, by requests that Schemathesis makes up: valid ones must be accepted, others
 * refused, and every answer be as described. `test/support/schemathesis/` says what is checked and what is not.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { findSchemathesis } from '../support/schemathesis/install';
import { atScale, BASE_PATH, hasEnded, startSystem, stopSystems } from '../support/system';
import type { System } from '../support/system';

/** Seeded where others wait for the answer; at full scale each run tries something else. */
const AMOUNT = atScale({
  quick: ['--max-examples', '6', '--seed', '1'],
  ci: ['--max-examples', '60', '--seed', '2'],
  full: ['--max-examples', '500'],
});

let python: string;
let system: System;
let endedCall: string;
let recordingId: string;
const folder = mkdtempSync(path.join(os.tmpdir(), 'outcall-schemathesis-'));
beforeAll(async () => {
  python = await findSchemathesis();
  // It cannot sign; what signatures refuse is in inputs.test.ts.
  const env = {
    TELNYX_VALIDATE_SIGNATURE: 'False',
    TELNYX_SIP_CONNECTION_ID: '1293384261075731500',
    AGENT_WAIT_SECS: '600',
  };
  system = await startSystem({ env, settings: { phoneSpeed: 20 } });
  await system.call({ to_phone: '+15550700006' }, { 'idempotency-key': 'schemathesis' });
  await system.call({ to_phone: '+15550701006' }, { 'idempotency-key': 'schemathesis-agents' });
  endedCall = await system.call({ to_phone: '+15550702001' });
  await system.until(endedCall, hasEnded);
  // Of recordings that nobody takes, one can be redelivered again and again.
  await system.control('POST', 'faults', { operation: 'deliver', times: 1e6, fault: { kind: 'status', status: 410 } });
  const recorded = await system.call({ to_phone: '+15550703007' });
  const settled = await system.until(recorded, ({ recording }) => recording?.state === 'dead_letter');
  recordingId = settled.recording?.recording_id ?? '';
}, 420_000);
afterAll(async () => {
  await stopSystems();
  rmSync(folder, { recursive: true, force: true });
});

interface Report {
  readonly complete: boolean;
  readonly operations: { readonly total: number; readonly tested: number };
  readonly phases: Readonly<Record<string, { readonly status: string }>>;
  readonly failures: readonly unknown[];
}

/** Resolves to its exit code and all that it printed. */
function schemathesis(...args: readonly string[]): Promise<{ exitCode: number | null; output: string }> {
  const support = path.join(__dirname, '../support/schemathesis');
  const cli = [
    '-m',
    'schemathesis.cli',
    '--config-file',
    path.join(support, 'schemathesis.toml'),
    'run',
    `${system.url}/openapi.json`,
  ];
  const env = {
    ...process.env,
    OUTCALL_KEY: system.stack.apiKey,
    OUTCALL_ENDED_CALL: endedCall,
    OUTCALL_RECORDING: recordingId,
    SCHEMATHESIS_HOOKS: path.join(support, 'hooks.py'),
    PYTHONDONTWRITEBYTECODE: '1',
  };
  const child = spawn(python, [...cli, '--checks', 'all', '--no-color', '--generation-database', 'none', ...args], {
    env,
    // It leaves a cache behind.
    cwd: folder,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.once('error', reject).once('close', (exitCode) => {
      resolve({ exitCode, output });
    });
  });
}

test('Schemathesis finds nothing to say against any operation', async () => {
  const file = path.join(folder, 'report.json');
  const { exitCode, output } = await schemathesis(...AMOUNT, '--report-json-path', file);
  if (exitCode !== 0) throw new Error(output);
  const { complete, operations, phases, failures } = JSON.parse(readFileSync(file, 'utf8')) as Report;
  expect({ complete, failures }).toEqual({ complete: true, failures: [] });
  expect(operations.tested).toBe(operations.total);
  for (const phase of ['coverage', 'fuzzing', 'stateful']) expect(phases[phase]).toMatchObject({ status: 'success' });
}, 7_200_000);

test('the calls that it started are real ones, and each of them can be ended', async () => {
  expect(system.ledger().legs.length).toBeGreaterThan(0);
  const running = async (): Promise<string[]> => {
    const { body } = await system.request('GET', `${BASE_PATH}/calls?limit=100`);
    const calls = body['calls'] as { call_id: string; status: string }[];
    return calls.filter(({ status }) => status !== 'ended').map(({ call_id }) => call_id);
  };
  let left = await running();
  for (const endsAt = Date.now() + 30_000; left.length > 0 && Date.now() < endsAt; left = await running()) {
    for (const id of left) await system.request('POST', `${BASE_PATH}/calls/${id}/hangup`);
  }
  expect(left).toEqual([]);
});
