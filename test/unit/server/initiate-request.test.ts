import fc from 'fast-check';
import { hashBody, parseInitiate } from '../../../server/initiate-request';
import type { InitiateSettings } from '../../../server/initiate-request';
import type { ProblemOptions } from '../../../server/problems';
import { problemOf as problemOfAttempt } from './problem-of';

const CALL_ID = 'COLD_CALL_01JGZ0ABCDEFGHJKMNPQRSTV0X';
const CREATED_AT = '2026-01-05T12:00:00.000Z';
const settings: InitiateSettings = {
  flows: { find: () => null, list: () => [] },
  allowedHosts: [],
  account: { accountSid: 'account', texmlApplicationId: '2000000000000000002' },
  callerIds: { default: '+15551234567', all: ['+15551234567', '+15557654321'] },
  destinations: ['US'],
  recordingFormat: 'mp3',
  recordingNotice: 'This call is recorded.',
  browsersConfigured: true,
  agentWaitSeconds: 30,
  businessId: '6f1c2a34-0b5d-4e6f-8a7b-9c0d1e2f3a4b',
};
const TO = '+15559999999';
const ANA = { type: 'webrtc', client_id: 'ana_1' };

const parse = (body: unknown) => parseInitiate(body, settings, CALL_ID, CREATED_AT).request;

const problemOf = (body: unknown): ProblemOptions => problemOfAttempt(() => parse(body));
const pathsOf = ({ errors }: ProblemOptions): string[] => [...new Set((errors ?? []).map(({ path }) => path))];

test('a number is all that is needed', () => {
  expect(parse({ to_phone: TO })).toEqual({
    callId: CALL_ID,
    provider: 'telnyx',
    toPhone: TO,
    fromPhone: '+15551234567',
    handler: { type: 'conference' },
    agent: null,
    dialOrder: 'lead_first',
    answeringMachine: { policy: 'off' },
    record: true,
    recordingNotice: null,
    recordingFormat: 'mp3',
    ringTimeoutSeconds: 30,
    timeLimitSeconds: 3600,
    agentWaitSeconds: 30,
    businessId: settings.businessId,
    metadata: {},
    createdAt: CREATED_AT,
  });
});

test('null for an optional field means that it is absent', () => {
  const nothing = {
    ...{ from_phone: null, provider: null, handler: null, record: null },
    ...{ ring_timeout_secs: null, time_limit_secs: null, metadata: null },
    ...{ agent: null, dial_order: null, answering_machine: null },
  };
  expect(parse({ to_phone: TO, ...nothing })).toEqual(parse({ to_phone: TO }));
});

test.each<[object, object]>([
  [{ from_phone: '+15557654321' }, { fromPhone: '+15557654321' }],
  [{ provider: 'telnyx' }, { provider: 'telnyx' }],
  [{ handler: { type: 'conference' } }, { handler: { type: 'conference' } }],
  [{ record: false }, { record: false }],
  [{ record: 'announce' }, { record: true, recordingNotice: settings.recordingNotice }],
  [{ agent: ANA }, { agent: { type: 'webrtc', clientId: 'ana_1' }, dialOrder: 'agent_first' }],
  [{ agent: ANA, dial_order: 'lead_first' }, { dialOrder: 'lead_first' }],
  [{ agent: { type: 'phone', number: '+15550001111' } }, { agent: { type: 'phone', number: '+15550001111' } }],
  [{ agent: { type: 'sip', uri: 'sip:a.b@x.com:5061;transport=tls' } }, { dialOrder: 'agent_first' }],
  [{ answering_machine: 'off' }, { answeringMachine: { policy: 'off' } }],
  [{ answering_machine: 'hang_up' }, { answeringMachine: { policy: 'hang_up' } }],
  [{ answering_machine: 'connect' }, { answeringMachine: { policy: 'connect' } }],
  [
    { answering_machine: { leave_message: { say: ' Hello. ' } } },
    { answeringMachine: { policy: 'leave_message', message: { say: 'Hello.' } } },
  ],
  [
    { answering_machine: { leave_message: { play: 'https://x.com/a.mp3' } } },
    { answeringMachine: { policy: 'leave_message', message: { play: 'https://x.com/a.mp3' } } },
  ],
  [{ ring_timeout_secs: 15 }, { ringTimeoutSeconds: 15 }],
  [{ ring_timeout_secs: 600 }, { ringTimeoutSeconds: 600 }],
  [{ time_limit_secs: 30 }, { timeLimitSeconds: 30 }],
  [{ time_limit_secs: 14_000 }, { timeLimitSeconds: 14_000 }],
])('%j is accepted', (body, expected) => {
  expect(parse({ to_phone: TO, ...body })).toMatchObject(expected);
});

