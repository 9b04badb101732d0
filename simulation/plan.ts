/**
 * What a seed stands for: how bad the weather is, which calls are made, what their callers do. New kinds of calls are
 * rows of `CALLS`.
 */
import type { Agent, CallRequest } from '../domain/call';
import type { Script } from '../flows/script';
import { phoneAt } from '../simulator/phones';
import type { PhoneBehaviour } from '../simulator/phones';
import { Draws } from './chance';
import type { Weighted } from './chance';
import {
  AGENT_PHONES,
  AGENTS,
  CALLS,
  DIGITS,
  drawMachine,
  HANGUPS,
  JOINS,
  LISTENERS,
  LISTENING_DIGITS,
  MACHINE_DIGITS,
  MACHINES,
  MUTES,
  OUTSIDERS,
} from './kinds';
import type { PhoneChange, Wish } from './kinds';
import { BROWSER, COLLEAGUE, SCRIPTS } from './scripts';

/** How likely each occasion is to meet a fault. */
export interface Weather extends Weighted {
  readonly name: string;
  readonly requests: number;
  readonly webhooks: number;
  readonly attempts: number;
  /** Kills and pauses that are tried, and server outages, in the first five minutes. */
  readonly worker: number;
  readonly server: number;
  readonly switches: boolean;
}

export const WEATHERS: readonly Weather[] = [
  { name: 'clear', weight: 1, requests: 0, webhooks: 0, attempts: 0, worker: 0, server: 0, switches: false },
  { name: 'another carrier', weight: 2, requests: 0, webhooks: 0, attempts: 0, worker: 0, server: 0, switches: true },
  {
    name: 'webhooks go astray',
    weight: 2,
    requests: 0,
    webhooks: 0.5,
    attempts: 0,
    worker: 0,
    server: 0.5,
    switches: true,
  },
  {
    name: 'requests go astray',
    weight: 2,
    requests: 0.2,
    webhooks: 0,
    attempts: 0,
    worker: 0,
    server: 0,
    switches: true,
  },
  { name: 'workers die', weight: 2, requests: 0, webhooks: 0, attempts: 0.1, worker: 0.6, server: 0.2, switches: true },
  { name: 'rain', weight: 4, requests: 0.1, webhooks: 0.2, attempts: 0.03, worker: 0.2, server: 0.1, switches: true },
  { name: 'storm', weight: 2, requests: 0.4, webhooks: 0.5, attempts: 0.1, worker: 0.5, server: 0.3, switches: true },
  {
    name: 'blackout',
    weight: 1,
    requests: 0.9,
    webhooks: 0.95,
    attempts: 0.1,
    worker: 0.2,
    server: 0.2,
    switches: true,
  },
];

export interface PlannedCall {
  /** The rows of `kinds.ts` that were drawn. */
  readonly kinds: readonly string[];
  readonly request: CallRequest;
  /** What a TeXML call follows. Absent: it is none. */
  readonly script?: Script;
  /** What the phones do that are called, beside the simulator's table. */
  readonly phones: readonly PlannedPhone[];
  readonly startsAfterMs: number;
  readonly wishes: readonly Wish[];
}

export interface PlannedPhone extends PhoneChange {
  /** Number or address. */
  readonly to: string;
}

export interface Plan {
  readonly weather: Weather;
  readonly calls: readonly PlannedCall[];
  /** From then on nothing goes wrong any more; null: it never ends. */
  readonly faultsEndAfterMs: number | null;
  /** How far the carrier's clock is ahead of ours. */
  readonly skewMs: number;
}

/** A run without its dice: what is left of a seed that failed when all is taken away that it can do without. */
export interface Pinned {
  readonly seed: number;
  readonly plan: Plan;
  /** What goes wrong, by occasion; everywhere else all is well. */
  readonly faults: Readonly<Record<string, string>>;
}

/** The seed of a run, or all that is known of one. */
export type Scenario = number | Pinned;

export function planOf(seed: number, startMs: number): Plan {
  const draws = new Draws(seed, 'plan');
  const count = draws.happens(0.2) ? draws.between(2, 4) : 1;
  const planAny = (index: number): PlannedCall => {
    const ofTexml = new Draws(seed, `TeXML call ${index}`);
    return ofTexml.happens(TEXML)
      ? planTexmlCall(ofTexml, index, startMs)
      : planCall(new Draws(seed, `call ${index}`), index, startMs);
  };
  return {
    weather: draws.row(WEATHERS),
    faultsEndAfterMs: draws.happens(0.7) ? draws.between(0, 240_000) : null,
    skewMs: draws.happens(0.2) ? draws.between(-20_000, 20_000) : 0,
    calls: Array.from({ length: count }, (_, index) => planAny(index)),
  };
}

/** How many of the calls follow TeXML. */
const TEXML = 0.2;

/** What the rows of `CALLS` leave out. */
const USUAL = {
  provider: 'telnyx',
  fromPhone: '+15551230000',
  handler: { type: 'conference' },
  record: true,
  recordingNotice: null,
  recordingFormat: 'mp3',
  ringTimeoutSeconds: 30,
  timeLimitSeconds: 300,
  agentWaitSeconds: 20,
  businessId: '6f1c2a34-0b5d-4e6f-8a7b-9c0d1e2f3a4b',
  metadata: {},
} as const;

const callIdOf = (index: number): string => `COLD_CALL_${String(index + 1).padStart(26, '0')}`;

