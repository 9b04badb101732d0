import express from 'express';
import { createLogger } from '../../../platform/logger';
import { requireApiKey } from '../../../server/authentication';
import { close, listen } from '../../../server/listen';
import { problemHandler } from '../../../server/problems';

const log = createLogger({ level: 'fatal', destination: { write: () => undefined } });
const app = express();
const keys = { one: ['first-key', 'second-key'], none: [] as string[] };
app.use('/guarded', requireApiKey(keys.one));
app.use('/closed', requireApiKey(keys.none));
app.use((_request, response) => {
  response.json({ inside: true });
});
app.use(problemHandler(log));

let server: Awaited<ReturnType<typeof listen>>;
beforeAll(async () => {
  server = await listen(app, 0, '127.0.0.1');
});
afterAll(() => {
  const closed = close(server);
  server.closeAllConnections();
  return closed;
});

async function get(path: string, headers: [string, string][] = []): Promise<{ status: number; text: string }> {
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers });
  return { status: response.status, text: await response.text() };
}

test.each(['first-key', 'second-key'])('%s opens', async (key) => {
  expect(await get('/guarded', [['x-api-key', key]])).toMatchObject({ status: 200 });
});

test.each<[string, [string, string][]]>([
  ['no key', []],
  ['an empty key', [['x-api-key', '']]],
  ['a wrong key', [['x-api-key', 'third-key']]],
  ['the beginning of a key', [['x-api-key', 'first-ke']]],
  ['a key with more behind it', [['x-api-key', 'first-key!']]],
  ['a key in another case', [['x-api-key', 'FIRST-KEY']]],
  ['two keys in one', [['x-api-key', 'first-key,second-key']]],
  [
    'the header twice',
    [
      ['x-api-key', 'first-key'],
      ['x-api-key', 'second-key'],
    ],
  ],
  ['a key of ten kilobytes', [['x-api-key', 'x'.repeat(10_000)]]],
  ['the key as a bearer token', [['authorization', 'Bearer first-key']]],
])('%s does not open', async (_name, headers) => {
  expect(await get('/guarded', headers)).toMatchObject({ status: 401 });
});

test('a key in the query does not open', async () => {
  expect(await get('/guarded?x-api-key=first-key&api_key=first-key')).toMatchObject({ status: 401 });
});

test.each(['', 'undefined', 'first-key'])('without keys nothing opens, not even %j', async (key) => {
  expect(await get('/closed', [['x-api-key', key]])).toMatchObject({ status: 401 });
});

test('a refusal says the same, whatever the key', async () => {
  const refusals = await Promise.all(['', 'x', 'first-ke'].map((key) => get('/guarded', [['x-api-key', key]])));
  expect(new Set(refusals.map(({ text }) => text)).size).toBe(1);
});