test.each(['+1555123', '+155512345678901'])('the shortest and the longest numbers are accepted: %s', (to_phone) => {
  expect(parse({ to_phone }).toPhone).toBe(to_phone);
});

const OUTSIDE: readonly unknown[] = [
  undefined,
  null,
  '',
  [],
  {},
  true,
  15551234567,
  '15551234567',
  '0015551234567',
  '555-1234',
  '+1 202 555 0123',
  '+1-202-555-0123',
  'tel:+12025550123',
  '+12025550123,9001',
  '+12025550123;ext=9',
  '+12025550123x5',
  ['+12025550123', '+12025550124'],
  'sip:evil@example.com',
  'sips:evil@example.com;secure=dtls',
  '+１２０２５５５０１２３',
  '+١٢٠٢٥٥٥٠١٢٣',
  '+12025550123\n',
  ' +12025550123',
  '+1202555\u200b0123',
  '\u202e+12025550123',
  '+155512',
  '+1555123456789012',
  '+1911',
  '+112',
  '911',
  '\ud800',
];

test.each(OUTSIDE.map((value) => [value]))('to_phone %j is refused by name', (to_phone) => {
  const problem = problemOf({ to_phone });
  expect({ ...problem, paths: pathsOf(problem) }).toMatchObject({
    status: 422,
    code: 'invalid_request',
    paths: ['to_phone'],
  });
});

