/** The contract of the HTTP API, from outside: idempotency, errors, webhooks and their signatures. */
import { createPrivateKey, randomUUID, sign } from 'node:crypto';
import { Client } from '@temporalio/client';
import { createCallDirectory, TemporalUnavailableError } from '../../server/call-directory';
import { BASE_PATH, hasEnded, startSystem, stopSystems } from '../support/system';
import type { Answer, System } from '../support/system';

let system: System;
beforeAll(async () => {
  system = await startSystem({ settings: { phoneSpeed: 4 } });
});
afterAll(stopSystems);

const post = (route: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer> =>
  system.request('POST', `${BASE_PATH}${route}`, { body, headers });
const legsTo = (to: string) => system.ledger().legs.filter((leg) => leg.to === to);

describe('POST /initiate', () => {
  test('answers 201 with the call, its links and a Location', async () => {
    const answer = await post('/initiate', { to_phone: '+15550400007', metadata: { lead: 7 } });
    const id = answer.body['call_id'] as string;
    expect(answer.status).toBe(201);
    expect(id).toMatch(/^COLD_CALL_[0-9A-HJKMNP-TV-Z]{26}$/);
    expect(answer.headers.get('location')).toBe(`${BASE_PATH}/calls/${id}`);
    expect(answer.body).toMatchObject({
      conference_id: id,
      conference_sid: id,
      status: 'initiated',
      provider: 'telnyx',
      to_phone: '+15550400007',
      from_phone: '+15551234567',
      webrtc: null,
      links: {
        status: `${system.url}${BASE_PATH}/calls/${id}`,
        hangup: `${system.url}${BASE_PATH}/calls/${id}/hangup`,
      },
    });
  });

  test('50 at once with one key: one call, one answer', async () => {
    const body = { to_phone: '+15550401007' };
    const headers = { 'idempotency-key': randomUUID() };
    const answers = await Promise.all(Array.from({ length: 50 }, () => post('/initiate', body, headers)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
    expect(new Set(answers.map(({ body: answer }) => JSON.stringify(answer))).size).toBe(1);
    expect(answers.filter(({ headers: given }) => given.get('idempotent-replayed') === 'true')).toHaveLength(49);
    await system.until(answers[0]?.body['call_id'] as string, hasEnded);
    expect(legsTo('+15550401007')).toHaveLength(1);
  });

  test('a repeat after the end is answered like the first, and rings nobody', async () => {
    const headers = { 'idempotency-key': randomUUID() };
    const first = await post('/initiate', { to_phone: '+15550402007' }, headers);
    await system.until(first.body['call_id'] as string, hasEnded);
    const second = await post('/initiate', { to_phone: '+15550402007' }, headers);
    expect(second.status).toBe(201);
    expect(second.headers.get('idempotent-replayed')).toBe('true');
    expect(second.body).toEqual(first.body);
    expect(legsTo('+15550402007')).toHaveLength(1);
  });

  test('the same key with another body is refused, and rings nobody', async () => {
    const headers = { 'idempotency-key': randomUUID() };
    await post('/initiate', { to_phone: '+15550403007' }, headers);
    const other = await post('/initiate', { to_phone: '+15550404007' }, headers);
    expect(other).toMatchObject({ status: 422, body: { code: 'idempotency_mismatch' } });
    expect(legsTo('+15550404007')).toEqual([]);
  });

  test.each([
    ['another provider', { to_phone: '+15550405007', provider: 'twilio' }, 501, 'provider_not_supported'],
    [
      'a handler that is not built yet',
      { to_phone: '+15550405007', handler: { type: 'playbook' } },
      422,
      'handler_not_available',
    ],
    ['a premium number', { to_phone: '+19005550123' }, 403, 'destination_not_allowed'],
    ['a number of another country', { to_phone: '+18765550123' }, 403, 'destination_not_allowed'],
    ['somebody else’s caller id', { to_phone: '+15550405007', from_phone: '+12025550100' }, 422, 'from_not_allowed'],
    ['an unknown field', { to_phone: '+15550405007', webhook_url: 'http://evil' }, 422, 'invalid_request'],
  ])('%s is refused', async (_what, body, status, code) => {
    const answer = await post('/initiate', body);
    expect(answer).toMatchObject({ status, body: { code, status } });
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
  });

  test.each([
    ['no key', { 'x-api-key': '' }],
    ['a wrong key', { 'x-api-key': 'nonsense' }],
  ])('%s is 401', async (_what, headers) => {
    expect(await post('/initiate', { to_phone: '+15550406007' }, headers)).toMatchObject({
      status: 401,
      body: { code: 'unauthorized' },
    });
  });
});

describe('reading and ending', () => {
  const unknown = `COLD_CALL_${'0'.repeat(26)}`;
  test.each(['GET calls', 'GET status', 'POST hangup'])('%s of an unknown call is 404', async (what) => {
    const route = what === 'POST hangup' ? `/calls/${unknown}/hangup` : `/${what.split(' ')[1]}/${unknown}`;
    const answer = await system.request(what.split(' ')[0] ?? '', `${BASE_PATH}${route}`);
    expect(answer).toMatchObject({ status: 404, body: { code: 'call_not_found' } });
  });

  test('both addresses answer the same document', async () => {
    const callId = await system.call({ to_phone: '+15550407007' });
    const document = await system.until(callId, hasEnded);
    expect((await system.request('GET', `${BASE_PATH}/status/${callId}`)).body).toMatchObject({
      call_id: callId,
      outcome: document.outcome,
    });
  });

  test('a method that a route does not have is 405 with Allow', async () => {
    const answer = await system.request('DELETE', `${BASE_PATH}/initiate`);
    expect(answer.status).toBe(405);
    expect(answer.headers.get('allow')).toBe('POST, OPTIONS');
  });

  test('health needs no key', async () => {
    const headers = { 'x-api-key': '' };
    expect(await system.request('GET', '/healthz', { headers })).toMatchObject({ status: 200 });
    expect(await system.request('GET', '/readyz', { headers })).toMatchObject({
      status: 200,
      body: { status: 'ready' },
    });
  });
});

describe('webhooks', () => {
  const now = (): string => String(Math.floor(Date.now() / 1000));
  const signed = (body: string, timestamp: string): Record<string, string> => ({
    'telnyx-timestamp': timestamp,
    'telnyx-signature-ed25519': sign(
      null,
      Buffer.from(`${timestamp}|${body}`),
      createPrivateKey(system.simulator.signingKey),
    ).toString('base64'),
  });
  const send = (body: string, headers: Record<string, string>, to = 'call-status'): Promise<Answer> =>
    system.request('POST', `${BASE_PATH}/webhook/telnyx/${to}`, { body: Buffer.from(body), headers });
  const event = (type: string, payload: object = {}): string => JSON.stringify({ data: { event_type: type, payload } });

  test.each(['call-status', 'conference-status', 'recording-status'])('a signed event is taken at %s', async (to) => {
    const body = event('conference.started', { conference_id: 'test' });
    const answer = await send(body, signed(body, now()), to);
    expect(answer).toMatchObject({ status: 200, body: { status: 'ok' } });
  });

  test('without a signature it is 401', async () => {
    expect(await send(event('call.answered'), {})).toMatchObject({ status: 401, body: { code: 'invalid_signature' } });
  });

  test.each([
    ['301 s old', -301, 401],
    ['299 s old', -299, 200],
    ['299 s early', 299, 200],
    ['301 s early', 301, 401],
  ])('a timestamp %s is answered as it should', async (_what, offset, status) => {
    const body = event('call.unknown');
    expect((await send(body, signed(body, String(Number(now()) + offset)))).status).toBe(status);
  });

  test('a changed byte is 401', async () => {
    const body = event('call.answered');
    expect((await send(`${body} `, signed(body, now()))).status).toBe(401);
  });

  test.each(['[]', 'null', '"x"', '{}', '{"data":null}', '{"data":{"event_type":"x","payload":"y"}}', 'no json'])(
    'signed %s is no event: 400',
    async (body) => {
      expect((await send(body, signed(body, now()))).status).toBe(400);
    },
  );

  test('an event of another installation or of no call is taken, and changes nothing', async () => {
    const body = event('call.hangup', {
      call_leg_id: 'x',
      call_control_id: 'y',
      client_state: Buffer.from('{"a":1}').toString('base64'),
    });
    expect((await send(body, signed(body, now()))).status).toBe(200);
  });

  test('a namespace that is not there says nothing of a call: the carrier has to come again', async () => {
    const event = { kind: 'hangupRequested', at: new Date().toISOString(), source: 'api' } as const;
    await system.withTemporal(async ({ connection }) => {
      const client = new Client({ connection, namespace: 'nowhere' });
      const directory = createCallDirectory({ client, taskQueue: 'none', leadKey: (number) => number });
      const told = directory.signal('COLD_CALL_00000000000000000000000001', event, 'an-event');
      await expect(told).rejects.toThrow(TemporalUnavailableError);
    });
  });
});
