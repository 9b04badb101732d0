/**
 * A TeXML dial that goes wrong on its way, in every way. It takes no `command_id`, so the carrier cannot tell a repeat from
 * a second call: after an answer that is not clear nothing is sent again, whatever comes of it. Callbacks and the list of
 * calls say what became of it. The names are those of the fault catalogue.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { StatusDocument } from '../../domain/status';
import type { LedgerLeg } from '../../simulator/carrier/ledger';
import type { Settings } from '../../simulator/server';
import type { WebhookDelivery } from '../../simulator/webhooks';
import { forbidden, inTwoSeconds, refusal, status, tooMany } from '../support/carrier-faults';
import { atScale } from '../support/scale';
import { BASE_PATH, hasEnded, startSystem, stopSystems } from '../support/system';
import type { System } from '../support/system';

interface Case {
  readonly name: string;
  /** What the dial requests meet, one after the other; one more would be placed, and ring. @default nothing */
  readonly faults?: readonly object[];
  /** The phone, by its row in the simulator's table. @default one that answers, and hangs up after 4 s */
  readonly phone?: string;
  /** What the carrier's requests for documents meet. */
  readonly documents?: object;
  readonly ringSecs?: number;
  readonly outcome?: StatusDocument['outcome'];
  /** Legs in the carrier's ledger, and dial requests that it carried out. @default 1 */
  readonly legs?: number;
  /** How it ends becomes clear only after a minute. */
  readonly isSlow?: boolean;
}

const LOST = { kind: 'reset', applied: true };
const NEVER_CAME = { kind: 'reset', applied: false };
const NOBODY_KNOWS = { legs: 0, outcome: 'dial_unknown' } as const;
/** Rings until the time is up. */
const RINGS = { phone: '003', outcome: 'no_answer' } as const;
const QUEUED = { status: 'queued' };

const WITH_CALLBACKS: readonly Case[] = [
  { name: 'accepted' },
  { name: 'F09 accepted, response lost', faults: [LOST] },
  { name: 'F09 response lost, the first news is that it rings', faults: [LOST], ...RINGS },
  { name: 'F09 response lost, the first news is its end', faults: [LOST], phone: '001', outcome: 'busy' },
  { name: 'F09 response lost, hung up at once', faults: [LOST], phone: '007' },
  { name: 'F10 request lost', faults: [NEVER_CAME], ...NOBODY_KNOWS },
  { name: 'F11 500, placed', faults: [status(500, true)] },
  { name: 'F11 503, placed', faults: [status(503, true)] },
  { name: 'F12 500, not placed', faults: [status(500, false)], ...NOBODY_KNOWS },
  { name: 'F12 503, not placed', faults: [status(503, false)], ...NOBODY_KNOWS },
  { name: 'F13 429, Retry-After in seconds', faults: [tooMany({ 'retry-after': '1' })] },
  { name: 'F13 429, Retry-After as a date', faults: [tooMany({ 'retry-after': inTwoSeconds() })] },
  { name: 'F13 429 without Retry-After', faults: [tooMany({})] },
  { name: 'F13 429, negative Retry-After', faults: [tooMany({ 'retry-after': '-5' })] },
  { name: 'F13 429, Retry-After of ten years', faults: [tooMany({ 'retry-after': '315360000' })], isSlow: true },
  { name: 'F13 429, Retry-After of nonsense', faults: [tooMany({ 'retry-after': 'soon' })] },
  { name: 'F13 429, then accepted, response lost', faults: [tooMany({}), LOST] },
  { name: 'F13 429, then request lost', faults: [tooMany({ 'retry-after': '0' }), NEVER_CAME], ...NOBODY_KNOWS },
  { name: 'F14 429, dials per second', faults: [tooMany({}, '90103'), tooMany({}, '90103')] },
  { name: 'F15 403, channel limit', faults: [forbidden('Concurrent call limit D1'), forbidden('Channel limit D2')] },
  { name: 'F16 401, wrong key', faults: [refusal(401, '10009', 'Authentication failed')] },
  { name: 'F16 403, key without permission', faults: [forbidden('You are not allowed to do this')] },
  { name: 'F17 403, country', faults: [forbidden('Not in whitelisted countries D13')], legs: 0, outcome: 'failed' },
  { name: 'F17 422, bad number', faults: [refusal(422, '10016', 'Bad number')], legs: 0, outcome: 'failed' },
  { name: 'F18 answer takes 30 s', faults: [{ kind: 'delay', ms: 30_000 }] },
  { name: 'F19 headers, then a stalled body, placed', faults: [{ kind: 'stallBody', applied: true }] },
  { name: 'F19 a stalled body, not placed', faults: [{ kind: 'stallBody', applied: false }], ...NOBODY_KNOWS },
  { name: 'F20 200 with HTML, placed', faults: [{ kind: 'html', applied: true }] },
  { name: 'F20 200 with HTML, not placed', faults: [{ kind: 'html', applied: false }], ...NOBODY_KNOWS },
  { name: 'F20 200 with broken JSON, placed', faults: [{ kind: 'brokenJson', applied: true }] },
  { name: 'F20 200 with broken JSON, not placed', faults: [{ kind: 'brokenJson', applied: false }], ...NOBODY_KNOWS },
  { name: 'F20 200 with another object, placed', faults: [status(200, true, { body: { data: {} } })] },
  {
    name: 'F20 200 with another object, not placed',
    faults: [status(200, false, { body: { data: {} } })],
    ...NOBODY_KNOWS,
  },
  // Nothing tells it from an honest answer, so the phone may ring for as long as it was asked to.
  {
    name: 'F20 200 as it should be, not placed',
    faults: [status(200, false, { body: QUEUED })],
    ringSecs: 15,
    isSlow: true,
    ...NOBODY_KNOWS,
  },
  { name: 'F23 proxy refuses with 407', faults: [status(407, false)], ...NOBODY_KNOWS },
  { name: '408, placed', faults: [status(408, true)] },
  { name: '409, not placed', faults: [status(409, false)], ...NOBODY_KNOWS },
];

