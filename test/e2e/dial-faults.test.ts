/**
 * A dial that goes wrong on its way, in every way: nobody is rung twice, whether the carrier de-duplicates commands or
 * not, and the status says what happened. The names are those of the fault catalogue.
 */
import type { StatusDocument } from '../../domain/status';
import type { Settings } from '../../simulator/server';
import { forbidden, inTwoSeconds, refusal, status, tooMany } from '../support/carrier-faults';
import { atScale } from '../support/scale';
import { hasEnded, startSystem, stopSystems } from '../support/system';
import type { System } from '../support/system';

interface Case {
  readonly name: string;
  readonly fault: object;
  /** How many dials meet it. @default 1 */
  readonly times?: number;
  readonly outcome?: StatusDocument['outcome'];
  /** Legs in the carrier's ledger. @default 1 */
  readonly legs?: number;
  /** Dial requests that the carrier saw, at most. */
  readonly requests?: number;
}

const CASES: readonly Case[] = [
  { name: 'F09 accepted, response lost', fault: { kind: 'reset', applied: true }, requests: 1 },
  { name: 'F10 request lost', fault: { kind: 'reset', applied: false } },
  { name: 'F11 500, placed', fault: status(500, true), requests: 1 },
  { name: 'F11 503, placed', fault: status(503, true), requests: 1 },
  { name: 'F12 500, not placed', fault: status(500, false) },
  { name: 'F12 503, not placed, three times', fault: status(503, false), times: 3 },
  { name: 'F12 503, never placed', fault: status(503, false), times: 99, legs: 0, outcome: 'dial_unknown' },
  { name: 'F13 429, Retry-After in seconds', fault: tooMany({ 'retry-after': '1' }) },
  { name: 'F13 429, Retry-After as a date', fault: tooMany({ 'retry-after': inTwoSeconds() }) },
  { name: 'F13 429 without Retry-After', fault: tooMany({}) },
  { name: 'F13 429, negative Retry-After', fault: tooMany({ 'retry-after': '-5' }) },
  { name: 'F13 429, Retry-After of ten years', fault: tooMany({ 'retry-after': '315360000' }) },
  { name: 'F13 429, Retry-After of nonsense', fault: tooMany({ 'retry-after': 'soon' }) },
  { name: 'F14 429, dials per second', fault: tooMany({}, '90103'), times: 2 },
  { name: 'F15 403, channel limit', fault: forbidden('Concurrent call limit D1'), times: 2 },
  { name: 'F16 401, wrong key', fault: refusal(401, '10009', 'Authentication failed'), times: 2 },
  { name: 'F16 403, key without permission', fault: forbidden('You are not allowed to do this') },
  {
    name: 'F17 422, bad number',
    fault: refusal(422, '10016', 'Bad number'),
    legs: 0,
    outcome: 'failed',
    requests: 1,
  },
  { name: 'F18 answer takes 30 s', fault: { kind: 'delay', ms: 30_000 }, requests: 1 },
  { name: 'F19 headers, then a stalled body', fault: { kind: 'stallBody', applied: true }, requests: 1 },
  { name: 'F20 200 with HTML, placed', fault: { kind: 'html', applied: true }, requests: 1 },
  { name: 'F20 200 with HTML, not placed', fault: { kind: 'html', applied: false } },
  { name: 'F20 200 with broken JSON, placed', fault: { kind: 'brokenJson', applied: true }, requests: 1 },
  { name: 'F20 200 with broken JSON, not placed', fault: { kind: 'brokenJson', applied: false } },
  { name: 'F20 200 without ids, placed', fault: { kind: 'missingIds', applied: true }, requests: 1 },
  { name: 'F20 200 without ids, not placed', fault: { kind: 'missingIds', applied: false } },
  { name: 'F20 200 with ids of another leg, placed', fault: { kind: 'foreignIds', applied: true }, requests: 1 },
  { name: 'F20 200 with ids of another leg, not placed', fault: { kind: 'foreignIds', applied: false } },
  {
    name: 'F22 reset, never placed',
    fault: { kind: 'reset', applied: false },
    times: 99,
    legs: 0,
    outcome: 'dial_unknown',
  },
  { name: 'F23 proxy refuses with 407', fault: status(407, false) },
  { name: '408, placed', fault: status(408, true), requests: 1 },
  { name: '409, not placed', fault: status(409, false) },
];

