/**
 * The dial protocol: at most one phone rings, even when the carrier's answer is lost and the carrier does not
 * de-duplicate. One send; an unclear answer is followed by looking for the leg; only when nothing is found is the
 * identical request sent again, within 45 seconds of the first, well inside the 60 seconds for which Telnyx ignores a
 * repeated `command_id`. After that the truth is "unknown", and it is said.
 */
import type { CallRequest, LegName } from '../domain/call';
import type { DialAnswer } from '../domain/carrier';
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
/** How long after its ring timeout an unresolved dial may still show up. */
const WATCH_AFTER_RING_MS = 60_000;
const RETRY_AFTER_DEFAULT_MS = 2_000;
const RETRY_AFTER_LIMIT_MS = 60_000;

export const iso = (ms: number): string => new Date(ms).toISOString();

/**
 * Dials until the carrier has a leg of this name or it is certain, or must be assumed, that there will be none.
 * Returns whether there is a leg. A hangup request stops all sending. Called again because a leg turned out not to be
 * ours, it takes the dial to be unclear since its first request.
 */
export async function dialUntilKnown(call: CallRequest, leg: LegName, runtime: CallRuntime): Promise<boolean> {
  let unclearSince = firstDialMs(runtime.facts());
  for (;;) {
    if (unclearSince !== null && (await findTheLeg(call, leg, runtime))) return true;
    if (!mayStillSend(call, runtime, unclearSince)) return giveUp(call, leg, runtime, unclearSince);
    const sentAt = runtime.now();
    runtime.learn({ kind: 'dialSent', at: iso(sentAt), source: 'command', leg });
    const answer = await runtime.carrier.dial({ call, leg });
    if (answer.kind === 'placed') return place(answer, runtime);
    if (answer.kind === 'ambiguous') unclearSince ??= sentAt;
    // Once a phone may be ringing, a later refusal proves nothing about the first request.
    else if (unclearSince === null && answer.kind === 'refused') return refuse(leg, answer, runtime);
    else if (answer.kind === 'notPlaced') await pause(answer.retryAfterMs, leg, runtime, unclearSince);
  }
}

function firstDialMs({ leadDialedAt }: Facts): number | null {
  return leadDialedAt === null ? null : Date.parse(leadDialedAt);
}

function mayStillSend(call: CallRequest, runtime: CallRuntime, unclearSince: number | null): boolean {
  if (runtime.facts().hangupRequestedAt !== null) return false;
  if (runtime.now() > Date.parse(call.createdAt) + LAST_DIAL_AFTER_MS) return false;
  return unclearSince === null || runtime.now() <= unclearSince + RESEND_WITHIN_MS;
}

function place({ leg, recordingId }: Extract<DialAnswer, { kind: 'placed' }>, runtime: CallRuntime): true {
  runtime.learn({ kind: 'placed', at: iso(runtime.now()), source: 'command', leg, recordingId });
  return true;
}

function refuse(leg: LegName, { code, detail }: { code: string; detail: string }, runtime: CallRuntime): false {
  runtime.learn({ kind: 'dialRefused', at: iso(runtime.now()), source: 'command', leg, code, detail });
  return false;
}

async function giveUp(
  call: CallRequest,
  leg: LegName,
  runtime: CallRuntime,
  unclearSince: number | null,
): Promise<boolean> {
  if (unclearSince !== null) {
    const watchEndsAt = unclearSince + call.ringTimeoutSeconds * 1000 + WATCH_AFTER_RING_MS;
    while (runtime.now() < watchEndsAt) {
      const patience = Math.min(ASK_EVERY_MS, watchEndsAt - runtime.now());
      if (await legShowsUp(call, leg, runtime, patience)) return true;
    }
    runtime.learn({ kind: 'dialUnresolved', at: iso(runtime.now()), source: 'command', leg });
  } else if (runtime.facts().hangupRequestedAt === null) {
    const detail = 'not dialed within 120 seconds; a phone must not ring long after it was asked for';
    return refuse(leg, { code: 'not_dialed_in_time', detail }, runtime);
  }
  return false;
}

async function findTheLeg(call: CallRequest, leg: LegName, runtime: CallRuntime): Promise<boolean> {
  return legShowsUp(call, leg, runtime, WEBHOOK_GRACE_MS);
}

/** Waits for a webhook of the leg, then asks the carrier. */
async function legShowsUp(call: CallRequest, leg: LegName, runtime: CallRuntime, patienceMs: number): Promise<boolean> {
  const shown = (facts: Facts): boolean => legNamed(facts, leg) !== null;
  if (await runtime.until(shown, patienceMs, `unclear dial: has ${leg.participant}'s leg shown up?`)) return true;
  const { callId, toPhone, createdAt } = call;
  for (const event of await runtime.carrier.findLeg({ callId, leg, toPhone, since: createdAt })) runtime.learn(event);
  return shown(runtime.facts());
}

async function pause(
  retryAfterMs: number | null,
  leg: LegName,
  runtime: CallRuntime,
  unclearSince: number | null,
): Promise<void> {
  const wait = Math.min(retryAfterMs ?? RETRY_AFTER_DEFAULT_MS, RETRY_AFTER_LIMIT_MS);
  const wokenBy = (facts: Facts): boolean => facts.hangupRequestedAt !== null || legNamed(facts, leg) !== null;
  if (unclearSince === null) await runtime.until(wokenBy, wait, `dial again ${leg.participant}`);
}
