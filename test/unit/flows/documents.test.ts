/** The customer's own documents: what becomes of their addresses, and what when there is no document. */
import { begin, step } from '../../../flows/engine';
import type { DocumentPosition, DocumentScript, Input, Scene, Turn } from '../../../flows/script';
import { ROW_NAMES, rowNamed } from '../../../texml/verbs';
import { writeTexml } from '../../../texml/writer';
import { aScene } from './some-flows';

const script: DocumentScript = {
  kind: 'documents',
  first: { url: 'https://customer.example.com/calls/start?x=1' },
  fallbackUrl: 'https://fallback.example.com/',
};
const URL_OF_DOCUMENT = 'https://customer.example.com/calls/menu';

function came(texml: string | null, scene: Partial<Scene> = {}): Turn {
  const report: Input = { kind: 'report', report: { kind: 'document', texml, url: URL_OF_DOCUMENT } };
  return step(script, begin(script), report, { ...aScene, number: 3, ...scene });
}

/** A document that came, as it is handed on. */
function handedOn(verbs: string) {
  const turn = came(`<Response>${verbs}</Response>`);
  if (turn.kind !== 'document') throw new Error('there is no document');
  const texml = writeTexml(turn.document).replace(/^<\?xml.*?\?><Response>(.*)<\/Response>$/, '$1');
  return { texml, targets: (turn.position as DocumentPosition).targets };
}

const LINK = `${aScene.base}/instructions/4`;
const TOLD = `${aScene.base}/recordings/steps`;
const APOLOGY = '<Say>We are sorry, this call cannot go on. Goodbye.</Say><Hangup/>';

test('the first document is asked for, with what the carrier sent', () => {
  const fields = { CallSid: 'C1', From: '+15551234567' };
  const turn = step(script, begin(script), { kind: 'asked', fields, target: 0 }, aScene);
  const target = { url: 'https://customer.example.com/calls/start?x=1', method: 'POST' };
  const errand = { kind: 'document', target, fallbackUrl: 'https://fallback.example.com/', fields };
  expect(turn).toEqual({ kind: 'errand', errand, position: begin(script) });
});

test('a document that was given is there at once', () => {
  const given: DocumentScript = { ...script, first: { texml: '<Response><Say>Hi</Say></Response>' } };
  const turn = step(given, begin(given), { kind: 'asked', fields: {}, target: 0 }, aScene);
  expect(turn).toMatchObject({ kind: 'document', document: { children: [{ name: 'Say' }] } });
});

test('what leads on leads here, and is asked where it led', () => {
  const { texml, targets } = handedOn(
    '<Gather action="chosen" invalidDigitsAction="/again" numDigits="1"/><Dial action="https://other.example.com/done" method="GET">+15551234567</Dial><Redirect method="GET">?next=1</Redirect>',
  );
  expect(texml).toBe(
    `<Gather action="${LINK}?to=0" invalidDigitsAction="${LINK}?to=1" numDigits="1"/>` +
      `<Dial action="${LINK}?to=2" recordingStatusCallback="${TOLD}" recordingStatusCallbackMethod="POST" recordingStatusCallbackEvent="completed absent">+15551234567</Dial>` +
      `<Redirect>${LINK}?to=3</Redirect>`,
  );
  expect(targets).toEqual([
    { url: 'https://customer.example.com/calls/chosen', method: 'POST' },
    { url: 'https://customer.example.com/again', method: 'POST' },
    { url: 'https://other.example.com/done', method: 'GET' },
    { url: 'https://customer.example.com/calls/menu?next=1', method: 'GET' },
  ]);
});

test('every attribute that leads on in the table of verbs is one that the carrier asks for the next document', () => {
  const leading = ROW_NAMES.flatMap((name) =>
    Object.entries(rowNamed(name).attributes).flatMap(([attribute, { leads }]) =>
      leads ? [`${name}.${attribute}`] : [],
    ),
  );
  const actions = ROW_NAMES.filter((name) => 'action' in rowNamed(name).attributes).map((name) => `${name}.action`);
  expect(leading.toSorted()).toEqual([...actions, 'Gather.invalidDigitsAction'].toSorted());
});

