/**
 * The dial protocol: at most one phone rings, even when the carrier's answer is lost and the carrier does not
 * de-duplicate. One send; an unclear answer is followed by looking for the leg; only when nothing is found is the
 * identical request sent again, within 45 seconds of the first, well inside the 60 seconds for which Telnyx ignores a
 * repeated `command_id`. After that the truth is "unknown", and it is said.
 */
import type { CallRequest, LegName } from '../domain/call';
import { legNamed } from '../domain/facts';
import type { Facts } from '../domain/facts';
import type { CallRuntime } from './runtime';

/** A phone must not ring long after somebody asked for the call. */
const LAST_DIAL_AFTER_MS = 120_000;
/** No identical request is sent later than this after the first. */
const RESEND_WITHIN_MS = 45_000;
/** Webhooks are usually here within a second; only then is it worth asking. */
const WEBHOOK_GRACE_MS = 8_000;
const ASK_EVERY_MS = 10_000;
/** How far the carrier's log may be behind or ahead of Temporal's clock. */
const CLOCKS_DIFFER_MS = 15 * 60_000;
/** How long after its ring timeout an unresolved dial may still show up. */
const WATCH_AFTER_RING_MS = 60_000;
const RETRY_AFTER_LEAST_MS = 1_000;
const RETRY_AFTER_DEFAULT_MS = 2_000;
const RETRY_AFTER_LIMIT_MS = 60_000;

export const iso = (ms: number): string => new Date(ms).toISOString();

/** What is known of a dial that may go on for a while. */
interface Dialing {
  /** When the first request went out whose answer was not clear; null while every answer was. */
  unclearSinceMs: number | null;
  /** Why nothing was placed, the last time the carrier said so. */
  refusal: Refused;
}

interface Refused {
  readonly code: string;
  readonly detail: string;
}

const TOO_LATE: Refused = {
  code: 'not_dialed_in_time',
  detail: 'not dialed within 120 seconds; a phone must not ring long after it was asked for',
};

/**
 * Dials until the carrier has a leg of this name or it is certain, or must be assumed, that there will be none.
 * Returns whether there is a leg. A hangup request stops all sending. Called again because a leg turned out not to be
 * ours, it takes the dial to be unclear since its first request.
 */
export async function dialUntilKnown(call: CallRequest, leg: LegName, runtime: CallRuntime): Promise<boolean> {
  const dialing: Dialing = { unclearSinceMs: firstDialMs(runtime.facts()), refusal: TOO_LATE };
  for (;;) {
    const look = dialing.unclearSinceMs === null ? 'absent' : await lookForLeg(call, leg, runtime, WEBHOOK_GRACE_MS);
    if (look === 'found') return true;
    if (!mayStillSend(runtime, dialing)) return giveUp(call, leg, runtime, dialing);
    // Only a complete look that found nothing makes another request harmless.
    if (look === 'absent' && (await sendOnce(call, leg, runtime, dialing)) === 'settled') return knows(runtime, leg);
  }
}

/** One request; `again` when the loop has to decide anew. */
async function sendOnce(
  call: CallRequest,
  leg: LegName,
  runtime: CallRuntime,
  dialing: Dialing,
): Promise<'settled' | 'again'> {
  const sentAtMs = runtime.now();
  runtime.learn({ kind: 'dialSent', at: iso(sentAtMs), source: 'command', leg });
  const answer = await runtime.carrier.dial({ call, leg });
  switch (answer.kind) {
    case 'placed':
      runtime.learn({ ...answer, at: iso(runtime.now()), source: 'command' });
      return 'settled';
    case 'ambiguous':
      dialing.unclearSinceMs ??= sentAtMs;
      return 'again';
    case 'refused':
      // Once a phone may be ringing, a later refusal proves nothing about the first request.
      if (dialing.unclearSinceMs !== null) return 'again';
      refuse(leg, answer, runtime);
      return 'settled';
    case 'notPlaced':
      dialing.refusal = answer;
      if (dialing.unclearSinceMs === null) await pause(answer.retryAfterMs ?? RETRY_AFTER_DEFAULT_MS, leg, runtime);
      return 'again';
    case 'late':
      await pause(RETRY_AFTER_LEAST_MS, leg, runtime);
      return 'again';
  }
}

const knows = (runtime: CallRuntime, leg: LegName): boolean => legNamed(runtime.facts(), leg) !== null;

function firstDialMs({ leadDialedAt }: Facts): number | null {
  return leadDialedAt === null ? null : Date.parse(leadDialedAt);
}

function mayStillSend(runtime: CallRuntime, { unclearSinceMs }: Dialing): boolean {
  if (runtime.facts().hangupRequestedAt !== null) return false;
  if (runtime.now() > runtime.acceptedAtMs + LAST_DIAL_AFTER_MS) return false;
  return unclearSinceMs === null || runtime.now() <= unclearSinceMs + RESEND_WITHIN_MS;
}

function refuse(leg: LegName, { code, detail }: Refused, runtime: CallRuntime): void {
  runtime.learn({ kind: 'dialRefused', at: iso(runtime.now()), source: 'command', leg, code, detail });
}

async function giveUp(call: CallRequest, leg: LegName, runtime: CallRuntime, dialing: Dialing): Promise<boolean> {
  const { unclearSinceMs, refusal } = dialing;
  if (unclearSinceMs === null) {
    if (runtime.facts().hangupRequestedAt === null) refuse(leg, refusal, runtime);
    return false;
  }
  const watchEndsAtMs = unclearSinceMs + call.ringTimeoutSeconds * 1000 + WATCH_AFTER_RING_MS;
  while (runtime.now() < watchEndsAtMs) {
    const patienceMs = Math.min(ASK_EVERY_MS, watchEndsAtMs - runtime.now());
    if ((await lookForLeg(call, leg, runtime, patienceMs)) === 'found') return true;
  }
  runtime.learn({ kind: 'dialUnresolved', at: iso(runtime.now()), source: 'command', leg });
  return false;
}

/** Waits for a webhook of the leg, then asks the carrier. `unknown`: the carrier could not be asked everything. */
async function lookForLeg(
  call: CallRequest,
  leg: LegName,
  runtime: CallRuntime,
  patienceMs: number,
): Promise<'found' | 'absent' | 'unknown'> {
  const shown = (facts: Facts): boolean => legNamed(facts, leg) !== null;
  if (await runtime.until(shown, patienceMs, `unclear dial: has ${leg.participant}'s leg shown up?`)) return 'found';
  const looked = await findLeg(call, leg, runtime);
  if (knows(runtime, leg)) return 'found';
  return looked ? 'absent' : 'unknown';
}

/** Learns what the carrier's lists show of a leg; false when they could not be looked through. */
export async function findLeg(call: CallRequest, leg: LegName, runtime: CallRuntime): Promise<boolean> {
  const { callId, toPhone } = call;
  const since = iso(runtime.acceptedAtMs - CLOCKS_DIFFER_MS);
  const events = await runtime.carrier.findLeg({ callId, leg, toPhone, since });
  for (const event of events ?? []) runtime.learn(event);
  return events !== null;
}

async function pause(waitMs: number, leg: LegName, runtime: CallRuntime): Promise<void> {
  const bounded = Math.min(Math.max(waitMs, RETRY_AFTER_LEAST_MS), RETRY_AFTER_LIMIT_MS);
  const wokenBy = (facts: Facts): boolean => facts.hangupRequestedAt !== null || legNamed(facts, leg) !== null;
  await runtime.until(wokenBy, bounded, `dial ${leg.participant} again`);
}
