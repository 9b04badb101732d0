/**
 * Why a call ended, as one table: the first row that fits wins. Read off the facts, never stored beside them.
 */
import type { Facts, LegFacts } from './facts';
import { answeredAt, hadCompany, leadLeg } from './legs';

export const OUTCOMES = [
  'completed',
  'no_answer',
  'busy',
  'rejected',
  'voicemail',
  'canceled',
  'agent_unavailable',
  'failed',
  'dial_unknown',
] as const;
export type Outcome = (typeof OUTCOMES)[number];

export type EndedBy = 'lead' | 'agent' | 'api' | 'system' | 'unknown';

/** The lead's side of a call that is over. */
interface Ending {
  readonly facts: Facts;
  readonly lead: LegFacts | null;
  readonly answered: boolean;
  /** Telnyx's hangup_cause of the lead's leg. */
  readonly cause: string | null;
}

interface Row {
  readonly outcome: Outcome;
  readonly fits: (ending: Ending) => boolean;
}

const NO_ANSWER_CAUSES = ['timeout', 'no_answer', 'normal_clearing'];

const ROWS: readonly Row[] = [
  { outcome: 'dial_unknown', fits: ({ facts, lead }) => facts.leadUnresolvedAt !== null && lead === null },
  { outcome: 'canceled', fits: ({ facts, answered }) => !answered && wasAskedToEnd(facts) },
  { outcome: 'agent_unavailable', fits: ({ facts, answered }) => !answered && facts.nobodyCameAt !== null },
  { outcome: 'busy', fits: ({ answered, cause }) => !answered && cause === 'user_busy' },
  { outcome: 'rejected', fits: ({ answered, cause }) => !answered && cause === 'call_rejected' },
  { outcome: 'no_answer', fits: ({ answered, cause }) => !answered && NO_ANSWER_CAUSES.includes(cause ?? '') },
  { outcome: 'no_answer', fits: ({ answered, facts, cause }) => !answered && gaveUp(facts, cause) },
  { outcome: 'failed', fits: ({ answered }) => !answered },
  { outcome: 'voicemail', fits: ({ facts }) => facts.machineReachedAt !== null },
  { outcome: 'agent_unavailable', fits: ({ facts, lead }) => facts.nobodyCameAt !== null && !leftBefore(lead, facts) },
  { outcome: 'completed', fits: () => true },
];

/** The outcome of a call, or null while it runs. */
export function outcomeOf(facts: Facts): Outcome | null {
  if (facts.endedAt === null) return null;
  const lead = leadLeg(facts);
  const ending = {
    facts,
    lead,
    answered: lead !== null && answeredAt(lead) !== null,
    cause: lead?.hangup?.cause ?? null,
  };
  return ROWS.find((row) => row.fits(ending))?.outcome ?? null;
}

/** Causes by which the carrier ends a leg on our instructions (ring timeout, time limit). */
const SYSTEM_CAUSES = ['timeout', 'no_answer', 'time_limit'];

/**
 * Who ended the call, or null while it runs.
 * @param placedBy who placed the lead's leg: Telnyx calls that side `caller`
 */
export function endedBy(facts: Facts, placedBy: 'us' | 'lead' = 'us'): EndedBy | null {
  if (facts.endedAt === null) return null;
  const hangup = leadLeg(facts)?.hangup ?? null;
  if (hangup === null) return endedWithoutLeg(facts);
  if (SYSTEM_CAUSES.includes(hangup.cause ?? '')) return 'system';
  const [ours, theirs] = placedBy === 'us' ? ['caller', 'callee'] : ['callee', 'caller'];
  if (hangup.hangupSource === theirs) return 'lead';
  // Our clock and the carrier's differ, so where the carrier says that we hung up, no instants are compared.
  const requestedAt = facts.hangupRequestedAt;
  if (requestedAt !== null && wasAskedToEnd(facts) && (hangup.hangupSource === ours || requestedAt <= hangup.at))
    return 'api';
  // The agent left, and nobody came back.
  if (facts.nobodyCameAt !== null && hadCompany(facts)) return 'agent';
  if (hangup.hangupSource === ours || facts.nobodyCameAt !== null) return 'system';
  return 'unknown';
}

function endedWithoutLeg(facts: Facts): EndedBy {
  if (wasAskedToEnd(facts)) return 'api';
  return outcomeOf(facts) === 'dial_unknown' ? 'unknown' : 'system';
}

/** A request that comes after the end changes nothing of what was told. */
function wasAskedToEnd({ hangupRequestedAt, endedAt }: Facts): boolean {
  return hangupRequestedAt !== null && (endedAt === null || hangupRequestedAt <= endedAt);
}

/** Somebody who called us: nobody was dialed. */
function gaveUp({ leadDialedAt }: Facts, cause: string | null): boolean {
  return leadDialedAt === null && cause === 'originator_cancel';
}

/** A lead who hangs up while we are about to has ended the call. */
function leftBefore(lead: LegFacts | null, { nobodyCameAt }: Facts): boolean {
  return lead?.hangup?.hangupSource === 'callee' && lead.hangup.at < (nobodyCameAt ?? '');
}