test.each<[string, object, number, string, string]>([
  ['a caller who is not ours', { from_phone: '+12025550199' }, 422, 'from_not_allowed', 'from_phone'],
  ['a caller who is no number', { from_phone: '5551234' }, 422, 'invalid_request', 'from_phone'],
  ['a call to its own number', { to_phone: '+15551234567' }, 422, 'calls_itself', 'to_phone'],
  [
    'a call to its own number, named',
    { to_phone: '+15557654321', from_phone: '+15557654321' },
    422,
    'calls_itself',
    'to_phone',
  ],
  ['a premium number', { to_phone: '+19005550123' }, 403, 'destination_not_allowed', 'to_phone'],
  ['Jamaica', { to_phone: '+18765550123' }, 403, 'destination_not_allowed', 'to_phone'],
  ['international premium', { to_phone: '+979123456789' }, 403, 'destination_not_allowed', 'to_phone'],
  ['an international network', { to_phone: '+882161234567' }, 403, 'destination_not_allowed', 'to_phone'],
  ['a webhook of one’s own', { webhook_url: 'http://evil' }, 422, 'invalid_request', 'webhook_url'],
  ['a connection of one’s own', { connection_id: 'other' }, 422, 'invalid_request', 'connection_id'],
  ['a format of one’s own', { record_format: 'exe' }, 422, 'invalid_request', 'record_format'],
  ['an unknown field in a field', { handler: { type: 'conference', url: 'x' } }, 422, 'invalid_request', 'handler.url'],
  ['a handler that nobody knows', { handler: { type: 'teleport' } }, 422, 'invalid_request', 'handler.type'],
  ['a handler that is text', { handler: 'conference' }, 422, 'invalid_request', 'handler'],
  ['a playbook', { handler: { type: 'playbook', name: 'x' } }, 422, 'handler_not_available', 'handler.type'],
  ['a SIP system', { handler: { type: 'sip', uri: 'sip:x' } }, 422, 'handler_not_available', 'handler.type'],
  ['a provider that is no text', { provider: 7 }, 422, 'invalid_request', 'provider'],
  ['recording as text', { record: 'yes' }, 422, 'invalid_request', 'record'],
  ['a dial order without an agent', { dial_order: 'agent_first' }, 422, 'invalid_request', 'dial_order'],
  ['a dial order that nobody knows', { agent: ANA, dial_order: 'both' }, 422, 'invalid_request', 'dial_order'],
  ['an agent of no type', { agent: {} }, 422, 'invalid_request', 'agent.type'],
  ['an agent who is text', { agent: 'ana' }, 422, 'invalid_request', 'agent'],
  [
    'an agent with spaces',
    { agent: { type: 'webrtc', client_id: 'ana 1' } },
    422,
    'invalid_request',
    'agent.client_id',
  ],
  ['an agent called lead', { agent: { type: 'webrtc', client_id: 'lead' } }, 422, 'invalid_request', 'agent.client_id'],
  [
    'an agent called agent',
    { agent: { type: 'webrtc', client_id: 'agent' } },
    422,
    'invalid_request',
    'agent.client_id',
  ],
  ['an agent who is the lead', { agent: { type: 'phone', number: TO } }, 422, 'calls_itself', 'agent.number'],
  [
    'a number in the dress of an agent’s address',
    { agent: { type: 'sip', uri: 'sip:+19005550123@sip.telnyx.com' } },
    422,
    'invalid_request',
    'agent.uri',
  ],
  [
    'an agent of 65 letters',
    { agent: { type: 'webrtc', client_id: 'a'.repeat(65) } },
    422,
    'invalid_request',
    'agent.client_id',
  ],
  [
    'an agent’s number abroad',
    { agent: { type: 'phone', number: '+442079460000' } },
    403,
    'destination_not_allowed',
    'agent.number',
  ],
  [
    'an agent’s number of three digits',
    { agent: { type: 'phone', number: '911' } },
    422,
    'invalid_request',
    'agent.number',
  ],
  ['an agent at no SIP address', { agent: { type: 'sip', uri: 'http://x' } }, 422, 'invalid_request', 'agent.uri'],
  ['an agent behind a header', { agent: { type: 'sip', uri: 'sip:a@b?X=1' } }, 422, 'invalid_request', 'agent.uri'],
  ['an agent with more', { agent: { ...ANA, token: 'x' } }, 422, 'invalid_request', 'agent.token'],
  ['a machine to be eaten', { answering_machine: 'eat' }, 422, 'invalid_request', 'answering_machine'],
  [
    'a message of nothing',
    { answering_machine: { leave_message: { say: ' ' } } },
    422,
    'invalid_request',
    'answering_machine.leave_message.say',
  ],
  [
    'a message that is a file of ours',
    { answering_machine: { leave_message: { play: 'file:///etc/passwd' } } },
    422,
    'invalid_request',
    'answering_machine.leave_message.play',
  ],
  [
    'a message of 3,001 letters',
    { answering_machine: { leave_message: { say: 'x'.repeat(3_001) } } },
    422,
    'invalid_request',
    'answering_machine.leave_message.say',
  ],
  ['a ring timeout of 14', { ring_timeout_secs: 14 }, 422, 'invalid_request', 'ring_timeout_secs'],
  ['a ring timeout of 601', { ring_timeout_secs: 601 }, 422, 'invalid_request', 'ring_timeout_secs'],
  ['a time limit of 0', { time_limit_secs: 0 }, 422, 'invalid_request', 'time_limit_secs'],
  ['a time limit of -1', { time_limit_secs: -1 }, 422, 'invalid_request', 'time_limit_secs'],
  ['a time limit of 14,001', { time_limit_secs: 14_001 }, 422, 'invalid_request', 'time_limit_secs'],
  ['a time limit as text', { time_limit_secs: '60' }, 422, 'invalid_request', 'time_limit_secs'],
  ['a time limit with a fraction', { time_limit_secs: 60.5 }, 422, 'invalid_request', 'time_limit_secs'],
  ['an endless time limit', { time_limit_secs: Infinity }, 422, 'invalid_request', 'time_limit_secs'],
  ['more digits than a number has', { time_limit_secs: 2 ** 64 }, 422, 'invalid_request', 'time_limit_secs'],
  ['a time before which not to call', { not_before: '2099-01-01T00:00:00Z' }, 422, 'invalid_request', 'not_before'],
  ['metadata as text', { metadata: 'x' }, 422, 'invalid_request', 'metadata'],
  ['metadata as a list', { metadata: [1] }, 422, 'invalid_request', 'metadata'],
  ['metadata of more than 4 kB', { metadata: { x: 'y'.repeat(4_096) } }, 422, 'invalid_request', 'metadata'],
  ['metadata of more than 4 kB in UTF-8', { metadata: { x: 'é'.repeat(2_048) } }, 422, 'invalid_request', 'metadata'],
  ['metadata of a megabyte', { metadata: { x: 'y'.repeat(1_000_000) } }, 422, 'invalid_request', 'metadata'],
  ['an endless number in metadata', { metadata: { x: [Infinity] } }, 422, 'invalid_request', 'metadata'],
  ['half a character in metadata', { metadata: { x: '\ud800' } }, 422, 'invalid_request', 'metadata'],
  ['half a character in a name of metadata', { metadata: { '\ud800': 1 } }, 422, 'invalid_request', 'metadata'],
])('%s is refused: %j', (_name, body, status, code, path) => {
  const problem = problemOf({ to_phone: TO, ...body });
  expect({ ...problem, paths: pathsOf(problem) }).toMatchObject({ status, code, paths: [path] });
});

test('a browser is refused where none can be rung', () => {
  const without = { ...settings, browsersConfigured: false };
  const problem = problemOfAttempt(() => parseInitiate({ to_phone: TO, agent: ANA }, without, CALL_ID, CREATED_AT));
  expect(problem).toMatchObject({ status: 422, code: 'sip_not_configured' });
  expect(problem.detail).toContain('Telnyx SIP credentials not configured');
});

