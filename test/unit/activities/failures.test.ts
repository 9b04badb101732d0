import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { z } from 'zod';
import { classify, parseRetryAfter } from '../../../activities/failures';
import type { Failure } from '../../../activities/failures';
import { createTelnyxClient } from '../../../platform/telnyx/client';
import { aLocalServer, answering, resetting, stallingInTheBody } from '../platform/local-server';
import type { Answering } from '../platform/local-server';

const server = aLocalServer();

/** What the real client's error about this answer means. */
async function verdictOn(answer: Answering): Promise<Failure> {
  server.answer = answer;
  return verdictOf(server.url, 500);
}

async function verdictOf(origin: string, limitMs?: number): Promise<Failure> {
  const client = createTelnyxClient({
    apiKey: 'KEY',
    baseUrl: `${origin}/v2`,
    ...(limitMs !== undefined && { limitMs }),
  });
  const answer = z.object({ data: z.object({ call_leg_id: z.string() }) });
  return client.request('post', '/calls', answer, { body: { to: '+15559999999' } }).then(
    () => {
      throw new Error('the request succeeded');
    },
    (error: unknown) => classify(error),
  );
}

/** Telnyx's refusal, as its documentation has it. */
const refusal = (status: number, code: string | number, detail: string, headers = {}): Answering =>
  answering(status, { errors: [{ code, title: 'Refused', detail }] }, headers);

test.each<[string, Answering, Failure['verdict'], string]>([
  ['400, a field is wrong', refusal(400, '10015', 'Bad Request'), 'final', '10015'],
  ['401, the key is wrong', refusal(401, '10009', 'Authentication failed'), 'later', 'carrier_credentials'],
  ['403, the key may not do it', refusal(403, '10010', 'Not permitted'), 'later', 'carrier_credentials'],
  ['403, a destination not allowed', refusal(403, '10010', 'Dialed number is not whitelisted D13'), 'final', '10010'],
  ['403, the same with a full stop', refusal(403, '10010', 'Dialed number is not whitelisted D13.'), 'final', '10010'],
  ['403, the account’s channels', refusal(403, '10010', 'Account channel limit exceeded D1'), 'later', 'channel_limit'],
  ['403, the connection’s channels', refusal(403, '10010', 'Connection limit exceeded D22'), 'later', 'channel_limit'],
  [
    '403, the reason behind a long detail',
    refusal(403, '10010', `${'Account channel limit exceeded. '.repeat(20)} D1`),
    'later',
    'channel_limit',
  ],
  [
    '403, the destination behind a long detail',
    refusal(403, '10010', `${'Dialed number is not whitelisted. '.repeat(20)} D13`),
    'final',
    '10010',
  ],
  ['422, a limit’s code', refusal(422, '90041', 'Outbound channel limit exceeded'), 'later', 'channel_limit'],
  ['422, a bad number', refusal(422, '10016', 'Phone number must be in +E164 format'), 'final', '10016'],
  ['422, a code that is a number', refusal(422, 10016, 'Phone number'), 'final', '10016'],
  ['422, the call is not answered yet', refusal(422, '90034', 'Not answered'), 'later', 'not_answered_yet'],
  ['422, the call has ended', refusal(422, '90018', 'Call has already ended'), 'gone', '90018'],
  ['422, no such call', refusal(422, '90015', 'Invalid Call Control ID'), 'gone', '90015'],
  ['422, the conference has ended', refusal(422, '90019', 'Conference has already ended'), 'gone', '90019'],
  ['422, already there', refusal(422, '90044', 'Already in the conference'), 'final', '90044'],
  ['404', refusal(404, '10005', 'Resource not found'), 'gone', '10005'],
  ['404 without JSON', answering(404, '<html>nothing here</html>'), 'gone', 'http_404'],
  ['404 with an object for a list', answering(404, { errors: { detail: 'nothing' } }), 'gone', 'http_404'],
  ['422 with an empty list', answering(422, { errors: [] }), 'final', 'http_422'],
  ['422 with a list of nothing', answering(422, { errors: [null] }), 'final', 'http_422'],
  // Node's fetch makes a network error without a code of it (fetch.spec.whatwg.org: HTTP-network-or-cache fetch).
  ['407, a proxy', answering(407, 'proxy'), 'unclear', 'no_answer_from_carrier'],
  ['429', refusal(429, '90103', 'Too many requests'), 'later', 'rate_limited'],
  ['429 of the edge', answering(429, '<html>slow down</html>'), 'later', 'rate_limited'],
  ['402', answering(402, {}), 'unclear', 'http_402'],
  ['408', answering(408, {}), 'unclear', 'http_408'],
  ['409', refusal(409, '10001', 'Duplicate command'), 'unclear', 'http_409'],
  ['500', refusal(500, '10007', 'Unexpected error'), 'unclear', 'http_500'],
  ['502 of the edge', answering(502, '<html>bad gateway</html>'), 'unclear', 'http_502'],
  ['503', answering(503, {}), 'unclear', 'http_503'],
  ['504', answering(504, ''), 'unclear', 'http_504'],
  ['a redirect', answering(307, '', { location: '/v2/elsewhere' }), 'unclear', 'http_307'],
  ['a connection that is reset', resetting, 'unclear', 'no_answer_from_carrier'],
  ['no answer', () => undefined, 'unclear', 'no_answer_from_carrier'],
  ['a body that stalls', stallingInTheBody, 'unclear', 'no_answer_from_carrier'],
  ['200 and HTML', answering(200, '<html>maintenance</html>'), 'unclear', 'no_answer_from_carrier'],
  ['200 and nothing', answering(200, ''), 'unclear', 'no_answer_from_carrier'],
  ['200 without ids', answering(200, { data: {} }), 'unclear', 'no_answer_from_carrier'],
  [
    '200 and broken JSON',
    answering(200, '{"data":{', { 'content-type': 'application/json' }),
    'unclear',
    'no_answer_from_carrier',
  ],
])('%s', async (_name, answer, verdict, code) => {
  expect(await verdictOn(answer)).toMatchObject({ verdict, code });
});

