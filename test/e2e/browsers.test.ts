/** Agents' browsers: how they log in under each configuration, and what the routes of agents refuse. */
import { randomUUID } from 'node:crypto';
import { BASE_PATH, hasEnded, startSystem, stopSystems } from '../support/system';
import type { Answer, System } from '../support/system';

const STAYS = '+15550800006';
const post = (system: System, path: string, body: unknown): Promise<Answer> =>
  system.request('POST', `${BASE_PATH}${path}`, { body });

afterAll(stopSystems);

describe('with a credential connection', () => {
  let system: System;
  let callId: string;
  beforeAll(async () => {
    system = await startSystem({ env: { TELNYX_SIP_CONNECTION_ID: '2222222222222222222' } });
    callId = await system.call({ to_phone: STAYS, record: false });
    await system.until(callId, ({ joined_at }) => joined_at !== null);
  }, 60_000);
  afterAll(() => post(system, `/calls/${callId}/hangup`, {}));

  const unknown = 'COLD_CALL_00000000000000000000000000';
  test.each<[string, string, () => unknown, number, string]>([
    ['join', 'no body', () => undefined, 415, 'unsupported_media_type'],
    ['join', 'half an object', () => '{"conference_id":', 400, 'invalid_json'],
    ['join', 'a list', () => [], 422, 'invalid_request'],
    ['join', 'no conference', () => ({ client_id: 'ana' }), 422, 'invalid_request'],
    ['join', 'a conference that is a number', () => ({ conference_id: 7, client_id: 'ana' }), 422, 'invalid_request'],
    ['join', 'no client', () => ({ conference_id: callId }), 422, 'invalid_request'],
    ['join', 'a client with spaces', () => ({ conference_id: callId, client_id: 'a b' }), 422, 'invalid_request'],
    [
      'join',
      'a client of 65 letters',
      () => ({ conference_id: callId, client_id: 'a'.repeat(65) }),
      422,
      'invalid_request',
    ],
    ['join', 'the lead', () => ({ conference_id: callId, client_id: 'lead' }), 422, 'invalid_request'],
    [
      'join',
      'the name of a telephone agent',
      () => ({ conference_id: callId, client_id: 'agent' }),
      422,
      'invalid_request',
    ],
    ['join', 'an unknown call', () => ({ conference_id: unknown, client_id: 'ana' }), 404, 'call_not_found'],
    ['join', 'a name that is no id', () => ({ conference_id: '../x', client_id: 'ana' }), 404, 'call_not_found'],
    ['mute', 'no conference', () => ({ participant_sid: 'lead', action: 'mute' }), 422, 'invalid_request'],
    ['mute', 'no participant', () => ({ conference_id: callId, action: 'mute' }), 422, 'invalid_request'],
    ['mute', 'no action', () => ({ conference_id: callId, participant_sid: 'lead' }), 422, 'invalid_request'],
    [
      'mute',
      'a deafening',
      () => ({ conference_id: callId, participant_sid: 'lead', action: 'deafen' }),
      422,
      'invalid_request',
    ],
    [
      'mute',
      'an unknown call',
      () => ({ conference_id: unknown, participant_sid: 'lead', action: 'mute' }),
      404,
      'call_not_found',
    ],
    [
      'mute',
      'somebody unknown',
      () => ({ conference_id: callId, participant_sid: 'x', action: 'mute' }),
      404,
      'participant_not_found',
    ],
    [
      'mute',
      '__proto__',
      () => ({ conference_id: callId, participant_sid: '__proto__', action: 'mute' }),
      404,
      'participant_not_found',
    ],
  ])('%s with %s', async (route, _what, body, status, code) => {
    const before = system.ledger().legs.length;
    const answer = await post(system, route === 'join' ? '/webrtc-join' : '/control/mute', body());
    expect([answer.status, answer.body['code']]).toEqual([status, code]);
    expect(system.ledger().legs).toHaveLength(before);
  });

  test.each(['__proto__', 'constructor', 'a'.repeat(64), 'Agent'])('a client may be called %s', async (client_id) => {
    const answer = await post(system, '/webrtc-join', { conference_sid: callId, client_id });
    expect([answer.status, answer.body['participant_sid']]).toEqual([200, client_id]);
    await system.until(callId, ({ participants }) => participants.some((one) => one.participant_sid === client_id));
  });

  test('many requests at once for a client that nobody knew make one login', async () => {
    const client_id = `new-${randomUUID()}`;
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => post(system, '/webrtc-join', { conference_id: callId, client_id })),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(answers.map(({ body }) => body['sip_username'])).size).toBe(1);
  });

  test.each(['listCredentials', 'createToken'])(
    'a carrier that fails at %s: 503, come again, nobody is rung',
    async (operation) => {
      await system.control('POST', 'faults', {
        operation,
        times: 1,
        fault: { kind: 'status', status: 500, applied: false },
      });
      const body = { conference_id: callId, client_id: `failing-${operation}` };
      const answer = await post(system, '/webrtc-join', body);
      expect([answer.status, answer.body['code'], answer.headers.get('retry-after')]).toEqual([
        503,
        'carrier_unavailable',
        '2',
      ]);
      const { participants } = await system.status(callId);
      expect(participants.map((one) => one.participant_sid)).not.toContain(body.client_id);
      expect((await post(system, '/webrtc-join', body)).status).toBe(200);
    },
  );

  test('a carrier that fails while the agent is dialed for a call is asked again', async () => {
    await system.control('POST', 'faults', {
      operation: 'listCredentials',
      times: 1,
      fault: { kind: 'status', status: 500, applied: false },
    });
    const agent = { type: 'webrtc', client_id: 'again' };
    const id = await system.call({ to_phone: '+15550801000', agent, record: false });
    expect(await system.until(id, hasEnded)).toMatchObject({ outcome: 'completed' });
  });
});