const WITHOUT_CALLBACKS: readonly Case[] = [
  { name: 'accepted, its phone rings', ...RINGS },
  { name: 'accepted, busy', phone: '001', outcome: 'busy' },
  { name: 'F09 response lost, the first news is a request for the document', faults: [LOST] },
  { name: 'F09 response lost, and it rings', faults: [LOST], ...RINGS },
  { name: 'F09 response lost, busy', faults: [LOST], phone: '001', outcome: 'busy' },
  { name: 'F09 response lost, answered, requests for documents lost as well', faults: [LOST], documents: NEVER_CAME },
  { name: 'F10 request lost', faults: [NEVER_CAME], ...NOBODY_KNOWS },
  { name: 'F11 500, placed', faults: [status(500, true)], ...RINGS },
  { name: 'F12 503, not placed', faults: [status(503, false)], ...NOBODY_KNOWS },
  { name: 'F18 answer takes 30 s', faults: [{ kind: 'delay', ms: 30_000 }], ...RINGS },
  { name: 'F19 headers, then a stalled body', faults: [{ kind: 'stallBody', applied: true }], ...RINGS },
  { name: 'F20 200 with HTML, placed', faults: [{ kind: 'html', applied: true }], ...RINGS },
  { name: 'F20 200 with broken JSON, not placed', faults: [{ kind: 'brokenJson', applied: false }], ...NOBODY_KNOWS },
];

/** What has not ended is not listed, so only some of them are found in time. */
const ENDED_ONLY: readonly Case[] = [
  { name: 'F09 response lost, over while it is looked for', faults: [LOST], ...RINGS },
  { name: 'F09 response lost, busy', faults: [LOST], phone: '001', outcome: 'busy' },
  { name: 'F09 response lost, rings for longer', faults: [LOST], phone: '003', ringSecs: 120, outcome: 'dial_unknown' },
];

const PATIENCE_MS = 120_000;
const GREETING = 'Hello.';
const HANDLER = { type: 'texml', texml: `<Response><Say>${GREETING}</Say><Pause length="120"/></Response>` };

const call = (system: System, to: string, ringSecs = 60): Promise<string> =>
  system.call({ to_phone: to, ring_timeout_secs: ringSecs, record: false, handler: HANDLER });
const ended = (system: System, callId: string): Promise<StatusDocument> => system.until(callId, hasEnded, PATIENCE_MS);
const legsTo = (system: System, to: string): readonly LedgerLeg[] =>
  system.ledger().legs.filter((leg) => leg.to === to);
const isAlive = ({ ended_at }: LedgerLeg): boolean => ended_at === null;

/** What the dials to this number meet, one after the other. */
async function order(system: System, to: string, faults: readonly object[]): Promise<void> {
  for (const fault of faults) await system.control('POST', 'faults', { operation: 'texmlDial', to, fault });
}