test.each([
  ['<Play>hello.mp3</Play>', '<Play>https://customer.example.com/calls/hello.mp3</Play>'],
  ['<Play mediaStorage="true">hello</Play>', '<Play mediaStorage="true">hello</Play>'],
  ['<Play digits="12"/>', '<Play digits="12"/>'],
  [
    '<Dial><Number url="whisper" method="GET" statusCallback="/s">+15551234567</Number></Dial>',
    '<Number url="https://customer.example.com/calls/whisper" method="GET" statusCallback="https://customer.example.com/s">',
  ],
  [
    '<Enqueue waitUrl="wait" waitUrlMethod="GET">q</Enqueue>',
    'waitUrl="https://customer.example.com/calls/wait" waitUrlMethod="GET"',
  ],
  ['<Say>a <break time="1s"/> b</Say>', '<Say>a <break time="1s"/> b</Say>'],
])('%s stays what it is, with a whole address', (verb, expected) => {
  expect(handedOn(verb).texml).toContain(expected);
});

test.each([
  ['<Record recordingStatusCallback="https://a.example.com" recordingStatusCallbackMethod="GET"/>', 'completed'],
  [
    '<Dial record="record-from-answer" recordingStatusCallbackEvent="in-progress">+15551234567</Dial>',
    'completed absent',
  ],
  ['<Dial><Conference record="record-from-start">room</Conference></Dial>', 'completed absent'],
])('of the recording of %s we are told', (verb, events) => {
  const { texml } = handedOn(verb);
  expect(texml).toContain(`recordingStatusCallback="${TOLD}" recordingStatusCallbackMethod="POST"`);
  expect(texml).toContain(`recordingStatusCallbackEvent="${events}"`);
  expect(texml).not.toContain('a.example.com');
});

test.each([[null], ['<Response'], ['<html/>'], ['<Response><Sya>Hi</Sya></Response>'], ['']])(
  '%j instead of a document is an apology, and the end',
  (texml) => {
    const turn = came(texml);
    expect(turn.kind === 'document' && writeTexml(turn.document)).toContain(APOLOGY);
    expect(turn.position).toEqual({ kind: 'documents', targets: [] });
  },
);

const asked = (target: number, targets: DocumentPosition['targets']): Turn =>
  step(
    script,
    { kind: 'documents', targets },
    { kind: 'asked', fields: { Digits: '1' }, target },
    { ...aScene, number: 4 },
  );

test.each([
  [1, 'https://b.example.com'],
  [7, 'https://a.example.com'],
  [-1, 'https://a.example.com'],
  [NaN, 'https://a.example.com'],
])('of the addresses of a document, number %d leads to %s', (target, url) => {
  const targets = [
    { url: 'https://a.example.com', method: 'GET' },
    { url: 'https://b.example.com', method: 'POST' },
  ] as const;
  expect(asked(target, targets)).toMatchObject({ errand: { target: { url }, fields: { Digits: '1' } } });
});

test('who asks after a document that leads nowhere hears the end', () => {
  const turn = asked(0, []);
  expect(turn.kind === 'document' && writeTexml(turn.document)).toContain(APOLOGY);
});

test('an address in a given document that leads nowhere by itself is asked for as it is', () => {
  const given: DocumentScript = { ...script, first: { texml: '<Response><Redirect>next</Redirect></Response>' } };
  const turn = step(given, begin(given), { kind: 'asked', fields: {}, target: 0 }, aScene);
  expect(turn.position).toEqual({ kind: 'documents', targets: [{ url: 'next', method: 'POST' }] });
});

test('an address of a private network leads on as every other: whether it may be asked is not for the document to say', () => {
  const { targets } = handedOn(
    '<Gather action="http://127.0.0.1:4010/chosen"/><Redirect>http://crm.internal/</Redirect>',
  );
  expect(targets.map(({ url }) => url)).toEqual(['http://127.0.0.1:4010/chosen', 'http://crm.internal/']);
});

test('a sound of a private network cannot be heard: an apology, and the end', () => {
  const turn = came('<Response><Play>http://127.0.0.1:4010/hello.mp3</Play></Response>');
  expect(turn.kind === 'document' && writeTexml(turn.document)).toContain(APOLOGY);
});
