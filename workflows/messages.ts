/**
 * Names, ids and payload types that cross the border of a workflow. The API server imports this and nothing else from
 * here, so it imports only `@temporalio/workflow` and the domain.
 */
import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { Sinks } from '@temporalio/workflow';
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import type { CallId, CallRequest, LegRole } from '../domain/call';
import type { Risk } from '../domain/delivery';
import type { CallEvent, EventKind, EventOf } from '../domain/events';
import type { RecordingStatus } from '../domain/recordings';
import type { StatusDocument } from '../domain/status';
import type { Fields, Script } from '../flows/script';

/** The workflow's type, as the Temporal UI shows it. */
export const COLD_CALL = 'coldCall';

/** The type of the workflow for people who call us. */
export const CALL_BACK = 'callBack';

/** Somebody calls one of our numbers. */
export interface IncomingCall {
  readonly leg: { readonly callControlId: string; readonly callLegId: string };
  /** Spoken to them; null: they are rejected. */
  readonly message: string | null;
}

export type CallBack = (call: IncomingCall) => Promise<unknown>;

/** `script`: what a TeXML call follows. */
export type ColdCall = (request: CallRequest, script?: Script) => Promise<StatusDocument>;

/** What a webhook or the API can tell a call. One signal per event, so that the history reads as a story. */
export const eventSignals = {
  initiated: defineSignal<[EventOf<'initiated'>]>('initiated'),
  answered: defineSignal<[EventOf<'answered'>]>('answered'),
  joined: defineSignal<[EventOf<'joined'>]>('joined'),
  left: defineSignal<[EventOf<'left'>]>('left'),
  hungUp: defineSignal<[EventOf<'hungUp'>]>('hungUp'),
  recordingSaved: defineSignal<[EventOf<'recordingSaved'>]>('recordingSaved'),
  recordingFailed: defineSignal<[EventOf<'recordingFailed'>]>('recordingFailed'),
  machineDetected: defineSignal<[EventOf<'machineDetected'>]>('machineDetected'),
  greetingEnded: defineSignal<[EventOf<'greetingEnded'>]>('greetingEnded'),
  said: defineSignal<[EventOf<'said'>]>('said'),
  conferenceEnded: defineSignal<[EventOf<'conferenceEnded'>]>('conferenceEnded'),
  stepRecorded: defineSignal<[EventOf<'stepRecorded'>]>('stepRecorded'),
  agentRequested: defineSignal<[EventOf<'agentRequested'>]>('agentRequested'),
  hangupRequested: defineSignal<[EventOf<'hangupRequested'>]>('hangupRequested'),
} as const;

export type SignalledEvent = Extract<CallEvent, { kind: keyof typeof eventSignals }>;

/** One thing that became known about a call. */
export interface TimelineEntry {
  /** From 1, without gaps. */
  readonly seq: number;
  /** The event's kind; `end` when the call is over, which is the last one that readers are told. */
  readonly type: Exclude<EventKind, 'ended'> | 'end';
  /** When it happened, ISO 8601. */
  readonly at: string;
  /** Whose leg it is about; null for the call itself. */
  readonly role: LegRole | null;
}

export const timelineQuery = defineQuery<readonly TimelineEntry[]>('timeline');
export const statusQuery = defineQuery<StatusDocument>('status');

export interface MuteRequest {
  readonly participant: string;
  readonly muted: boolean;
}
/** `unknown`: nobody of this name was ever asked for. `notThere`: not in the conference now. */
export type MuteAnswer = 'done' | 'unknown' | 'notThere' | 'carrierUnavailable';
export const muteUpdate = defineUpdate<MuteAnswer, [MuteRequest]>('mute');

/** The carrier asks for a document. */
export interface InstructionsRequest {
  /** From 1, as the address says; `again`: whatever was answered last, or else the first. */
  readonly number: number | 'again';
  /** Which address of the document before led here, from 0. */
  readonly target: number;
  /** Where this call is found: `TexmlAddresses.base`. */
  readonly base: string;
  /** The carrier's name of the leg. */
  readonly callSid: string;
  readonly fields: Fields;
  /** When it was asked, ISO 8601. */
  readonly at: string;
}
/** The text of a document. The same number always gets the same one; a call that is over is told to hang up. */
export const instructionsUpdate = defineUpdate<string, [InstructionsRequest]>('instructions');

