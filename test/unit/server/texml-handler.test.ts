/** `POST /initiate` with a TeXML handler. Numbers are those of the catalogue of bad inputs. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createFlowDirectory } from '../../../server/flow-directory';
import { parseInitiate } from '../../../server/initiate-request';
import type { Initiated, InitiateSettings } from '../../../server/initiate-request';
import type { ProblemOptions } from '../../../server/problems';
import { problemOf as problemOfAttempt } from './problem-of';

const FLOW = `variables:
  first_name:
  shop: Acme
steps:
  hello: { say: 'Hello {{first_name}}, this is {{shop}}.' }
`;
const LISTENING = `steps:
  who: { branch: machine, on: { person: hello, machine: hangup } }
  hello: { say: Hello }
`;

const folder = mkdtempSync(path.join(os.tmpdir(), 'outcall-flows-'));
beforeAll(() => {
  writeFileSync(path.join(folder, 'reminder.yaml'), FLOW);
  writeFileSync(path.join(folder, 'listening.yaml'), LISTENING);
  writeFileSync(path.join(folder, 'broken.yaml'), 'steps:\n  hello: { sya: Hello }\n');
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const settings: InitiateSettings = {
  flows: createFlowDirectory(folder),
  allowedHosts: ['127.0.0.1:4010', 'intranet.acme.com:8080'],
  account: { accountSid: 'account', texmlApplicationId: '2000000000000000002' },
  callerIds: { default: '+15551234567', all: ['+15551234567'] },
  destinations: ['US'],
  recordingFormat: 'mp3',
  recordingNotice: 'This call is recorded.',
  browsersConfigured: true,
  agentWaitSeconds: 30,
  businessId: '6f1c2a34-0b5d-4e6f-8a7b-9c0d1e2f3a4b',
};
const TO = '+15559999999';
const parse = (handler: object, more: object = {}, changes: Partial<InitiateSettings> = {}): Initiated =>
  parseInitiate(
    { to_phone: TO, handler: { type: 'texml', ...handler }, ...more },
    { ...settings, ...changes },
    'COLD_CALL_01JGZ0ABCDEFGHJKMNPQRSTV0X',
    '2026-01-05T12:00:00.000Z',
  );
const problemOf = (handler: object, more: object = {}, changes: Partial<InitiateSettings> = {}): ProblemOptions =>
  problemOfAttempt(() => parse(handler, more, changes));

const texml = '<Response><Say>Hello</Say></Response>';
const url = 'https://flows.acme.com/first?campaign=7';
const nothing = { name: null, version: null, listens: false };

test('a document is what the call follows, as it is', () => {
  const { request, script } = parse({ texml });
  expect(request.handler).toEqual({ type: 'texml', source: 'document', ...nothing });
  expect(script).toEqual({ kind: 'documents', first: { texml }, fallbackUrl: null });
});

test('an address is asked for documents, and another one when it does not answer', () => {
  const { request, script } = parse({ url, fallback_url: 'https://spare.acme.com/' });
  expect(request.handler).toEqual({ type: 'texml', source: 'url', ...nothing });
  expect(script).toEqual({ kind: 'documents', first: { url }, fallbackUrl: 'https://spare.acme.com/' });
});

test('a flow has its name, its version, and a value for every variable', () => {
  const { request, script } = parse({ flow: 'reminder', variables: { first_name: 'Ana' } });
  const version = settings.flows.find('reminder')?.version;
  expect(request.handler).toEqual({ type: 'texml', source: 'flow', name: 'reminder', version, listens: false });
  expect(script).toMatchObject({
    kind: 'flow',
    flow: { name: 'reminder' },
    variables: { first_name: 'Ana', shop: 'Acme' },
  });
});

test('a flow can come with the request', () => {
  const { request, script } = parse({ flow_source: FLOW, variables: { first_name: 'Ana', shop: 'Ltd' } });
  const version = settings.flows.find('reminder')?.version;
  expect(request.handler).toMatchObject({ source: 'flow', name: 'flow_source', version });
  expect(script).toMatchObject({ kind: 'flow', variables: { first_name: 'Ana', shop: 'Ltd' } });
});

test('a flow that asks who has answered makes the carrier listen', () => {
  expect(parse({ flow: 'listening' }).request.handler).toMatchObject({ listens: true });
});

test('the request that is remembered holds neither the flow nor its values', () => {
  const remembered = JSON.stringify(parse({ flow: 'reminder', variables: { first_name: 'Ana' } }).request);
  expect(remembered).not.toMatch(/Ana|Hello/);
});

test.each([
  ['ring_timeout_secs', { ring_timeout_secs: 120 }],
  ['answering_machine', { answering_machine: 'hang_up' }],
  ['record', { record: false }],
])('%s goes with it', (_name, more) => {
  expect(parse({ texml }, more).script).not.toBeNull();
});

test.each<[string, object, object, number, string, string]>([
  ['nothing to follow', {}, {}, 422, 'invalid_request', 'handler'],
  ['two things to follow', { texml, url }, {}, 422, 'invalid_request', 'handler'],
  ['null to follow', { texml: null }, {}, 422, 'invalid_request', 'handler'],
  ['something unknown', { texml, xml: 'x' }, {}, 422, 'invalid_request', 'handler.xml'],
  ['a spare address alone', { texml, fallback_url: url }, {}, 422, 'invalid_request', 'handler.fallback_url'],
  ['variables of a document', { texml, variables: {} }, {}, 422, 'invalid_request', 'handler.variables'],
  ['an agent', { texml }, { agent: { type: 'webrtc', client_id: 'ana' } }, 422, 'invalid_request', 'agent'],
  [
    'a number as a value',
    { flow: 'reminder', variables: { first_name: 1 } },
    {},
    422,
    'invalid_variables',
    'handler.variables.first_name',
  ],
  [
    'a value of 1,001 letters',
    { flow: 'reminder', variables: { first_name: 'x'.repeat(1_001) } },
    {},
    422,
    'invalid_variables',
    'handler.variables.first_name',
  ],
  ['values in a list', { flow: 'reminder', variables: ['Ana'] }, {}, 422, 'invalid_request', 'handler.variables'],
  [
    'a way to a prototype',
    { flow: 'reminder', variables: JSON.parse('{"__proto__":"x"}') as object },
    {},
    422,
    'invalid_request',
    'handler.variables',
  ],
  [
    'half a character in a value',
    { flow: 'reminder', variables: { first_name: '\ud800' } },
    {},
    422,
    'invalid_request',
    'handler.variables',
  ],
  [
    'half a character in a document',
    { texml: '<Response><Say>\ud800</Say></Response>' },
    {},
    422,
    'invalid_request',
    'handler.texml',
  ],
  [
    'half a character in a flow',
    { flow_source: 'steps:\n  a: { say: "\ud800" }' },
    {},
    422,
    'invalid_request',
    'handler.flow_source',
  ],
  ['a notice', { texml }, { record: 'announce' }, 422, 'invalid_request', 'record'],
  ['121 s of ringing', { texml }, { ring_timeout_secs: 121 }, 422, 'invalid_request', 'ring_timeout_secs'],
  ['no XML', { texml: 'Hello' }, {}, 422, 'texml_invalid', 'handler.texml'],
  ['TwiML', { texml: '<Response><Client>x</Client></Response>' }, {}, 422, 'texml_invalid', 'handler.texml'],
  ['an entity', { texml: '<!DOCTYPE x [<!ENTITY y "z">]><Response/>' }, {}, 422, 'texml_invalid', 'handler.texml'],
  [
    'B72 a number without its plus',
    { texml: '<Response><Dial>0015551230000</Dial></Response>' },
    {},
    422,
    'texml_invalid',
    'handler.texml',
  ],
  [
    'B73 a premium number',
    { texml: '<Response><Dial>+19005550123</Dial></Response>' },
    {},
    403,
    'destination_not_allowed',
    'handler.texml',
  ],
  [
    'B73 a number abroad',
    { texml: '<Response><Dial><Number>+442079460000</Number></Dial></Response>' },
    {},
    403,
    'destination_not_allowed',
    'handler.texml',
  ],
  [
    'B73 the one who is called',
    { texml: `<Response><Dial>${TO}</Dial></Response>` },
    {},
    422,
    'calls_itself',
    'handler.texml',
  ],
  [
    'B73 a number in the dress of an address',
    { texml: '<Response><Dial><Sip>sip:+19005550123@sip.telnyx.com</Sip></Dial></Response>' },
    {},
    422,
    'invalid_destination',
    'handler.texml',
  ],
  [
    'B74 more than is spoken',
    { texml: `<Response><Say>${'x'.repeat(5_001)}</Say></Response>` },
    {},
    422,
    'texml_invalid',
    'handler.texml',
  ],
  [
    'B75 a file of ours',
    { texml: '<Response><Play>file:///etc/passwd</Play></Response>' },
    {},
    422,
    'texml_invalid',
    'handler.texml',
  ],
  [
    'B75 a sound of this machine',
    { texml: '<Response><Play>http://127.0.0.1/x.mp3</Play></Response>' },
    {},
    422,
    'texml_invalid',
    'handler.texml',
  ],
  [
    'B76 a timeout of -1',
    { texml: '<Response><Gather timeout="-1"/></Response>' },
    {},
    422,
    'texml_invalid',
    'handler.texml',
  ],
  [
    'B77 a recording for years',
    { texml: '<Response><Record maxLength="99999999"/></Response>' },
    {},
    422,
    'texml_invalid',
    'handler.texml',
  ],
  [
    'B78 a pause for years',
    { texml: '<Response><Pause length="1e9"/></Response>' },
    {},
    422,
    'texml_invalid',
    'handler.texml',
  ],
  [
    'B78 10,000 pauses',
    { texml: `<Response>${'<Pause/>'.repeat(10_000)}</Response>` },
    {},
    422,
    'texml_invalid',
    'handler.texml',
  ],
  ['a flow that is not there', { flow: 'nobody' }, {}, 422, 'flow_not_found', 'handler.flow'],
  ['an inherited flow', { flow: 'constructor' }, {}, 422, 'flow_not_found', 'handler.flow'],
  ['B80 a path', { flow: '../../etc/passwd' }, {}, 422, 'invalid_request', 'handler.flow'],
  ['B80 a zero byte', { flow: 'flow\0' }, {}, 422, 'invalid_request', 'handler.flow'],
  ['B80 CON', { flow: 'CON' }, {}, 422, 'invalid_request', 'handler.flow'],
  ['B80 con', { flow: 'con' }, {}, 422, 'flow_not_found', 'handler.flow'],
  ['B80 300 letters', { flow: 'x'.repeat(300) }, {}, 422, 'invalid_request', 'handler.flow'],
  ['a flow with an error', { flow: 'broken' }, {}, 422, 'flow_invalid', 'handler.flow'],
  ['a flow that is no YAML', { flow_source: ': [' }, {}, 422, 'flow_invalid', 'handler.flow_source'],
  [
    'B79 a way to the environment',
    { flow_source: 'steps:\n  a: { say: "{{constructor.constructor}}" }' },
    {},
    422,
    'flow_invalid',
    'handler.flow_source',
  ],
  ['a value that is missing', { flow: 'reminder' }, {}, 422, 'invalid_variables', 'handler.variables.first_name'],
  [
    'a value of nothing',
    { flow: 'reminder', variables: { first_name: 'x', sur_name: 'y' } },
    {},
    422,
    'invalid_variables',
    'handler.variables.sur_name',
  ],
])('%s is refused: %j', (_name, handler, more, status, code, field) => {
  const problem = problemOf(handler, more);
  const paths = [...new Set((problem.errors ?? []).map((error) => error.path))];
  expect({ ...problem, paths }).toMatchObject({ status, code, paths: [field] });
});

test.each([
  ['http', 'http://flows.acme.com/'],
  ['another port', 'https://flows.acme.com:8443/'],
  ['a password', 'https://user:password@flows.acme.com/'],
  ['an address', 'https://93.184.216.34/'],
  ['this machine', 'https://localhost/'],
  ['this machine by a number', 'https://2130706433/'],
  ['this machine in hex', 'https://0x7f000001/'],
  ['this machine in short', 'https://127.1/'],
  ['this machine in circles', 'https://①②⑦.0.0.1/'],
  ['this machine, escaped', 'https://%31%32%37.0.0.1/'],
  ['this machine in IPv6', 'https://[::ffff:127.0.0.1]/'],
  ['a machine of our network', 'https://redis/'],
  ['a file', 'file:///etc/passwd'],
  ['text', 'flows.acme.com'],
  ['nothing', ''],
  ['2,001 characters', `https://flows.acme.com/${'x'.repeat(2_000)}`],
])('documents are not asked for from %s', (_name, address) => {
  expect(problemOf({ url: address })).toMatchObject({
    status: 422,
    code: 'url_not_allowed',
    errors: [{ path: 'handler.url' }],
  });
  expect(problemOf({ url, fallback_url: address })).toMatchObject({ errors: [{ path: 'handler.fallback_url' }] });
});

test.each(['http://127.0.0.1:4010/texml', 'http://intranet.acme.com:8080/'])(
  'but they are where that is allowed: %s',
  (address) => {
    expect(parse({ url: address }).script).toMatchObject({ first: { url: address } });
  },
);

test('a given document leads where documents may be asked for, and to nothing else', () => {
  const leadingTo = (address: string): string => `<Response><Gather action="${address}"/></Response>`;
  expect(parse({ texml: leadingTo('http://127.0.0.1:4010/next') }).script).toMatchObject({ kind: 'documents' });
  expect(parse({ texml: leadingTo('next') }).script).toMatchObject({ kind: 'documents' });
  expect(problemOf({ texml: leadingTo('http://127.0.0.1:4011/next') })).toMatchObject({
    status: 422,
    code: 'url_not_allowed',
    errors: [{ path: 'handler.texml' }],
  });
});

test('what is wrong with a document is told with its place', () => {
  const { errors } = problemOf({ texml: '<Response>\n  <Gather timeout="-1"/>\n</Response>' });
  expect(errors?.[0]?.message).toMatch(/^line 2, column \d+: /);
});

test('of many errors the first five are told', () => {
  expect(problemOf({ texml: `<Response>${'<Foo/>'.repeat(20)}</Response>` }).errors).toHaveLength(5);
});

test.each([
  [{ accountSid: null, texmlApplicationId: null }, 'TELNYX_ACCOUNT_SID'],
  [{ accountSid: 'account', texmlApplicationId: null }, 'TELNYX_TEXML_APPLICATION_ID'],
])('without an account for TeXML it says what is missing: %j', (account, name) => {
  const problem = problemOf({ texml }, {}, { account });
  expect(problem).toMatchObject({ status: 422, code: 'texml_not_configured' });
  expect(problem.detail).toMatch(`${name} is not set`);
  expect(problem.detail).toMatch('portal');
});
