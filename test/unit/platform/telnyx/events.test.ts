import fc from 'fast-check';
import { WEBHOOK_EVENTS } from '../../../../domain/events';
import { encodeClientState } from '../../../../platform/telnyx/client-state';
import { parseWebhook, translate } from '../../../../platform/telnyx/events';
import type { Translated } from '../../../../platform/telnyx/events';

const installation = 'default@calls.acme.test';
const callId = 'COLD_CALL_01JGZ0ABCDEFGHJKMNPQRSTV0X';
const leg = { role: 'lead', participant: 'lead', attempt: 1 } as const;
const receivedAt = '2026-01-05T12:00:10.000Z';
const occurredAt = '2026-01-05T12:00:09.500Z';
const clientState = encodeClientState({ installation, callId, leg });

const ids = { call_control_id: 'v3:abc', call_leg_id: 'leg-1', call_session_id: 'session-1' };
const identity = { ...leg, callLegId: 'leg-1', callControlId: 'v3:abc', callSessionId: 'session-1' };

/** A webhook's body as Telnyx sends it, changed as said. */
function aWebhook(event_type: string, payload: object = {}, data: object = {}): unknown {
  return {
    data: {
      record_type: 'event',
      event_type,
      id: '0ccc7b54-4df3-4bca-a65a-3da1ecc777f0',
      occurred_at: '2026-01-05T12:00:09.500000Z',
      payload: { ...ids, connection_id: '7267xxxxxxxxxxxxxx', client_state: clientState, ...payload },
      ...data,
    },
    meta: { attempt: 1, delivered_to: 'https://calls.acme.test/webhook' },
  };
}

function read(body: unknown): Translated | null {
  const event = parseWebhook(body);
  return event && translate(event, { source: 'webhook', receivedAt, installation });
}

const told = { at: occurredAt, source: 'webhook', leg: identity };

const saying = encodeClientState({ installation, callId, leg, saying: 'message' });
const heard = (completed: boolean) => ({ ...told, kind: 'said', speech: 'message', completed });
const detected = (verdict: string) => ({ ...told, kind: 'machineDetected', verdict });

test.each<[string, object, object]>([
  ['call.initiated', { state: 'parked' }, { ...told, kind: 'initiated' }],
  ['call.answered', {}, { ...told, kind: 'answered' }],
  [
    'call.hangup',
    { hangup_cause: 'user_busy', hangup_source: 'callee', sip_hangup_cause: '486' },
    { ...told, kind: 'hungUp', cause: 'user_busy', hangupSource: 'callee', sipCause: '486' },
  ],
  ['call.hangup', {}, { ...told, kind: 'hungUp', cause: null, hangupSource: null, sipCause: null }],
  ['conference.participant.joined', { conference_id: 'c1' }, { ...told, kind: 'joined', conferenceId: 'c1' }],
  ['conference.participant.joined', {}, { ...told, kind: 'joined', conferenceId: null }],
  ['conference.participant.left', { conference_id: 'c1' }, { ...told, kind: 'left', conferenceId: 'c1' }],
  [
    'call.recording.saved',
    { recording_id: 'r1', recording_started_at: '2026-01-05T12:00:01Z', recording_ended_at: '2026-01-05T12:00:08.25Z' },
    {
      ...told,
      kind: 'recordingSaved',
      recordingId: 'r1',
      startedAt: '2026-01-05T12:00:01.000Z',
      endedAt: '2026-01-05T12:00:08.250Z',
    },
  ],
  ['call.recording.error', { reason: 'no disk' }, { ...told, kind: 'recordingFailed', reason: 'no disk' }],
  ['call.recording.error', {}, { ...told, kind: 'recordingFailed', reason: 'the carrier gave no reason' }],
  [
    'conference.ended',
    { conference_id: 'c1', reason: 'host_left' },
    { kind: 'conferenceEnded', at: occurredAt, source: 'webhook', conferenceId: 'c1' },
  ],
  ['call.machine.premium.detection.ended', { result: 'human_business' }, detected('human')],
  ['call.machine.premium.detection.ended', { result: 'machine' }, detected('machine')],
  ['call.machine.premium.detection.ended', { result: 'fax_detected' }, detected('fax')],
  ['call.machine.premium.detection.ended', { result: 'silence' }, detected('unknown')],
  ['call.machine.premium.detection.ended', { result: 'not_sure' }, detected('unknown')],
  ['call.machine.premium.detection.ended', { result: 'constructor' }, detected('unknown')],
  ['call.machine.premium.detection.ended', {}, detected('unknown')],
  ['call.machine.detection.ended', { result: 'human' }, detected('human')],
  ['call.machine.premium.greeting.ended', { result: 'no_beep_detected' }, { ...told, kind: 'greetingEnded' }],
  ['call.machine.greeting.ended', { result: 'ended' }, { ...told, kind: 'greetingEnded' }],
  ['call.speak.ended', { client_state: saying, status: 'completed' }, heard(true)],
  ['call.playback.ended', { client_state: saying, status: 'completed' }, heard(true)],
  ['call.speak.ended', { client_state: saying, status: 'cancelled_amd' }, heard(false)],
  ['call.speak.ended', { client_state: saying }, heard(false)],
])('%s with %j is read', (type, payload, event) => {
  expect(read(aWebhook(type, payload))).toEqual({ kind: 'event', callId, event });
});

