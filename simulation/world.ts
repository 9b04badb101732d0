/**
 * One seed, run from its first call to the end of the last: the same carrier, the same faults, the same moments, byte
 * for byte. Nothing here waits for anything real.
 */
import { LEAD } from '../domain/call';
import type { CallRequest } from '../domain/call';
import type { Carrier } from '../domain/carrier';
import { createCarrierActivities } from '../activities/carrier';
import { createErrandActivities } from '../activities/errands';
import { createTexmlActivities } from '../activities/texml-calls';
import type { TexmlSettings } from '../activities/texml-calls';
import { encodeClientState } from '../platform/telnyx/client-state';
import { createCarrier as createCarrierModel } from '../simulator/carrier/carrier';
import type { Carrier as CarrierModel } from '../simulator/carrier/carrier';
import { accountSid } from '../simulator/carrier/provisioning';
import type { Settings } from '../simulator/carrier/settings';
import { createVirtualClock } from '../simulator/carrier/virtual-clock';
import type { VirtualClock } from '../simulator/carrier/virtual-clock';
import type { JsonObject, Webhook } from '../simulator/carrier/world';
import { usualTexmlApplicationId } from '../simulator/texml/state';
import { createCarrier } from '../workflows/carrier-activities';
import { createErrands } from '../workflows/errand-activities';
import type { Errands } from '../workflows/runtime';
import { startCall } from './call';
import type { RunningCall } from './call';
import { createChance, Draws } from './chance';
import type { Chance, Met } from './chance';
import { createCustomer } from './customer';
import { createDocuments } from './documents';
import { SWITCHES } from './faults';
import { createJudge, STRANGERS } from './judge';
import type { Judge, Violation } from './judge';
import { createNetwork } from './network';
import type { Strangers } from './network';
import { planOf } from './plan';
import type { Wish } from './kinds';
import type { Plan, PlannedCall, Scenario } from './plan';
import { createServer, createWorker } from './processes';
import type { Worker } from './processes';
import { createProxy } from './temporal';
import { addresses } from './texml-places';
import { withDate } from './virtual-date';
import { createDelivery } from './webhooks';

const START_MS = Date.UTC(2026, 0, 5, 12);
const INSTALLATION = 'outcall@seeds';
const CONNECTION_ID = '1494404757140276705';
/** How long the world is watched after the last story has ended: nothing of ours may happen any more. */
const AFTERMATH_MS = 15 * 60_000;
/** No story takes longer: the carrier's list of recordings is looked through for about a month. */
const LIMIT_MS = 60 * 24 * 3600_000;

/** A story that goes round in circles is ended, as one that never ends. */
const MOST_STEPS = 50_000;

export interface Run {
  readonly seed: number;
  readonly plan: Plan;
  readonly violations: readonly Violation[];
  readonly met: readonly Met[];
  /** How often each kind of thing has happened. */
  readonly counts: ReadonlyMap<string, number>;
  readonly calls: number;
  /** What happened, a line each; empty unless asked for. */
  readonly story: readonly string[];
}

/** @param tell keeps the story. @default false */
export function runScenario(scenario: Scenario, tell = false): Promise<Run> {
  const clock = createVirtualClock(START_MS);
  return withDate(clock.now, () => runWorld(scenario, clock, tell));
}

