/**
 * Callbacks of TeXML: forms about a call, its recordings and who answered it. Field names follow the pages "callbacks"
 * of the Telnyx API reference; the way out is that of every webhook.
 */
import { uuid } from '../carrier/ids';
import { durationMs, urlsOf } from '../carrier/recordings';
import { isEnded } from '../carrier/world';
import type { Recording, World } from '../carrier/world';
import { accountSid } from '../carrier/provisioning';
import type { Fields, Method, TexmlCall } from './state';

/** The word for a call that nobody answered, by its cause; `failed` for every other. */
const unansweredStatus: Readonly<Record<string, string>> = {
  user_busy: 'busy',
  timeout: 'no-answer',
  no_answer: 'no-answer',
  originator_cancel: 'canceled',
};

export function statusOf({ leg }: TexmlCall): string {
  if (leg.answeredAtMs !== null) return isEnded(leg) ? 'completed' : 'in-progress';
  return leg.end === null ? 'ringing' : (unansweredStatus[leg.end.cause] ?? 'failed');
}

/** Whole seconds from the answer to the end, or to now. */
export function durationSecsOf(world: World, { leg }: TexmlCall): number {
  if (leg.answeredAtMs === null) return 0;
  return Math.round(((leg.endedAtMs ?? world.deps.clock.now()) - leg.answeredAtMs) / 1000);
}

/** What every form about a call carries. */
export const whichCall = ({ leg, application }: TexmlCall): Fields => ({
  AccountSid: accountSid,
  CallSid: leg.callControlId,
  CallSidLegacy: leg.callControlId,
  ConnectionId: application.id,
});

/** The same with its two ends, which recordings and verdicts lack. */
export const aboutCall = (call: TexmlCall): Fields => ({ ...whichCall(call), From: call.leg.from, To: call.leg.to });

export type Progress = 'initiated' | 'ringing' | 'answered' | 'completed';

/** Says how far a call is, if that was asked for. */
export function sayProgress(world: World, call: TexmlCall, event: Progress): void {
  if (call.statusRoute?.events.has(event) !== true) return;
  const { leg, parent, callerId } = call;
  const fields = {
    ...aboutCall(call),
    CallStatus: event === 'initiated' ? event : statusOf(call),
    CallInitiatedAt: iso(leg.placedAtMs),
    CallbackSource: 'call-progress-events',
    SequenceNumber: String(call.sequenceNumber),
    Timestamp: iso(world.deps.clock.now()),
    ...(callerId === null ? {} : { CallerId: callerId }),
    ...(parent === null
      ? {}
      : { ParentCallSid: parent.leg.callControlId, ParentCallSidLegacy: parent.leg.callControlId }),
    ...(event === 'completed' ? ending(world, call) : {}),
  };
  call.sequenceNumber += 1;
  emit(world, call, { ...call.statusRoute, eventType: `texml.${event}`, fields });
}

function ending(world: World, call: TexmlCall): Fields {
  const { leg } = call;
  return {
    CallControlId: leg.callControlId,
    CallLegId: leg.callLegId,
    CallSessionId: leg.callSessionId,
    CallDuration: String(durationSecsOf(world, call)),
    ...(leg.answeredAtMs === null ? {} : { AnsweredTime: iso(leg.answeredAtMs) }),
    EndTime: iso(leg.endedAtMs ?? world.deps.clock.now()),
    HangupCause: leg.end?.cause ?? '',
    HangupSource: leg.end?.source ?? '',
    CallQualityStats: leg.answeredAtMs === null ? '' : JSON.stringify({ mos: 4.5, jitter: 3.2, packet_loss: 0 }),
  };
}

/** Says how far a recording is, if its start asked for that. */
export function sayRecording(world: World, recording: Recording, status: 'in-progress' | 'completed' | 'absent'): void {
  const route = world.texml.recordingRoutes.get(recording.id);
  if (route?.events.has(status) !== true) return;
  const { call, source, sendsUrl } = route;
  const fields: Fields = {
    ...whichCall(call),
    RecordingSid: recording.id,
    RecordingStatus: status,
    RecordingSource: source,
    RecordingChannels: recording.channels === 'dual' ? '2' : '1',
    RecordingStartTime: iso(recording.startedAtMs),
    ...(status === 'completed' ? savedFields(world, recording, sendsUrl) : {}),
  };
  emit(world, call, { ...route, eventType: `texml.recording.${status}`, fields });
}

/** What is known of a recording that has ended. */
export function savedFields(world: World, recording: Recording, sendsUrl: boolean): Fields {
  const url = urlsOf(world, recording)[recording.format];
  return {
    RecordingDuration: String(Math.round(durationMs(recording) / 1000)),
    ...(sendsUrl && url !== null ? { RecordingUrl: url } : {}),
  };
}

interface Callback {
  readonly url: string;
  readonly method: Method;
  readonly eventType: string;
  readonly fields: Fields;
}

export function emit(world: World, { leg }: TexmlCall, { url, method, eventType, fields }: Callback): void {
  if (world.settings.webhooksOff) return;
  const route = { url, failoverUrl: null, retriesMs: null };
  world.deps.emit({ id: uuid(world.deps.random), eventType, to: leg.to, route, data: fields, form: method });
}

const iso = (ms: number): string => new Date(ms).toISOString();
