/**
 * Clients that take their time, and those that stay. Side by side, because what is waited for here are limits of up to
 * 15 seconds.
 */
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { speak, statusOf, trickle } from '../support/raw-http';
import { BASE_PATH, startSystem, stopSystems } from '../support/system';
import type { System } from '../support/system';

let system: System;
let callId: string;
let quietStream: Promise<{ readonly heard: string; readonly afterMs: number }>;
beforeAll(async () => {
  // The answered person of the streams waits for an agent all the while.
  system = await startSystem({ env: { AGENT_WAIT_SECS: '120' } });
  callId = await system.call({ to_phone: '+15550800006' });
  await system.until(callId, ({ answered_at }) => answered_at !== null);
  quietStream = listenForHeartbeat();
});
afterAll(stopSystems);

const head = (line: string, ...headers: readonly string[]): string =>
  [`${line} HTTP/1.1`, 'Host: outcall', `X-API-Key: ${system.stack.apiKey}`, ...headers, '', ''].join('\r\n');
const BODY = ['Content-Type: application/json', 'Content-Length: 100'];
const INITIATE = `POST ${BASE_PATH}/initiate`;
const WEBHOOK = `POST ${BASE_PATH}/webhook/telnyx/call-status`;

/** A limit that works has ended the connection long before. */
const PATIENCE_MS = 25_000;
const EVERY_MS = 1_000;

const open = (signal: AbortSignal): Promise<Response> =>
  fetch(`${system.url}${BASE_PATH}/calls/${callId}/events`, { signal, headers: { 'x-api-key': system.stack.apiKey } });

async function listenForHeartbeat(): Promise<{ heard: string; afterMs: number }> {
  const leaving = new AbortController();
  const startedAt = Date.now();
  const { body } = await open(leaving.signal);
  let heard = '';
  for await (const chunk of (body ?? new Blob([]).stream()).pipeThrough(new TextDecoderStream())) {
    heard += chunk;
    if (/^: /m.test(heard)) break;
  }
  leaving.abort();
  return { heard, afterMs: Date.now() - startedAt };
}

describe('a client that takes its time', () => {
  type Claim = readonly [what: string, withinMs: number, status: number, () => Promise<string>];
  const slowly = (before: string, rest: string) =>
    trickle(system.url, before, { rest, everyMs: EVERY_MS }, PATIENCE_MS);
  const claims: readonly Claim[] = [
    ['B22 stops within a body', 16_500, 408, () => speak(system.url, `${head(INITIATE, ...BODY)}{`, PATIENCE_MS)],
    ['B54 stops within a webhook', 16_500, 408, () => speak(system.url, `${head(WEBHOOK, ...BODY)}{`, PATIENCE_MS)],
    ['B54 sends a byte of a webhook each second', 16_500, 408, () => slowly(head(WEBHOOK, ...BODY), ' ')],
    ['S21 sends a byte of its headers each second', 11_500, 408, () => slowly('GET /healthz HTTP/1.1\r\n', 'x')],
  ];
  const heard = new Map<string, Promise<{ readonly status: number; readonly afterMs: number }>>();
  beforeAll(() => {
    for (const [what, , , conversation] of claims) {
      const startedAt = Date.now();
      heard.set(
        what,
        conversation().then((answer) => ({ status: statusOf(answer), afterMs: Date.now() - startedAt })),
      );
    }
  });

  test.each(claims)('%s: its connection is closed within %i ms, with %i', async (what, withinMs, status) => {
    const answer = await heard.get(what);
    expect(answer).toMatchObject({ status });
    expect(answer?.afterMs).toBeLessThan(withinMs);
  });
});

test('S21 500 connections that never finish a request delay nobody else by 250 ms', async () => {
  const idle: Socket[] = Array.from({ length: 500 }, () => {
    const socket = connect(Number(new URL(system.url).port), '127.0.0.1');
    socket.on('error', () => undefined).write('GET /healthz HTTP/1.1\r\nX-Slow: ');
    return socket;
  });
  await sleep(500);
  const took: number[] = [];
  for (let round = 0; round < 15; round++) {
    const startedAt = performance.now();
    expect((await system.request('GET', '/healthz')).status).toBe(200);
    took.push(performance.now() - startedAt);
  }
  for (const socket of idle) socket.destroy();
  // The middle one: a machine that others use too makes single ones late.
  expect(took.sort((a, b) => a - b)[7]).toBeLessThan(250);
});

describe('streams of events', () => {
  test('a stream on which nothing happens says every 15 s that it is alive', async () => {
    const { heard, afterMs } = await quietStream;
    expect(heard).toMatch(/^: .+\n\n/m);
    expect(afterMs).toBeLessThan(20_000);
  });

  test('200 are open at once; one more is asked to come back, and may once one of them has gone', async () => {
    const leaving = Array.from({ length: 200 }, () => new AbortController());
    const opened = await Promise.all(leaving.map(({ signal }) => open(signal)));
    expect(new Set(opened.map(({ status }) => status))).toEqual(new Set([200]));
    const refused = await open(AbortSignal.timeout(5_000));
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toBe('5');
    expect(await refused.json()).toMatchObject({ code: 'too_many_streams' });
    leaving.pop()?.abort();
    await sleep(500);
    expect((await open(leaving[0]?.signal ?? AbortSignal.timeout(5_000))).status).toBe(200);
    for (const each of leaving) each.abort();
  });
});
