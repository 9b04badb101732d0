/** What the facts say about legs: whose they are, whether they live, where they are. Pure questions, nothing is changed. */
import { isReachable, isSameLeg } from './call';
import type { LegName, ReachableLeg } from './call';
import type { AgentFacts, Facts, LegFacts } from './facts';

/**
 * The lead's leg: the one the carrier confirms and that got furthest. A second one can only exist if the carrier placed
 * two; it is hung up with all others at the end.
 */
export function leadLeg(facts: Facts): LegFacts | null {
  return legsOf(facts, 'lead')[0] ?? null;
}

/** All legs of a role that are ours, the one that got furthest first: joined, answered, confirmed; then the earliest. */
function legsOf(facts: Facts, role: LegName['role']): readonly LegFacts[] {
  return Object.values(facts.legs)
    .filter((leg) => leg.identity.role === role && isOurs(leg))
    .sort((a, b) => (rank(a) < rank(b) ? -1 : 1));
}

function rank(leg: LegFacts): string {
  const answered = answeredAt(leg);
  const evidence = [leg.firstJoinedAt !== null, answered !== null, leg.confirmed, true].indexOf(true);
  return `${evidence}/${answered ?? leg.seenAt}/${leg.identity.callLegId}`;
}

/** A leg with this name, if the carrier has shown one. */
export function legNamed(facts: Facts, name: LegName): LegFacts | null {
  return legsOf(facts, name.role).find((leg) => isSameLeg(leg.identity, name)) ?? null;
}

function isOurs(leg: LegFacts): boolean {
  return leg.confirmed || !leg.disowned;
}

export interface LivingLeg extends LegFacts {
  readonly identity: ReachableLeg;
}

/** Ours, and not known to be over. */
export function isAlive(leg: LegFacts): leg is LivingLeg {
  return leg.hangup === null && isOurs(leg) && isReachable(leg.identity);
}

export function livingLegs(facts: Facts): readonly LivingLeg[] {
  return Object.values(facts.legs).filter(isAlive);
}

/** In the conference now, as far as is known. A participant may leave and join again. */
export function isJoined({ endedConferences }: Facts, leg: LegFacts): boolean {
  const { lastJoin, lastLeftAt } = leg;
  if (lastJoin === null || !isAlive(leg) || endedConferences.includes(lastJoin.conferenceId ?? '')) return false;
  return lastLeftAt === null || lastLeftAt < lastJoin.at;
}

/** Everybody but the lead who is in the conference now. */
export function company(facts: Facts): readonly LivingLeg[] {
  return livingLegs(facts).filter((leg) => leg.identity.role !== 'lead' && isJoined(facts, leg));
}

/** Has anybody but the lead ever been in the conference? Stays true. */
export function hadCompany(facts: Facts): boolean {
  return Object.values(facts.legs).some((leg) => leg.identity.role !== 'lead' && leg.firstJoinedAt !== null);
}

/** Who does not come any more, unless asked for once more. */
export function isUnavailable({ requests, unavailableAfter }: AgentFacts): boolean {
  return unavailableAfter >= requests.length;
}

/** A leg that was heard, in a conference or recorded was answered, even if `call.answered` never came; then this is the latest it can have been. */
export function answeredAt(leg: LegFacts): string | null {
  if (leg.answeredAt !== null) return leg.answeredAt;
  const [heard] = [leg.firstJoinedAt, leg.heardAt, leg.recordingStartedAt].filter((at) => at !== null).sort();
  if (heard !== undefined || leg.recordingSavedAt === null) return heard ?? null;
  const ended = leg.hangup?.at ?? leg.recordingSavedAt;
  return ended < leg.recordingSavedAt ? ended : leg.recordingSavedAt;
}
