/**
 * The status document: what the API answers and what Redis holds, derived from the request and the facts.
 * Field names are those of the API.
 */
import { recordedFormatOf } from './call';
import type { CallId, CallRequest, LegRole } from './call';
import type { Source } from './events';
import type { Facts, LegFacts } from './facts';
import type { JsonObject } from './json';
import { answeredAt, isJoined, leadLeg, leftAt, recordingFailureOf, somebodyCame } from './legs';
import { endedBy, outcomeOf } from './outcome';
import type { EndedBy, Outcome } from './outcome';
import { expectedRecording } from './recordings';
import type { RecordingState, RecordingStatus } from './recordings';

/** In the order a call goes through them; steps may be skipped, none is taken twice. */
export const CALL_STATUSES = ['queued', 'dialing', 'ringing', 'answered', 'in_progress', 'ended'] as const;
export type CallStatus = (typeof CALL_STATUSES)[number];

export interface ParticipantStatus {
  readonly participant_sid: string;
  readonly role: LegRole;
  readonly call_control_id: string | null;
  readonly joined_at: string | null;
  readonly left_at: string | null;
  readonly muted: boolean;
}

export interface MessageStatus {
  /** `left`: the carrier reported that it was heard to its end. */
  readonly state: 'leaving' | 'left' | 'not_left';
  readonly left_at: string | null;
}

/** Instants are ISO 8601 UTC with milliseconds. */
export interface StatusDocument {
  readonly call_id: CallId;
  readonly conference_id: string;
  readonly conference_sid: string;
  readonly provider: 'telnyx';
  readonly status: CallStatus;
  readonly outcome: Outcome | null;
  readonly to_phone: string;
  readonly from_phone: string;
  /** How many are in the conference now. */
  readonly participant_count: number;
  readonly metadata: JsonObject;
  readonly participants: readonly ParticipantStatus[];
  readonly created_at: string;
  /** When the dial of the lead was first sent. */
  readonly dialed_at: string | null;
  readonly answered_at: string | null;
  /** When the lead came into the conference. */
  readonly joined_at: string | null;
  readonly ended_at: string | null;
  /** Whole seconds from answered_at to ended_at; null if never answered. */
  readonly duration_secs: number | null;
  /** Telnyx's words for the lead's leg. */
  readonly hangup_cause: string | null;
  readonly hangup_source: string | null;
  readonly ended_by: EndedBy | null;
  /** What machine detection found; null when it was not asked, or not yet. */
  readonly answered_by: 'human' | 'machine' | 'unknown' | null;
  /** The message for a machine; null when none was to be left, or no machine answered. */
  readonly message: MessageStatus | null;
  /** The carrier's refusal. */
  readonly error_code: string | null;
  readonly error_detail: string | null;
  /** The lead leg's; null when none was asked for. */
  readonly recording: RecordingStatus | null;
  /** That one, and those that steps of a flow made. */
  readonly recordings: readonly RecordingStatus[];
  readonly updated_at: string;
  readonly source: Source;
}

/** When and how the facts last changed. */
export interface Change {
  readonly at: string;
  readonly source: Source;
}

/** Where a call is. */
export function statusOf(facts: Facts): CallStatus {
  if (facts.endedAt !== null) return 'ended';
  const lead = leadLeg(facts);
  // On whichever leg of the lead's: which of two counts can change as more becomes known.
  if (Object.values(facts.legs).some(({ followedAt }) => followedAt !== null)) return 'in_progress';
  if (lead && answeredAt(lead) !== null) {
    return lead.firstJoinedAt !== null && somebodyCame(facts) ? 'in_progress' : 'answered';
  }
  // Also when the carrier has since said that the leg is another's: a status that was shown is not taken back.
  if (Object.values(facts.legs).some((leg) => leg.identity.role === 'lead')) return 'ringing';
  return facts.dialSentAt === null ? 'queued' : 'dialing';
}

export function describeCall(call: CallRequest, facts: Facts, change: Change): StatusDocument {
  const lead = leadLeg(facts);
  const ended = facts.endedAt === null ? null : (lead?.hangup?.at ?? facts.endedAt);
  const answered = lead ? answeredAt(lead) : null;
  // Why no agent came matters to a lead who was never dialed.
  const ofAgent = facts.leadDialedAt === null ? facts.agentRefusal : null;
  const refusal = facts.leadRefusal ?? facts.commandFailure ?? ofAgent;
  const recording = describeRecording(call, facts, lead);
  const participants = describeParticipants(facts);
  return {
    call_id: call.callId,
    conference_id: call.callId,
    conference_sid: call.callId,
    provider: call.provider,
    status: statusOf(facts),
    outcome: outcomeOf(facts),
    to_phone: call.toPhone,
    from_phone: call.fromPhone,
    participant_count: participants.filter(({ left_at }) => left_at === null).length,
    metadata: call.metadata,
    participants,
    created_at: call.createdAt,
    dialed_at: facts.leadDialedAt,
    answered_at: answered,
    joined_at: lead?.firstJoinedAt ?? null,
    ended_at: ended,
    duration_secs: answered === null || ended === null ? null : wholeSeconds(answered, ended),
    hangup_cause: lead?.hangup?.cause ?? null,
    hangup_source: lead?.hangup?.hangupSource ?? null,
    ended_by: endedBy(facts, call.incoming === undefined ? 'us' : 'lead'),
    answered_by: lead && wantsToKnow(call) ? answeredBy(lead) : null,
    message: describeMessage(call, facts, lead),
    error_code: refusal?.code ?? null,
    error_detail: refusal?.detail ?? null,
    recording,
    recordings: [...(recording ? [recording] : []), ...stepRecordings(call, facts)],
    updated_at: change.at,
    source: change.source,
  };
}

