/** TeXML calls at the carrier, against the simulator: what is sent, what its lists say, and whose call that is. */
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { buildTexmlDial, createTexmlActivities } from '../../../activities/texml-calls';
import type { TexmlActivities, TexmlSettings } from '../../../activities/texml-calls';
import { LEAD } from '../../../domain/call';
import type { CallRequest, ReachableLeg } from '../../../domain/call';
import type { DialAnswer } from '../../../domain/carrier';
import type { CallEvent } from '../../../domain/events';
import { createTelnyxClient } from '../../../platform/telnyx/client';
import { createTexmlAddresses } from '../../../platform/telnyx/texml-address';
import { startSimulator } from '../../../simulator/server';
import type { Simulator } from '../../../simulator/server';
import { aCall } from '../domain/a-call';

let simulator: Simulator;
let texml: TexmlActivities;
let otherCalls = 0;

const create = (changes: Partial<TexmlSettings> = {}): TexmlActivities =>
  createTexmlActivities({
    telnyx: createTelnyxClient({ apiKey: simulator.apiKey, baseUrl: simulator.apiBaseUrl }),
    texml: { accountSid: simulator.accountSid, applicationId: simulator.texmlApplicationId },
    addresses: createTexmlAddresses('http://127.0.0.1:9', 'a secret'),
    otherCallsTo: () => Promise.resolve(otherCalls),
    ...changes,
  });

beforeAll(async () => {
  simulator = await startSimulator({ quiet: true });
  texml = create();
});
beforeEach(() => {
  otherCalls = 0;
});
afterAll(() => simulator.close());

let calls = 0;
const aCallTo = (toPhone: string, changes: Partial<CallRequest> = {}): CallRequest => {
  calls += 1;
  const callId = `COLD_CALL_${String(calls).padStart(26, '0')}`;
  const handler = { type: 'texml', source: 'document', name: null, version: null, listens: false } as const;
  return aCall({ callId, toPhone, handler, createdAt: new Date().toISOString(), ...changes });
};

const dial = (call: CallRequest, { scheduledAgoMs = 0, by = texml } = {}): Promise<DialAnswer> =>
  new MockActivityEnvironment(
    { currentAttemptScheduledTimestampMs: Date.now() - scheduledAgoMs },
    { logger: new DefaultLogger('ERROR') },
  ).run(() => by.dialTexml({ call, leg: LEAD, agent: null, intoConference: false }));

async function find({ callId, toPhone, fromPhone, createdAt }: CallRequest, by = texml): Promise<readonly CallEvent[]> {
  const since = createdAt;
  const look = await by.findTexmlLeg({ callId, leg: LEAD, toPhone, fromPhone, since, dialedAt: since });
  return look?.events ?? [];
}

const legAt = (callSid: string): ReachableLeg => ({
  ...LEAD,
  callControlId: callSid,
  callLegId: callSid,
  callSessionId: null,
});

const sidOf = (toPhone: string): string =>
  simulator.ledger().legs.find(({ to }) => to === toPhone)?.call_control_id ?? 'nothing was placed';

const ask = async (toPhone: string): Promise<readonly CallEvent[]> =>
  (await texml.askTexmlLeg({ callId: 'any', leg: legAt(sidOf(toPhone)), confirmed: true, echoed: false })) ?? [];

test('a dial is taken, and its answer names no call', async () => {
  const call = aCallTo('+15550000006');
  expect(await dial(call)).toEqual({ kind: 'taken' });
  expect(simulator.ledger().legs.filter(({ to }) => to === call.toPhone)).toHaveLength(1);
});

const dialed = (changes: Partial<CallRequest>): object =>
  buildTexmlDial(aCallTo('+15559999999', changes), { applicationId: '7', base: 'https://calls.example.com/texml/1' });

test('every callback of a call goes to its own addresses', () => {
  expect(dialed({})).toMatchObject({
    ApplicationSid: '7',
    Url: 'https://calls.example.com/texml/1/instructions/1',
    FallbackUrl: 'https://calls.example.com/texml/1/instructions/again',
    StatusCallback: 'https://calls.example.com/texml/1/status',
    StatusCallbackEvent: 'initiated ringing answered completed',
    Record: true,
    RecordingStatusCallback: 'https://calls.example.com/texml/1/recordings',
  });
  expect(dialed({ record: false })).not.toHaveProperty('Record');
});