const FRIENDLY: typeof CARRIERS = { 'a carrier that de-duplicates': { dedupeCommandIds: true } };
/** Every case once against each of these carriers. */
const CARRIERS: Readonly<Record<string, Partial<Settings>>> = {
  ...atScale({ quick: {}, ci: FRIENDLY, full: FRIENDLY }),
  'a carrier that does not': { dedupeCommandIds: false },
  'a carrier that does not, all webhooks lost, its log in another shape': {
    dedupeCommandIds: false,
    webhooksOff: true,
    callEventMetadata: 'event',
  },
};

const number = (i: number): string => `+1555${String(i).padStart(4, '0')}000`;

interface Run {
  readonly system: System;
  readonly documents: readonly StatusDocument[];
}

async function callThroughEveryFault(settings: Partial<Settings>): Promise<Run> {
  const system = await startSystem({ env: { AGENT_WAIT_SECS: '10' }, settings });
  const documents = await Promise.all(
    CASES.map(async ({ fault, times = 1 }, i) => {
      await system.control('POST', 'faults', { operation: 'dial', to: number(i), times, fault });
      const callId = await system.call({ to_phone: number(i), ring_timeout_secs: 15, record: false });
      return system.until(callId, hasEnded, 150_000).catch(() => system.status(callId));
    }),
  );
  return { system, documents };
}

const runs = new Map<string, Run>();

/** Evidence of the first dial is so late that the request is sent again. */
const LATE = { webhookLatencyMs: 20_000, callEventsLagMs: 20_000, activeCallsLagMs: 20_000 };
type DuplicateAnswer = Settings['duplicateAnswer'];
const TO = '+15552000006';
const ALL_ANSWERS: readonly DuplicateAnswer[] = ['newIds', 'sameIds', 'error'];
const ANSWERS = ALL_ANSWERS.slice(0, atScale({ quick: 1, ci: 3, full: 3 }));

async function callThroughLateEvidence(duplicateAnswer: DuplicateAnswer): Promise<Run> {
  const system = await startSystem({ env: { AGENT_WAIT_SECS: '3' }, settings: { ...LATE, duplicateAnswer } });
  await system.control('POST', 'faults', { operation: 'dial', to: TO, fault: { kind: 'reset', applied: true } });
  const callId = await system.call({ to_phone: TO, ring_timeout_secs: 60, record: false });
  return { system, documents: [await system.until(callId, hasEnded, 150_000)] };
}

// All at once: they wait for minutes and do little.
beforeAll(async () => {
  await Promise.all([
    ...Object.entries(CARRIERS).map(async ([carrier, settings]) => {
      runs.set(carrier, await callThroughEveryFault(settings));
    }),
    ...ANSWERS.map(async (answer) => {
      runs.set(answer, await callThroughLateEvidence(answer));
    }),
  ]);
}, 240_000);
afterAll(stopSystems);

describe('dial faults', () => {
  describe.each(Object.keys(CARRIERS))('%s', (carrier) => {
    test.each(CASES.map((one, i) => ({ ...one, i })))(
      '$name: rung at most once, told truly',
      ({ i, legs = 1, outcome = 'completed', requests = 99 }) => {
        const ledger = runs.get(carrier)?.system.ledger();
        const document = runs.get(carrier)?.documents[i];
        const rung = ledger?.legs.filter((leg) => leg.to === number(i)) ?? [];
        expect(rung).toHaveLength(legs);
        expect(document).toMatchObject({ status: 'ended', outcome });
        expect(document?.answered_at !== null).toBe(typeof rung[0]?.answered_at === 'string');
        expect(ledger?.dial_requests[number(i)] ?? 0).toBeLessThanOrEqual(requests);
      },
    );

    test('no leg is left alive', () => {
      const legs = runs.get(carrier)?.system.ledger().legs;
      expect(legs?.filter((leg) => leg.ended_at === null)).toEqual([]);
    });
  });
});

describe('F21 a repeated dial is answered as a duplicate', () => {
  test.each(ANSWERS)('%s: one leg, and the call knows it', (duplicateAnswer) => {
    const run = runs.get(duplicateAnswer);
    const ledger = run?.system.ledger();
    expect(ledger?.legs.filter((leg) => leg.to === TO)).toHaveLength(1);
    expect(ledger?.dial_requests[TO]).toBeGreaterThan(1);
    expect(run?.documents[0]).toMatchObject({ outcome: 'agent_unavailable', ended_by: 'system' });
    expect(ledger?.legs.filter((leg) => leg.ended_at === null)).toEqual([]);
  });
});
