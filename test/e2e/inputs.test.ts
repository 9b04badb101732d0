/**
 * Bad input, one row each, over real HTTP. The numbers are those of the catalogue of bad inputs: B01–B35 come from
 * clients, B36–B58 from whoever speaks like the carrier. None of them places a call or fails inside.
 */
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import * as rawHttp from '../support/raw-http';
import { BASE_PATH, hasEnded, logLines, startSystem, stopSystems } from '../support/system';
import type { Answer, System } from '../support/system';
import { event, now, post, signature, signedHeaders } from '../support/webhooks';

const { statusOf } = rawHttp;

let system: System;
beforeAll(async () => {
  system = await startSystem({ settings: { phoneSpeed: 4 } });
});
afterAll(stopSystems);

const TO = '+15550600007';
type Headers = Record<string, string>;
type Fields = Record<string, unknown>;
const placed = (): number => system.ledger().legs.length;
const initiate = (body: unknown, headers: Headers = {}): Promise<Answer> =>
  system.request('POST', `${BASE_PATH}/initiate`, { body, headers });

const speak = (bytes: string | Buffer): Promise<string> => rawHttp.speak(system.url, bytes);
const head = (line: string, headers: readonly string[]): string =>
  [line, 'Host: outcall', `X-API-Key: ${system.stack.apiKey}`, 'Connection: close', ...headers, '', ''].join('\r\n');
const POST = `POST ${BASE_PATH}/initiate HTTP/1.1`;
const JSON_TYPE = 'Content-Type: application/json';

