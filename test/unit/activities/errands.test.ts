/** Errands of scripts, against a real server: what is asked, what is not, and what an answer is taken for. */
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { Webhook } from 'standardwebhooks';
import { createErrandActivities } from '../../../activities/errands';
import type { ErrandActivities, ErrandSettings } from '../../../activities/errands';
import { aLocalServer, answering, resetting } from '../platform/local-server';

const server = aLocalServer();
const signingSecret = `whsec_${Buffer.alloc(24, 5).toString('base64')}`;
const key = 'COLD_CALL_1/3.1';

const create = (changes: Partial<ErrandSettings> = {}): ErrandActivities =>
  createErrandActivities({
    allowedHosts: [server.host],
    signingSecret: null,
    browsers: null,
    destinations: ['US'],
    ...changes,
  });

const run = <T>(work: () => Promise<T>): Promise<T> =>
  new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') }).run(work);

const fields = { CallSid: 'v3:a', Digits: '1&2' };
type Fetching = Parameters<ErrandActivities['fetchDocument']>[0];
const fetching = (changes: Partial<Fetching> = {}): Fetching => ({
  kind: 'document',
  target: { url: `${server.url}/menu?x=1`, method: 'POST' },
  fallbackUrl: null,
  fields,
  key,
  ...changes,
});
const fetchDocument = (changes: Partial<Fetching> = {}, by = create()) =>
  run(() => by.fetchDocument(fetching(changes)));

const request = { method: 'POST', url: '', headers: {}, body: '{"a":1}', timeoutSeconds: 1 } as const;
const requestOf = (url: string, by = create()) =>
  run(() => by.requestForFlow({ kind: 'http', request: { ...request, url }, key }));

test('a document is asked for with the carrier’s fields as a form', async () => {
  server.answer = answering(200, '<Response/>');
  expect(await fetchDocument()).toEqual({ kind: 'document', texml: '<Response/>', url: `${server.url}/menu?x=1` });
  const [asked] = server.asked;
  expect(asked).toMatchObject({ method: 'POST', url: '/menu?x=1' });
  expect(asked?.headers).toMatchObject({ 'content-type': 'application/x-www-form-urlencoded', 'idempotency-key': key });
  expect(Object.fromEntries(new URLSearchParams(asked?.body.toString()))).toEqual(fields);
});

test('by GET the fields stand in the query, behind its own', async () => {
  server.answer = answering(200, '<Response/>');
  await fetchDocument({ target: { url: `${server.url}/menu?x=1`, method: 'GET' } });
  expect(server.asked[0]).toMatchObject({ method: 'GET', url: '/menu?x=1&CallSid=v3%3Aa&Digits=1%262' });
});

test('with a secret every request is signed the Standard Webhooks way', async () => {
  server.answer = answering(200, {});
  await requestOf(server.url, create({ signingSecret }));
  const [asked] = server.asked;
  const headers = asked?.headers as Record<string, string>;
  expect(new Webhook(signingSecret).verify(asked?.body.toString() ?? '', headers)).toEqual({ a: 1 });
  expect(() => new Webhook(signingSecret).verify('{"a":2}', headers)).toThrow();
});

test.each([
  ['another status', answering(500, '<Response/>')],
  ['a redirect', answering(302, '', { location: 'http://169.254.169.254/' })],
  ['a reset connection', resetting],
  ['more than 64 KiB', answering(200, 'x'.repeat(65 * 1024))],
])('%s is no document, and the fallback is asked instead', async (_, failing) => {
  server.answer = (response, asked) => {
    (asked.url === '/fallback' ? answering(200, '<Response><Hangup/></Response>') : failing)(response, asked);
  };
  expect(await fetchDocument()).toMatchObject({ texml: null });
  const fallbackUrl = `${server.url}/fallback`;
  expect(await fetchDocument({ fallbackUrl })).toMatchObject({
    texml: '<Response><Hangup/></Response>',
    url: fallbackUrl,
  });
});

test.each([
  'http://127.0.0.1:9/',
  'http://127.1/',
  'http://0x7f000001/',
  'https://2130706433/',
  'https://[::1]/',
  'https://127.0.0.1/',
  'https://localhost/',
  'https://example.com:8443/',
  'https://user:secret@example.com/',
  'file:///etc/passwd',
  'not an address',
])('%s is never asked', async (url) => {
  server.answer = answering(200, '{}');
  const by = create({ allowedHosts: [] });
  expect(await requestOf(url, by)).toEqual({ kind: 'http', status: null, body: '' });
  expect(await requestOf(server.url, by)).toEqual({ kind: 'http', status: null, body: '' });
  expect(server.asked).toEqual([]);
});

test('a request of a flow carries its JSON, and brings back status and text', async () => {
  server.answer = answering(404, '{"why":"gone"}');
  expect(await requestOf(`${server.url}/orders`)).toEqual({ kind: 'http', status: 404, body: '{"why":"gone"}' });
  expect(server.asked[0]).toMatchObject({ method: 'POST', url: '/orders' });
  expect(server.asked[0]?.headers).toMatchObject({ 'content-type': 'application/json', 'content-length': '7' });
  expect(server.asked[0]?.body.toString()).toBe('{"a":1}');
});

test('a server that says nothing is given up after the request’s own time', async () => {
  expect(await requestOf(server.url)).toEqual({ kind: 'http', status: null, body: '' });
});

test('an agent’s browser has the address of its user, and without browsers there is none', async () => {
  const browsers = {
    sipUsername: (id: string) => Promise.resolve(`gencred-${id}`),
    logIn: () => Promise.reject(new Error()),
  };
  const errand = { kind: 'address', clientId: 'ana' } as const;
  expect(await create({ browsers }).addressOfAgent(errand)).toMatchObject({ sipUri: 'sip:gencred-ana@sip.telnyx.com' });
  expect(await create().addressOfAgent(errand)).toMatchObject({ sipUri: null });
});

test.each([
  ['+12025550123', true],
  ['sip:ana@pbx.example.com', true],
  ['+19005550123', false],
  ['+442071234567', false],
  ['+1911', false],
  ['+12025550199', false],
  ['0012025550123', false],
  ['sip:+19005550123@sip.telnyx.com', false],
])('%s may be dialed from a call to +12025550199: %s', async (target, may) => {
  const forbidden = await create().checkTargets({ targets: ['+12025550100', target], leadPhone: '+12025550199' });
  expect(forbidden).toBe(may ? null : target);
});
