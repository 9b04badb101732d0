/** The carrier's own books: what really happened, whatever a client was told. Tests compare a client's story with it. */
import { statusOf } from '../texml/callbacks';
import type { TexmlCall, TranscriptLine } from '../texml/state';
import { heardBy } from './conference-media';
import { instant } from './events';
import { durationMs } from './recordings';
import type { Conference, JsonObject, Leg, Recording, World } from './world';

export interface LedgerLeg {
  readonly call_control_id: string;
  readonly call_leg_id: string;
  readonly call_session_id: string;
  readonly connection_id: string;
  readonly direction: 'outgoing' | 'incoming';
  readonly to: string;
  readonly from: string;
  readonly client_state: string | null;
  readonly command_id: string | null;
  readonly placed_at: string;
  readonly answered_at: string | null;
  readonly ended_at: string | null;
  readonly hangup_cause: string | null;
  readonly hangup_source: string | null;
  readonly sip_hangup_cause: string | null;
  readonly recording_ids: readonly string[];
  readonly sounds: readonly LedgerSound[];
}

/** Something that was spoken or played to a leg. */
export interface LedgerSound {
  readonly content: string;
  readonly started_at: string;
  readonly ended_at: string | null;
  readonly status: string | null;
}

export interface LedgerConference {
  readonly id: string;
  readonly name: string;
  readonly creator: string;
  readonly created_at: string;
  readonly ended_at: string | null;
  readonly end_reason: string | null;
  readonly participants: readonly {
    readonly call_control_id: string;
    readonly joined_at: string;
    readonly left_at: string | null;
    readonly muted: boolean;
    readonly on_hold: boolean;
    /** The addresses of the sounds that it is played now. */
    readonly hears: readonly string[];
  }[];
}

export interface LedgerRecording {
  readonly id: string;
  /** `call_control_id` of the leg. */
  readonly leg: string;
  readonly conference: string | null;
  readonly format: 'mp3' | 'wav';
  readonly channels: 'single' | 'dual';
  /** Telnyx's word: OutboundAPI of a dial, RecordVerb, DialVerb. */
  readonly initiated_by: string;
  readonly started_at: string;
  readonly duration_millis: number;
  readonly state: Recording['state'];
}

/** A call that follows a TeXML document, with what was heard and done on it. */
export interface LedgerTexmlCall {
  readonly call_sid: string;
  readonly parent_call_sid: string | null;
  readonly to: string;
  readonly status: string;
  readonly transcript: readonly TranscriptLine[];
}

export interface CarrierLedger {
  readonly legs: readonly LedgerLeg[];
  readonly conferences: readonly LedgerConference[];
  readonly recordings: readonly LedgerRecording[];
  /** Dial requests that were read, by called number, refused and duplicate ones included. */
  readonly dial_requests: Readonly<Record<string, number>>;
  /** Commands that took effect, in order. */
  readonly commands: readonly JsonObject[];
  readonly texml_calls: readonly LedgerTexmlCall[];
}

export function ledgerLegs(world: World): readonly LedgerLeg[] {
  return [...world.legs.values()].map(legRow);
}

export function carrierLedger(world: World): CarrierLedger {
  return {
    legs: ledgerLegs(world),
    conferences: [...world.conferences.values()].map(conferenceRow),
    recordings: [...world.recordings.values()].map(recordingRow),
    dial_requests: Object.fromEntries(world.dialRequests),
    commands: [...world.commandLog],
    texml_calls: [...world.texml.calls.values()].map(texmlRow),
  };
}

const instantOrNull = (ms: number | null): string | null => (ms === null ? null : instant(ms));

const legRow = (leg: Leg): LedgerLeg => ({
  call_control_id: leg.callControlId,
  call_leg_id: leg.callLegId,
  call_session_id: leg.callSessionId,
  connection_id: leg.connectionId,
  direction: leg.direction,
  to: leg.to,
  from: leg.from,
  client_state: leg.clientState,
  command_id: leg.commandId,
  placed_at: instant(leg.placedAtMs),
  answered_at: instantOrNull(leg.answeredAtMs),
  ended_at: instantOrNull(leg.endedAtMs),
  hangup_cause: leg.end?.cause ?? null,
  hangup_source: leg.end?.source ?? null,
  sip_hangup_cause: leg.end?.sip ?? null,
  recording_ids: [...leg.recordingIds],
  sounds: leg.sounds.map(({ content, startedAtMs, endedAtMs, status }) => ({
    content,
    started_at: instant(startedAtMs),
    ended_at: instantOrNull(endedAtMs),
    status,
  })),
});

const conferenceRow = (conference: Conference): LedgerConference => ({
  id: conference.id,
  name: conference.name,
  creator: conference.creator.callControlId,
  created_at: instant(conference.createdAtMs),
  ended_at: instantOrNull(conference.endedAtMs),
  end_reason: conference.endReason,
  participants: conference.participants.map(({ leg, joinedAtMs, leftAtMs, muted, onHold }) => ({
    call_control_id: leg.callControlId,
    joined_at: instant(joinedAtMs),
    left_at: instantOrNull(leftAtMs),
    muted,
    on_hold: onHold,
    hears: leftAtMs === null ? heardBy(conference, leg) : [],
  })),
});

const texmlRow = (call: TexmlCall): LedgerTexmlCall => ({
  call_sid: call.leg.callControlId,
  parent_call_sid: call.parent?.leg.callControlId ?? null,
  to: call.leg.to,
  status: statusOf(call),
  transcript: [...call.transcript],
});

const recordingRow = (recording: Recording): LedgerRecording => ({
  id: recording.id,
  leg: recording.leg.callControlId,
  conference: recording.conference?.id ?? null,
  format: recording.format,
  channels: recording.channels,
  initiated_by: recording.initiatedBy,
  started_at: instant(recording.startedAtMs),
  duration_millis: durationMs(recording),
  state: recording.state,
});
