/**
 * `kill -9` of the worker that holds a live call, another worker standing by: the next webhook is acted on within two
 * seconds, and nothing else changes. Workers and API are processes of their own.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { startOutside } from '../support/outside';
import type { Outside } from '../support/outside';
import { startPart } from '../support/processes';
import type { Part } from '../support/processes';
import { atScale } from '../support/scale';

const ROUNDS = atScale({ quick: 1, ci: 10, full: 50 });
const MOST_MS = 2_000;

describe('kill -9 of the worker that holds a call', () => {
  let outside: Outside;
  let api: Part;
  const workers: Part[] = [];
  const startWorker = async (): Promise<void> => {
    workers.push(await startPart(['work'], 'workers.running', outside.env));
  };

  beforeAll(async () => {
    outside = await startOutside({ seed: 3 });
    api = await startPart(['serve'], 'api.listening', outside.env);
    await startWorker();
  }, 120_000);

  afterAll(async () => {
    await Promise.all([...workers, api].map((part) => part.kill()));
    await outside.stop();
  });

  const legOf = (to: string) => outside.simulator.ledger().legs.find((leg) => leg.to === to);
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
        const { call_id: callId } = await outside.request('POST', '/initiate', { to_phone: to });
        // Joined, and no activity is under way: the holder alone knows this call.
        await until(async () => (await outside.request('GET', `/calls/${callId}`)).joined_at !== null, 20_000);
        await startWorker();
        await holder?.kill();
        // The webhook is the agent's or lead's next move; here the API asks for the end, which is a signal like it.
        await outside.request('POST', `/calls/${callId}/hangup`);
        reactions.push(await until(() => legOf(to)?.ended_at !== null, 30_000));
        await until(
          async () => (await outside.request('GET', `/calls/${callId}`)).recording?.state === 'delivered',
          20_000,
        );
        const document = await outside.request('GET', `/calls/${callId}`);
        expect(document).toMatchObject({ status: 'ended', outcome: 'completed', ended_by: 'api' });
        expect(outside.simulator.ledger().legs.filter((leg) => leg.to === to)).toHaveLength(1);
      }
      process.stderr.write(`reactions after kill -9, ms: ${reactions.map(Math.round).join(' ')}\n`);
      expect(Math.max(...reactions)).toBeLessThan(MOST_MS);
    },
    ROUNDS * 60_000,
  );

  test('a webhook of the carrier is acted on too: the answer after the kill', async () => {
    const to = '+15557788008';
    await fetch(`${outside.simulator.url}/_simulator/phones/${encodeURIComponent(to)}`, {
      method: 'PUT',
      body: JSON.stringify({ like: '006', ringMs: 8_000 }),
    });
    const holder = workers.at(-1);
    const { call_id: callId } = await outside.request('POST', '/initiate', { to_phone: to });
    await until(async () => (await outside.request('GET', `/calls/${callId}`)).status === 'ringing', 20_000);
    await startWorker();
    await holder?.kill();
    await until(() => typeof legOf(to)?.answered_at === 'string', 15_000);
    const joined = (): boolean => outside.simulator.ledger().conferences.some(({ name }) => name === callId);
    expect(await until(joined, 15_000)).toBeLessThan(MOST_MS);
    await outside.request('POST', `/calls/${callId}/hangup`);
  }, 90_000);

  test('SIGTERM ends a worker in order, and the call goes on', async () => {
    const to = '+15557799006';
    const holder = workers.at(-1);
    const { call_id: callId } = await outside.request('POST', '/initiate', { to_phone: to });
    await until(async () => (await outside.request('GET', `/calls/${callId}`)).joined_at !== null, 20_000);
    await startWorker();
    expect(await holder?.stop()).toBe(0);
    await outside.request('POST', `/calls/${callId}/hangup`);
    await until(() => legOf(to)?.ended_at !== null, MOST_MS);
  }, 90_000);
});