async function runWorld(scenario: Scenario, clock: VirtualClock, tell: boolean): Promise<Run> {
  const pinned = typeof scenario === 'number' ? null : scenario;
  const { seed, plan } = pinned ?? { seed: Number(scenario), plan: planOf(Number(scenario), START_MS) };
  const counts = new Map<string, number>();
  const count = (what: string): void => void counts.set(what, (counts.get(what) ?? 0) + 1);
  const chance = createChance({
    seed,
    pinned: pinned?.faults ?? null,
    clock,
    faultsEndAtMs: START_MS + (plan.faultsEndAfterMs ?? Infinity),
    count,
  });
  const story: string[] = [];
  const note = (what: () => string): void => {
    if (tell) story.push(`${seconds(clock.now() - START_MS)}  ${what()}`);
  };
  note(
    () =>
      `seed ${seed}: weather: ${plan.weather.name}; faults end after ${plan.faultsEndAfterMs} ms; the carrier's clock is off by ${plan.skewMs} ms`,
  );
  const judge = createJudge({ clock, plan, chance, count, note });
  const stage = build({ seed, clock, plan, chance, judge });
  const calls: RunningCall[] = [];
  judge.follow(stage.carrier, calls);
  count(`weather: ${plan.weather.name}`);
  for (const kind of plan.calls.flatMap(({ kinds }) => kinds)) count(kind);
  for (const planned of plan.calls) clock.after(planned.startsAfterMs, () => calls.push(begin(stage, planned)));

  const started = (): boolean => calls.length === plan.calls.length;
  let steps = 0;
  const goesOn = (): boolean => steps++ < MOST_STEPS && clock.now() < START_MS + LIMIT_MS;
  const isOver = (): boolean => started() && calls.every((call) => call.isOver());
  await inTurns(calls, () => !isOver() && goesOn() && clock.step());
  const aftermathEndsMs = clock.now() + AFTERMATH_MS;
  await inTurns(calls, () => clock.now() < aftermathEndsMs && clock.step());
  judge.concludes();
  stage.carrier.stop();
  for (const { occasion, kind } of chance.met) note(() => `met at ${occasion}: ${kind}`);
  return { seed, plan, violations: judge.violations, met: chance.met, counts, calls: calls.length, story };
}

/**
 * One step after the other, until there is none: each when all that promises had to say to each other has been said, and
 * nobody waits for what is known already.
 */
function inTurns(calls: readonly RunningCall[], step: () => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    const turn = (): void => {
      try {
        // Everybody's turn, not only the first's.
        const isAnybodyWoken = calls.filter((call) => call.wake()).length > 0;
        if (isAnybodyWoken || step()) process.nextTick(rest);
        else resolve();
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    };
    // A tick's turn comes when no promise is left that could go on; the next tick's, only after a promise's.
    const rest = (): void => void NOW.then(turn);
    turn();
  });
}

const NOW = Promise.resolve();

const seconds = (ms: number): string => (ms / 1000).toFixed(3).padStart(10);

interface Stage {
  readonly clock: VirtualClock;
  readonly plan: Plan;
  readonly chance: Chance;
  readonly judge: Judge;
  readonly carrier: CarrierModel;
  readonly worker: Worker;
  readonly activities: Readonly<Record<string, (input: never) => Promise<unknown>>>;
  readonly calls: Map<string, RunningCall>;
}

