/** Whether a call goes on: questions to the facts that several chapters of the story ask. */
import type { CallRequest } from '../../domain/call';
import type { Facts } from '../../domain/facts';
import { answeredAt, isAlive, leadLeg } from '../../domain/legs';

export function leadAnswered(facts: Facts): boolean {
  const leg = leadLeg(facts);
  return leg !== null && answeredAt(leg) !== null;
}

export function leadIsGone(facts: Facts): boolean {
  const leg = leadLeg(facts);
  return leg === null || !isAlive(leg);
}

/** The lead answered, is still there, and nobody asked us to end it. */
export function canGoOn(facts: Facts): boolean {
  return leadAnswered(facts) && !leadIsGone(facts) && facts.hangupRequestedAt === null;
}

/** Nobody is brought into this call any more. */
export function isClosing(facts: Facts): boolean {
  const decided = [facts.endingAt, facts.hangupRequestedAt, facts.nobodyCameAt, facts.machineReachedAt];
  return decided.some((at) => at !== null) || (leadLeg(facts) !== null && leadIsGone(facts));
}

/** Is a machine's answer, by what the caller asked for, the end of the call's purpose? */
export function isMeantForPeople({ answeringMachine: { policy } }: CallRequest): boolean {
  return policy === 'hang_up' || policy === 'leave_message';
}

export function isMachine(facts: Facts): boolean {
  const verdict = leadLeg(facts)?.verdict ?? null;
  return verdict === 'machine' || verdict === 'fax';
}
