/**
 * The delivery of a recording as decisions without deeds: where it stands, when it is tried again, when it rests, when a
 * person has to know. `workflows/deliver-recording.ts` carries them out.
 */
import { DELIVERY_FAILURES } from './delivery-failures';
import type { DeliveryFailure, Pace } from './delivery-failures';
import { expectedRecording } from './recordings';
import type { RecordingState, RecordingStatus, RecordingToDeliver } from './recordings';
import { DAY_MS, HOUR_MS, MINUTE_MS } from './time';

/** What a process's settings say about deliveries. */
export interface DeliveryPolicy {
  /** How long the carrier keeps a recording. */
  readonly retentionMs: number;
  /** How many times shorter every wait is than it should be: 1, except in tests. */
  readonly timeScale: number;
}

/** How close the end of the carrier's copy is; the nearest limit that was passed. */
export const RISKS = ['7d', '48h', '24h'] as const;
export type Risk = (typeof RISKS)[number];
const RISK_MS: Readonly<Record<Risk, number>> = { '7d': 7 * DAY_MS, '48h': 2 * DAY_MS, '24h': DAY_MS };

/** Everything that one run of a delivery hands to the next. Plain JSON. */
export interface Delivery {
  readonly status: RecordingStatus;
  /** Attempts so far, those of earlier runs included. */
  readonly attempts: number;
  readonly failure: DeliveryFailure | null;
  /** Failures in a row that are waited for in the same way. */
  readonly inARow: number;
  /** The carrier has shown it, so that it must be somewhere. */
  readonly seen: boolean;
  /** When the carrier's copy began to age, milliseconds since the epoch. */
  readonly agesFromMs: number;
  readonly policy: DeliveryPolicy;
  readonly risk: Risk | null;
  /** Null while an attempt is under way, and after the end. */
  readonly nextAttemptMs: number | null;
}

/** What became of an attempt to fetch and deliver. */
export type AttemptResult = {
  readonly policy: DeliveryPolicy;
  /** When the carrier made the recording, ISO 8601; null when it did not say. */
  readonly createdAt: string | null;
} & (
  | { readonly kind: 'delivered'; readonly status: RecordingStatus }
  | {
      readonly kind: 'failed';
      readonly failure: DeliveryFailure;
      /** What came back, in a sentence without addresses or keys. */
      readonly detail: string;
      readonly retryAfterMs: number | null;
    }
);

const USUAL: DeliveryPolicy = { retentionMs: 30 * DAY_MS, timeScale: 1 };

export function newDelivery({ format, recordingId, announced }: RecordingToDeliver, nowMs: number): Delivery {
  return {
    status: { ...expectedRecording(format, recordingId), state: 'fetching' },
    attempts: 0,
    failure: null,
    inARow: 0,
    seen: announced === true,
    agesFromMs: nowMs,
    policy: USUAL,
    risk: null,
    nextAttemptMs: nowMs,
  };
}

/** When the carrier forgets the recording, milliseconds since the epoch. */
export function expiresAtMs({ agesFromMs, policy }: Delivery): number {
  return agesFromMs + policy.retentionMs / policy.timeScale;
}

/** At rest it waits for a person, and tries by itself once a day. */
export function isResting({ status: { state } }: Delivery): boolean {
  return state === 'dead_letter' || state === 'quarantined';
}

const FINAL: readonly RecordingState[] = ['delivered', 'absent', 'lost'];

export function isOver({ status: { state } }: Delivery): boolean {
  return FINAL.includes(state);
}

/** How often an empty file was fetched before it is believed and delivered as empty. */
export function acceptsEmpty({ failure, inARow }: Delivery): boolean {
  return failure === 'file_empty' && inARow >= DELIVERY_FAILURES.file_empty.pace.waitsMs.length;
}

