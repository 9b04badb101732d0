import fc from 'fast-check';
import { decodeClientState, encodeClientState } from '../../../../platform/telnyx/client-state';

const state = {
  installation: 'default@calls.acme.test',
  callId: 'COLD_CALL_01JGZ0ABCDEFGHJKMNPQRSTV0X',
  leg: { role: 'lead', participant: 'lead', attempt: 1 },
} as const;
const fields = { installation: 'i', call: state.callId, role: 'lead', participant: 'lead', attempt: 1 };
const base64 = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64');

test('what was encoded is decoded, whatever the leg is called', () => {
  const states = fc.record({
    installation: fc.stringMatching(/^[\x21-\x7e]{1,200}$/),
    callId: fc.stringMatching(/^COLD_CALL_[0-9A-HJKMNP-TV-Z]{26}$/),
    leg: fc.record({
      role: fc.constantFrom('lead', 'agent', 'supervisor', 'voice_agent'),
      participant: fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/),
      attempt: fc.integer({ min: 1, max: 1000 }),
    }),
  });
  fc.assert(
    fc.property(states, (any) => {
      expect(decodeClientState(encodeClientState(any))).toEqual(any);
    }),
  );
});

test('the base64 is the standard one, with padding, as Telnyx demands', () => {
  expect(encodeClientState(state)).toMatch(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/);
});

test.each<[string, unknown]>([
  ['absent', undefined],
  ['null', null],
  ['a number', 7],
  ['an object', { installation: 'x' }],
  ['empty', ''],
  ['no base64', '%%%'],
  ['no JSON', Buffer.from('{"a":').toString('base64')],
  ['JSON of null', base64(null)],
  ['JSON of a list', base64([])],
  ['another’s state', base64({ customer: 42 })],
  ['another’s id of a call', base64({ ...fields, call: 'CALL_1' })],
  ['a call id with more behind it', base64({ ...fields, call: `${state.callId}\n` })],
  ['another role', base64({ ...fields, role: 'admin' })],
  ['attempt 0', base64({ ...fields, attempt: 0 })],
  ['attempt 1.5', base64({ ...fields, attempt: 1.5 })],
  ['a megabyte', base64({ ...fields, more: 'x'.repeat(1_000_000) })],
])('a client_state that is %s is not ours', (_name, text) => {
  expect(decodeClientState(text)).toBeNull();
});

test('nothing of any JSON that is no state of ours is taken for one', () => {
  fc.assert(
    fc.property(fc.json(), (json) => {
      expect(decodeClientState(Buffer.from(json).toString('base64'))).toBeNull();
    }),
  );
});

test('what a state carries besides is dropped', () => {
  const decoded = decodeClientState(
    Buffer.from(`{"__proto__":{"admin":true},${JSON.stringify(fields).slice(1)}`).toString('base64'),
  );
  expect(Object.keys(decoded ?? {})).toEqual(['installation', 'callId', 'leg']);
});