const nested = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`;

describe('bodies of POST /initiate', () => {
  const rows: [string, unknown, number, Headers?][] = [
    ...[undefined, null, '', [], {}, true].map((to): [string, unknown, number] => [
      `B03 to_phone ${JSON.stringify(to)}`,
      { to_phone: to },
      422,
    ]),
    ['B04 a number', { to_phone: 15551234567 }, 422],
    ...['15551234567', '0015551234567', '555-1234'].map((to): [string, unknown, number] => [
      `B05 ${to}`,
      { to_phone: to },
      422,
    ]),
    ...['+1 202 555 0123', '+1-202-555-0123', 'tel:+12025550123'].map((to): [string, unknown, number] => [
      `B06 ${to}`,
      { to_phone: to },
      422,
    ]),
    ...['+12025550123,9001', '+12025550123;ext=9', '+12025550123x5'].map((to): [string, unknown, number] => [
      `B07 ${to}`,
      { to_phone: to },
      422,
    ]),
    ['B08 two numbers', { to_phone: ['+12025550123', '+12025550124'] }, 422],
    ['B09 a SIP address', { to_phone: 'sip:evil@example.com' }, 422],
    ['B09 a secure SIP address', { to_phone: 'sips:evil@example.com;secure=dtls' }, 422],
    ['B10 full-width digits', { to_phone: '+１２０２５５５０１２３' }, 422],
    ['B10 Arabic-Indic digits', { to_phone: '+١٢٠٢٥٥٥٠١٢٣' }, 422],
    ['B11 a newline', { to_phone: '+12025550123\n' }, 422],
    ['B11 a leading space', { to_phone: ' +12025550123' }, 422],
    ['B11 a zero-width space', { to_phone: '+1202\u200b5550123' }, 422],
    ['B11 right-to-left override', { to_phone: '\u202e+12025550123' }, 422],
    ...['+1911', '+112', '911'].map((to): [string, unknown, number] => [`B12 ${to}`, { to_phone: to }, 422]),
    ...['+19005550123', '+18765550123', '+979123456789', '+882161234567'].map((to): [string, unknown, number] => [
      `B13 ${to}`,
      { to_phone: to },
      403,
    ]),
    ['B14 16 digits', { to_phone: '+1555123456789012' }, 422],
    ['B15 a foreign caller id', { to_phone: TO, from_phone: '+12025550100' }, 422],
    ['B15 itself', { to_phone: '+15551234567' }, 422],
    ['B16 webhook_url', { to_phone: TO, webhook_url: 'http://evil' }, 422],
    ['B16 connection_id', { to_phone: TO, connection_id: 'other' }, 422],
    ['B16 record_format', { to_phone: TO, record_format: 'exe' }, 422],
    ['B17 __proto__', `{"to_phone":"${TO}","__proto__":{"admin":true}}`, 422],
    ['B17 constructor', `{"to_phone":"${TO}","constructor":{"prototype":{}}}`, 422],
    ['B17 __proto__ in metadata', `{"to_phone":"${TO}","metadata":{"__proto__":{"admin":true}}}`, 422],
    ['B18 duplicate keys: the last wins', `{"to_phone":"${TO}","to_phone":"911"}`, 422],
    ['B19 malformed', '{"to_phone":', 400],
    ['B19 NaN', '{"to_phone":NaN}', 400],
    ['B19 single quotes', `{'to_phone':'${TO}'}`, 400],
    ['B19 a trailing comma', `{"to_phone":"${TO}",}`, 400],
    ['B20 a string', '"x"', 422],
    ['B20 null', 'null', 422],
    ['B20 a list', '[]', 422],
    ['B20 nothing', '', 400],
    ['B21 depth 33', `{"to_phone":"${TO}","metadata":${nested(33)}}`, 400],
    ['B21 depth 20,000', `{"to_phone":"${TO}","metadata":${nested(20_000)}}`, 400],
    ['B22 64 KiB + 1', 'x'.repeat(64 * 1024 + 1), 413],
    ...['text/plain', 'application/xml', 'multipart/form-data', ''].map((type): [string, unknown, number, Headers] => [
      `B23 type "${type}"`,
      `{"to_phone":"${TO}"}`,
      415,
      { 'content-type': type },
    ]),
    ['B24 gzip', new Uint8Array(gzipSync(Buffer.alloc(5_000_000, 32))), 415, { 'content-encoding': 'gzip' }],
    ['B24 br', `{"to_phone":"${TO}"}`, 415, { 'content-encoding': 'br' }],
    ['B24 bogus', `{"to_phone":"${TO}"}`, 415, { 'content-encoding': 'bogus' }],
    ['B24 a chain', `{"to_phone":"${TO}"}`, 415, { 'content-encoding': Array(1000).fill('gzip').join() }],
    ['B25 utf-7', `{"to_phone":"${TO}"}`, 415, { 'content-type': 'application/json; charset=utf-7' }],
    ['B25 no UTF-8', new Uint8Array(Buffer.from(`{"to_phone":"${TO}","metadata":{"a":"\xff"}}`, 'latin1')), 400],
    ['B25 a lone surrogate', `{"to_phone":"${TO}","metadata":{"a":"\\ud800"}}`, 422],
    ['B26 an empty key', { to_phone: TO }, 400, { 'idempotency-key': '' }],
    ['B26 256 characters', { to_phone: TO }, 400, { 'idempotency-key': 'k'.repeat(256) }],
    ['B26 a tab within', { to_phone: TO }, 400, { 'idempotency-key': 'a\tb' }],
    ['B28 1 MB of metadata is beyond the body', { to_phone: TO, metadata: { a: 'x'.repeat(1e6) } }, 413],
    ['B28 5 kB of metadata', { to_phone: TO, metadata: { a: 'x'.repeat(5_000) } }, 422],
    ['B29 a field of campaigns', { to_phone: TO, not_before: '2099-01-01T00:00:00Z' }, 422],
    ['B29 Infinity', `{"to_phone":"${TO}","metadata":{"a":1e999}}`, 422],
    ['B29 lost digits', `{"to_phone":"${TO}","metadata":{"a":12345678901234567890}}`, 422],
    ...[0, -1, 14_001, '60', 60.5].map((limit): [string, unknown, number] => [
      `B30 time_limit_secs ${JSON.stringify(limit)}`,
      { to_phone: TO, time_limit_secs: limit },
      422,
    ]),
  ];
  test.each(rows)('%s', async (_what, body, status, headers = {}) => {
    const before = placed();
    const answer = await initiate(body, headers);
    expect({ status: answer.status, body: answer.body }).toMatchObject({ status, body: { status } });
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(JSON.stringify(answer.body)).not.toMatch(/node_modules|\.ts:|\bat \//);
    expect(placed()).toBe(before);
    expect(({} as Fields)['admin']).toBeUndefined();
  });

  test.each(['+1555060', '+155506012345007'])('B14 %s is a number', async (to_phone) => {
    expect(await initiate({ to_phone })).toMatchObject({ status: 201, body: { to_phone } });
  });

  test('B26 two keys, two headers', async () => {
    const body = JSON.stringify({ to_phone: TO });
    const keys = ['Idempotency-Key: a', 'Idempotency-Key: b', `Content-Length: ${body.length}`];
    const heard = await speak(head(POST, [JSON_TYPE, ...keys]) + body);
    expect(heard).toContain('"code":"invalid_idempotency_key"');
    expect(statusOf(heard)).toBe(400);
  });

  test('B28 a hundred keys are given back', async () => {
    const metadata = Object.fromEntries(Array.from({ length: 100 }, (_each, index) => [`key ${index}`, index]));
    const callId = await system.call({ to_phone: '+15550607007', metadata });
    expect(await system.status(callId)).toMatchObject({ metadata });
  });

  test('B19, B28: a BOM is skipped, metadata is given back as it came', async () => {
    const metadata = { 'a.b': '${TELNYX_API_KEY}', $c: 'x\r\nY: z' };
    const accepted = await initiate(
      new Uint8Array(Buffer.from(`\ufeff${JSON.stringify({ to_phone: '+15550601007', metadata })}`)),
    );
    expect(accepted.status).toBe(201);
    expect(await system.status(accepted.body['call_id'] as string)).toMatchObject({ metadata });
  });

  test('B27 50 at once with one key are one call', async () => {
    const headers = { 'idempotency-key': randomUUID() };
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => initiate({ to_phone: '+15550602007' }, headers)),
    );
    expect(new Set(answers.map(({ body }) => body['call_id'])).size).toBe(1);
    expect(await initiate({ to_phone: '+15550603007' }, headers)).toMatchObject({ status: 422 });
  });
});

describe('keys, addresses and methods', () => {
  test.each([
    ['B01 no key', [], 401],
    ['B01 an empty key', ['X-API-Key: '], 401],
    ['B01 a key of 1 MB', [`X-API-Key: ${'k'.repeat(1e6)}`], 431],
  ])('%s', async (_what, keys, status) => {
    const request = [`GET ${BASE_PATH}/calls HTTP/1.1`, 'Host: outcall', 'Connection: close', ...keys, '', ''];
    expect(statusOf(await speak(request.join('\r\n')))).toBe(status);
  });

  test('B02 two keys, or one in the query only', async () => {
    expect(statusOf(await speak(head(`GET ${BASE_PATH}/calls HTTP/1.1`, ['X-API-Key: other'])))).toBe(401);
    const inQuery = `${BASE_PATH}/calls?x-api-key=${system.stack.apiKey}`;
    expect(await system.request('GET', inQuery, { headers: { 'x-api-key': '' } })).toMatchObject({ status: 401 });
  });

  test.each(['%E0%A4%A', '%00', '../..', 'x'.repeat(10_000), 'COLD_CALL_*', 'COLD_CALL_x%0d%0aSET%20a%20b'])(
    'B31 no call is called %s',
    async (id) => {
      for (const path of [`/calls/${id}`, `/calls/${id}/events`, `/status/${id}`]) {
        const status = statusOf(await speak(head(`GET ${BASE_PATH}${path} HTTP/1.1`, [])));
        expect([400, 404]).toContain(status);
      }
    },
  );

  const someId = `COLD_CALL_${'0'.repeat(26)}`;
  const routes = [
    '/initiate',
    '/calls',
    `/calls/${someId}`,
    `/calls/${someId}/events`,
    `/calls/${someId}/hangup`,
    '/end',
  ];
  test.each([...routes, '/webhook/telnyx/call-status'])('B32 %s has no other methods', async (path) => {
    for (const method of ['DELETE', 'TRACE', 'PUT', 'PATCH']) {
      const heard = await speak(head(`${method} ${BASE_PATH}${path} HTTP/1.1`, ['Content-Length: 0']));
      expect({ method, status: statusOf(heard) }).toEqual({ method, status: 405 });
      expect(heard).toMatch(/^allow: .+OPTIONS/im);
    }
    expect(statusOf(await speak(head(`FOO ${BASE_PATH}${path} HTTP/1.1`, [])))).toBe(400);
    expect(statusOf(await speak(head(`OPTIONS ${BASE_PATH}${path} HTTP/1.1`, [])))).toBe(204);
  });

  const body = `{"to_phone":"${TO}"}`;
  const chunked = `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
  const long = `X-Long: ${'x'.repeat(20_000)}`;
  test.each<[string, number, () => string]>([
    [
      'a length and chunks',
      400,
      () => head(POST, [JSON_TYPE, 'Content-Length: 1', 'Transfer-Encoding: chunked']) + chunked,
    ],
    ['chunks in another encoding', 400, () => head(POST, [JSON_TYPE, 'Transfer-Encoding: chunked, x']) + chunked],
    ['two lengths', 400, () => head(POST, [JSON_TYPE, 'Content-Length: 1', `Content-Length: ${body.length}`]) + body],
    ['a length below zero', 400, () => head(POST, [JSON_TYPE, 'Content-Length: -1']) + body],
    ['chunks of no size', 400, () => `${head(POST, [JSON_TYPE, 'Transfer-Encoding: chunked'])}zz\r\n`],
    ['a header without a colon', 400, () => head(POST, [JSON_TYPE, 'no header'])],
    ['a header with a line end in it', 400, () => head(POST, [JSON_TYPE, 'X-A: b\rX-API-Key: c'])],
    ['no Host', 400, () => 'GET /healthz HTTP/1.1\r\n\r\n'],
    ['no version', 400, () => 'GET /healthz\r\n\r\n'],
    ['HTTP/2.0', 400, () => 'GET /healthz HTTP/2.0\r\nHost: outcall\r\n\r\n'],
    ['20 KiB in one header', 431, () => head('GET /healthz HTTP/1.1', [long])],
  ])('B33 %s is %i, answered once, and calls nobody', async (_what, status, bytes) => {
    const heard = await speak(bytes());
    expect(statusOf(heard)).toBe(status);
    expect(heard.match(/HTTP\/1\.1 \d/g)).toHaveLength(1);
    expect(system.ledger().legs.filter(({ to }) => to === TO)).toEqual([]);
  });

  test('B34 headers that claim another address, method or path change nothing', async () => {
    const headers = {
      'x-forwarded-for': '127.0.0.1',
      'x-http-method-override': 'DELETE',
      'x-original-url': '/healthz',
    };
    expect((await system.request('GET', `${BASE_PATH}/calls/${someId}`, { headers })).status).toBe(404);
  });

  test('B35 ending a call that ended answers what it is; one that never was is 404', async () => {
    const callId = await system.call({ to_phone: '+15550604001' });
    await system.until(callId, hasEnded);
    const end = (id: string): Promise<Answer> => system.request('POST', `${BASE_PATH}/calls/${id}/hangup`);
    expect(await end(callId)).toMatchObject({ status: 200, body: { outcome: 'busy' } });
    expect((await end(someId)).status).toBe(404);
    expect((await end('garbage')).status).toBe(404);
  });

  test('B22 a body without an end is cut off', async () => {
    const chunk = `4000\r\n${'x'.repeat(0x4000)}\r\n`;
    const endless = head(POST, [JSON_TYPE, 'Transfer-Encoding: chunked']) + chunk.repeat(6);
    expect(statusOf(await speak(endless))).toBe(413);
    expect(statusOf(await speak(head(POST, [JSON_TYPE, 'Content-Length: 100000000']) + 'x'))).toBe(413);
  });
});