const change = (system: System, to: string, phone: object): Promise<void> =>
  system.control('PUT', `phones/${encodeURIComponent(to)}`, phone);

async function hangUp(system: System, callId: string): Promise<StatusDocument> {
  const { status: code, body } = await system.request('POST', `${BASE_PATH}/calls/${callId}/hangup`);
  if (code !== 200) throw new Error(`hangup: ${code}`);
  return body as unknown as StatusDocument;
}

/** Looks for 30 s. */
async function until(holds: () => boolean, what: string): Promise<void> {
  for (let look = 0; !holds(); look++) {
    if (look === 1_500) throw new Error(`not within 30 s: ${what}`);
    await sleep(20);
  }
}
const untilPlaced = (system: System, to: string): Promise<void> =>
  until(() => legsTo(system, to).length === 1, `a leg to ${to}`);
const untilOver = (system: System, to: string): Promise<void> =>
  until(() => !legsTo(system, to).some(isAlive), `no leg to ${to}`);

/** What documents did on each of the calls to this number. */
const played = (system: System, to: string): readonly string[] =>
  system
    .ledger()
    .texml_calls.filter((one) => one.to === to)
    .map(({ transcript }) => transcript.flatMap(({ who, does }) => (who === 'document' ? [does] : [])).join(', '));

/** Hung up before anybody knows its CallSid. */
interface HungUp {
  readonly leg: LedgerLeg | undefined;
  readonly atOnce: StatusDocument;
  readonly atLast: StatusDocument;
  readonly played: readonly string[];
}
const HUNG_UP = {
  rings: { to: '+15557001003', phone: {}, faults: [LOST] },
  'picks up': { to: '+15557002006', phone: { ringMs: 16_000 }, faults: [LOST] },
  'never came': { to: '+15557003006', phone: {}, faults: [NEVER_CAME] },
  'is listed': { to: '+15557004003', phone: {}, faults: [LOST] },
} as const;
const hungUp = new Map<keyof typeof HUNG_UP, HungUp>();

const hangUpOneWho =
  (fate: keyof typeof HUNG_UP) =>
  async (system: System): Promise<void> => {
    const { to, phone, faults } = HUNG_UP[fate];
    await change(system, to, phone);
    await order(system, to, faults);
    const callId = await call(system, to);
    await system.until(callId, ({ status: now }) => now === 'dialing');
    if (fate !== 'never came') await untilPlaced(system, to);
    const atOnce = await hangUp(system, callId);
    const atLast = await ended(system, callId);
    hungUp.set(fate, { leg: legsTo(system, to)[0], atOnce, atLast, played: played(system, to) });
  };

const BOTH_TALK = '+15557005006';
/** The two calls when one of them was hung up, and how many legs were there then. */
const oneOfTwo: { documents: readonly StatusDocument[]; living: number } = { documents: [], living: 0 };

async function hangUpOneOfTwo(system: System): Promise<void> {
  await order(system, BOTH_TALK, [LOST, LOST]);
  const callIds = await Promise.all([call(system, BOTH_TALK), call(system, BOTH_TALK)]);
  const [first, second] = callIds;
  await Promise.all(callIds.map((callId) => system.until(callId, ({ status: now }) => now === 'in_progress')));
  await hangUp(system, first);
  const documents = [await ended(system, first), await system.status(second)];
  Object.assign(oneOfTwo, { documents, living: legsTo(system, BOTH_TALK).filter(isAlive).length });
  await hangUp(system, second);
  await ended(system, second);
}

/** Nobody can tell whose leg the list shows. */
const DOUBTFUL = {
  'two calls at one number, both placed': { to: '+15557006006', faults: [LOST, LOST] },
  'two calls at one number, one of them placed': { to: '+15557007003', faults: [LOST, NEVER_CAME] },
  'one call, and a stranger on the same account': { to: '+15557008003', faults: [LOST] },
} as const;
type Doubt = keyof typeof DOUBTFUL;
const doubtful = new Map<Doubt, readonly StatusDocument[]>();

async function callInDoubt(system: System, doubt: Doubt, ringSecs?: number): Promise<void> {
  const { to, faults } = DOUBTFUL[doubt];
  await order(system, to, faults);
  const callIds = await Promise.all(faults.map(() => call(system, to, ringSecs)));
  if (doubt === 'one call, and a stranger on the same account') await callAsStranger(system, to);
  doubtful.set(doubt, await Promise.all(callIds.map((callId) => ended(system, callId))));
}

