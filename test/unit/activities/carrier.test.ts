/** The commands to the carrier, against the simulator: what is sent, what is not, and what an answer is taken for. */
import { setTimeout as sleep } from 'node:timers/promises';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { createCarrierActivities } from '../../../activities/carrier';
import type { CarrierActivities } from '../../../activities/carrier';
import { LEAD } from '../../../domain/call';
import type { CallRequest, ReachableLeg } from '../../../domain/call';
import type { DialAnswer, FindLegQuestion, LegQuestion } from '../../../domain/carrier';
import type { CallEvent } from '../../../domain/events';
import { createTelnyxClient } from '../../../platform/telnyx/client';
import { startSimulator } from '../../../simulator/server';
import type { Simulator } from '../../../simulator/server';
import { aCall } from '../domain/a-call';

const INSTALLATION = 'outcall@test';
let simulator: Simulator;
let carrier: CarrierActivities;

beforeAll(async () => {
  simulator = await startSimulator({ quiet: true, webhookUrl: 'http://127.0.0.1:9/none' });
  carrier = createCarrierActivities({
    telnyx: createTelnyxClient({ apiKey: simulator.apiKey, baseUrl: simulator.apiBaseUrl }),
    installation: INSTALLATION,
    connectionId: simulator.connectionId,
    publicUrl: 'https://calls.example.com',
    soundUrl: (sound) => `https://calls.example.com/${sound}.wav`,
    voice: 'female',
    browsers: null,
  });
});
afterAll(() => simulator.close());

let calls = 0;
const aCallTo = (toPhone: string): CallRequest => {
  calls += 1;
  const callId = `COLD_CALL_${String(calls).padStart(26, '0')}`;
  return aCall({ callId, toPhone, fromPhone: '+15551234567', createdAt: new Date().toISOString() });
};

/** Runs an activity as if it had been scheduled so many milliseconds ago. */
const run = <T>(work: () => Promise<T>, scheduledAgoMs = 0): Promise<T> =>
  new MockActivityEnvironment(
    { currentAttemptScheduledTimestampMs: Date.now() - scheduledAgoMs },
    { logger: new DefaultLogger('ERROR') },
  ).run(work);
const dial = (call: CallRequest, scheduledAgoMs = 0): Promise<DialAnswer> =>
  run(() => carrier.dial({ call, leg: LEAD, agent: null, intoConference: false }), scheduledAgoMs);
const ask = async (question: LegQuestion): Promise<readonly CallEvent[]> => (await carrier.askLeg(question)) ?? [];
const find = async (question: FindLegQuestion): Promise<readonly CallEvent[]> =>
  (await carrier.findLeg(question))?.events ?? [];
const placed = async (toPhone: string): Promise<{ call: CallRequest; leg: ReachableLeg }> => {
  const call = aCallTo(toPhone);
  const answer = await dial(call);
  if (answer.kind !== 'placed') throw new Error(answer.kind);
  return { call, leg: answer.leg };
};

test('a dial that waited 5 seconds for its worker is not sent', async () => {
  expect(await dial(aCallTo('+15550000006'), 5_100)).toEqual({ kind: 'late' });
  expect(simulator.ledger().dial_requests['+15550000006']).toBeUndefined();
});

test('a dial that waited less is sent', async () => {
  expect(await dial(aCallTo('+15550001006'), 4_000)).toHaveProperty('recordingId');
});

test('a recording whose start waited 5 seconds for its worker is not started by that attempt', async () => {
  const { call, leg } = await placed('+15550011006');
  const start = (scheduledAgoMs: number) =>
    run(() => carrier.startRecording({ callId: call.callId, leg, format: 'mp3' }), scheduledAgoMs);
  await expect(start(5_100)).rejects.toMatchObject({ type: 'too_late', nonRetryable: false });
  const starts = simulator.ledger().commands.filter(({ call_control_id }) => call_control_id === leg.callControlId);
  expect(starts.map(({ name }) => name)).not.toContain('record_start');
});

test('the same dial twice is one command to the carrier', async () => {
  const call = aCallTo('+15550002006');
  await dial(call);
  await dial(call);
  expect(simulator.ledger().legs.filter(({ to }) => to === call.toPhone)).toHaveLength(1);
});

test('a leg that is alive and ours says so', async () => {
  const { call, leg } = await placed('+15550003003');
  const events = await ask({ callId: call.callId, leg, confirmed: false, echoed: false });
  expect(events[0]).toMatchObject({ kind: 'initiated', source: 'poll', leg: { callLegId: leg.callLegId } });
  expect(events.map(({ kind }) => kind)).not.toContain('hungUp');
});

test('a leg of another call is disowned', async () => {
  const { leg } = await placed('+15550004003');
  expect(await ask({ callId: aCallTo('+1').callId, leg, confirmed: false, echoed: false })).toMatchObject([
    { kind: 'disowned' },
  ]);
});

test.each([
  [false, 'disowned'],
  [true, 'hungUp'],
])('a leg the carrier does not know, confirmed before: %s, is %s', async (confirmed, kind) => {
  const leg = { ...LEAD, callControlId: 'v3:nowhere', callLegId: 'none', callSessionId: 'none' };
  const events = await ask({ callId: aCallTo('+1').callId, leg, confirmed, echoed: false });
  expect(events.at(-1)).toMatchObject({ kind });
});

test('a leg is found among the active calls by its client_state, behind many others', async () => {
  await Promise.all(Array.from({ length: 30 }, (_, i) => dial(aCallTo(`+1555001${String(i).padStart(4, '0')}`))));
  const { call, leg } = await placed('+15550006003');
  const { callId, toPhone, fromPhone, createdAt: since } = call;
  const events = await find({ callId, leg: LEAD, toPhone, fromPhone, since, dialedAt: since });
  expect(events[0]).toMatchObject({ kind: 'initiated', leg: { callLegId: leg.callLegId } });
});

test('a leg that was never dialed is not found', async () => {
  const { callId, toPhone, fromPhone, createdAt: since } = aCallTo('+15550007003');
  expect(await find({ callId, leg: LEAD, toPhone, fromPhone, since, dialedAt: since })).toEqual([]);
});

test('hanging up what is over is "gone", not a failure', async () => {
  const { call, leg } = await placed('+15550008003');
  expect(await run(() => carrier.hangUp({ callId: call.callId, leg, attempt: 1 }))).toEqual({ kind: 'accepted' });
  expect(await run(() => carrier.hangUp({ callId: call.callId, leg, attempt: 2 }))).toEqual({ kind: 'gone' });
});

test.each<['hangUp' | 'enterConference', string, string, number]>([
  ['hangUp', 'hangup', '+15550009006', 5_500],
  ['enterConference', 'createConference', '+15550010006', 3_000],
])(
  '%s waits for a carrier that takes its time: a repeat is the same command',
  async (name, operation, to, ms) => {
    const { call, leg } = await placed(to);
    const isAnswered = (): boolean =>
      simulator.ledger().legs.some((one) => one.call_leg_id === leg.callLegId && one.answered_at !== null);
    while (!isAnswered()) await sleep(50);
    await fetch(`${simulator.url}/_simulator/faults`, {
      method: 'POST',
      body: JSON.stringify({ operation, times: 1, fault: { kind: 'delay', ms } }),
    });
    expect(await run(() => carrier[name]({ callId: call.callId, leg, attempt: 1 }))).toEqual({ kind: 'accepted' });
  },
  20_000,
);