function build({
  seed,
  clock,
  plan,
  chance,
  judge,
}: Pick<Stage, 'clock' | 'plan' | 'chance' | 'judge'> & { seed: number }): Stage {
  const { weather, skewMs } = plan;
  const calls = new Map<string, RunningCall>();
  const worker = createWorker(clock, chance, weather);
  const server = createServer(clock, chance, weather);
  const deliver = createDelivery({
    clock,
    chance,
    server,
    faulty: weather.webhooks,
    installation: INSTALLATION,
    signal: (callId, event, webhook) => {
      judge.webhook(webhook);
      calls.get(callId)?.signal(event, () => {
        judge.heardWebhook(callId, webhook);
      });
    },
  });
  const carrier = createCarrierModel({
    clock: { now: () => clock.now() + skewMs, after: (delayMs, run) => clock.after(delayMs, run) },
    random: new Draws(seed, 'carrier').next,
    emit: (webhook: Webhook) => {
      judge.said(webhook);
      deliver(webhook);
    },
    ask: createDocuments({ clock, chance, server, faulty: weather.webhooks / 2, calls, watch: judge }),
    storageUrl: ({ recordingId }) => `https://storage.example.com/${recordingId}`,
    settings: weather.switches ? switchesOf(chance) : {},
    account: {
      connectionId: CONNECTION_ID,
      webhookUrl: 'https://calls.example.com/webhook',
      failoverUrl: null,
      phoneNumbers: [],
    },
  });
  for (const { phones, startsAfterMs } of plan.calls) {
    for (const { to, afterMs, behaviour } of phones) {
      if (afterMs === 0) carrier.setPhone(to, behaviour);
      else
        clock.after(startsAfterMs + afterMs, () => {
          carrier.setPhone(to, behaviour);
        });
    }
  }
  const telnyx = createNetwork({
    clock,
    carrier,
    chance,
    faulty: weather.requests,
    strangers: placeStrangers(carrier),
    watch: judge,
  });
  const browsers = {
    sipUsername: (clientId: string) => Promise.resolve(clientId),
    logIn: () => Promise.reject(new Error('nobody logs in here')),
  };
  const ofCarrier = createCarrierActivities({
    telnyx,
    installation: INSTALLATION,
    connectionId: CONNECTION_ID,
    publicUrl: 'https://calls.example.com',
    soundUrl: (sound) => `https://calls.example.com/${sound}.mp3`,
    voice: 'female',
    browsers,
  });
  const ofTexml = createTexmlActivities({
    telnyx,
    texml: { accountSid, applicationId: usualTexmlApplicationId },
    addresses,
    otherCallsTo: (question) => Promise.resolve(otherCallsTo(question, calls)),
  });
  const ofScripts = createErrandActivities(
    { allowedHosts: [], signingSecret: null, browsers, destinations: ['US'] },
    createCustomer({ clock, chance, faulty: weather.requests }),
  );
  const activities = { ...ofCarrier, ...ofTexml, ...ofScripts };
  return { clock, plan, chance, judge, carrier, worker, activities, calls };
}

/** As Temporal's visibility counts them. */
function otherCallsTo(
  { callId, toPhone, since }: Parameters<TexmlSettings['otherCallsTo']>[0],
  calls: ReadonlyMap<string, RunningCall>,
): number {
  const others = [...calls.values()].filter(({ request }) => request.toPhone === toPhone && request.callId !== callId);
  return others.filter(({ request }) => request.createdAt >= since).length;
}

function switchesOf(chance: Chance): Partial<Settings> {
  const thrown = SWITCHES.flatMap((row) => {
    const fault = chance.fault(row.kind, row.percent / 100, [row]);
    return fault ? [row.change(fault.draws)] : [];
  });
  return Object.assign({}, ...thrown) as Partial<Settings>;
}

/** The same carrier; the kinds of its answers are counted. */
function counted(judge: Judge, callId: string, carrier: Carrier): Carrier {
  const asked = Object.entries(carrier as unknown as Readonly<Record<string, (input: unknown) => Promise<unknown>>>);
  const counting = asked.map(([name, ask]) => [
    name,
    async (question: unknown): Promise<unknown> => {
      const answer = await ask(question);
      judge.answeredStory({ callId, name, question }, answer);
      return answer;
    },
  ]);
  return Object.fromEntries(counting) as Carrier;
}

/** The same errands; what they come to is kept for the rehearsal. */
function noted(judge: Judge, callId: string, errands: Errands): Errands {
  return {
    run: async (errand, key) => {
      const report = await errands.run(errand, key);
      judge.reported(callId, key, report);
      return report;
    },
    async firstForbidden(targets) {
      const forbidden = await errands.firstForbidden(targets);
      judge.answeredStory(
        { callId, name: 'targets', question: targets },
        { kind: forbidden === null ? 'allowed' : 'forbidden' },
      );
      return forbidden;
    },
  };
}