test('every event that a webhook can tell is read from one', () => {
  const types = [
    'call.initiated',
    'call.answered',
    'call.hangup',
    'call.recording.saved',
    'call.recording.error',
    'call.machine.premium.detection.ended',
    'call.machine.premium.greeting.ended',
    'call.speak.ended',
    'conference.ended',
    'conference.participant.joined',
    'conference.participant.left',
  ];
  const kinds = types.map((type) => {
    const translated = read(aWebhook(type, { conference_id: 'c1', client_state: saying }));
    return translated?.kind === 'event' ? translated.event.kind : null;
  });
  expect(kinds.sort()).toEqual([...WEBHOOK_EVENTS].sort());
});

test.each<[string, string, object, string]>([
  ['of a type we do not know', 'call.fax.smelled', {}, 'unknown_type'],
  ['of a type that is a word of JavaScript', 'constructor', {}, 'unknown_type'],
  ['of a type that is another word of JavaScript', '__proto__', {}, 'unknown_type'],
  [
    'that only repeats what was told of each',
    'conference.ended',
    { conference_id: 'c1', reason: 'all_left' },
    'incomplete',
  ],
  ['of speech that is not ours', 'call.speak.ended', { status: 'completed' }, 'incomplete'],
  ['without a client_state', 'call.answered', { client_state: null }, 'not_ours'],
  ['with somebody else’s client_state', 'call.answered', { client_state: 'eyJhIjoxfQ==' }, 'not_ours'],
  ['with a client_state of a megabyte', 'call.answered', { client_state: 'A'.repeat(1_000_000) }, 'not_ours'],
  ['with a client_state that is an object', 'call.answered', { client_state: {} }, 'not_ours'],
  [
    'of another installation',
    'call.answered',
    { client_state: encodeClientState({ installation: 'other', callId, leg }) },
    'not_ours',
  ],
  ['without a call_leg_id', 'call.answered', { call_leg_id: undefined }, 'incomplete'],
  ['with a number for a call_leg_id', 'call.answered', { call_leg_id: 7 }, 'incomplete'],
  ['with a call_leg_id of a kilobyte', 'call.answered', { call_leg_id: 'x'.repeat(1_000) }, 'incomplete'],
  ['of a conference without its id', 'conference.ended', {}, 'incomplete'],
])('an event %s is ignored', (_name, type, payload, reason) => {
  expect(read(aWebhook(type, payload))).toEqual({ kind: 'ignored', reason });
});

test('a recording that is saved has no call_control_id, and its leg none', () => {
  expect(read(aWebhook('call.recording.saved', { call_control_id: undefined }))).toMatchObject({
    event: { leg: { callLegId: 'leg-1', callControlId: null } },
  });
});

test.each<[string, unknown]>([
  ['a number', 7],
  ['an object', {}],
  ['longer than any', 'x'.repeat(501)],
  ['empty', ''],
])('a call_control_id that is %s counts as none', (_name, call_control_id) => {
  expect(read(aWebhook('call.answered', { call_control_id }))).toMatchObject({
    event: { leg: { callControlId: null } },
  });
});

