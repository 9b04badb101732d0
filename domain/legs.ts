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

/** A browser that was reloaded has two for a moment. */
export function livingLegsOf(facts: Facts, participant: string): readonly LivingLeg[] {
  return livingLegs(facts).filter(({ identity }) => identity.participant === participant);
}

/** One dial makes one leg: when the carrier shows one of this name, an answer that named another was wrong. */
export function isOutdone(facts: Facts, { confirmed, identity }: LegFacts): boolean {
  return !confirmed && legNamed(facts, identity)?.confirmed === true;
}

/** In the conference now, as far as is known. A participant may leave and join again. */
export function isJoined(facts: Facts, leg: LegFacts): boolean {
  return leg.lastJoin !== null && isAlive(leg) && leftAt(facts, leg) === null;
}

/** When it left the conference that it was in last: by itself, with its end, or with its hangup. */
export function leftAt({ endedConferences }: Facts, { lastJoin, lastLeftAt, hangup }: LegFacts): string | null {
  if (lastJoin === null) return null;
  const left = lastLeftAt !== null && lastLeftAt >= lastJoin.at ? lastLeftAt : null;
  const id = lastJoin.conferenceId;
  const ended = id !== null && Object.hasOwn(endedConferences, id) ? (endedConferences[id] ?? null) : null;
  const [first] = [left, ended, hangup?.at ?? null].filter((at) => at !== null).sort();
  return first ?? null;
}

/** Everybody but the lead who is in the conference now. */
export function company(facts: Facts): readonly LivingLeg[] {
  return livingLegs(facts).filter((leg) => leg.identity.role !== 'lead' && isJoined(facts, leg));
}

/** Has anybody but the lead ever come into the conference? Stays true. */
export function somebodyCame(facts: Facts): boolean {
  return Object.values(facts.legs).some((leg) => leg.identity.role !== 'lead' && leg.firstJoinedAt !== null);
}

/** Has anybody been there together with the lead? A leaving that is told late can take it back. */
export function hadCompany(facts: Facts): boolean {
  const cameAt = leadLeg(facts)?.firstJoinedAt ?? null;
  return Object.values(facts.legs).some((leg) => {
    const left = leftAt(facts, leg);
    return leg.identity.role !== 'lead' && leg.lastJoin !== null && (left === null || cameAt === null || left > cameAt);
  });
}

/** Who does not come any more, unless asked for once more. */
export function isUnavailable({ requests, unavailableAfter }: AgentFacts): boolean {
  return unavailableAfter >= requests.length;
}

/** Why there is no recording: one that was saved after all counts more. */
export function recordingFailureOf({ recordingFailure, recordingSavedAt }: LegFacts): string | null {
  return recordingSavedAt === null ? recordingFailure : null;
}

/** Causes that only a call nobody answered ends with. */
export const NEVER_ANSWERED: readonly string[] = [
  'user_busy',
  'call_rejected',
  'timeout',
  'no_answer',
  'not_found',
  'originator_cancel',
  'failed',
];

/** A leg that was heard, in a conference or recorded was answered, even if `call.answered` never came; then this is the latest it can have been. */
export function answeredAt(leg: LegFacts): string | null {
  if (leg.answeredAt !== null) return leg.answeredAt;
  // Somebody who calls us may give up before the first document reaches them.
  const followedAt = NEVER_ANSWERED.includes(leg.hangup?.cause ?? '') ? null : leg.followedAt;
  const [heard] = [leg.firstJoinedAt, leg.heardAt, leg.recordingStartedAt, followedAt]
    .filter((at) => at !== null)
    .sort();
  if (heard !== undefined || leg.recordingSavedAt === null) return heard ?? null;
  const ended = leg.hangup?.at ?? leg.recordingSavedAt;
  return ended < leg.recordingSavedAt ? ended : leg.recordingSavedAt;
}