/** Who was given up picks up after all. */
const late: { legs: readonly LedgerLeg[]; played: readonly string[]; callbacks: readonly WebhookDelivery[] } = {
  legs: [],
  played: [],
  callbacks: [],
};
async function pickUpLate(system: System): Promise<void> {
  const doubt = 'two calls at one number, both placed';
  const { to } = DOUBTFUL[doubt];
  await change(system, to, { ringMs: 85_000 });
  await callInDoubt(system, doubt, 120);
  system.simulator.changeSettings({ webhooksOff: false });
  await untilOver(system, to);
  const callbacks = () => system.ledger().webhooks.filter((one) => one.to === to);
  await until(() => callbacks().every(({ status: now }) => now !== 'pending'), `callbacks of ${to} sent`);
  Object.assign(late, { legs: legsTo(system, to), played: played(system, to), callbacks: callbacks() });
}

/** From the same number to the same number, by somebody else. */
async function callAsStranger(system: System, to: string): Promise<void> {
  await untilPlaced(system, to);
  const [leg] = legsTo(system, to);
  const { apiBaseUrl, apiKey, accountSid, texmlApplicationId: ApplicationSid } = system.simulator;
  const answer = await fetch(`${apiBaseUrl}/texml/Accounts/${accountSid}/Calls`, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ ApplicationSid, To: to, From: leg?.from, Texml: HANDLER.texml, Timeout: 60 }),
  });
  if (!answer.ok) throw new Error(`the stranger's dial: ${answer.status} ${await answer.text()}`);
}

interface Called extends Case {
  readonly to: string;
}
/** Those of this scale, each with a number of its own. */
function called(cases: readonly Case[]): readonly Called[] {
  const run = cases.filter(({ isSlow = false }) => atScale({ quick: !isSlow, ci: true, full: true }));
  return run.map((row, i) => ({ ...row, to: `+1555${String(i).padStart(4, '0')}${row.phone ?? '000'}` }));
}

interface World {
  readonly settings: Partial<Settings>;
  readonly cases: readonly Called[];
  readonly scenes: readonly ((system: System) => Promise<void>)[];
}
const ARRIVING = 'callbacks come 5 s late';
const MISSING = 'callbacks are lost, and the list of calls is 12 s behind';
const ALWAYS: Readonly<Record<string, World>> = {
  [MISSING]: {
    settings: { phoneSpeed: 2, webhooksOff: true, texmlCallsLagMs: 12_000 },
    cases: called(WITHOUT_CALLBACKS),
    scenes: [
      hangUpOneWho('picks up'),
      hangUpOneWho('is listed'),
      pickUpLate,
      (system) => callInDoubt(system, 'two calls at one number, one of them placed'),
      (system) => callInDoubt(system, 'one call, and a stranger on the same account'),
    ],
  },
  [ARRIVING]: {
    settings: { phoneSpeed: 4, webhookLatencyMs: 5_000 },
    cases: called(WITH_CALLBACKS),
    scenes: [hangUpOneWho('rings'), hangUpOneWho('never came'), hangUpOneOfTwo],
  },
};
const THOROUGH: typeof ALWAYS = {
  'callbacks are lost, and only calls that have ended are listed': {
    settings: { phoneSpeed: 2, webhooksOff: true, texmlLiveCallsListed: false },
    cases: called(ENDED_ONLY),
    scenes: [],
  },
};
const WORLDS = { ...ALWAYS, ...atScale({ quick: {}, ci: THOROUGH, full: THOROUGH }) };

interface Run {
  readonly system: System;
  /** By the called number. */
  readonly documents: ReadonlyMap<string, StatusDocument>;
}
const runs = new Map<string, Run>();
/** Of scenes; the tests of all others are not lost with them. */
const failures: unknown[] = [];

async function play([name, { settings, cases, scenes }]: readonly [string, World]): Promise<void> {
  const system = await startSystem({ settings });
  const documents = new Map<string, StatusDocument>();
  runs.set(name, { system, documents });
  const callThrough = async ({ to, faults = [], documents: fault, ringSecs }: Called): Promise<void> => {
    await order(system, to, faults);
    if (fault) await system.control('POST', 'faults', { operation: 'instructions', to, times: 99, fault });
    const callId = await call(system, to, ringSecs);
    documents.set(to, await ended(system, callId).catch(() => system.status(callId)));
  };
  const playing = scenes.map((scene) => scene(system).catch((failure: unknown) => failures.push(failure)));
  await Promise.all([...playing, ...cases.map(callThrough)]);
}

