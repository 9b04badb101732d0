import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';
import { createTelnyxClient, UnreadableAnswerError } from '../../../../platform/telnyx/client';
import type { TelnyxClient } from '../../../../platform/telnyx/client';
import { aLocalServer, answering, resetting, stallingInTheBody } from '../local-server';
import type { Answering } from '../local-server';

const server = aLocalServer();
const aClient = (limitMs?: number): TelnyxClient =>
  createTelnyxClient({ apiKey: 'KEY_canary', baseUrl: `${server.url}/v2`, ...(limitMs !== undefined && { limitMs }) });
const legAnswer = z.object({ data: z.object({ id: z.string() }) });
const dial = (client = aClient()): Promise<unknown> =>
  client.request('post', '/calls', legAnswer, { body: { to: '+15559999999' } });
const failureOf = (attempt: Promise<unknown>): Promise<unknown> =>
  attempt.then(
    () => {
      throw new Error('it succeeded');
    },
    (error: unknown) => error,
  );

test('a request carries the key, the path behind /v2 and the body as JSON', async () => {
  server.answer = answering(200, { data: { id: 'a' } });
  await dial();
  const [asked] = server.asked;
  expect({ ...asked, body: JSON.parse(String(asked?.body)) as unknown }).toMatchObject({
    method: 'POST',
    url: '/v2/calls',
    headers: { authorization: 'Bearer KEY_canary', 'content-type': 'application/json' },
    body: { to: '+15559999999' },
  });
});

test('a query is encoded, brackets and plus included', async () => {
  server.answer = answering(200, { data: { id: 'a' } });
  await aClient().request('get', '/call_events', legAnswer, { query: { 'filter[to]': '+15559999999' } });
  expect([...new URL(server.asked[0]?.url ?? '', server.url).searchParams]).toEqual([['filter[to]', '+15559999999']]);
});

test('an answer is returned as far as it is documented', async () => {
  server.answer = answering(200, { data: { id: 'a', more: 1 } });
  await expect(dial()).resolves.toEqual({ data: { id: 'a' } });
});

test.each<[string, Answering]>([
  ['500', answering(500, { errors: [{ code: '10007', title: 'Unexpected error' }] })],
  ['503 with Retry-After', answering(503, {}, { 'retry-after': '0' })],
  ['429 with Retry-After', answering(429, {}, { 'retry-after': '0' })],
  ['409', answering(409, {})],
  ['408', answering(408, {})],
  ['x-should-retry', answering(500, {}, { 'x-should-retry': 'true' })],
  ['a reset', resetting],
  ['HTML', answering(200, '<html>maintenance</html>')],
  ['a redirect', answering(307, '', { location: '/v2/elsewhere' })],
  ['a permanent redirect', answering(308, '', { location: '/v2/elsewhere' })],
])('an answer of %s is not followed by a second request', async (_name, answer) => {
  server.answer = answer;
  await failureOf(dial());
  expect(server.asked).toHaveLength(1);
});

test.each<[string, Answering]>([
  ['silence', () => undefined],
  ['a body that stalls', stallingInTheBody],
  [
    'a body that drips',
    (response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const dripping = setInterval(() => response.write(' '), 20);
      response.on('close', () => {
        clearInterval(dripping);
      });
    },
  ],
])('%s ends a request at its limit, and it is not repeated', async (_name, answer) => {
  server.answer = answer;
  const started = Date.now();
  await failureOf(dial(aClient(300)));
  expect(Date.now() - started).toBeLessThan(2_000);
  expect(server.asked).toHaveLength(1);
});

test.each<[string, Answering]>([
  ['HTML', answering(200, '<html>maintenance</html>')],
  ['HTML that says it is JSON, as text', answering(200, '"<html>"', { 'content-type': 'application/json' })],
  ['nothing', answering(200, '')],
  ['204', answering(204, '')],
  ['JSON without the id', answering(200, { data: {} })],
  ['JSON with a number for the id', answering(200, { data: { id: 7 } })],
  ['a list', answering(200, [])],
])('an answer 2xx of %s is an unreadable one', async (_name, answer) => {
  server.answer = answer;
  expect(await failureOf(dial())).toBeInstanceOf(UnreadableAnswerError);
});

test.each<[string, Answering, string]>([
  ['broken JSON', answering(200, '{"data":{"id":', { 'content-type': 'application/json' }), 'SyntaxError'],
  [
    'JSON that is cut',
    (response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' });
      response.write('{"data":{"id":"a"}}', () => response.socket?.destroy());
    },
    'TypeError',
  ],
])('an answer of %s is a failure', async (_name, answer, name) => {
  server.answer = answer;
  expect(await failureOf(dial())).toMatchObject({ name });
});

test('an unreadable answer’s message says neither the query nor the answer', async () => {
  server.answer = answering(200, '<html>+15559999999</html>');
  const failure = await failureOf(
    aClient().request('get', '/call_events', legAnswer, { query: { 'filter[to]': '+15559999999' } }),
  );
  expect(String(failure)).toBe('UnreadableAnswerError: GET /call_events was answered with something else');
});

test('a carrier that is not there fails at once', async () => {
  const probe = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => probe.once('listening', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  const nowhere = createTelnyxClient({ apiKey: 'KEY', baseUrl: `http://127.0.0.1:${port}/v2` });
  const started = Date.now();
  await failureOf(dial(nowhere));
  expect(Date.now() - started).toBeLessThan(1_000);
});
