/** What the engine makes of steps, and of what carriers and servers answer. */
import { begin, step } from '../../../flows/engine';
import type { Fields, FlowPosition, Report, Scene, Script, Turn } from '../../../flows/script';
import { writeTexml } from '../../../texml/writer';
import { aScene, flowOf } from './some-flows';

const LINK = `${aScene.base}/instructions/2`;

/** A call that follows a flow; `variables` are those that it gives. */
function aCall(text: string, variables: Readonly<Record<string, string>> = {}, scene: Partial<Scene> = {}) {
  const script: Script = { kind: 'flow', flow: flowOf(text), variables };
  let position = begin(script);
  const turn = (input: Parameters<typeof step>[2]): Turn => {
    const next = step(script, position, input, { ...aScene, ...scene });
    position = next.position;
    return next;
  };
  return {
    ask: (fields: Fields = {}) => shown(turn({ kind: 'asked', fields, target: 0 })),
    report: (report: Report) => shown(turn({ kind: 'report', report })),
    position: () => position as FlowPosition,
  };
}

/** The verbs of a document, or the errand. */
function shown(turn: Turn): string {
  if (turn.kind === 'errand') return JSON.stringify(turn.errand);
  return writeTexml(turn.document).replace(/^<\?xml.*?\?><Response>(.*)<\/Response>$/, '$1');
}

const said = (text: string): string => `<Say>${text}</Say>`;
const END = '<Hangup/>';

test('what needs no answer is heard in one document, which ends the call', () => {
  const call = aCall(
    'steps: {a: {say: One}, b: {pause: 2}, c: {play: "https://a.example.com/c.mp3"}, d: {say: Two, voice: alice}}',
  );
  expect(call.ask()).toBe(
    `${said('One')}<Pause length="2"/><Play>https://a.example.com/c.mp3</Play><Say voice="alice">Two</Say>${END}`,
  );
});

test('a gather asks again by itself when nobody answers', () => {
  const call = aCall('steps: {a: {gather: "Press 1", digits: 1, on: {"1": b}, otherwise: hangup}, b: {say: Thanks}}');
  expect(call.ask()).toBe(
    `<Gather action="${LINK}" input="dtmf" numDigits="1" invalidDigitsAction="${LINK}">${said('Press 1')}</Gather><Redirect>${LINK}</Redirect>`,
  );
  expect(call.ask({ Digits: '1' })).toBe(said('Thanks') + END);
});

test('a gather carries everything that it may', () => {
  const call = aCall(`
language: de-DE
steps:
  a:
    gather: {play: "https://a.example.com/b.mp3"}
    digits: 2-4
    keys: "123"
    finish: ""
    timeout: 9
    speech: true
    hints: [ja bitte, nein]
    otherwise: hangup`);
  expect(call.ask()).toContain(
    'input="dtmf speech" timeout="9" validDigits="123" finishOnKey="" minDigits="2" maxDigits="4"',
  );
  expect(aCall('steps: {a: {gather: Hi, speech: true, otherwise: hangup}}').ask()).toContain('input="speech"');
});

describe('what came of a gather leads', () => {
  const menu = `
variables: {got: none}
steps:
  menu:
    gather: Well?
    digits: 1-3
    keys: "123"
    speech: true
    save: got
    on: {"1": one, "sales": sales, "yes please": please, "yes": "yes-said"}
    otherwise: other
    silence: silent
  one: {say: "one {{got}} {{last.digits}}", then: hangup}
  sales: {say: "sales {{got}}", then: hangup}
  please: {say: please, then: hangup}
  "yes-said": {say: "yes {{last.speech}}", then: hangup}
  other: {say: "other {{got}}", then: hangup}
  silent: {say: "silent {{got}}", then: hangup}`;
  test.each<[Fields, string]>([
    [{ Digits: '1' }, 'one 1 1'],
    [{ Digits: '12' }, 'other 12'],
    [{ Digits: '9' }, 'other none'],
    [{ Digits: '1231' }, 'other none'],
    [{ Digits: '' }, 'silent none'],
    [{}, 'silent none'],
    [{ SpeechResult: ' SALES. ' }, 'sales SALES.'],
    [{ SpeechResult: 'I want the sales department' }, 'sales I want the sales department'],
    [{ SpeechResult: 'wholesales' }, 'other wholesales'],
    [{ SpeechResult: 'Yes, please!' }, 'please'],
    [{ SpeechResult: 'oh yes' }, 'yes oh yes'],
    [{ SpeechResult: '<Hangup/> & "co"' }, 'other &lt;Hangup/&gt; &amp; "co"'],
    [{ SpeechResult: '{{call.id}}' }, 'other {{call.id}}'],
  ])('%j to “%s”', (fields, words) => {
    const call = aCall(menu, { got: 'none' });
    call.ask();
    expect(call.ask(fields)).toBe(said(words) + END);
  });
});

