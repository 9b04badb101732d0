/**
 * `kill -9` of the worker that holds a live call, another worker standing by: the next webhook is acted on within two
 * seconds, and nothing else changes. Workers and API are processes of their own.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../cli/programs/child';
import { startTemporalDevServer } from '../../cli/programs/temporal';
import type { DevServer } from '../../cli/programs/temporal';
import type { StatusDocument } from '../../domain/status';
import { startSimulator } from '../../simulator/server';
import type { Simulator } from '../../simulator/server';
import { searchAttributes } from '../../workflows/messages';
import { startPart } from '../support/processes';
import type { Part } from '../support/processes';
import { atScale } from '../support/scale';
import { BASE_PATH } from '../support/system';

const ROUNDS = atScale({ quick: 3, ci: 10, full: 50 });
const API_KEY = 'a-key-for-tests';
const MOST_MS = 2_000;

describe('kill -9 of the worker that holds a call', () => {
  const dataDir = mkdtempSync(path.join(os.tmpdir(), 'outcall-kill-'));
  let temporal: DevServer;
  let simulator: Simulator;
  let api: Part;
  let env: Record<string, string>;
  let url: string;
  const workers: Part[] = [];

  beforeAll(async () => {
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    simulator = await startSimulator({ quiet: true, webhookUrl: `${url}${BASE_PATH}/webhook/telnyx/call-status` });
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
    env = {
      TEMPORAL_ADDRESS: temporal.address,
      TEMPORAL_NAMESPACE: 'outcall',
      TELNYX_API_KEY: simulator.apiKey,
      TELNYX_BASE_URL: simulator.apiBaseUrl,
      TELNYX_CONNECTION_ID: simulator.connectionId,
      TELNYX_PUBLIC_KEY: simulator.publicKey,
      TELNYX_PHONE_NUMBER: '+15551234567',
      COLD_CALL_API_KEYS: API_KEY,
      COLD_CALL_BUSINESS_ID: '11111111-2222-4333-8444-555555555555',
      WEB_BACKEND_URL: simulator.webBackendUrl,
      OUTBOUND_ALLOW_HOSTS: new URL(simulator.url).host,
      PUBLIC_URL: url,
      PORT: `${port}`,
      DATA_DIR: dataDir,
      AGENT_WAIT_SECS: '60',
    };
    api = await startPart(['serve'], 'api.listening', env);
    workers.push(await startPart(['work'], 'workers.running', env));
  }, 120_000);

  afterAll(async () => {
    await Promise.all(workers.map((worker) => worker.kill()));
    await api.kill();
    await temporal.stop();
    await simulator.close();
    rmSync(dataDir, { recursive: true, force: true });
  });

  const request = async (method: string, route: string, body?: object): Promise<StatusDocument> => {
    const response = await fetch(`${url}${BASE_PATH}${route}`, {
      method,
      headers: { 'x-api-key': API_KEY, 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    });
    return (await response.json()) as StatusDocument;
  };
  const legOf = (to: string) => simulator.ledger().legs.find((leg) => leg.to === to);
  const until = async (wanted: () => Promise<boolean> | boolean, withinMs: number): Promise<number> => {
    const from = performance.now();
    while (!(await wanted())) {
      if (performance.now() - from > withinMs) throw new Error(`not within ${withinMs} ms`);
      await sleep(20);
    }
    return performance.now() - from;
  };

  test(
    `the next webhook is acted on within ${MOST_MS} ms, ${ROUNDS} times, and no outcome changes`,
    async () => {
      const reactions: number[] = [];
      for (let round = 0; round < ROUNDS; round++) {
        const to = `+1555777${round}006`;
        const holder = workers.at(-1);
        const { call_id: callId } = await request('POST', '/initiate', { to_phone: to });
        // Joined, and no activity is under way: the holder alone knows this call.
        await until(async () => (await request('GET', `/calls/${callId}`)).joined_at !== null, 20_000);
        workers.push(await startPart(['work'], 'workers.running', env));
        await holder?.kill();
        // The webhook is the agent's or lead's next move; here the API asks for the end, which is a signal like it.
        await request('POST', `/calls/${callId}/hangup`);
        reactions.push(await until(() => legOf(to)?.ended_at !== null, 30_000));
        await until(async () => (await request('GET', `/calls/${callId}`)).recording?.state === 'delivered', 20_000);
        const document = await request('GET', `/calls/${callId}`);
        expect(document).toMatchObject({ status: 'ended', outcome: 'completed', ended_by: 'api' });
        expect(simulator.ledger().legs.filter((leg) => leg.to === to)).toHaveLength(1);
      }
      process.stderr.write(`reactions after kill -9, ms: ${reactions.map(Math.round).join(' ')}\n`);
      expect(Math.max(...reactions)).toBeLessThan(MOST_MS);
    },
    ROUNDS * 60_000,
  );

  test('a webhook of the carrier is acted on too: the answer after the kill', async () => {
    const to = '+15557788008';
    await fetch(`${simulator.url}/_simulator/phones/${encodeURIComponent(to)}`, {
      method: 'PUT',
      body: JSON.stringify({ like: '006', ringMs: 8_000 }),
    });
    const holder = workers.at(-1);
    const { call_id: callId } = await request('POST', '/initiate', { to_phone: to });
    await until(async () => (await request('GET', `/calls/${callId}`)).status === 'ringing', 20_000);
    workers.push(await startPart(['work'], 'workers.running', env));
    await holder?.kill();
    await until(() => typeof legOf(to)?.answered_at === 'string', 15_000);
    const joined = (): boolean => simulator.ledger().conferences.some(({ name }) => name === callId);
    expect(await until(joined, 15_000)).toBeLessThan(MOST_MS);
    await request('POST', `/calls/${callId}/hangup`);
  }, 90_000);

  test('SIGTERM ends a worker in order, and the call goes on', async () => {
    const to = '+15557799006';
    const holder = workers.at(-1);
    const { call_id: callId } = await request('POST', '/initiate', { to_phone: to });
    await until(async () => (await request('GET', `/calls/${callId}`)).joined_at !== null, 20_000);
    workers.push(await startPart(['work'], 'workers.running', env));
    expect(await holder?.stop()).toBe(0);
    await request('POST', `/calls/${callId}/hangup`);
    await until(() => legOf(to)?.ended_at !== null, MOST_MS);
  }, 90_000);
});
