/** What TeXML adds to what the carrier knows: applications, calls that follow a document, queues of callers. */
import type { Leg, World } from '../carrier/world';
import { createListener } from './listener';
import type { Listener } from './listener';

export type Method = 'GET' | 'POST';

/** Fields of a form, as they go out. */
export type Fields = Readonly<Record<string, string>>;

export const usualTexmlApplicationId = '2000000000000000002';

export interface TexmlApplication {
  readonly id: string;
  name: string;
  voiceUrl: string | null;
  voiceMethod: Method;
  voiceFallbackUrl: string | null;
  statusCallback: string | null;
  statusCallbackMethod: Method;
  outboundVoiceProfileId: string | null;
  readonly createdAtMs: number;
}

/** Where callbacks of one kind go, and which of them are wanted. */
export interface CallbackRoute {
  readonly url: string;
  readonly method: Method;
  readonly events: ReadonlySet<string>;
}

/** One line of what was heard and done on a call. `who` is the one that does it. */
export interface TranscriptLine {
  /** Milliseconds since the call was placed. */
  readonly at_ms: number;
  readonly who: 'document' | 'phone' | 'carrier';
  /** One word: says, plays, presses, fetches … */
  readonly does: string;
  readonly text: string;
}

export type CallChange = 'answered' | 'ended' | 'leftConference' | 'machineFound';

export interface TexmlCall {
  readonly leg: Leg;
  readonly application: TexmlApplication;
  /** The call whose `<Dial>` placed this one. */
  readonly parent: TexmlCall | null;
  readonly callerId: string | null;
  statusRoute: CallbackRoute | null;
  /** Of the next status callback. */
  sequenceNumber: number;
  answeredBy: 'human' | 'machine' | 'not_sure' | null;
  readonly listener: Listener;
  readonly transcript: TranscriptLine[];
  /** Stops the flow that plays now. */
  stopFlow: () => void;
  readonly watchers: Set<(change: CallChange) => void>;
}

export interface RecordingRoute extends CallbackRoute {
  readonly call: TexmlCall;
  /** Telnyx's word for who asked for the recording. */
  readonly source: 'OutboundAPI' | 'RecordVerb' | 'DialVerb';
  readonly sendsUrl: boolean;
}

export interface QueuedCall {
  readonly call: TexmlCall;
  readonly queuedAtMs: number;
  /** Takes the call out: bridged to another one, or sent on. */
  readonly leave: (result: QueueResult) => void;
}

export type QueueResult =
  { readonly kind: 'bridged'; readonly to: TexmlCall } | { readonly kind: 'leave' } | { readonly kind: 'maxWaitTime' };

export interface Queue {
  readonly sid: string;
  readonly waiting: QueuedCall[];
  readonly arrivals: Set<() => void>;
}

export interface TexmlState {
  readonly applications: Map<string, TexmlApplication>;
  /** By `call_control_id`, which TeXML calls CallSid. */
  readonly calls: Map<string, TexmlCall>;
  /** By the recording's id. */
  readonly recordingRoutes: Map<string, RecordingRoute>;
  readonly queues: Map<string, Queue>;
}

export const createTexmlState = (): TexmlState => ({
  applications: new Map(),
  calls: new Map(),
  recordingRoutes: new Map(),
  queues: new Map(),
});

interface NewCall {
  readonly leg: Leg;
  readonly application: TexmlApplication;
  readonly parent?: TexmlCall;
  readonly callerId?: string | null;
  readonly statusRoute: CallbackRoute | null;
}

export function addCall(world: World, { leg, application, parent, callerId, statusRoute }: NewCall): TexmlCall {
  const call: TexmlCall = {
    leg,
    application,
    parent: parent ?? null,
    callerId: callerId ?? null,
    statusRoute,
    sequenceNumber: 0,
    answeredBy: null,
    listener: createListener(leg.phone),
    transcript: [],
    stopFlow: () => undefined,
    watchers: new Set(),
  };
  world.texml.calls.set(leg.callControlId, call);
  return call;
}

/** Tells those who wait for it on this call. */
export function tell(call: TexmlCall, change: CallChange): void {
  for (const watch of [...call.watchers]) watch(change);
}

/** A line of the transcript, dated now. */
export function note(
  world: World,
  call: TexmlCall,
  who: TranscriptLine['who'],
  does: string,
  text: string | number = '',
): void {
  const at_ms = Math.round(world.deps.clock.now() - call.leg.placedAtMs);
  call.transcript.push({ at_ms, who, does, text: String(text) });
}