async function closedPort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => probe.once('listening', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

test('a carrier that refuses the connection was sent nothing', async () => {
  expect(await verdictOf(`http://127.0.0.1:${await closedPort()}`)).toMatchObject({
    verdict: 'later',
    code: 'carrier_unreachable',
  });
});

test.each<[string, Failure['verdict']]>([
  ['ECONNREFUSED', 'later'],
  ['ENOTFOUND', 'later'],
  ['EAI_AGAIN', 'later'],
  ['EHOSTUNREACH', 'later'],
  ['ENETUNREACH', 'later'],
  ['UND_ERR_CONNECT_TIMEOUT', 'later'],
  ['CERT_HAS_EXPIRED', 'later'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'later'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'later'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'later'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'later'],
  ['ECONNRESET', 'unclear'],
  ['EPIPE', 'unclear'],
  ['ETIMEDOUT', 'unclear'],
  ['UND_ERR_SOCKET', 'unclear'],
  ['UND_ERR_HEADERS_TIMEOUT', 'unclear'],
  ['UND_ERR_BODY_TIMEOUT', 'unclear'],
  ['EUNHEARDOF', 'unclear'],
])('a connection that failed with %s is %s', (code, verdict) => {
  const cause = Object.assign(new TypeError('fetch failed'), { cause: Object.assign(new Error(code), { code }) });
  expect(classify(new Error('Connection error.', { cause })).verdict).toBe(verdict);
});

test('whatever is thrown, a phone may have rung unless it is known better', () => {
  fc.assert(
    fc.property(fc.anything(), (thrown) => {
      expect(classify(thrown).verdict).toBe('unclear');
    }),
  );
});

test('an error that is its own cause is read to an end', () => {
  const error = new Error('round');
  error.cause = error;
  expect(classify(error).verdict).toBe('unclear');
});

describe('the detail', () => {
  test('is what the carrier said', async () => {
    expect((await verdictOn(refusal(422, '10016', 'Not a valid number'))).detail).toBe('Not a valid number');
  });

  test('is the title where there is no more', async () => {
    expect((await verdictOn(answering(422, { errors: [{ code: '1', title: 'Refused' }] }))).detail).toBe('Refused');
  });

  test('says that there was no answer', async () => {
    expect((await verdictOn(stallingInTheBody)).detail).toBe('no answer within 10 seconds');
  });

  test('says how the connection failed', async () => {
    const { detail } = await verdictOf(`http://127.0.0.1:${await closedPort()}`);
    expect(detail).toBe('APIConnectionError ECONNREFUSED');
  });

  test('is never longer than 300 characters', async () => {
    expect((await verdictOn(refusal(422, '1', 'x'.repeat(5_000)))).detail).toHaveLength(300);
  });

  test.each(['+15559999999', '15559999999', '+1 555 999 9999', '(555) 999-9999', '555-999-9999'])(
    'does not show the number %s',
    async (number) => {
      const { detail } = await verdictOn(refusal(422, '10016', `${number} is not valid`));
      expect(detail).not.toMatch(/9999/);
    },
  );

  test('does not show the number of an answer that is no JSON', async () => {
    expect((await verdictOn(answering(502, '<p>+15559999999</p>'))).detail).not.toContain('9999');
  });
});

describe('Retry-After', () => {
  const now = Date.parse('2026-01-05T12:00:00.000Z');
  const tenYearsMs = 10 * 365 * 86_400_000;

  test.each<[string, string | null, number | null]>([
    ['absent', null, null],
    ['empty', '', null],
    ['0', '0', 0],
    ['seconds', '7', 7_000],
    ['seconds with spaces around them', ' 7 ', 7_000],
    ['parts of a second', '0.25', 250],
    ['ten years', `${tenYearsMs / 1000}`, tenYearsMs],
    ['a date to come', 'Mon, 05 Jan 2026 12:00:30 GMT', 30_000],
    ['a date in ten years', new Date(now + tenYearsMs).toUTCString(), tenYearsMs],
    ['a date gone by', 'Mon, 05 Jan 2026 11:00:00 GMT', 0],
    ['negative', '-5', null],
    ['hexadecimal', '0x10', null],
    ['in scientific notation', '1e9', null],
    ['infinite', 'Infinity', null],
    ['more digits than a number has', '9'.repeat(400), null],
    ['garbage', 'soon', null],
    ['garbage with a number', 'try in 5', null],
    ['two values', '5, 7', null],
  ])('that is %s', (_name, header, expected) => {
    expect(parseRetryAfter(header, now)).toBe(expected);
  });

  test('is null or a number that can be waited for, whatever the header says', () => {
    const header = fc.oneof(fc.string(), fc.double().map(String), fc.date().map(String), fc.integer().map(String));
    fc.assert(
      fc.property(header, (text) => {
        const waitMs = parseRetryAfter(text, now) ?? 0;
        expect(Number.isFinite(waitMs) && waitMs >= 0).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  test('of an answer is read from its header', async () => {
    expect((await verdictOn(refusal(429, '90103', 'slow', { 'retry-after': '3' }))).retryAfterMs).toBe(3_000);
  });
});
