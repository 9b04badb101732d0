/**
 * The dial protocol: at most one phone rings, even when the carrier's answer is lost and the carrier does not
 * de-duplicate. One send; an unclear answer is followed by looking for the leg; only when nothing is found is the
 * identical request sent again, within 45 seconds of the first, well inside the 60 seconds for which Telnyx ignores a
 * repeated `command_id`. After that the truth is "unknown", and it is said.
 */
import { ringSecondsOf } from '../../domain/call';
import type { Agent, CallRequest, LegName } from '../../domain/call';
import type { DialAnswer } from '../../domain/carrier';
import type { Facts } from '../../domain/facts';
import { legNamed } from '../../domain/legs';
import { iso } from '../../domain/time';
import type { CallRuntime } from '../runtime';
import { unless } from './unless';

const ASK_EVERY_MS = 10_000;
/** How far the carrier's log may be behind or ahead of Temporal's clock. */
const CLOCKS_DIFFER_MS = 15 * 60_000;
/** How long after its ring timeout an unresolved dial may still show up. */
export const WATCH_AFTER_RING_MS = 60_000;
/** And how much longer the carrier is asked when it does not answer. */
const WATCH_LONGER_MS = 60_000;
const RETRY_AFTER_LEAST_MS = 1_000;
const RETRY_AFTER_DEFAULT_MS = 2_000;
const RETRY_AFTER_LIMIT_MS = 60_000;

export interface Dial {
  readonly leg: LegName;
  /** Who is dialed; null: the lead. */
  readonly agent: Agent | null;
  readonly intoConference: boolean;
  /** Nothing is sent later than this: a phone must not ring long after it was asked for. */
  readonly notAfterMs: number;
  /** Once this does not hold, nothing is sent any more. */
  readonly isWanted: (facts: Facts) => boolean;
}

/** How long an unclear dial is looked for, and whether it may be repeated. */
interface Patience {
  /** Webhooks are usually here within a second; only after this is it worth asking. */
  readonly graceMs: number;
  /** No identical request is sent later than this after the first. */
  readonly resendWithinMs: number;
  /** How long after an unclear answer the leg may still show up; one that was taken rings and shows up later. */
  readonly watchMs: (call: CallRequest, leg: LegName) => number;
}

const UNTIL_IT_HAS_RUNG: Patience['watchMs'] = (call, leg) => ringSecondsOf(call, leg) * 1000 + WATCH_AFTER_RING_MS;

const BY_HANDLER: Readonly<Record<CallRequest['handler']['type'], Patience>> = {
  conference: { graceMs: 8_000, resendWithinMs: 45_000, watchMs: UNTIL_IT_HAS_RUNG },
  // TeXML takes no command_id, so a repeat would be a second call.
  texml: { graceMs: 10_000, resendWithinMs: 0, watchMs: () => 40_000 },
};

/** What is known of a dial that may go on for a while. */
interface Dialing {
  /** The carrier took it, and did not say which leg that is. */
  taken: boolean;
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
  detail: 'not dialed in time; a phone must not ring long after it was asked for',
};

/**
 * Dials until the carrier has a leg of this name or it is certain, or must be assumed, that there will be none.
 * Returns whether there is a leg. Called again because a leg turned out not to be
 * ours, it takes the dial to be unclear since its first request.
 */
export async function dialUntilKnown(call: CallRequest, dial: Dial, runtime: CallRuntime): Promise<boolean> {
  const { graceMs, resendWithinMs } = BY_HANDLER[call.handler.type];
  const dialing: Dialing = {
    taken: false,
    unclearSinceMs: firstDialMs(runtime.facts(), dial),
    refusal: TOO_LATE,
  };
  for (;;) {
    const look = dialing.unclearSinceMs === null ? 'absent' : await lookForLeg(call, dial, runtime, graceMs);
    if (look === 'found') return true;
    if (!mayStillSend(runtime, dial, dialing, resendWithinMs)) return giveUp(call, dial, runtime, dialing);
    // Only a complete look that found nothing makes another request harmless.
    if (look === 'absent' && (await sendOnce(call, dial, runtime, dialing)) === 'settled') return knows(runtime, dial);
  }
}

/** One request; `again` when the loop has to decide anew. */
async function sendOnce(
  call: CallRequest,
  dial: Dial,
  runtime: CallRuntime,
  dialing: Dialing,
): Promise<'settled' | 'again'> {
  const { leg } = dial;
  const sentAtMs = runtime.now();
  runtime.learn({ kind: 'dialSent', at: iso(sentAtMs), source: 'command', leg });
  const answer = await dialOrShown(call, dial, runtime);
  switch (answer?.kind) {
    case undefined:
      return 'settled';
    case 'placed':
      return 'settled';
    case 'taken':
      dialing.taken = true;
      dialing.unclearSinceMs ??= sentAtMs;
      return 'again';
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
      if (dialing.unclearSinceMs === null) await pause(answer.retryAfterMs ?? RETRY_AFTER_DEFAULT_MS, dial, runtime);
      return 'again';
    case 'late':
      await pause(RETRY_AFTER_LEAST_MS, dial, runtime);
      return 'again';
  }
}