/** Somebody else's legs on the same account, which answer and stay: nothing of ours may touch them. */
function placeStrangers(carrier: CarrierModel): Strangers {
  const place = (to: string, more: JsonObject): JsonObject => {
    const body = { connection_id: CONNECTION_ID, to, from: '+15551230001', ...more };
    const answer = carrier.match({ method: 'POST', path: '/calls', query: {}, body })?.run();
    const { data } = answer?.body as { data: Record<string, unknown> };
    const { call_control_id, call_leg_id, call_session_id } = data;
    return { call_control_id, call_leg_id, call_session_id, ...more };
  };
  const [marked, unmarked, another] = STRANGERS;
  const ofAnother = { installation: INSTALLATION, callId: 'COLD_CALL_ZZZZZZZZZZZZZZZZZZZZZZZZZZ', leg: LEAD };
  return {
    marked: place(marked, { client_state: Buffer.from('theirs').toString('base64') }),
    unmarked: place(unmarked, {}),
    another: place(another, { client_state: encodeClientState(ofAnother) }),
  };
}

function begin(
  { clock, plan, chance, judge, carrier, worker, activities, calls }: Stage,
  planned: PlannedCall,
): RunningCall {
  const { request } = planned;
  const { callId } = request;
  const performing = activities as unknown as Readonly<Record<string, (input: unknown) => Promise<unknown>>>;
  const call = startCall({
    clock,
    worker,
    request,
    script: planned.script ?? null,
    watch: judge.watchCall(planned),
    bind: (deliver) => {
      const proxy = createProxy({
        clock,
        worker,
        chance,
        faulty: plan.weather.attempts,
        callId,
        deliver,
        perform: (name, input) => performing[name]?.(input) ?? Promise.reject(new Error(`no activity ${name}`)),
        heard: (attempt) => {
          judge.heardAttempt(attempt);
        },
        broken: (error) => {
          judge.broken(error);
        },
      });
      const errands = createErrands(request, proxy);
      return { carrier: counted(judge, callId, createCarrier(request, proxy)), errands: noted(judge, callId, errands) };
    },
  });
  calls.set(callId, call);
  for (const wish of planned.wishes) {
    clock.after(wish.afterMs, () => {
      judge.wished(callId, wish, grant(call, wish, new Date(clock.now()).toISOString(), { judge, carrier }));
    });
  }
  return call;
}

/** What the API does, or somebody else with the account's key; false when the call is over, or not so far. */
function grant(
  call: RunningCall,
  wish: Wish,
  at: string,
  { judge, carrier }: Pick<Stage, 'judge' | 'carrier'>,
): boolean {
  switch (wish.kind) {
    case 'hangUp':
      return call.signal({ kind: 'hangupRequested', at, source: 'api' });
    case 'join': {
      const agent = { type: 'webrtc', clientId: wish.clientId } as const;
      return call.signal({ kind: 'agentRequested', at, source: 'api', agent });
    }
    case 'mute':
      return call.mute(wish, (answer) => {
        judge.muteAnswered(call.request.callId, wish, answer);
      });
    case 'takeOut':
      return inConference(call.request, 'leave', carrier);
    case 'endConference':
      return inConference(call.request, 'end', carrier);
  }
}

/** A command of somebody who knows nothing of us. */
function inConference({ callId, toPhone }: CallRequest, action: 'leave' | 'end', carrier: CarrierModel): boolean {
  const { conferences, legs } = carrier.ledger();
  const leads = legs.filter(({ to }) => to === toPhone).map(({ call_control_id }) => call_control_id);
  for (const { id, name, participants } of conferences) {
    const lead = participants.find((one) => leads.includes(one.call_control_id) && one.left_at === null);
    if (name !== callId || !lead) continue;
    const body = action === 'leave' ? { call_control_id: lead.call_control_id } : {};
    const answer = carrier
      .match({ method: 'POST', path: `/conferences/${id}/actions/${action}`, query: {}, body })
      ?.run();
    return answer !== undefined && answer.status < 300;
  }
  return false;
}