/** Where it stands after an attempt. `random` is uniform in [0, 1). */
export function afterAttempt(before: Delivery, result: AttemptResult, nowMs: number, random: number): Delivery {
  const createdMs = Date.parse(result.createdAt ?? '');
  const learned: Delivery = {
    ...before,
    policy: result.policy,
    seen: before.seen || result.createdAt !== null,
    // A clock of the carrier's that is ahead of ours must not lengthen its promise.
    agesFromMs: Number.isNaN(createdMs) ? before.agesFromMs : Math.min(createdMs, before.agesFromMs),
    attempts: before.attempts + 1,
  };
  if (result.kind === 'delivered') return { ...learned, ...SETTLED, failure: null, status: result.status };
  return afterFailure(learned, result, nowMs, random);
}

const SETTLED = { nextAttemptMs: null, risk: null } as const;

function afterFailure(
  delivery: Delivery,
  { failure: told, detail, retryAfterMs }: Extract<AttemptResult, { kind: 'failed' }>,
  nowMs: number,
  random: number,
): Delivery {
  const failure = told === 'recording_unknown' && delivery.seen ? 'recording_vanished' : told;
  const { state: tryingState } = DELIVERY_FAILURES[failure];
  const pace: Pace = DELIVERY_FAILURES[failure].pace;
  const samePace = delivery.failure !== null && DELIVERY_FAILURES[delivery.failure].pace === pace;
  const inARow = samePace ? delivery.inARow + 1 : 1;
  const afterwards = inARow > pace.waitsMs.length && pace.then !== 'again' ? pace.then : null;
  const status = { ...delivery.status, state: afterwards ?? tryingState, last_error: `${failure}: ${detail}` };
  const failed = { ...delivery, failure, inARow, status };
  if (isOver(failed)) return { ...failed, ...SETTLED };
  const expiryMs = expiresAtMs(failed);
  if (nowMs >= expiryMs) return { ...failed, nextAttemptMs: null, status: { ...status, state: 'lost' } };
  const pacedMs = afterwards ? DAY_MS : (pace.waitsMs[Math.min(inARow, pace.waitsMs.length) - 1] ?? HOUR_MS);
  const nextMs = nowMs + Math.ceil(waitMs(failed, pacedMs, retryAfterMs, nowMs, random));
  // The last attempt comes when the copy should be gone: carriers are late, and so may we be after an outage of ours.
  return { ...failed, nextAttemptMs: Math.max(nowMs + 1, Math.min(nextMs, Math.ceil(expiryMs))) };
}

/** Jitter of a fifth, so that a thousand recordings do not come back in the same second. */
function waitMs(
  delivery: Delivery,
  pacedMs: number,
  retryAfterMs: number | null,
  nowMs: number,
  random: number,
): number {
  const { timeScale } = delivery.policy;
  const wanted = Math.max(pacedMs * (0.8 + 0.4 * random), Math.min(retryAfterMs ?? 0, HOUR_MS));
  const leftMs = (expiresAtMs(delivery) - nowMs) * timeScale;
  // On its last day there is no more time to lose, whatever it waits for.
  return (leftMs < DAY_MS ? Math.min(wanted, 15 * MINUTE_MS) : wanted) / timeScale;
}

/** Somebody asked for another attempt: at once, and with all the patience of the first. */
export function askedAgain(delivery: Delivery, nowMs: number): Delivery {
  return { ...delivery, inARow: 0, failure: null, nextAttemptMs: nowMs };
}

/** The limit that has been passed by now, if any. */
export function riskAt(delivery: Delivery, nowMs: number): Risk | null {
  const leftMs = (expiresAtMs(delivery) - nowMs) * delivery.policy.timeScale;
  return RISKS.filter((risk) => leftMs <= RISK_MS[risk]).at(-1) ?? null;
}

/** The next instant at which something is to be done: an attempt or an alarm. */
export function wakesAtMs(delivery: Delivery, nowMs: number): number {
  const endMs = expiresAtMs(delivery);
  const alarms = RISKS.map((risk) => endMs - RISK_MS[risk] / delivery.policy.timeScale).filter((at) => at > nowMs);
  return Math.min(delivery.nextAttemptMs ?? endMs, ...alarms);
}