describe('a dial', () => {
  const office = `
variables: {to: "+15550100001"}
steps:
  office: {dial: "{{to}}", from: "+15551234567", timeout: 20, limit: 600, recording: true, on: {answered: hangup, busy: busy, no-answer: later}, otherwise: broken}
  busy: {say: busy, then: hangup}
  later: {say: later, then: hangup}
  broken: {say: broken}`;

  test('carries what it was given, and tells of its recording', () => {
    expect(aCall(office, { to: '+15550100001' }).ask()).toBe(
      `<Dial action="${LINK}" callerId="+15551234567" timeout="20" timeLimit="600" record="record-from-answer-dual" recordingChannels="dual"` +
        ` recordingStatusCallback="${aScene.base}/recordings/steps" recordingStatusCallbackEvent="completed absent">` +
        `<Number>+15550100001</Number></Dial><Redirect>${LINK}</Redirect>`,
    );
  });

  test.each([
    ['completed', END],
    ['answered', END],
    ['busy', said('busy') + END],
    ['no-answer', said('later') + END],
    ['failed', said('broken') + END],
    ['canceled', said('broken') + END],
    ['', said('broken') + END],
  ])('that ended as %j leads on', (status, expected) => {
    const call = aCall(office, { to: '+15550100001' });
    call.ask();
    expect(call.ask({ DialCallStatus: status })).toBe(expected);
  });

  test.each(['', 'nobody', '+1', 'sip:a@example.com', '{{to}}'])('of %j fails without being tried', (to) => {
    expect(aCall(office, { to }).ask()).toBe(said('broken') + END);
  });

  test.each([
    ['{sip: "sip:{{to}}@example.com"}', '<Sip>sip:ana@example.com</Sip>'],
    ['{queue: "{{to}}"}', '<Queue>ana</Queue>'],
    ['{conference: "room {{to}}"}', '<Conference>room ana</Conference>'],
  ])('leads to %s', (destination, noun) => {
    expect(aCall(`variables: {to: x}\nsteps: {a: {dial: ${destination}}}`, { to: 'ana' }).ask()).toContain(noun);
  });
});

test('a transfer is the last thing; to nobody it is an apology', () => {
  const text = 'variables: {to: }\nsteps: {a: {transfer: "{{to}}"}}';
  expect(aCall(text, { to: '+15550100001' }).ask()).toContain('<Number>+15550100001</Number></Dial><Hangup/>');
  expect(aCall(text, { to: 'nobody' }).ask()).toBe(`${said('We are sorry, this call cannot go on. Goodbye.')}${END}`);
});

test('a recording has a beep, an end, and somebody who is told', () => {
  const call = aCall(
    'variables: {id: x}\nsteps: {a: {record: Speak, max: 60, save: id, on: {empty: hangup}, otherwise: b}, b: {say: "{{id}}"}}',
    { id: 'x' },
  );
  expect(call.ask()).toBe(
    `${said('Speak')}<Record action="${LINK}" timeout="5" maxLength="60" recordingStatusCallback="${aScene.base}/recordings/steps"` +
      ` recordingStatusCallbackEvent="completed"/><Redirect>${LINK}</Redirect>`,
  );
  expect(call.ask({ RecordingSid: 'R1', RecordingDuration: '4' })).toBe(said('R1') + END);
});

test.each([
  [{ RecordingSid: 'R1', RecordingDuration: '0' }, END],
  [{}, END],
])('a recording of nothing, %j, is empty', (fields, expected) => {
  const call = aCall('steps: {a: {record: , on: {empty: hangup}, otherwise: b}, b: {say: saved}}');
  call.ask();
  expect(call.ask(fields)).toBe(expected);
});

test.each([
  ['bridged', 'answered'],
  ['maxWaitTime', 'timeout'],
  ['leave', 'failed'],
  ['', 'failed'],
])('a queue that is left by %j comes to %s', (QueueResult, outcome) => {
  const call =
    aCall(`steps: {a: {enqueue: support, max_wait: 90, on: {answered: answered, timeout: timeout}, otherwise: failed},
    answered: {say: answered, then: hangup}, timeout: {say: timeout, then: hangup}, failed: {say: failed}}`);
  expect(call.ask()).toBe(
    `<Enqueue action="${LINK}" waitUrl="${aScene.base}/wait" maxWaitTimeSecs="90">support</Enqueue><Redirect>${LINK}</Redirect>`,
  );
  expect(call.ask({ QueueResult })).toBe(said(outcome) + END);
});

