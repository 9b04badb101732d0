/**
 * What a seed stands for: how bad the weather is, which calls are made, what their callers do. New kinds of calls are
 * rows of `CALLS`.
 */
import type { CallRequest } from '../domain/call';
import { phoneAt, phones } from '../simulator/phones';
import type { PhoneBehaviour } from '../simulator/phones';
import { Draws } from './chance';
import type { Weighted } from './chance';

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

interface CallRow extends Weighted {
  readonly kind: string;
  change(draws: Draws): Partial<CallRequest>;
}

/** The kinds of calls; what a row leaves out is as in `usual`. */
export const CALLS: readonly CallRow[] = [
  { kind: 'recorded', weight: 5, change: () => ({}) },
  { kind: 'not recorded', weight: 1, change: () => ({ record: false }) },
  { kind: 'as WAV', weight: 1, change: () => ({ recordingFormat: 'wav' }) },
  { kind: 'rings for long', weight: 1, change: (draws) => ({ ringTimeoutSeconds: draws.between(15, 120) }) },
  {
    kind: 'may not last long',
    weight: 1,
    change: (draws) => ({ timeLimitSeconds: draws.between(30, 60), agentWaitSeconds: draws.between(5, 90) }),
  },
];

const usual = {
  record: true,
  recordingFormat: 'mp3',
  ringTimeoutSeconds: 30,
  timeLimitSeconds: 3600,
  agentWaitSeconds: 30,
} as const;

interface HangupRow extends Weighted {
  readonly kind: string;
  /** Milliseconds after the call was accepted. */
  at(draws: Draws, phone: PhoneBehaviour): readonly number[];
}

export const HANGUPS: readonly HangupRow[] = [
  { kind: 'nobody asks to hang up', weight: 5, at: () => [] },
  { kind: 'hangup at once', weight: 1, at: (draws) => [draws.between(0, 60)] },
  { kind: 'hangup any time', weight: 2, at: (draws) => [draws.between(0, 90_000)] },
  { kind: 'hangup with the answer', weight: 2, at: (draws, { ringMs }) => [ringMs + draws.between(-50, 500)] },
  {
    kind: 'hangup with the phone',
    weight: 1,
    at: (draws, { ringMs, talkMs }) => [ringMs + (talkMs ?? 30_000) + draws.between(-300, 600)],
  },
  { kind: 'hangup twice', weight: 1, at: (draws) => [draws.between(0, 40_000), draws.between(0, 40_000)] },
];

/** What the called phones do: the last digits of the simulator's table, and those of a usual one. */
export const DIGITS: readonly string[] = ['000', ...Object.keys(phones)];

export interface PlannedCall {
  readonly kind: string;
  readonly hangupKind: string;
  readonly request: CallRequest;
  /** What the called phone does; null: as the simulator's table has it. */
  readonly phone: PhoneBehaviour | null;
  readonly startsAfterMs: number;
  readonly hangupsAfterMs: readonly number[];
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
  return {
    weather: draws.row(WEATHERS),
    faultsEndAfterMs: draws.happens(0.7) ? draws.between(0, 240_000) : null,
    skewMs: draws.happens(0.2) ? draws.between(-20_000, 20_000) : 0,
    calls: Array.from({ length: count }, (_, index) => planCall(new Draws(seed, `call ${index}`), index, startMs)),
  };
}

function planCall(draws: Draws, index: number, startMs: number): PlannedCall {
  const call = draws.row(CALLS);
  const hangup = draws.row(HANGUPS);
  const toPhone = `+1555${String(index).padStart(4, '0')}${draws.pick(DIGITS)}`;
  const own = draws.happens(0.3)
    ? {
        ...phoneAt(toPhone),
        ringMs: draws.between(0, 40_000),
        talkMs: draws.happens(0.2) ? null : draws.between(0, 60_000),
      }
    : null;
  const startsAfterMs = index === 0 ? 0 : draws.between(0, 10_000);
  return {
    kind: call.kind,
    hangupKind: hangup.kind,
    phone: own,
    startsAfterMs,
    hangupsAfterMs: hangup.at(draws, own ?? phoneAt(toPhone)).map((ms) => Math.max(0, ms)),
    request: {
      callId: `COLD_CALL_${String(index + 1).padStart(26, '0')}`,
      provider: 'telnyx',
      toPhone,
      fromPhone: '+15551230000',
      handler: { type: 'conference' },
      ...usual,
      ...call.change(draws),
      businessId: '6f1c2a34-0b5d-4e6f-8a7b-9c0d1e2f3a4b',
      metadata: {},
      createdAt: new Date(startMs + startsAfterMs).toISOString(),
    },
  };
}