/**
 * The answer to one request; null when the leg has shown up before it: an answer can take ten seconds, and whoever has
 * picked up meanwhile would hear nothing.
 */
function dialOrShown(
  call: CallRequest,
  { leg, agent, intoConference }: Dial,
  runtime: CallRuntime,
): Promise<DialAnswer | null> {
  const answering = runtime.carrier.dial({ call, leg, agent, intoConference }).then((answer) => {
    if (answer.kind === 'placed') runtime.learn({ ...answer, at: iso(runtime.now()), source: 'command' });
    return answer;
  });
  return unless((facts) => legNamed(facts, leg) !== null, answering, 'dialing', runtime);
}

const knows = (runtime: CallRuntime, { leg }: Dial): boolean => legNamed(runtime.facts(), leg) !== null;

function firstDialMs({ leadDialedAt }: Facts, { leg }: Dial): number | null {
  return leg.role !== 'lead' || leadDialedAt === null ? null : Date.parse(leadDialedAt);
}

function mayStillSend(runtime: CallRuntime, dial: Dial, { unclearSinceMs }: Dialing, resendWithinMs: number): boolean {
  if (!dial.isWanted(runtime.facts()) || runtime.now() > dial.notAfterMs) return false;
  return unclearSinceMs === null || runtime.now() <= unclearSinceMs + resendWithinMs;
}

function refuse(leg: LegName, { code, detail }: Refused, runtime: CallRuntime): void {
  runtime.learn({ kind: 'dialRefused', at: iso(runtime.now()), source: 'command', leg, code, detail });
}

async function giveUp(call: CallRequest, dial: Dial, runtime: CallRuntime, dialing: Dialing): Promise<boolean> {
  const { leg } = dial;
  const { unclearSinceMs, refusal } = dialing;
  if (unclearSinceMs === null) {
    if (dial.isWanted(runtime.facts())) refuse(leg, refusal, runtime);
    return false;
  }
  const watchMs = dialing.taken ? UNTIL_IT_HAS_RUNG : BY_HANDLER[call.handler.type].watchMs;
  const watchEndsAtMs = unclearSinceMs + watchMs(call, leg);
  let look: Sight = 'unknown';
  // Only a complete look that found nothing ends the watch; a carrier that cannot be asked does not keep it up for ever.
  while (runtime.now() < watchEndsAtMs || (look === 'unknown' && runtime.now() < watchEndsAtMs + WATCH_LONGER_MS)) {
    const leftMs = watchEndsAtMs - runtime.now();
    look = await lookForLeg(call, dial, runtime, leftMs > 0 ? Math.min(ASK_EVERY_MS, leftMs) : ASK_EVERY_MS);
    if (look === 'found') return true;
  }
  runtime.learn({ kind: 'dialUnresolved', at: iso(runtime.now()), source: 'command', leg });
  return false;
}

/** `unknown`: the carrier could not be asked everything. */
type Sight = 'found' | 'absent' | 'unknown';

/** Waits for a webhook of the leg, then asks the carrier. */
async function lookForLeg(call: CallRequest, dial: Dial, runtime: CallRuntime, patienceMs: number): Promise<Sight> {
  const { leg } = dial;
  const shown = (facts: Facts): boolean => legNamed(facts, leg) !== null;
  if (await runtime.until(shown, patienceMs, `unclear dial: has ${leg.participant}'s leg shown up?`)) return 'found';
  const looked = await findLeg(call, leg, runtime);
  if (knows(runtime, dial)) return 'found';
  return looked ? 'absent' : 'unknown';
}

/** Learns what the carrier's lists show of a leg; false when not all of them could be looked through. */
export async function findLeg(call: CallRequest, leg: LegName, runtime: CallRuntime): Promise<boolean> {
  const { callId } = call;
  const agent = runtime.facts().agents.find(({ participant }) => participant === leg.participant)?.agent;
  const toPhone = leg.role === 'lead' ? call.toPhone : agent?.type === 'phone' ? agent.number : null;
  const since = iso(runtime.acceptedAtMs - CLOCKS_DIFFER_MS);
  const { role, participant, attempt } = leg;
  const look = await runtime.carrier.findLeg({
    callId,
    leg: { role, participant, attempt },
    toPhone,
    fromPhone: call.fromPhone,
    since,
    dialedAt: runtime.facts().dialSentAt,
  });
  for (const event of look?.events ?? []) runtime.learn(event);
  return look?.complete ?? false;
}

async function pause(waitMs: number, { leg, isWanted }: Dial, runtime: CallRuntime): Promise<void> {
  const bounded = Math.min(Math.max(waitMs, RETRY_AFTER_LEAST_MS), RETRY_AFTER_LIMIT_MS);
  const wokenBy = (facts: Facts): boolean => !isWanted(facts) || legNamed(facts, leg) !== null;
  await runtime.until(wokenBy, bounded, `dial ${leg.participant} again`);
}