describe('an http step', () => {
  const lookup = `
variables: {id: , name: nobody}
steps:
  hold: {say: One moment}
  mark: {set: {id: "{{id}}!"}}
  look: {http: "https://crm.example.com/{{id}}?q={{id}}", headers: {X-Id: "{{id}}"}, json: {id: "{{id}}", n: 1}, save: {name: people.0.name}, on: {ok: hello}, otherwise: sorry}
  hello: {say: "Hello {{name}}", then: hangup}
  sorry: {say: Sorry}`;

  test('is asked after what was heard before it, with values as parts of its address', () => {
    const call = aCall(lookup, { id: 'a/b\r\n', name: 'nobody' });
    expect(call.ask()).toBe(`${said('One moment')}<Redirect>${LINK}</Redirect>`);
    expect(JSON.parse(call.ask())).toEqual({
      kind: 'http',
      request: {
        method: 'POST',
        url: 'https://crm.example.com/a%2Fb%0D%0A!?q=a%2Fb%0D%0A!',
        headers: { 'X-Id': 'a/b  !', 'content-type': 'application/json' },
        body: '{"id":"a/b\\r\\n!","n":1}',
        timeoutSeconds: 5,
      },
    });
    expect(call.position().visits).toEqual({ hold: 1, mark: 1, look: 1 });
  });

  test.each<[number | null, string, string]>([
    [200, '{"people": [{"name": "Ana"}]}', 'Hello Ana'],
    [201, '{"people": [{"name": 7}]}', 'Hello 7'],
    [200, '{"people": [{"name": {"first": "Ana"}}]}', 'Hello nobody'],
    [200, '{"people": []}', 'Hello nobody'],
    [200, '{}', 'Hello nobody'],
    [200, 'null', 'Hello nobody'],
    [200, '<html>', 'Sorry'],
    [404, '{"people": [{"name": "Ana"}]}', 'Sorry'],
    [302, '', 'Sorry'],
    [null, '', 'Sorry'],
  ])('that is answered %j %s leads to “%s”', (status, body, words) => {
    const call = aCall(lookup, { id: '1', name: 'nobody' });
    call.ask();
    call.ask();
    expect(call.report({ kind: 'http', status, body })).toBe(said(words) + END);
  });

  test('is asked once more when the carrier asks before the report is there', () => {
    const call = aCall(lookup, { id: '1', name: 'nobody' });
    call.ask();
    const errand = call.ask();
    expect(call.ask({ Digits: '1' })).toBe(errand);
  });
});

test('a branch about machines waits for the verdict', () => {
  const text =
    'steps: {a: {branch: machine, on: {machine: m, person: p}}, m: {say: beep, then: hangup}, p: {say: hello}}';
  for (const [verdict, words] of [
    ['machine', 'beep'],
    ['person', 'hello'],
  ] as const) {
    const call = aCall(text);
    expect(call.ask()).toBe('{"kind":"verdict"}');
    expect(call.report({ kind: 'verdict', verdict })).toBe(said(words) + END);
  }
});

describe('an agent', () => {
  test('in a browser is looked for first', () => {
    const call = aCall(
      'steps: {a: {agent: {type: webrtc, client_id: ana}, timeout: 15, on: {answered: hangup}, otherwise: b}, b: {say: nobody}}',
    );
    expect(call.ask()).toBe('{"kind":"address","clientId":"ana"}');
    expect(call.report({ kind: 'address', sipUri: 'sip:gencred1@sip.telnyx.com' })).toContain(
      '<Sip>sip:gencred1@sip.telnyx.com</Sip></Dial>',
    );
    expect(call.ask({ DialCallStatus: 'busy' })).toBe(said('nobody') + END);
  });

  test.each<[Report]>([
    [{ kind: 'address', sipUri: null }],
    [{ kind: 'address', sipUri: 'nowhere' }],
    [{ kind: 'http', status: 200, body: '' }],
  ])('of whom %j is known is not rung', (report) => {
    const call = aCall(
      'steps: {a: {agent: {type: webrtc, client_id: ana}, on: {failed: b}, otherwise: hangup}, b: {say: nobody}}',
    );
    call.ask();
    expect(call.report(report)).toBe(said('nobody') + END);
  });

  test('with a telephone, a SIP address, or a name that cannot be', () => {
    const agent = (is: string) =>
      aCall(`variables: {who: x}\nsteps: {a: {agent: ${is}}, b: {say: nobody}}`, { who: 'x y' }).ask();
    expect(agent('{type: phone, number: "+15550100001"}')).toContain('<Number>+15550100001</Number>');
    expect(agent('{type: sip, uri: "sip:ana@pbx.example.com"}')).toContain('<Sip>sip:ana@pbx.example.com</Sip>');
    expect(agent('{type: webrtc, client_id: "{{who}}"}')).toBe(said('nobody') + END);
  });
});

