/**
 * C6: what a call's document says at last, held against the carrier's books, as far as the carrier has told us. What it
 * has told is known from the wire, so a story that does not listen is found out.
 */
import { clipMs, speechMs } from '../simulator/carrier/leg-actions';
import type { LedgerLeg } from '../simulator/carrier/ledger';
import type { TranscriptLine } from '../simulator/texml/state';
import { messageOf } from './hearing';
import type { Verdict } from './judge';
import type { End } from './oracles';
import { transcriptOf } from './performance';
import { companyIn, isKnown, leadLegsOf, legIn, wasCanceled } from './records';
import type { CallRecord } from './records';
import { MACHINE_HEARS } from './scripts';

const EXACT_MS = 1_000;

export function untruths(end: End): readonly Verdict[] {
  const legs = leadLegsOf(end.ledger.legs, end.record);
  const [leg] = legs;
  const found = leg === undefined ? withoutLeg(end) : legs.length === 1 ? withLeg(end, leg) : [];
  return found.map((what) => ({ oracle: 'C6', what }));
}

/** Nothing was ever placed. */
function withoutLeg({ record, document }: End): readonly string[] {
  const { outcome, answered_at, ended_by } = document;
  const possible = ['failed', 'dial_unknown', ...(wasCanceled(record) ? ['canceled'] : [])];
  if (record.request.agent !== null && record.request.dialOrder === 'agent_first') possible.push('agent_unavailable');
  return [
    ...(possible.includes(outcome ?? '') ? [] : [`nothing was placed, and the outcome is ${outcome}`]),
    ...(answered_at === null ? [] : ['nothing was placed, and somebody answered']),
    ...(ended_by === 'lead' ? ['nothing was placed, and the lead ended it'] : []),
  ];
}

/** What tells that somebody answered, and when; and how it ended. */
interface Words {
  readonly answer: readonly string[];
  readonly answeredAt: string;
  readonly hangup: string;
}

const OF_CALL_CONTROL: Words = {
  answer: ['call.answered', 'conference.participant.joined', 'call.recording.saved'],
  answeredAt: 'call.answered',
  hangup: 'call.hangup',
};
const OF_TEXML: Words = {
  answer: ['texml.answered', 'texml.completed', 'texml.amd', 'document', 'in-progress', 'completed'],
  answeredAt: 'texml.answered',
  hangup: 'texml.completed',
};

