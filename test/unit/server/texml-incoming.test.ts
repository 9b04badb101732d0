import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { CALL_ID_PATTERN } from '../../../domain/call';
import { BASE_PATH } from '../../../server/base-path';
import { createFlowDirectory } from '../../../server/flow-directory';
import type { InitiateSettings } from '../../../server/initiate-request';
import { inboundScript, incomingRoutes } from '../../../server/texml-incoming';
import { problemOf } from './problem-of';
import { createFakeDirectory, PUBLIC_URL, startTexmlServer } from './texml-server';
import type { FakeDirectory, TexmlServer } from './texml-server';

const folder = mkdtempSync(path.join(os.tmpdir(), 'outcall-flows-'));
const write = (name: string, text: string): void => {
  writeFileSync(path.join(folder, `${name}.yaml`), text);
};
beforeAll(() => {
  write('after-hours', 'steps:\n  closed: { say: We are closed. }\n');
  write('asking', 'variables:\n  who:\nsteps:\n  hello: { say: "Hello {{who}}" }\n');
  write('listening', 'steps:\n  who: { branch: machine, on: { person: hi, machine: hangup } }\n  hi: { say: Hi }\n');
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const OURS = '+15551234567';
const initiate: InitiateSettings = {
  flows: createFlowDirectory(folder),
  allowedHosts: [],
  account: { accountSid: 'account', texmlApplicationId: '2000000000000000002' },
  callerIds: { default: OURS, all: [OURS] },
  destinations: ['US'],
  recordingFormat: 'mp3',
  recordingNotice: 'This call is recorded.',
  browsersConfigured: false,
  agentWaitSeconds: 30,
  businessId: 'business',
};

let fake: FakeDirectory;
let server: TexmlServer;
beforeEach(async () => {
  fake = createFakeDirectory();
  const inboundFlows = [{ number: OURS, flow: 'after-hours' }];
  server = await startTexmlServer(fake, (settings) => incomingRoutes({ ...settings, initiate, inboundFlows }));
});
afterEach(() => server.stop());

const FORM = { CallSid: 'v3:caller', From: '+15550001111', To: OURS, CallStatus: 'ringing' };
const INCOMING = `${BASE_PATH}/texml/incoming`;
const callIn = (changes: object = {}, method: 'GET' | 'POST' = 'POST') =>
  server.send(INCOMING, { method, fields: { ...FORM, ...changes } });

test('a call to a number of ours starts a call of ours, and is answered with its first document', async () => {
  fake.said.instructions = { kind: 'document', texml: '<Response><Say>We are closed.</Say></Response>' };
  expect((await callIn()).text).toBe('<Response><Say>We are closed.</Say></Response>');
  expect(fake.started).toMatchObject([
    {
      memo: {
        bodyHash: null,
        request: {
          callId: expect.stringMatching(CALL_ID_PATTERN) as unknown,
          fromPhone: '+15550001111',
          toPhone: OURS,
          handler: { type: 'texml', source: 'flow', name: 'after-hours', listens: false },
          record: false,
          agent: null,
          incoming: { callSid: 'v3:caller' },
        },
      },
      script: { kind: 'flow', flow: { name: 'after-hours' }, variables: {} },
    },
  ]);
  const callId = fake.started[0]?.memo.request.callId ?? '';
  expect(fake.asked).toMatchObject([
    { callId, updateId: 'instructions/1', request: { number: 1, callSid: 'v3:caller' } },
  ]);
  expect(fake.asked[0]?.request.base).toContain(`${PUBLIC_URL}${BASE_PATH}/texml/calls/${callId}/`);
});

test('a request that comes again, by GET or POST, finds the call that is there', async () => {
  await callIn();
  await callIn();
  await callIn({}, 'GET');
  expect(fake.started).toHaveLength(1);
  expect(new Set(fake.asked.map(({ callId }) => callId)).size).toBe(1);
});

test('two callers are two calls', async () => {
  await callIn();
  await callIn({ CallSid: 'v3:another' });
  expect(fake.started).toHaveLength(2);
});

test('a call to any other number is rejected', async () => {
  expect((await callIn({ To: '+15557654321' })).text).toContain('<Response><Reject/></Response>');
  expect(fake.started).toEqual([]);
});

test('somebody who hides their number is answered as well', async () => {
  await callIn({ From: '' });
  await callIn({ From: 'anonymous', CallSid: 'v3:another' });
  expect(fake.started.map(({ memo }) => memo.request.fromPhone)).toEqual(['anonymous', 'anonymous']);
});

test('while Temporal is away the line is held, and the same is asked again', async () => {
  fake.said.isAway = true;
  const { status, text } = await callIn();
  expect(status).toBe(200);
  expect(text).toContain(`<Pause length="1"/><Redirect method="POST">${PUBLIC_URL}${INCOMING}?held=1</Redirect>`);
});

test('a flow that has been broken since the start rejects, and says so in the log', async () => {
  write('after-hours', 'steps:\n  closed: { sya: We are closed. }\n');
  expect((await callIn()).text).toContain('<Reject/>');
  expect(server.lines.join('\n')).toContain('"event":"flow.unusable"');
  write('after-hours', 'steps:\n  closed: { say: We are closed. }\n');
});

test('how the call goes is told to it', async () => {
  await callIn();
  const fields = { ...FORM, CallStatus: 'completed', EndTime: new Date().toISOString() };
  expect((await server.send(`${INCOMING}/status`, { fields })).text).toBe('{"status":"ok"}');
  await server.send(`${INCOMING}/status`, { fields });
  expect(fake.told).toMatchObject([{ callId: fake.started[0]?.memo.request.callId, event: { kind: 'hungUp' } }]);
});

test('the log shows nobody’s number', async () => {
  await callIn();
  expect(server.lines.join('\n')).not.toMatch(/5550001111|5551234567/);
});

test.each([
  ['unsigned', { isSigned: false }, 401],
  ['unsigned, by GET', { isSigned: false, method: 'GET' }, 401],
  ['without a leg', { fields: { To: OURS } }, 400],
] as const)('%s: %s', async (_name, options, status) => {
  for (const path of ['', '/status']) {
    expect((await server.send(`${INCOMING}${path}`, { fields: FORM, ...options })).status).toBe(status);
  }
  expect(fake.started).toEqual([]);
});

test('nobody listens for a machine where a person calls', () => {
  expect(inboundScript({ number: OURS, flow: 'listening' }, initiate).handler.listens).toBe(false);
});

test.each([
  ['asking', 'invalid_variables'],
  ['nobody', 'flow_not_found'],
])('the flow %s cannot answer: %s', (flow, code) => {
  expect(problemOf(() => inboundScript({ number: OURS, flow }, initiate))).toMatchObject({ code });
});
