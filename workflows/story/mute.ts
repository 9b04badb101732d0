/** Muting somebody who is in the conference, while the story goes on. */
import type { CallRequest } from '../../domain/call';
import type { Facts } from '../../domain/facts';
import { isJoined, livingLegsOf } from '../../domain/legs';
import type { LivingLeg } from '../../domain/legs';
import { iso } from '../../domain/time';
import type { MuteAnswer, MuteRequest } from '../messages';
import type { CallRuntime } from '../runtime';

/** Safe to repeat. */
export async function mute(
  { callId }: CallRequest,
  { participant, muted }: MuteRequest,
  runtime: CallRuntime,
): Promise<MuteAnswer> {
  const leg = presentLeg(runtime.facts(), participant);
  if (!leg) return isKnown(runtime.facts(), participant) ? 'notThere' : 'unknown';
  const answer = await runtime.carrier.mute({ callId, leg: leg.identity, muted });
  if (answer.kind === 'unavailable') return 'carrierUnavailable';
  if (answer.kind !== 'accepted') return 'notThere';
  runtime.learn({ kind: 'muted', at: iso(runtime.now()), source: 'api', leg: leg.identity, muted });
  return 'done';
}

/** The latest leg: an older one of the same participant is about to be removed. */
function presentLeg(facts: Facts, participant: string): LivingLeg | undefined {
  return livingLegsOf(facts, participant)
    .filter((leg) => isJoined(facts, leg))
    .sort((a, b) => b.identity.attempt - a.identity.attempt)[0];
}

function isKnown(facts: Facts, participant: string): boolean {
  const legs = Object.values(facts.legs);
  return (
    participant === 'lead' ||
    legs.some(({ identity }) => identity.participant === participant) ||
    facts.agents.some((agent) => agent.participant === participant)
  );
}