test.each([
  ['2026-11-27T14:00Z', 'open'], // Friday, 9:00
  ['2026-11-27T13:59Z', 'shut'],
  ['2026-11-27T22:00Z', 'shut'], // 17:00
  ['2026-11-28T15:00Z', 'short'], // Saturday
  ['2026-11-29T04:30Z', 'night'], // Saturday, 23:30
  ['2026-11-29T10:30Z', 'night'], // Sunday, 5:30: the night of Saturday
  ['2026-11-29T11:00Z', 'shut'],
  ['2026-07-03T13:00Z', 'open'], // summer: 9:00
])('the clock in New York at %s says %s', (at, words) => {
  const text = `steps:
  a: {branch: clock, zone: America/New_York, on: {mon-fri 09:00-17:00: open, "sat 10:00-14:00": short, sat 23:00-06:00: night}, otherwise: shut}
  open: {say: open, then: hangup}
  short: {say: short, then: hangup}
  night: {say: night, then: hangup}
  shut: {say: shut}`;
  expect(aCall(text, {}, { nowMs: Date.parse(at) }).ask()).toBe(said(words) + END);
});

test('branches compare variables and what came last', () => {
  const text = `
variables: {tier: }
steps:
  ask: {gather: Well?, digits: 1, otherwise: tier, then: tier}
  tier: {branch: tier, on: {Gold: gold}, otherwise: digits}
  digits: {branch: digits, on: {"2": two}, otherwise: none}
  gold: {say: gold, then: hangup}
  two: {say: two, then: hangup}
  none: {say: none}`;
  for (const [tier, digits, words] of [
    [' GOLD ', '2', 'gold'],
    ['golden', '2', 'two'],
    ['', '3', 'none'],
  ] as const) {
    const call = aCall(text, { tier });
    call.ask();
    expect(call.ask({ Digits: digits })).toBe(said(words) + END);
  }
});

test('set sees the values from before, and repeat counts', () => {
  const call = aCall(
    'variables: {a: , b: }\nsteps: {swap: {set: {a: "{{b}}", b: "{{a}}"}}, tell: {say: "{{a}}{{b}}"}, again: {repeat: swap, times: 2}}',
    { a: '1', b: '2' },
  );
  expect(call.ask()).toBe(`${said('21')}${said('12')}${said('21')}${END}`);
});

test('built-in names are the call’s own', () => {
  const call = aCall('steps: {a: {say: "{{call.id}} {{lead.phone}} {{our.phone}} {{last.digits}}"}}');
  expect(call.ask()).toBe(said(`${aScene.callId} ${aScene.leadPhone} ${aScene.ourPhone}`) + END);
});

test('text that is empty is not spoken, and text that is too long in several pieces', () => {
  const call = aCall('variables: {a: , b: }\nsteps: {a: {say: "{{a}}"}, b: {say: "{{b}}{{b}}{{b}}{{b}}"}}', {
    a: '\0 \u0001',
    b: 'word '.repeat(200),
  });
  const document = call.ask();
  expect(document.match(/<Say>/g)).toHaveLength(2);
  expect(document.replace(/<.*?>/g, ' ').trim().split(/\s+/)).toHaveLength(800);
});

test('long speeches are documents of their own, and nothing between them is done twice', () => {
  const call = aCall(
    'variables: {a: }\nsteps: {a: {say: "{{a}}{{a}}{{a}}"}, b: {set: {a: "{{a}}"}}, c: {say: "{{a}}{{a}}{{a}}"}}',
    { a: 'x'.repeat(999) },
  );
  expect(call.ask()).toMatch(/<\/Say><Redirect>/);
  expect(call.ask()).toMatch(/<\/Say><Hangup\/>$/);
  expect(call.position().visits).toEqual({ a: 1, b: 1, c: 1 });
});

test('a flow that goes on and on ends politely', () => {
  const call = aCall('steps: {a: {pause: 1}, b: {pause: 1, then: a}}');
  let document = call.ask();
  for (let count = 0; count < 100 && !document.endsWith(END); count += 1) document = call.ask();
  expect(document).toContain('We are sorry');
});

test('a place that is not in the flow is its end', () => {
  const script: Script = { kind: 'flow', flow: flowOf('steps: {a: {say: Hi}}'), variables: {} };
  const lost: FlowPosition = { kind: 'flow', step: 'toString', variables: {}, visits: {} };
  const input = { kind: 'asked', fields: {}, target: 0 } as const;
  expect(shown(step(script, lost, input, aScene))).toBe(END);
  expect(shown(step(script, { kind: 'documents', targets: [] }, input, aScene))).toContain('We are sorry');
});