/** The same for repeats of a request: Temporal then answers them all with one document. */
export function instructionsUpdateId({ number }: Pick<InstructionsRequest, 'number'>): string {
  return `instructions/${number}`;
}

export const recordingQuery = defineQuery<RecordingStatus>('recording');

/** The type of a recording's delivery, as the Temporal UI shows it. */
export const DELIVER_RECORDING = 'deliverRecording';

/** A delivery as operators see it. */
export interface DeliveryDocument extends RecordingStatus {
  readonly recording_id: string;
  readonly call_id: CallId;
  readonly attempts: number;
  /** Null while an attempt is under way, and after the end. */
  readonly next_attempt_at: string | null;
  /** When the carrier deletes its copy. */
  readonly expires_at: string;
  /** How close that is, when it is close. */
  readonly at_risk: Risk | null;
}
export const deliveryQuery = defineQuery<DeliveryDocument>('delivery');
/** Try again now, whatever it waits for. */
export const redeliverSignal = defineSignal('redeliver');

/** Memo of a call: what an idempotent repeat of its request is compared with and answered from. */
export interface CallMemo {
  readonly request: CallRequest;
  /** SHA-256 of the request body as parsed; null when the caller gave no Idempotency-Key. */
  readonly bodyHash: string | null;
}

/** The type of the run that looks for recordings nobody delivers. */
export const SWEEP_RECORDINGS = 'sweepRecordings';

/** One for each installation: several can share a carrier's application and a namespace. */
export function sweepWorkflowId(installation: string): string {
  return `recording-sweep:${installation}`;
}

/** The type of the run that looks for legs that no call looks after. */
export const SWEEP_LEGS = 'sweepLegs';

/** One for each installation. */
export function legSweepWorkflowId(installation: string): string {
  return `leg-sweep:${installation}`;
}

/** Compare everything with the carrier now. */
export const auditSignal = defineSignal('audit');

/** How the carrier's list of recordings and our deliveries compared. */
export interface RecordingAudit {
  readonly audited_at: string;
  readonly listed: number;
  readonly delivered: number;
  readonly open: number;
  /** Of other installations and systems on the same application. */
  readonly foreign: number;
  /** Deliveries that the audit started. */
  readonly started: number;
  /** Recordings that nobody was delivering although it was high time; 0 is good. */
  readonly unaccounted: number;
  /** The first of those. */
  readonly unaccounted_ids: readonly string[];
}

export interface SweepMemo {
  readonly audit: RecordingAudit | null;
  /** When the last sweep began that reached the carrier, ISO 8601. */
  readonly sweptAt: string | null;
}

export const searchAttributes = {
  callStatus: defineSearchAttributeKey('CallStatus', SearchAttributeType.KEYWORD),
  callOutcome: defineSearchAttributeKey('CallOutcome', SearchAttributeType.KEYWORD),
  provider: defineSearchAttributeKey('Provider', SearchAttributeType.KEYWORD),
  businessId: defineSearchAttributeKey('BusinessId', SearchAttributeType.KEYWORD),
  /** Keyed hash of the lead's number: finds all calls to one person without showing the number. */
  leadKey: defineSearchAttributeKey('LeadKey', SearchAttributeType.KEYWORD),
  recordingState: defineSearchAttributeKey('RecordingState', SearchAttributeType.KEYWORD),
  /** How close the end of the carrier's copy is: 7d, 48h, 24h; unset or `no` when it is not close. */
  recordingAtRisk: defineSearchAttributeKey('RecordingAtRisk', SearchAttributeType.KEYWORD),
} as const;

/** Deliveries have a queue of their own: a call never waits behind a download. */
export function recordingsTaskQueue(taskQueue: string): string {
  return `${taskQueue}-recordings`;
}

/** What a call tells its worker without waiting for an answer. */
export interface CallSinks extends Sinks {
  store: {
    /** May be called again for an old version, and may be lost. */
    publish(document: StatusDocument): void;
  };
  watch: {
    /** Something became known, and who told it. Once for each, and may be lost. */
    learned(source: CallEvent['source']): void;
  };
}