describe('webhooks', () => {
  const signed = (body: string | Buffer, timestamp = String(now()), headers: Headers = {}): Promise<Answer> =>
    post(system, body, { ...signedHeaders(system, body, timestamp), ...headers });
  const GOOD = event('call.answered', { call_control_id: 'nobody', call_leg_id: 'nobody' });

  test('B36, B37, B38 signatures that are missing, foreign or misspelt', async () => {
    const timestamp = String(now());
    const good = signature(system, GOOD, timestamp);
    const foreign = signature(system, GOOD, timestamp, generateKeyPairSync('ed25519').privateKey);
    const flipped = (good.startsWith('A') ? 'B' : 'A') + good.slice(1);
    const bad = [
      foreign,
      flipped,
      good.replace(/=+$/, ''),
      `${good}!!!`,
      good.slice(4),
      `${good.slice(0, -2)}AA==`,
      '',
    ];
    for (const given of bad) {
      const headers = { 'telnyx-timestamp': timestamp, 'telnyx-signature-ed25519': given };
      expect({ given, status: (await post(system, GOOD, headers)).status }).toEqual({ given, status: 401 });
    }
    expect((await post(system, GOOD, {})).status).toBe(401);
    expect((await post(system, GOOD, { 'telnyx-timestamp': timestamp })).status).toBe(401);
    expect((await post(system, GOOD, { 'telnyx-signature-ed25519': good })).status).toBe(401);
  });

  test.each([
    ['B39 301 s late', () => String(now() - 301), 401],
    ['B39 301 s early', () => String(now() + 302), 401],
    ['B39 299 s late', () => String(now() - 298), 200],
    ['B39 299 s early', () => String(now() + 298), 200],
    ['B40 milliseconds', () => String(Date.now()), 401],
    ['B40 letters', () => 'abc', 401],
    ['B40 a fraction', () => '1.9', 401],
    ['B40 hexadecimal', () => `0x${now().toString(16)}`, 401],
    ['B40 letters behind', () => `${now()}abc`, 401],
    ['B40 nothing', () => '', 401],
    ['B40 400 digits', () => '9'.repeat(400), 401],
  ])('%s', async (_what, timestamp, status) => {
    expect((await signed(GOOD, timestamp())).status).toBe(status);
  });

  test('B41, B43 bytes that moved to the timestamp, or were printed again', async () => {
    const timestamp = String(now());
    const body = `7|${GOOD}`;
    const given = { 'telnyx-signature-ed25519': signature(system, body, timestamp) };
    expect((await post(system, GOOD, { ...given, 'telnyx-timestamp': `${timestamp}|7` })).status).toBe(401);
    const pretty = JSON.stringify(JSON.parse(GOOD), null, 2);
    const good = { 'telnyx-signature-ed25519': signature(system, GOOD, timestamp), 'telnyx-timestamp': timestamp };
    expect((await post(system, pretty, good)).status).toBe(401);
  });

  test.each([
    ...['no json', '[]', 'null', '"x"', '{}', '{"data":null}', '{"data":{"event_type":"x","payload":"y"}}'].map(
      (body): [string, string, number] => [`B44 ${body}`, body, 400],
    ),
    ['B45 an unknown type', event('call.sneezed'), 200],
    ['B45 the shape of version 1', '{"event_type":"recording_saved","id":"1","payload":{"call_session_id":"2"}}', 200],
    ['B46 call_control_id unknown', event('call.answered', { call_control_id: 'v3:nobody', call_leg_id: 'x' }), 200],
    ['B46 call_control_id of 1 MB', event('call.answered', { call_control_id: 'x'.repeat(1e6) }), 413],
    ['B46 call_control_id a number', event('call.answered', { call_control_id: 7 }), 200],
    ['B46 call_control_id an object', event('call.answered', { call_control_id: {} }), 200],
    ['B47 client_state garbage', event('call.answered', { client_state: '%%%' }), 200],
    ['B47 client_state with __proto__', event('call.answered', { client_state: 'eyJfX3Byb3RvX18iOnt9fQ==' }), 200],
    ['B48 a foreign connection', event('call.answered', { connection_id: '1', call_leg_id: 'x' }), 200],
    ['B50 no recording URLs', event('call.recording.saved', { recording_urls: null }), 200],
    ['B51 no date', event('call.answered', {}, { occurred_at: 'yesterday' }), 200],
    ['B51 the year 9999', event('call.answered', {}, { occurred_at: '9999-01-01T00:00:00Z' }), 200],
    ['B52 a number of 1 MB', event('call.answered', { to: 'x'.repeat(1e6) }), 413],
    [
      'B58 100,000 keys',
      event('call.answered', Object.fromEntries(Array.from({ length: 1e5 }, (_each, key) => [key, 0]))),
      413,
    ],
    ['B53 256 KiB + 1', ' '.repeat(256 * 1024 + 1), 413],
    ['B58 duplicate keys', '{"data":{"id":"a","id":"b","event_type":"x.y","payload":{}}}', 200],
    ['B58 depth 5,000', `{"data":{"event_type":"x","payload":{"a":${nested(5_000)}}}}`, 400],
  ] as [string, string, number][])('%s', async (_what, body, status) => {
    const before = placed();
    const answer = await signed(body);
    expect({ status: answer.status, body: answer.body }).toMatchObject({ status });
    expect(placed()).toBe(before);
  });

  test('B52 whatever a webhook says, the log stays one line of plain JSON for each', async () => {
    const nasty = '\r\n{"level":50}\u001b[31m\u009b31m\u2028\u2029\u0085😀';
    const before = logLines.length;
    const body = event(`call.${nasty}`, { to: nasty, from: nasty, call_control_id: nasty }, { id: nasty });
    expect((await signed(body)).status).toBe(200);
    const lines = logLines.slice(before);
    expect(lines.join('')).toContain('Telnyx call webhook received: call.');
    for (const line of lines) {
      // eslint-disable-next-line no-control-regex -- those are what it is about
      expect(line.replace(/\n$/, '')).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/);
      expect(() => JSON.parse(line) as unknown).not.toThrow();
    }
  });

  test('B53 other types and encodings, and GET', async () => {
    expect((await signed(GOOD, String(now()), { 'content-type': 'text/plain' })).status).toBe(415);
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    expect((await signed(GOOD, String(now()), form)).status).toBe(415);
    expect((await signed(gzipSync(GOOD), String(now()), { 'content-encoding': 'gzip' })).status).toBe(415);
    const get = await system.request('GET', `${BASE_PATH}/webhook/telnyx/call-status?event_type=x`);
    expect(get.status).toBe(405);
  });

  test('B42, B55 a thousand copies of one event are taken, and do what one does', async () => {
    const callId = await system.call({ to_phone: '+15550606006' });
    await system.until(callId, ({ answered_at }) => answered_at !== null);
    const leg = system.ledger().legs.find(({ to }) => to === '+15550606006');
    const body = event('call.hangup', { ...leg, hangup_cause: 'normal_clearing', hangup_source: 'callee' });
    const headers = signedHeaders(system, body);
    const statuses = new Set<number>();
    for (let round = 0; round < 10; round++) {
      const answers = await Promise.all(Array.from({ length: 100 }, () => post(system, body, headers)));
      for (const { status } of answers) statuses.add(status);
    }
    expect([...statuses]).toEqual([200]);
    await system.until(callId, hasEnded);
    const events = await system.request('GET', `${BASE_PATH}/calls/${callId}/events`);
    expect(String(events.body['text']).match(/^event: hungUp$/gm)).toHaveLength(1);
  });

  test('B56, B57 events about a call that ended, at the wrong address, change nothing', async () => {
    const callId = await system.call({ to_phone: '+15550605007' });
    const before = await system.until(callId, hasEnded);
    const [leg] = system.ledger().legs.filter(({ to }) => to === '+15550605007');
    for (const type of ['call.answered', 'call.hangup', 'call.hangup', 'conference.participant.left']) {
      const body = event(type, leg);
      const headers = signedHeaders(system, body);
      // As the carrier does with what was not taken: a busy Temporal is answered 503.
      let answer = await post(system, body, headers, 'conference-status');
      for (let tries = 1; answer.status === 503 && tries < 5; tries++)
        answer = await post(system, body, headers, 'conference-status');
      expect(answer.status).toBe(200);
    }
    const { outcome, answered_at, joined_at, ended_at, duration_secs, hangup_cause } = before;
    expect(await system.status(callId)).toMatchObject({
      outcome,
      answered_at,
      joined_at,
      ended_at,
      duration_secs,
      hangup_cause,
    });
  });
});

test('after all of these, nobody has been called who was named in a refused request', () => {
  const called = system.ledger().legs.map(({ to }) => to);
  expect(called.filter((to) => !/^\+155506(?:0|0[1-7]\d{3}|012345007)$/.test(to))).toEqual([]);
});
