/** The end of a call: every leg is hung up, and how it ended is learned. */
import type { CallRequest } from '../../domain/call';
import type { Facts, LegFacts } from '../../domain/facts';
import { answeredAt, leadLeg, livingLegs } from '../../domain/legs';
import type { CallRuntime } from '../runtime';
import { ASK_WHILE_TALKING_MS, askAbout, askAboutUnconfirmed } from './asking';
import { iso } from './dialing';
import { leadAnswered } from './going-on';

const ASK_WHILE_ENDING_MS = 2_000;
/** By then the carrier's own limits have ended every leg, whatever we could not reach. */
const SURELY_OVER_AFTER_MS = 120_000;

/** Hangs up whatever is alive, and does not rest until the carrier says that nothing is. */
export async function endEveryLeg(call: CallRequest, runtime: CallRuntime): Promise<void> {
  const { callId } = call;
  const over = (facts: Facts): boolean => livingLegs(facts).length === 0;
  for (let attempt = 1; !over(runtime.facts()); attempt++) {
    await askAboutUnconfirmed(call, runtime);
    const gone: LegFacts[] = [];
    for (const leg of livingLegs(runtime.facts()).filter(({ confirmed }) => confirmed)) {
      const answer = await runtime.carrier.hangUp({ callId, leg: leg.identity, attempt });
      if (answer.kind === 'gone') gone.push(leg);
      if (answer.kind === 'refused') {
        runtime.learn({ ...answer, kind: 'commandFailed', at: iso(runtime.now()), source: 'command' });
      }
    }
    const patienceMs = Math.min(ASK_WHILE_ENDING_MS * 2 ** (attempt - 1), ASK_WHILE_TALKING_MS);
    if (over(runtime.facts()) || (await runtime.until(over, patienceMs, 'hanging up'))) return;
    for (const leg of livingLegs(runtime.facts())) await askAbout(leg, call, runtime);
    const surelyOver = runtime.now() > surelyOverAtMs(call, runtime);
    concludeHangup(surelyOver ? livingLegs(runtime.facts()) : gone, runtime);
  }
}

/** No source tells why or when exactly, only that these are over. */
function concludeHangup(legs: readonly LegFacts[], runtime: CallRuntime): void {
  const unknown = { cause: null, hangupSource: null, sipCause: null };
  for (const { identity: leg } of legs) {
    runtime.learn({ kind: 'hungUp', at: iso(runtime.now()), source: 'poll', leg, ...unknown });
  }
}

function surelyOverAtMs(call: CallRequest, runtime: CallRuntime): number {
  const { leadDialedAt } = runtime.facts();
  const dialedAtMs = leadDialedAt === null ? runtime.acceptedAtMs : Date.parse(leadDialedAt);
  return dialedAtMs + (call.ringTimeoutSeconds + call.timeLimitSeconds) * 1000 + SURELY_OVER_AFTER_MS;
}

/** Causes that only a call nobody answered ends with. */
const NEVER_ANSWERED = ['user_busy', 'call_rejected', 'timeout', 'no_answer', 'not_found', 'originator_cancel'];
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