// All at once: they wait for most of a minute and do little.
beforeAll(() => Promise.all(Object.entries(WORLDS).map(play)), 200_000);
afterAll(stopSystems);

describe.each(Object.entries(WORLDS))('%s', (world, { cases }) => {
  test.each(cases)('$name: asked for once, told truly', ({ to, legs = 1, outcome = 'completed' }) => {
    const ledger = runs.get(world)?.system.ledger();
    const document = runs.get(world)?.documents.get(to);
    const rung = ledger?.legs.filter((leg) => leg.to === to) ?? [];
    expect(rung).toHaveLength(legs);
    expect(document).toMatchObject({ status: 'ended', outcome });
    expect(ledger?.dial_requests[to] ?? 0).toBe(legs);
    expect(document?.answered_at !== null).toBe(typeof rung[0]?.answered_at === 'string');
  });
});

describe('a call that is hung up before its CallSid is known', () => {
  test.each(Object.keys(HUNG_UP) as (keyof typeof HUNG_UP)[])('%s: it stays dialing for now', (fate) => {
    expect(hungUp.get(fate)?.atOnce).toMatchObject({ status: 'dialing', outcome: null });
  });

  test.each(['rings', 'is listed'] as const)('%s: the first news of it ends it', (fate) => {
    const { leg, atLast } = hungUp.get(fate) ?? {};
    expect(leg).toMatchObject({ answered_at: null, hangup_cause: 'originator_cancel' });
    expect(atLast).toMatchObject({ status: 'ended', outcome: 'canceled', ended_by: 'api' });
  });

  test('who picks up meanwhile is told nothing', () => {
    const { atLast, played } = hungUp.get('picks up') ?? {};
    expect(atLast).toMatchObject({ status: 'ended', outcome: 'completed', ended_by: 'api' });
    // Hung up by a document, or by a command that was sooner.
    expect(played).toEqual([expect.stringMatching(/^(pauses(, )?)*(hangs up)?$/)]);
  });

  test('and if it never comes, nobody knows', () => {
    expect(hungUp.get('never came')).toMatchObject({
      leg: undefined,
      atLast: { outcome: 'dial_unknown', ended_by: 'api' },
    });
  });
});

describe('calls that look alike', () => {
  test('two at one number, both answers lost: a hangup ends the one, and the other goes on', () => {
    expect(oneOfTwo.documents.map(({ status: now }) => now)).toEqual(['ended', 'in_progress']);
    expect(oneOfTwo.living).toBe(1);
    expect(legsTo(systemOf(ARRIVING), BOTH_TALK)).toHaveLength(2);
  });

  test.each(Object.keys(DOUBTFUL) as Doubt[])('%s: no leg is taken for ours', (doubt) => {
    const { to, faults } = DOUBTFUL[doubt];
    const outcomes = doubtful.get(doubt)?.map(({ outcome }) => outcome);
    expect(outcomes).toEqual(faults.map(() => 'dial_unknown'));
    expect(legsTo(systemOf(MISSING), to).filter(({ hangup_cause }) => hangup_cause === 'originator_cancel')).toEqual(
      [],
    );
  });

  test('who picks up after they were given up hears nothing, and the callbacks are taken', () => {
    const documents = doubtful.get('two calls at one number, both placed') ?? [];
    const endedAt = documents.map(({ ended_at }) => ended_at ?? '').sort();
    expect(late.legs.map(({ answered_at }) => (answered_at ?? '') > (endedAt.at(-1) ?? ''))).toEqual([true, true]);
    expect(late.played).toEqual(['hangs up', 'hangs up']);
    expect(late.callbacks.map(({ event_type }) => event_type)).toContain('texml.completed');
    expect(late.callbacks.filter(({ status: now }) => now !== 'delivered')).toEqual([]);
  });
});

test('every scene came to its end', () => {
  expect(failures).toEqual([]);
});

test('no leg is left alive', async () => {
  for (const { system } of runs.values()) {
    await until(() => !system.ledger().legs.some(isAlive), 'no leg');
    expect(system.ledger().legs.filter(isAlive)).toEqual([]);
  }
});

function systemOf(world: string): System {
  const run = runs.get(world);
  if (run === undefined) throw new Error(`nothing was played where ${world}`);
  return run.system;
}
