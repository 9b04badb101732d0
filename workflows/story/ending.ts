/** The end of a call: every leg is hung up, and how it ended is learned. */
import { isReachable, limitSecondsOf, ringSecondsOf } from '../../domain/call';
import type { CallRequest } from '../../domain/call';
import type { Facts, LegFacts } from '../../domain/facts';
import { answeredAt, isOutdone, leadLeg, livingLegs, NEVER_ANSWERED } from '../../domain/legs';
import { iso } from '../../domain/time';
import type { CallRuntime } from '../runtime';
import { ask, ASK_WHILE_TALKING_MS, askAbout, askAboutUnconfirmed } from './asking';
import { WATCH_AFTER_RING_MS } from './dialing';
import { leadAnswered } from './going-on';

const ASK_WHILE_ENDING_MS = 2_000;
/** By then the carrier's own limits have ended every leg, whatever we could not reach. */
const SURELY_OVER_AFTER_MS = 120_000;

/** Hangs up whatever is alive, and does not rest until the carrier says that nothing is. */
export async function endEveryLeg(call: CallRequest, runtime: CallRuntime): Promise<void> {
  const { callId } = call;
  const over = (facts: Facts): boolean => livingLegs(facts).every((leg) => isOutdone(facts, leg));
  await hangUpGone(call, runtime);
  for (let attempt = 1; !over(runtime.facts()); attempt++) {
    await askAboutUnconfirmed(call, runtime);
    for (const leg of livingLegs(runtime.facts()).filter(({ confirmed }) => confirmed)) {
      const answer = await runtime.carrier.hangUp({ callId, leg: leg.identity, attempt });
      if (answer.kind === 'refused') {
        runtime.learn({ ...answer, kind: 'commandFailed', at: iso(runtime.now()), source: 'command' });
      }
    }
    const patienceMs = Math.min(ASK_WHILE_ENDING_MS * 2 ** (attempt - 1), ASK_WHILE_TALKING_MS);
    if (over(runtime.facts()) || (await runtime.until(over, patienceMs, 'hanging up'))) return;
    // Also when the command was answered that there is no such leg: that was said of legs that lived.
    const answered = await ask(livingLegs(runtime.facts()), call, runtime);
    disownInTheEnd(answered, call, runtime);
    concludeHangup(
      livingLegs(runtime.facts()).filter((leg) => runtime.now() > surelyOverAtMs(call, leg)),
      runtime,
    );
  }
}

/** Legs that only seem to be over, because the carrier did not know them when asked: they may live all the same. */
async function hangUpGone({ callId }: CallRequest, runtime: CallRuntime): Promise<void> {
  for (const { identity: leg, confirmed, hangup } of Object.values(runtime.facts().legs)) {
    if (!confirmed || hangup?.cause !== null || !isReachable(leg)) continue;
    await runtime.carrier.hangUp({ callId, leg, attempt: 1 });
  }
}

/** A leg of which the carrier's record has not said whose it is, for as long as an unclear dial is watched. */
function disownInTheEnd(legs: readonly LegFacts[], call: CallRequest, runtime: CallRuntime): void {
  for (const { identity: leg, seenAt } of legs.filter(
    (one) => runtime.facts().legs[one.identity.callLegId]?.confirmed === false,
  )) {
    const shownByMs = Date.parse(seenAt) + ringSecondsOf(call, leg) * 1000 + WATCH_AFTER_RING_MS;
    if (runtime.now() > shownByMs) runtime.learn({ kind: 'disowned', at: iso(runtime.now()), source: 'poll', leg });
  }
}

/** No source tells why or when exactly, only that these are over. */
function concludeHangup(legs: readonly LegFacts[], runtime: CallRuntime): void {
  const unknown = { cause: null, hangupSource: null, sipCause: null };
  for (const { identity: leg } of legs) {
    runtime.learn({ kind: 'hungUp', at: iso(runtime.now()), source: 'poll', leg, ...unknown });
  }
}

function surelyOverAtMs(call: CallRequest, { identity, seenAt }: LegFacts): number {
  const livesForSeconds = ringSecondsOf(call, identity) + limitSecondsOf(call, identity);
  return Date.parse(seenAt) + livesForSeconds * 1000 + SURELY_OVER_AFTER_MS;
}

/** When to ask how a leg ended, until the carrier's log has its hangup and with it all that came before. */
const HOW_IT_ENDED_LOOKS_MS = [0, 1_000, 2_000, 5_000, 10_000, 10_000];

/**
 * Webhooks come in any order or not at all: that a hangup is known and an answer is not does not mean that nobody
 * answered. Returns true when nobody did, for sure.
 */
export async function learnHowItEnded(call: CallRequest, runtime: CallRuntime): Promise<boolean> {
  const doubtful = (facts: Facts): boolean => {
    const lead = leadLeg(facts);
    return lead !== null && answeredAt(lead) === null && !NEVER_ANSWERED.includes(lead.hangup?.cause ?? '');
  };
  for (const waitMs of HOW_IT_ENDED_LOOKS_MS) {
    if (!doubtful(runtime.facts())) break;
    if (waitMs > 0) await runtime.until((facts) => !doubtful(facts), waitMs, 'was it answered?');
    const lead = leadLeg(runtime.facts());
    const events = lead && (await askAbout(lead, call, runtime));
    if (events?.some((event) => event.kind === 'hungUp' && event.cause !== null)) return !leadAnswered(runtime.facts());
  }
  return !leadAnswered(runtime.facts()) && !doubtful(runtime.facts());
}