function planCall(draws: Draws, index: number, startMs: number): PlannedCall {
  const nth = index + 1;
  const [call, hangup, agent] = [draws.row(CALLS), draws.row(HANGUPS), draws.row(AGENTS)];
  const [machine, joins, mutes] = [draws.row(MACHINES), draws.row(JOINS), draws.row(MUTES)];
  const listens = machine.change.answeringMachine.policy !== 'off';
  const digits = draws.pick(listens && draws.happens(0.5) ? MACHINE_DIGITS : DIGITS);
  const toPhone = `+1555${String(index).padStart(4, '0')}${digits}`;
  const own = draws.happens(listens ? 0.5 : 0.3) ? drawPhone(draws, toPhone, listens) : null;
  const startsAfterMs = index === 0 ? 0 : draws.between(0, 10_000);
  const hangups = hangup.at(draws, own ?? phoneAt(toPhone));
  const wishes: readonly Wish[] = [
    ...hangups.map((ms) => ({ kind: 'hangUp', afterMs: Math.max(0, ms) }) as const),
    ...joins.at(draws, nth),
    ...mutes.at(draws, nth),
  ];
  const request: CallRequest = {
    callId: callIdOf(index),
    toPhone,
    ...USUAL,
    ...machine.change,
    agent: agent.agent(nth),
    dialOrder: agent.dialOrder,
    ...call.change(draws),
    createdAt: new Date(startMs + startsAfterMs).toISOString(),
  };
  const agents = agentsOf(request, wishes).map((to) => ({ to, row: draws.row(AGENT_PHONES) }));
  const agentPhones = agents.flatMap(({ to, row }) => row.phone(draws).map((change) => ({ to, ...change })));
  const outsiders = draws.row(OUTSIDERS);
  const named = { call, api: hangup, agent, machine, joins, mute: mutes, outsiders };
  return {
    kinds: [
      ...Object.entries(named).map(([table, { kind }]) => `${table}: ${kind}`),
      `phone: ${digits}`,
      ...agents.map(({ row }) => `agent's phone: ${row.kind}`),
    ],
    request,
    phones: [...(own ? [{ to: toPhone, afterMs: 0, behaviour: own }] : []), ...agentPhones],
    startsAfterMs,
    wishes: [...wishes, ...outsiders.at(draws)],
  };
}

/** Now and then two people are called at one number, one after the other or at once. */
const SHARED_NUMBER = '+15558888';

function planTexmlCall(draws: Draws, index: number, startMs: number): PlannedCall {
  const [script, call, hangup] = [draws.row(SCRIPTS), draws.row(CALLS), draws.row(HANGUPS)];
  const [machine, listener, colleague] = [draws.row(MACHINES), draws.row(LISTENERS), draws.row(AGENT_PHONES)];
  const listens = machine.change.answeringMachine.policy !== 'off' || script.handler.listens;
  const usual = draws.pick(listens && draws.happens(0.5) ? MACHINE_DIGITS : DIGITS);
  const digits = draws.happens(0.4) ? draws.pick(LISTENING_DIGITS) : usual;
  const toPhone = `${draws.happens(0.2) ? SHARED_NUMBER : `+1555${String(index).padStart(4, '0')}`}${digits}`;
  const own = draws.happens(0.5) ? listener.phone(draws, drawPhone(draws, toPhone, listens)) : null;
  const startsAfterMs = index === 0 ? 0 : draws.between(0, 10_000);
  const request: CallRequest = {
    callId: callIdOf(index),
    toPhone,
    ...USUAL,
    ...machine.change,
    agent: null,
    dialOrder: 'lead_first',
    ...call.change(draws),
    recordingNotice: null,
    handler: script.handler,
    createdAt: new Date(startMs + startsAfterMs).toISOString(),
  };
  const [first] = colleague.phone(draws);
  const named = { call, api: hangup, machine, ...(own && { listener }), script };
  return {
    kinds: [
      ...Object.entries(named).map(([table, { kind }]) => `${table}: ${kind}`),
      `phone: ${digits}`,
      `agent's phone: ${colleague.kind}`,
    ],
    request,
    script: script.script,
    phones: [
      ...(own ? [{ to: toPhone, afterMs: 0, behaviour: own }] : []),
      ...(first ? [COLLEAGUE, BROWSER].map((to) => ({ to, afterMs: 0, behaviour: first.behaviour })) : []),
    ],
    startsAfterMs,
    wishes: hangup
      .at(draws, own ?? phoneAt(toPhone))
      .map((ms) => ({ kind: 'hangUp', afterMs: Math.max(0, ms) }) as const),
  };
}

function drawPhone(draws: Draws, to: string, listens: boolean): PhoneBehaviour {
  const ringMs = draws.between(0, 40_000);
  const talkMs = draws.happens(0.3) ? null : draws.between(0, 90_000);
  return { ...phoneAt(to), ringMs, talkMs, ...(listens && { machine: drawMachine(draws) }) };
}

/** The addresses of all who may be rung beside the lead. */
function agentsOf({ agent }: CallRequest, wishes: readonly Wish[]): readonly string[] {
  const joining = wishes.flatMap((wish): Agent[] =>
    wish.kind === 'join' ? [{ type: 'webrtc', clientId: wish.clientId }] : [],
  );
  return [...new Set([...(agent ? [agent] : []), ...joining].map(addressOf))];
}

function addressOf(agent: Agent): string {
  switch (agent.type) {
    case 'phone':
      return agent.number;
    case 'sip':
      return agent.uri;
    case 'webrtc':
      return `sip:${agent.clientId}@sip.telnyx.com`;
  }
}