describe('B51 the instant of an event', () => {
  const instantOf = (data: object, payload: object = {}): unknown => {
    const translated = read(aWebhook('call.answered', payload, data));
    return translated?.kind === 'event' ? translated.event.at : translated;
  };

  test('is the carrier’s, with milliseconds', () => {
    expect(instantOf({ occurred_at: '2026-01-05T13:00:00.1+01:00' })).toBe('2026-01-05T12:00:00.100Z');
  });

  test('is the one in the payload where the event has none', () => {
    expect(instantOf({ occurred_at: undefined }, { occurred_at: '2026-01-05T12:00:03Z' })).toBe(
      '2026-01-05T12:00:03.000Z',
    );
  });

  test.each<[string, unknown]>([
    ['absent', undefined],
    ['null', null],
    ['a number', 1767614409],
    ['no date', 'yesterday'],
    ['empty', ''],
    ['in the year 9999', '9999-12-31T23:59:59Z'],
    ['more than five minutes ahead', '2026-01-05T12:05:11Z'],
    ['more than a day old', '2026-01-04T12:00:09Z'],
    ['in 1970', '1970-01-01T00:00:00Z'],
    ['beyond what a date can be', '+275761-01-01T00:00:00Z'],
  ])('is when we heard of it where the carrier’s is %s', (_name, occurred_at) => {
    expect(instantOf({ occurred_at })).toBe(receivedAt);
  });

  test.each([
    ['almost five minutes ahead', '2026-01-05T12:05:10.000Z'],
    ['almost a day old', '2026-01-04T12:00:10.000Z'],
  ])('is the carrier’s where it is %s', (_name, occurred_at) => {
    expect(instantOf({ occurred_at })).toBe(occurred_at);
  });
});

test.each<[string, object]>([
  ['recording_started_at', { startedAt: null }],
  ['recording_ended_at', { endedAt: null }],
])('a %s that is no date is unknown', (field, event) => {
  expect(read(aWebhook('call.recording.saved', { [field]: 'noon' }))).toMatchObject({ event });
});

describe('a webhook’s body', () => {
  test('may be the event without an envelope', () => {
    const { data } = aWebhook('call.answered') as { data: object };
    expect(read(data)).toEqual(read({ data }));
  });

  test('needs no more than a type and a payload', () => {
    expect(parseWebhook({ data: { event_type: 'call.answered', payload: {} } })).toEqual({
      event_type: 'call.answered',
      payload: {},
    });
  });

  test.each<[string, unknown]>([
    ['a number', 7],
    ['empty', ''],
    ['too long', 'x'.repeat(201)],
  ])('with an id that is %s is an event without an id', (_name, id) => {
    expect(parseWebhook(aWebhook('call.answered', {}, { id }))?.id).toBeUndefined();
  });

  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a list', []],
    ['text', 'x'],
    ['an empty object', {}],
    ['data: null', { data: null }],
    ['no payload', { data: { event_type: 'call.answered' } }],
    ['a payload of text', aWebhook('call.answered', {}, { payload: 'x' })],
    ['a payload of a list', aWebhook('call.answered', {}, { payload: [] })],
    ['an empty type', aWebhook('')],
    ['a type that is a number', aWebhook('x', {}, { event_type: 7 })],
    ['the first version of the API', { event_type: 'recording_saved', call_control_id: 'x' }],
  ])('of %s is no event', (_name, body) => {
    expect(parseWebhook(body)).toBeNull();
  });

  test('of any JSON, in the place of any part, never makes the reader throw', () => {
    const types = fc.constantFrom('call.answered', 'call.hangup', 'call.recording.saved', 'conference.ended', 'x');
    const fields = fc.constantFrom(
      ...['call_control_id', 'call_leg_id', 'call_session_id', 'conference_id', 'occurred_at', 'hangup_cause'],
      ...['recording_id', 'recording_started_at', 'reason', 'client_state', '__proto__'],
    );
    const bodies = fc.oneof(
      fc.jsonValue(),
      fc.record({ data: fc.jsonValue() }),
      fc.tuple(types, fc.dictionary(fields, fc.jsonValue())).map(([type, payload]) => aWebhook(type, payload)),
      fc
        .tuple(types, fc.dictionary(fc.constantFrom('id', 'occurred_at'), fc.jsonValue()))
        .map(([type, data]) => aWebhook(type, {}, data)),
    );
    fc.assert(
      fc.property(bodies, (body) => {
        expect(() => read(body)).not.toThrow();
      }),
      { numRuns: 1_000 },
    );
  });

  test('an instant is ISO 8601 in UTC with milliseconds, whatever the carrier wrote', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.date().map(String), fc.integer().map(String)), (occurred_at) => {
        const translated = read(aWebhook('call.answered', {}, { occurred_at }));
        expect(translated).toMatchObject({
          event: { at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:]{8}\.\d{3}Z$/) as string },
        });
      }),
      { numRuns: 1_000 },
    );
  });
});