test.each(['twilio', '', 'TELNYX', ' telnyx'])('the provider %j is not supported', (provider) => {
  expect(problemOf({ to_phone: TO, provider })).toMatchObject({ status: 501, code: 'provider_not_supported' });
});

test.each(['x', 7, null, true, [], [{ to_phone: TO }]].map((body) => [body]))('a body of %j is refused', (body) => {
  expect(problemOf(body)).toMatchObject({ status: 422, code: 'invalid_request' });
});

test('every field at fault is named at once', () => {
  const problem = problemOf({ ring_timeout_secs: 1, time_limit_secs: 'x', evil: 1 });
  expect(pathsOf(problem).sort()).toEqual(['evil', 'ring_timeout_secs', 'time_limit_secs', 'to_phone']);
});

test('what was refused is not repeated', () => {
  const problem = problemOf({ to_phone: 'canary-in-a-number', metadata: 'canary', from_phone: 'canary' });
  expect(JSON.stringify(problem)).not.toContain('canary');
});

test('a field of any name is named in at most 64 characters', () => {
  expect(pathsOf(problemOf({ to_phone: TO, ['x'.repeat(10_000)]: 1 }))).toEqual(['x'.repeat(64)]);
});

test.each([
  '{"to_phone":"+15559999999","__proto__":{"admin":true}}',
  '{"to_phone":"+15559999999","constructor":{"prototype":{"admin":true}}}',
  '{"to_phone":"+15559999999","metadata":{"__proto__":{"admin":true}}}',
  '{"to_phone":"+15559999999","metadata":{"a":[{"constructor":{"admin":true}}]}}',
  '{"to_phone":"+15559999999","metadata":{"a":{"prototype":{"admin":true}}}}',
  '{"to_phone":"+15559999999","handler":{"type":"conference","__proto__":{"admin":true}}}',
])('a way to a prototype is refused: %s', (text) => {
  expect(problemOf(JSON.parse(text))).toMatchObject({ status: 422, code: 'invalid_request' });
  expect({}).not.toHaveProperty('admin');
});

test('of a field that is there twice the last one counts', () => {
  expect(parse(JSON.parse(`{"to_phone":"+15550000001","to_phone":"${TO}"}`)).toPhone).toBe(TO);
});

test.each([
  { 'a.b': 1, $set: { x: 2 } },
  { key: '${TELNYX_API_KEY}', other: '{{to_phone}}' },
  { lines: 'a\r\nSET x 1', bell: '\u0007' },
  { emoji: '📞', nested: { list: [1, null, true, 'x', {}] } },
  Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`key${i}`, i])),
  { exactly: 'x'.repeat(4_096 - '{"exactly":""}'.length) },
])('metadata is kept as it is: case %#', (metadata) => {
  expect(parse({ to_phone: TO, metadata }).metadata).toEqual(metadata);
});

describe('the hash of a body', () => {
  const shuffled = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(shuffled);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value)
        .reverse()
        .map(([key, item]) => [key, shuffled(item)]),
    );
  };

  test('is the same for any order of keys, at any depth', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (body) => {
        expect(hashBody(shuffled(body))).toBe(hashBody(body));
      }),
    );
  });

  test('is the same for any spaces between', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (body) => {
        expect(hashBody(JSON.parse(JSON.stringify(body, null, 3)))).toBe(hashBody(JSON.parse(JSON.stringify(body))));
      }),
    );
  });

  test('differs for values that differ', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 2 }), fc.jsonValue({ maxDepth: 2 }), (a, b) => {
        fc.pre(JSON.stringify(sorted(a)) !== JSON.stringify(sorted(b)));
        expect(hashBody(a)).not.toBe(hashBody(b));
      }),
    );
  });

  test.each<[string, unknown, unknown]>([
    ['a number and its text', { a: 1 }, { a: '1' }],
    ['null and absence', { a: null }, {}],
    ['the order of a list', [1, 2], [2, 1]],
    ['a list and an object', [1], { 0: 1 }],
    ['where a key ends', { 'a":1,"b': 2 }, { a: 1, b: 2 }],
    ['a default and its absence', { to_phone: TO, record: true }, { to_phone: TO }],
  ])('tells apart %s', (_name, a, b) => {
    expect(hashBody(a)).not.toBe(hashBody(b));
  });

  // A hash that changed with a release would refuse repeats across the release.
  test('is the same as ever', () => {
    expect(hashBody({ to_phone: TO, metadata: { b: [1, null], a: 'é' } })).toBe(
      'b9b6229ddbcf1faa0e59747e114ba20123432ddad32b17d3d2e28438dac517c1',
    );
  });
});

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, item]) => [key, sorted(item)]);
}
