/**
 * C6: what a call's document says at last, held against the carrier's books, as far as the carrier has told us. What it
 * has told is known from the wire, so a story that does not listen is found out.
 */
import type { LedgerLeg } from '../simulator/carrier/ledger';
import type { Verdict } from './judge';
import type { End } from './oracles';
import { legsOf } from './records';
import type { CallRecord } from './records';

const EXACT_MS = 1_000;

export function untruths(end: End): readonly Verdict[] {
  const legs = legsOf(end.ledger.legs, end.record);
  const [leg] = legs;
  const found = leg === undefined ? withoutLeg(end) : legs.length === 1 ? withLeg(end, leg) : [];
  return found.map((what) => ({ oracle: 'C6', what }));
}

/** Nothing was ever placed. */
function withoutLeg({ record, document }: End): readonly string[] {
  const { outcome, answered_at, ended_by } = document;
  const canceled = wasCanceled(record);
  const possible = ['failed', 'dial_unknown', ...(canceled ? ['canceled'] : [])];
  return [
    ...(possible.includes(outcome ?? '') ? [] : [`nothing was placed, and the outcome is ${outcome}`]),
    ...(answered_at === null ? [] : ['nothing was placed, and somebody answered']),
    ...(ended_by === 'lead' ? ['nothing was placed, and the lead ended it'] : []),
  ];
}

function withLeg(end: End, leg: LedgerLeg): readonly string[] {
  const { record, document } = end;
  const told = (...types: readonly string[]): boolean =>
    types.some((type) => record.told.has(`${type} ${leg.call_leg_id}`));
  const toldAnything = [...record.told].some((one) => one.endsWith(leg.call_leg_id));
  if (!toldAnything) {
    return document.outcome === 'dial_unknown'
      ? []
      : [`nobody told us of its leg, and the outcome is ${document.outcome}`];
  }
  const toldAnswer = told('call.answered', 'conference.participant.joined', 'call.recording.saved');
  const toldAnswerExactly = told('call.answered', 'call.recording.saved');
  const toldHangup = told('call.hangup');
  const wrong: string[] = [];
  const expect = (name: string, is: unknown, should: unknown): void => {
    if (is !== should) wrong.push(`${name} is ${String(is)}, should be ${String(should)}`);
  };
  if (leg.answered_at === null) expect('answered_at', document.answered_at, null);
  else if (toldAnswer) expect('answered', document.answered_at !== null, true);
  if (leg.answered_at !== null && toldAnswerExactly)
    within(wrong, 'answered_at', document.answered_at, leg.answered_at);
  if (toldHangup) {
    expect('hangup_cause', document.hangup_cause, leg.hangup_cause);
    expect('hangup_source', document.hangup_source, leg.hangup_source);
    within(wrong, 'ended_at', document.ended_at, leg.ended_at);
    if (leg.answered_at === null || toldAnswer) {
      const outcomes = outcomesOf(end, leg);
      if (!outcomes.includes(document.outcome ?? ''))
        wrong.push(`outcome is ${document.outcome}, should be ${outcomes.join(' or ')}`);
    }
    const endings = endingsOf(end, leg);
    if (!endings.includes(document.ended_by ?? ''))
      wrong.push(`ended_by is ${document.ended_by}, should be ${endings.join(' or ')}`);
  }
  return wrong;
}

function within(wrong: string[], name: string, is: string | null, should: string | null): void {
  const offMs = Math.abs(Date.parse(is ?? '') - Date.parse(should ?? ''));
  if (!(offMs <= EXACT_MS)) wrong.push(`${name} is ${is}, should be ${should}`);
}

const CAUSES: Readonly<Record<string, string>> = {
  user_busy: 'busy',
  call_rejected: 'rejected',
  timeout: 'no_answer',
  no_answer: 'no_answer',
  normal_clearing: 'no_answer',
};

function outcomesOf({ record, document }: End, leg: LedgerLeg): readonly string[] {
  const canceled = wasCanceled(record);
  if (leg.answered_at === null) {
    const plain = CAUSES[leg.hangup_cause ?? ''] ?? 'failed';
    return canceled ? ['canceled'] : [plain];
  }
  if (leg.hangup_source === 'callee') return ['completed'];
  return canceled || document.error_code !== null || document.joined_at === null || leg.hangup_cause === 'time_limit'
    ? ['completed', 'agent_unavailable']
    : ['agent_unavailable'];
}

function endingsOf({ record }: End, leg: LedgerLeg): readonly string[] {
  const canceled = wasCanceled(record);
  if (['timeout', 'no_answer', 'time_limit'].includes(leg.hangup_cause ?? '')) return ['system'];
  if (leg.hangup_source === 'callee') return ['lead'];
  if (leg.hangup_source === 'caller') return canceled ? ['api', 'system'] : ['system'];
  return canceled ? ['api', 'unknown'] : ['unknown'];
}

/** A hangup that is asked for when a call has ended changes nothing. */
const wasCanceled = ({ hangupAcceptedAtMs, endedAtMs }: CallRecord): boolean =>
  hangupAcceptedAtMs !== null && hangupAcceptedAtMs <= (endedAtMs ?? Infinity);