test('the carrier listens for a machine only where somebody wants to know, and for its beep only where it is needed', () => {
  const flow = { type: 'texml', source: 'flow', name: 'drop', version: '1', listens: true } as const;
  const message = { policy: 'leave_message', message: { say: 'Call us back.' } } as const;
  expect(dialed({})).not.toHaveProperty('MachineDetection');
  expect(dialed({ answeringMachine: { policy: 'hang_up' } })).toMatchObject({ MachineDetection: 'Enable' });
  expect(dialed({ answeringMachine: message })).toMatchObject({ MachineDetection: 'DetectMessageEnd' });
  expect(dialed({ handler: flow })).toMatchObject({ MachineDetection: 'DetectMessageEnd', AsyncAmd: true });
});

test('a dial that waited 5 seconds for its worker is not sent', async () => {
  const call = aCallTo('+15550001006');
  expect(await dial(call, { scheduledAgoMs: 5_100 })).toEqual({ kind: 'late' });
  expect(simulator.ledger().dial_requests[call.toPhone]).toBeUndefined();
});

test('a worker without a TeXML application refuses in so many words', async () => {
  const by = create({ texml: null });
  expect(await dial(aCallTo('+15550002006'), { by })).toMatchObject({ kind: 'refused', code: 'texml_not_configured' });
});

test('a refusal of the carrier is told with its code', async () => {
  expect(await dial(aCallTo('+15550003010'))).toMatchObject({ kind: 'refused', code: '10016' });
});

test('the one call to this number since the dial is taken for ours', async () => {
  const call = aCallTo('+15550004003');
  await dial(call);
  const [event] = await find(call);
  expect(event).toMatchObject({ kind: 'initiated', source: 'poll', leg: { callLegId: sidOf(call.toPhone) } });
});

test('of two calls to this number none is', async () => {
  const call = aCallTo('+15550005003');
  await dial(call);
  await dial(aCallTo(call.toPhone));
  expect(await find(call)).toEqual([]);
});

test('nor is the only one when another call of ours to this number runs, which it may belong to', async () => {
  const call = aCallTo('+15550006003');
  await dial(call);
  otherCalls = 1;
  expect(await find(call)).toEqual([]);
});

test('nor when that other call was accepted two minutes ago: it may have been dialed only now', async () => {
  const call = aCallTo('+15550011003');
  await dial(call);
  const acceptedAt = new Date(Date.now() - 120_000).toISOString();
  const by = create({ otherCallsTo: ({ since }) => Promise.resolve(acceptedAt >= since ? 1 : 0) });
  expect(await find(call, by)).toEqual([]);
});

test('nor one that is older than the dial', async () => {
  const call = aCallTo('+15550007003');
  await dial(call);
  const later = aCallTo(call.toPhone, { createdAt: new Date(Date.now() + 60_000).toISOString() });
  expect(await find(later)).toEqual([]);
});

test('a record says how far a call is, and that it ended', async () => {
  const call = aCallTo('+15550008006');
  await dial(call);
  expect((await ask(call.toPhone)).map(({ kind }) => kind)).toEqual(['initiated']);
  expect(await texml.hangUpTexml({ callId: call.callId, leg: legAt(sidOf(call.toPhone)), attempt: 1 })).toEqual({
    kind: 'accepted',
  });
  expect((await ask(call.toPhone)).at(-1)).toMatchObject({ kind: 'hungUp', cause: 'originator_cancel' });
});

test('a call that is not in the carrier’s records, which lag behind, is not taken for over', async () => {
  expect(await ask('+15550009006')).toEqual([]);
});

test('hanging up what is over is "gone" or refused, and no failure', async () => {
  const call = aCallTo('+15550010001');
  await dial(call);
  const command = { callId: call.callId, leg: legAt(sidOf(call.toPhone)), attempt: 1 };
  await texml.hangUpTexml(command);
  expect(['gone', 'refused']).toContain((await texml.hangUpTexml(command)).kind);
});