describe('with a SIP user that all browsers share', () => {
  let system: System;
  beforeAll(async () => {
    system = await startSystem({ env: { TELNYX_SIP_USERNAME: 'shared1', TELNYX_SIP_PASSWORD: 'hush-hush-1' } });
  }, 60_000);

  test('a browser is rung there, with its name in a header; no token is made, and the password is told to nobody', async () => {
    const started = await post(system, '/initiate', { to_phone: STAYS, record: false });
    expect(started.body['webrtc']).toEqual({ sip_username: 'shared1', login_token: null });
    const callId = String(started.body['call_id']);
    const joined = await post(system, '/webrtc-join', { conference_id: callId, client_id: 'ana' });
    expect(joined.body).toMatchObject({ sip_username: 'shared1', login_token: null });
    await system.until(callId, ({ status }) => status === 'in_progress');
    const leg = system.ledger().legs.find(({ to }) => to === 'sip:shared1@sip.telnyx.com');
    const dial = system.ledger().commands.find((one) => one['call_control_id'] === leg?.call_control_id);
    expect(dial?.['body']).toMatchObject({
      custom_headers: [
        { name: 'X-Client-Id', value: 'ana' },
        { name: 'X-Conference-Id', value: callId },
      ],
    });
    expect(JSON.stringify([started, joined, await system.status(callId)])).not.toContain('hush-hush');
    await post(system, `/calls/${callId}/hangup`, {});
  });
});

describe('with neither', () => {
  let system: System;
  beforeAll(async () => {
    system = await startSystem();
  }, 60_000);

  test('no browser is offered, and one that is asked for is refused in so many words', async () => {
    const started = await post(system, '/initiate', { to_phone: STAYS, record: false });
    expect(started.body['webrtc']).toBeNull();
    const conference_id = started.body['call_id'];
    for (const answer of [
      await post(system, '/webrtc-join', { conference_id, client_id: 'ana' }),
      await post(system, '/initiate', { to_phone: STAYS, agent: { type: 'webrtc', client_id: 'ana' } }),
    ]) {
      expect([answer.status, answer.body['code']]).toEqual([422, 'sip_not_configured']);
      expect(answer.body['detail']).toContain('Telnyx SIP credentials not configured');
    }
    await post(system, '/end', { conference_id });
  });
});
