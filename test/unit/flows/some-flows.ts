/** Flows and inputs of every kind, for properties. */
import fc from 'fast-check';
import { parseFlow } from '../../../flows/language';
import type { Flow } from '../../../flows/flow';
import type { Fields, Input, Report, Scene } from '../../../flows/script';

export const aScene: Scene = {
  callId: 'COLD_CALL_01M7YXKW0XRN315VDM8Q7PX1X0',
  leadPhone: '+15559999999',
  ourPhone: '+15551234567',
  nowMs: Date.parse('2026-11-27T15:00:00Z'),
  base: 'https://outcall.example.com/texml/calls/C.signature',
  number: 1,
};

/** The flow of a text that has to be right. */
export function flowOf(text: string): Flow {
  const { flow, findings } = parseFlow('some', text);
  if (flow === null) throw new Error(JSON.stringify(findings));
  return flow;
}

/** Text of all kinds: empty, long, with braces, angle brackets and what XML cannot carry. */
export const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.constantFrom('', ' ', '+15550100006', 'sip:ana@example.com', '{{a}}', '<Hangup/>', 'x'.repeat(1000)),
  fc.constantFrom('&'.repeat(1000), '\r€'.repeat(500), '\ud800', '\0', 'ana'),
);

const names = ['s0', 's1', 's2', 's3', 's4', 's5'] as const;
const spoken = fc.constantFrom('Hello {{a}}', '{{a}}{{b}}', 'Press 1 <now> & "here"', '{{last.speech}} {{call.id}}');
const address = fc.constantFrom('https://cdn.example.com/{{a}}.mp3', 'http://cdn.example.com/x?y={{b}}');
const target = fc.constantFrom(...names, 'hangup');
const maybe = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined });

const gather = fc.record({
  gather: fc.oneof(spoken, fc.record({ play: address })),
  digits: fc.constantFrom(1, '1-16'),
  speech: maybe(fc.boolean()),
  keys: maybe(fc.constantFrom('123', '0123456789*')),
  hints: maybe(fc.constant(['yes', '{{a}}'])),
  timeout: maybe(fc.integer({ min: 1, max: 120 })),
  save: maybe(fc.constantFrom('a', 'b')),
  on: maybe(fc.record({ '1': target, '2': target })),
  otherwise: target,
  silence: maybe(target),
});
const dialed = maybe(fc.record({ busy: target, failed: target }));
const dial = fc.record({
  dial: fc.oneof(
    fc.constantFrom('+15550100001', '{{a}}'),
    fc.constantFrom({ sip: 'sip:{{a}}@example.com' }, { queue: 'q{{b}}' }, { conference: '{{a}}' }),
  ),
  from: maybe(fc.constant('{{b}}')),
  recording: maybe(fc.boolean()),
  on: dialed,
});
const agent = fc.record({
  agent: fc.constantFrom(
    { type: 'phone', number: '{{a}}' },
    { type: 'sip', uri: 'sip:a@example.com' },
    { type: 'webrtc', client_id: '{{b}}' },
    { type: 'webrtc', client_id: 'ana' },
  ),
  on: dialed,
});
const http = fc.record({
  http: address,
  json: maybe(fc.constant({ said: '{{last.speech}}', list: [1, true, null, '{{a}}'] })),
  headers: maybe(fc.constant({ 'X-Name': '{{a}}' })),
  save: maybe(fc.constant({ a: 'x.y', b: 'list.0' })),
  on: maybe(fc.record({ ok: target })),
});
const branch = fc.oneof(
  fc.record({ branch: fc.constantFrom('a', 'digits', 'speech'), on: fc.record({ '1': target }), otherwise: target }),
  fc.record({ branch: fc.constant('machine'), on: fc.record({ machine: target, person: target }) }),
  fc.record({
    branch: fc.constant('clock'),
    zone: fc.constant('Europe/Berlin'),
    on: fc.record({ 'mon-fri 09:00-17:00': target }),
    otherwise: target,
  }),
);
const anyStep = fc.oneof(
  fc.record({ say: spoken, voice: maybe(fc.constant('alice')) }),
  fc.record({ play: address }),
  fc.record({ pause: fc.integer({ min: 1, max: 180 }) }),
  ...[gather, dial, agent, http, branch],
  fc.record({ transfer: fc.constantFrom('{{a}}', '+15550100001') }),
  fc.record({ record: maybe(spoken).map((text) => text ?? null), save: maybe(fc.constant('a')) }),
  fc.record({ enqueue: fc.constantFrom('support', '{{b}}'), on: maybe(fc.record({ timeout: target })) }),
  fc.record({ set: fc.constantFrom({ a: '{{b}}{{b}}' }, { b: '{{a}}!', a: 'x' }) }),
  fc.record({ repeat: fc.constantFrom(...names), times: fc.integer({ min: 1, max: 3 }) }),
  fc.constant({ hangup: null }),
);

/** Flows without errors, with the variables `a` and `b`. */
export const anyFlow: fc.Arbitrary<Flow> = fc
  .tuple(anyStep, anyStep, anyStep, anyStep, anyStep, anyStep)
  .map((steps) => {
    const variables = { a: null, b: 'x' };
    const text = JSON.stringify({
      variables,
      steps: Object.fromEntries(steps.map((step, index) => [names[index], step])),
    });
    return parseFlow('any', text).flow;
  })
  .filter((flow) => flow !== null);

const anyFields: fc.Arbitrary<Fields> = fc.oneof(
  fc.constant({}),
  fc.record({ Digits: fc.constantFrom('1', '2', '9', '12345', '*', '') }),
  fc.record({ SpeechResult: fc.oneof(fc.constantFrom('one', 'Yes, please.'), anyText) }),
  fc.record({ DialCallStatus: fc.constantFrom('completed', 'busy', 'no-answer', 'canceled', '') }),
  fc.record({ RecordingSid: anyText, RecordingDuration: fc.constantFrom('0', '7') }),
  fc.record({ QueueResult: fc.constantFrom('bridged', 'maxWaitTime', 'leave') }),
  fc.dictionary(fc.constantFrom('Digits', 'SpeechResult', '__proto__', 'constructor'), anyText),
);
const anyReport: fc.Arbitrary<Report> = fc.oneof(
  fc.record({
    kind: fc.constant('http' as const),
    status: fc.constantFrom(200, 204, 404, 500, null),
    body: fc.oneof(anyText, fc.json(), fc.constant('{"x":{"y":5},"list":["<&>"]}')),
  }),
  fc.record({ kind: fc.constant('verdict' as const), verdict: fc.constantFrom('person' as const, 'machine' as const) }),
  fc.record({
    kind: fc.constant('address' as const),
    sipUri: fc.constantFrom('sip:gencred1@sip.telnyx.com', 'no address', null),
  }),
  fc.record({
    kind: fc.constant('document' as const),
    texml: fc.constantFrom('<Response><Redirect>x</Redirect></Response>', '<Response', null),
    url: fc.constant('https://example.com/a/b'),
  }),
);

/** Whatever may come, fitting or not. */
export const anyInput: fc.Arbitrary<Input> = fc.oneof(
  fc.record({ kind: fc.constant('asked' as const), fields: anyFields, target: fc.integer({ min: -1, max: 3 }) }),
  fc.record({ kind: fc.constant('report' as const), report: anyReport }),
);