/** One entry for each participant, who came first stands first; of several legs, the latest speaks for them. */
function describeParticipants(facts: Facts): readonly ParticipantStatus[] {
  const legs = Object.values(facts.legs).filter((leg) => leg.firstJoinedAt !== null);
  const entries = new Map<string, LegFacts[]>();
  for (const leg of legs.sort((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1))) {
    const key = `${leg.identity.role}/${leg.identity.participant}`;
    entries.set(key, [...(entries.get(key) ?? []), leg]);
  }
  return [...entries.values()].flatMap((mine) => describeParticipant(facts, mine));
}

function placeOf(leg: LegFacts): string {
  return `${leg.firstJoinedAt}/${leg.identity.callLegId}`;
}

/** `legs` of one participant, in the order in which they came in. */
function describeParticipant(facts: Facts, legs: readonly LegFacts[]): readonly ParticipantStatus[] {
  const [first] = legs;
  const leg = legs.findLast((one) => isJoined(facts, one)) ?? legs.at(-1);
  if (!first || !leg) return [];
  return [
    {
      participant_sid: leg.identity.participant,
      role: leg.identity.role,
      call_control_id: leg.identity.callControlId,
      joined_at: first.firstJoinedAt,
      left_at: leftAt(facts, leg),
      muted: isJoined(facts, leg) && leg.mute?.muted === true,
    },
  ];
}

/** The carrier listens for a machine: for who asked for the call, or for a step of its flow. */
function wantsToKnow({ answeringMachine, handler }: CallRequest): boolean {
  return answeringMachine.policy !== 'off' || (handler.type === 'texml' && handler.listens);
}

/** A fax is a machine, too. */
function answeredBy({ verdict }: LegFacts): StatusDocument['answered_by'] {
  return verdict === 'fax' ? 'machine' : verdict;
}

function describeMessage(call: CallRequest, facts: Facts, lead: LegFacts | null): MessageStatus | null {
  if (call.answeringMachine.policy !== 'leave_message' || facts.machineReachedAt === null) return null;
  const said = lead?.said.message;
  if (said?.completed) return { state: 'left', left_at: said.at };
  return { state: facts.endedAt === null ? 'leaving' : 'not_left', left_at: null };
}

function describeRecording(call: CallRequest, facts: Facts, lead: LegFacts | null): RecordingStatus | null {
  if (!call.record) return null;
  const expected = expectedRecording(recordedFormatOf(call), lead?.recordingId ?? null);
  const failure = lead && recordingFailureOf(lead);
  if (failure) return { ...expected, state: 'absent', last_error: failure };
  const neverAnswered = facts.endedAt !== null && (lead === null || answeredAt(lead) === null);
  return neverAnswered ? { ...expected, state: 'absent', recording_id: null } : expected;
}

function stepRecordings(call: CallRequest, { stepRecordingIds }: Facts): readonly RecordingStatus[] {
  return stepRecordingIds.map((id) => expectedRecording(recordedFormatOf(call), id));
}

/**
 * Two versions of one document as one. A document only moves forward, and the delivery of a recording knows more of it
 * than the call does; so writers may come late or twice, and neither undoes the other.
 */
export function mergeDocuments(known: StatusDocument, incoming: StatusDocument): StatusDocument {
  const newer = isNewer(incoming, known) ? incoming : known;
  const older = newer === incoming ? known : incoming;
  const recording = mergeRecordings(older.recording, newer.recording);
  const ofSteps = newer.recordings.slice(newer.recording ? 1 : 0).map((one) => {
    const known = older.recordings.find(({ recording_id }) => recording_id === one.recording_id);
    return mergeRecordings(known ?? null, one) ?? one;
  });
  return { ...newer, recording, recordings: [...(recording ? [recording] : []), ...ofSteps] };
}

/** The document with what is now known of one of its recordings; an earlier state that comes late is dropped. */
export function withRecording(document: StatusDocument, news: RecordingStatus): StatusDocument {
  const isOfStep = ({ recording_id }: RecordingStatus): boolean =>
    recording_id === news.recording_id && recording_id !== document.recording?.recording_id;
  const known = document.recordings.find(isOfStep) ?? document.recording;
  if (known?.state === 'delivered') return document;
  if (known !== document.recording) {
    return { ...document, recordings: document.recordings.map((one) => (one === known ? news : one)) };
  }
  const ofSteps = document.recordings.slice(document.recording ? 1 : 0);
  return { ...document, recording: news, recordings: [news, ...ofSteps] };
}

function isNewer(a: StatusDocument, b: StatusDocument): boolean {
  const step = CALL_STATUSES.indexOf(a.status) - CALL_STATUSES.indexOf(b.status);
  return step === 0 ? a.updated_at >= b.updated_at : step > 0;
}

const FINAL_RECORDING_STATES: readonly RecordingState[] = ['delivered', 'absent', 'lost'];

/** Over, and nothing more will become known of its recordings. */
export function isSettled({ status, recordings }: StatusDocument): boolean {
  return status === 'ended' && recordings.every(({ state }) => FINAL_RECORDING_STATES.includes(state));
}

function mergeRecordings(older: RecordingStatus | null, newer: RecordingStatus | null): RecordingStatus | null {
  if (!older || !newer) return older ?? newer;
  return newer.state === 'expected' && older.state !== 'expected' ? older : newer;
}

function wholeSeconds(from: string, to: string): number {
  return Math.max(0, Math.floor((Date.parse(to) - Date.parse(from)) / 1000));
}