function withLeg(end: End, leg: LedgerLeg): readonly string[] {
  const { record, document } = end;
  const words = record.script === null ? OF_CALL_CONTROL : OF_TEXML;
  const id = record.script === null ? leg.call_leg_id : leg.call_control_id;
  const told = (...types: readonly string[]): boolean => types.some((type) => record.told.has(`${type} ${id}`));
  if (!isKnown(record, leg)) {
    return document.outcome === 'dial_unknown'
      ? []
      : [`nobody told us of its leg, and the outcome is ${document.outcome}`];
  }
  const toldAnswer = told(...words.answer);
  const toldHangup = told(words.hangup);
  const wrong: string[] = [];
  const expect = (name: string, is: unknown, should: unknown): void => {
    if (is !== should) wrong.push(`${name} is ${String(is)}, should be ${String(should)}`);
  };
  if (leg.answered_at === null) expect('answered_at', document.answered_at, null);
  else if (toldAnswer) expect('answered', document.answered_at !== null, true);
  const startsWithAnswer = record.request.recordingNotice === null && told('call.recording.saved');
  if (leg.answered_at !== null && (told(words.answeredAt) || startsWithAnswer))
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
  return [...wrong, ...untrueMessage(end, leg), ...untrueParticipants(end)];
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

function outcomesOf(end: End, leg: LedgerLeg): readonly string[] {
  const { record, document, calm } = end;
  if (leg.answered_at === null)
    return [wasCanceled(record) ? 'canceled' : (CAUSES[leg.hangup_cause ?? ''] ?? 'failed')];
  if (record.script !== null) return scriptOutcomes(end, leg);
  if (metMachine(record, leg)) return ['voicemail'];
  const waitedInVain = aloneMs(end, leg) >= record.request.agentWaitSeconds * 1000 - EXACT_MS;
  if (leg.hangup_source === 'callee' && calm && !waitedInVain) return ['completed'];
  const isOurs = leg.hangup_source === 'caller' && leg.hangup_cause !== 'time_limit' && record.takenOutAtMs === null;
  const mustBeInVain = isOurs && !wasCanceled(record) && document.error_code === null && document.joined_at !== null;
  return calm && mustBeInVain ? ['agent_unavailable'] : ['completed', 'agent_unavailable'];
}

/** A machine that the carrier has found, and was told of or played to, makes a voicemail of a call that is for people. */
function scriptOutcomes(end: End, leg: LedgerLeg): readonly string[] {
  const { request, toldByTheEnd } = end.record;
  const transcript = transcriptOf(end, leg);
  const found = transcript.some(({ does, text }) => does === 'detects' && /^(machine|fax)/.test(text));
  if (!found) return ['completed'];
  const isForPeople = ['hang_up', 'leave_message'].includes(request.answeringMachine.policy);
  const isTold = toldByTheEnd?.has(`texml.amd ${leg.call_control_id}`) === true;
  const isPlayed = transcript.some(({ text }) => text === MACHINE_HEARS || text === messageOf(end));
  return isPlayed || (isForPeople && isTold) ? ['voicemail'] : ['completed', 'voicemail'];
}

/** Was told, before the end, that a machine answered a call that is for people? */
function metMachine({ request, machine, toldByTheEnd }: CallRecord, { call_leg_id }: LedgerLeg): boolean {
  if (!['hang_up', 'leave_message'].includes(request.answeringMachine.policy)) return false;
  const told = (type: string): boolean => toldByTheEnd?.has(`${type} ${call_leg_id}`) ?? false;
  const isMachine = machine.verdict === 'machine' || machine.verdict === 'fax_detected';
  const greets = told('call.machine.premium.greeting.ended');
  return (isMachine && told('call.machine.premium.detection.ended')) || greets;
}

/** How long nobody was with the lead in the end. */
function aloneMs({ record, ledger }: End, leg: LedgerLeg): number {
  const company = companyIn(ledger, record, leg);
  const endedAt = leg.ended_at ?? '';
  const left = company.map(({ left_at }) => left_at ?? endedAt).filter((at) => at > (leg.answered_at ?? ''));
  const since = [leg.answered_at ?? '', ...left].sort().at(-1) ?? '';
  return Math.max(0, Date.parse(endedAt) - Date.parse(since));
}

function endingsOf({ record, ledger }: End, leg: LedgerLeg): readonly string[] {
  const canceled = wasCanceled(record);
  const agent = companyIn(ledger, record, leg).length > 0 ? ['agent'] : [];
  if (['timeout', 'no_answer', 'time_limit'].includes(leg.hangup_cause ?? '')) return ['system'];
  if (leg.hangup_source === 'callee') return ['lead'];
  if (leg.hangup_source === 'caller') return canceled ? ['api', 'system', ...agent] : ['system', ...agent];
  return canceled ? ['api', 'unknown'] : ['unknown'];
}

function untrueMessage(end: End, leg: LedgerLeg): readonly string[] {
  const { record, document } = end;
  if (record.script !== null) return untrueSpoken(end, leg);
  const content = messageOf(end);
  const left = leg.sounds.some((sound) => sound.content === content && sound.status === 'completed');
  const state = document.message?.state ?? null;
  const told = ['call.speak.ended', 'call.playback.ended'].some((type) =>
    record.toldByTheEnd?.has(`${type} ${leg.call_leg_id}`),
  );
  if (state === 'leaving') return ['the message is still being left when all is over'];
  if (state === 'left' && !left) return ['the message is said to be left, and nobody heard it'];
  // What was told does not say of which sound it was the end.
  return left && told && leg.sounds.length === 1 && state !== 'left'
    ? [`the message was left, and its state is ${state}`]
    : [];
}

/** As long as the carrier model takes for it. */
const lastsMs = ({ does, text }: TranscriptLine): number => (does === 'says' ? speechMs(text) : clipMs);

/** The same for the message that a TeXML call is told in a document. */
function untrueSpoken(end: End, leg: LedgerLeg): readonly string[] {
  const { document, record, calm } = end;
  const state = document.message?.state ?? null;
  const transcript = transcriptOf(end, leg);
  const at = transcript.findIndex(({ text }) => text === messageOf(end));
  const [message, next] = at < 0 ? [] : transcript.slice(at);
  const isFollowed = at >= 0 && transcript.slice(at).some(({ does }) => does === 'fetches');
  // Who hangs up while the next document is on its way has heard it, too.
  const isHeard = isFollowed || (message && next && next.at_ms - message.at_ms >= lastsMs(message));
  if (state === 'leaving') return ['the message is still being left when all is over'];
  if (state === 'left' && !isHeard) return ['the message is said to be left, and nobody heard it'];
  const mustBeLeft = calm && isFollowed && !wasCanceled(record);
  return mustBeLeft && state !== 'left' ? [`the message was left, and its state is ${state}`] : [];
}

/** Where nothing fails, the document names those who were in the conference, as far as that was told before the end. */
function untrueParticipants({ record, document, ledger, calm }: End): readonly string[] {
  if (!calm) return [];
  const legs = new Map(ledger.legs.map((leg) => [leg.call_control_id, leg]));
  const there = ledger.conferences
    .filter(({ name }) => name === record.request.callId)
    .flatMap(({ participants }) => participants)
    .flatMap(({ call_control_id }) => legs.get(call_control_id) ?? []);
  const isTold = ({ call_leg_id }: LedgerLeg): boolean =>
    record.toldByTheEnd?.has(`conference.participant.joined ${call_leg_id}`) ?? false;
  const namesOf = (some: readonly LedgerLeg[]): readonly (string | undefined)[] => [
    ...new Set(some.map(({ client_state }) => legIn(client_state).split(' ')[1])),
  ];
  const named = document.participants.map(({ participant_sid }) => participant_sid);
  const missing = namesOf(there.filter(isTold)).filter((name) => !named.includes(name ?? ''));
  const invented = named.filter((name) => !namesOf(there).includes(name));
  return [
    ...missing.map((name) => `${name} was in the conference, and is not among the participants`),
    ...invented.map((name) => `${name} is among the participants, and was not in the conference`),
  ];
}
