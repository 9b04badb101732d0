/** The rate of requests a key may make. */
import express from 'express';
import { requireApiKey } from '../../../server/authentication';
import { close, listen } from '../../../server/listen';
import { problemHandler } from '../../../server/problems';
import { createLogger } from '../../../platform/logger';
import { limitRates } from '../../../server/rate-limit';

const app = express();
app.use(requireApiKey(['first-key', 'second-key']), limitRates({ reads: 4, others: 2 }));
app.use((_request, response) => {
  response.json({});
});
app.use(problemHandler(createLogger({ level: 'fatal', destination: { write: () => undefined } })));

let server: Awaited<ReturnType<typeof listen>>;
beforeEach(async () => {
  server = await listen(app, 0, '127.0.0.1');
});
afterEach(async () => {
  const closed = close(server);
  server.closeAllConnections();
  await closed;
});

async function ask(path: string, key: string, method = 'GET'): Promise<Response> {
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const headers = { 'x-api-key': key, 'x-forwarded-for': '10.0.0.1', forwarded: 'for=10.0.0.2' };
  return fetch(`http://127.0.0.1:${port}${path}`, { method, headers });
}

test('a key that asks too often is told when to come back; other keys and strangers are their own affair', async () => {
  for (let flood = 0; flood < 10; flood++) expect((await ask('/initiate', 'stranger', 'POST')).status).toBe(401);
  const first = await ask('/initiate', 'first-key', 'POST');
  expect(first.status).toBe(200);
  expect(first.headers.get('ratelimit')).toContain('r=1');
  expect(first.headers.get('ratelimit-policy')).toContain('q=2');
  expect((await ask('/calls', 'first-key')).status).toBe(200);
  const refused = await ask('/initiate', 'first-key', 'POST');
  expect(refused.status).toBe(429);
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(refused.headers.get('content-type')).toContain('application/problem+json');
  expect(await refused.json()).toMatchObject({ code: 'rate_limited', status: 429 });
  expect((await ask('/initiate', 'second-key', 'POST')).status).toBe(200);
  expect((await ask('/calls/COLD_CALL_X', 'first-key')).status).toBe(200);
  expect((await ask('/calls/COLD_CALL_X/events', 'first-key')).status).toBe(429);
});
