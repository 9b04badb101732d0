/**
 * Telnyx's events in our words. Pure: it neither signals nor answers anyone. The same table reads webhooks and the
 * carrier's own log of them (`GET /call_events`). Unknown events are normal, Telnyx adds them; they come back as
 * `ignored`, with the reason for the log.
 */
import { z } from 'zod';
import type { CallId, LegIdentity, SpeechName } from '../../domain/call';
import type { EventOf, MachineVerdict, Source, WEBHOOK_EVENTS } from '../../domain/events';
import { decodeClientState } from './client-state';
import { parseInstant } from '../../domain/time';
import { plausible } from './instants';

type WebhookEvent = EventOf<(typeof WEBHOOK_EVENTS)[number]>;

const envelope = z.object({
  event_type: z.string().min(1).max(200),
  id: z.string().min(1).max(200).optional().catch(undefined),
  occurred_at: z.string().optional().catch(undefined),
  payload: z.record(z.string(), z.unknown()),
});

const wrappedEnvelope = z.object({ data: envelope });

/** One event as Telnyx tells it. Only the type and an object `payload` are certain. */
export type TelnyxEvent = z.infer<typeof envelope>;

/**
 * The event in a webhook's body: `{data: {event_type, payload, …}}`, or the same without `data`, as the published
 * schema has it for `conference.floor.changed`. Null when the body is no event.
 */
export function parseWebhook(body: unknown): TelnyxEvent | null {
  const wrapped = wrappedEnvelope.safeParse(body);
  if (wrapped.success) return wrapped.data.data;
  const bare = envelope.safeParse(body);
  return bare.success ? bare.data : null;
}

export type Translated =
  | { readonly kind: 'event'; readonly callId: CallId; readonly event: WebhookEvent }
  | { readonly kind: 'ignored'; readonly reason: 'unknown_type' | 'not_ours' | 'incomplete' };

export interface Learned {
  readonly source: Source;
  /** When we heard of it, ISO 8601. Stands in for an instant that cannot be. */
  readonly receivedAt: string;
  /** OUTCALL_INSTALLATION: events of other installations on the same application are not ours. */
  readonly installation: string;
}

const payloadFields = z.object({
  call_control_id: z.string().min(1).max(500).nullish().catch(null),
  call_leg_id: z.string().max(200).nullish().catch(null),
  call_session_id: z.string().max(200).nullish().catch(null),
  conference_id: z.string().max(200).nullish().catch(null),
  occurred_at: z.string().nullish().catch(null),
  hangup_cause: z.string().max(100).nullish().catch(null),
  hangup_source: z.string().max(100).nullish().catch(null),
  sip_hangup_cause: z.string().max(100).nullish().catch(null),
  recording_id: z.string().max(200).nullish().catch(null),
  recording_started_at: z.string().nullish().catch(null),
  recording_ended_at: z.string().nullish().catch(null),
  reason: z.string().max(1000).nullish().catch(null),
  result: z.string().max(100).nullish().catch(null),
  status: z.string().max(100).nullish().catch(null),
});
type Payload = z.infer<typeof payloadFields>;

interface Reading {
  readonly at: string;
  readonly source: Source;
  readonly leg: LegIdentity;
  /** What the leg's latest command of speech was for. */
  readonly saying: SpeechName | undefined;
  readonly payload: Payload;
}

/** Telnyx's words of both detections; a silent or doubtful one is to be taken for a person (answering machine detection). */
const VERDICTS: Readonly<Record<string, MachineVerdict>> = {
  human: 'human',
  human_residence: 'human',
  human_business: 'human',
  machine: 'machine',
  fax_detected: 'fax',
};

const detected = ({ at, source, leg, payload: { result } }: Reading): WebhookEvent => {
  const verdict = Object.hasOwn(VERDICTS, result ?? '') ? VERDICTS[result ?? ''] : undefined;
  return { kind: 'machineDetected', at, source, leg, verdict: verdict ?? 'unknown' };
};
const greeted = ({ at, source, leg }: Reading): WebhookEvent => ({ kind: 'greetingEnded', at, source, leg });
const said = ({ at, source, leg, saying, payload: { status } }: Reading): WebhookEvent | null =>
  saying ? { kind: 'said', at, source, leg, speech: saying, completed: status === 'completed' } : null;

/** What each type of event means. A type that is not here changes nothing. */
const MEANINGS: Readonly<Record<string, (reading: Reading) => WebhookEvent | null>> = {
  'call.initiated': ({ at, source, leg }) => ({ kind: 'initiated', at, source, leg }),
  'call.answered': ({ at, source, leg }) => ({ kind: 'answered', at, source, leg }),
  'call.hangup': ({ at, source, leg, payload }) => ({
    kind: 'hungUp',
    at,
    source,
    leg,
    cause: payload.hangup_cause ?? null,
    hangupSource: payload.hangup_source ?? null,
    sipCause: payload.sip_hangup_cause ?? null,
  }),
  'call.recording.saved': ({ at, source, leg, payload }) => ({
    kind: 'recordingSaved',
    at,
    source,
    leg,
    recordingId: payload.recording_id ?? null,
    startedAt: parseInstant(payload.recording_started_at),
    endedAt: parseInstant(payload.recording_ended_at),
  }),
  'call.recording.error': ({ at, source, leg, payload }) => ({
    kind: 'recordingFailed',
    at,
    source,
    leg,
    reason: payload.reason ?? 'the carrier gave no reason',
  }),
  'call.machine.detection.ended': detected,
  'call.machine.premium.detection.ended': detected,
  'call.machine.greeting.ended': greeted,
  'call.machine.premium.greeting.ended': greeted,
  'call.speak.ended': said,
  'call.playback.ended': said,
  // When all have left, each has been told of.
  'conference.ended': ({ at, source, payload }) =>
    payload.conference_id && payload.reason !== 'all_left'
      ? { kind: 'conferenceEnded', at, source, conferenceId: payload.conference_id }
      : null,
  'conference.participant.joined': ({ at, source, leg, payload }) => ({
    kind: 'joined',
    at,
    source,
    leg,
    conferenceId: payload.conference_id ?? null,
  }),
  'conference.participant.left': ({ at, source, leg, payload }) => ({
    kind: 'left',
    at,
    source,
    leg,
    conferenceId: payload.conference_id ?? null,
  }),
};

/** Which call an event belongs to and what it means for it. Never throws. */
export function translate(event: TelnyxEvent, learned: Learned): Translated {
  const meaning = MEANINGS[event.event_type];
  if (!meaning || !Object.hasOwn(MEANINGS, event.event_type)) return { kind: 'ignored', reason: 'unknown_type' };
  const state = decodeClientState(event.payload['client_state']);
  if (state?.installation !== learned.installation) return { kind: 'ignored', reason: 'not_ours' };
  const payload = payloadFields.parse(event.payload);
  if (!payload.call_leg_id) return { kind: 'ignored', reason: 'incomplete' };
  const reading: Reading = {
    at: plausible(event.occurred_at ?? payload.occurred_at, learned.receivedAt),
    source: learned.source,
    leg: {
      ...state.leg,
      callLegId: payload.call_leg_id,
      callControlId: payload.call_control_id ?? null,
      callSessionId: payload.call_session_id ?? null,
    },
    saying: state.saying,
    payload,
  };
  const read = meaning(reading);
  if (!read) return { kind: 'ignored', reason: 'incomplete' };
  return { kind: 'event', callId: state.callId, event: read };
}

const incomingFields = z.object({
  direction: z.literal('incoming'),
  call_control_id: z.string().min(1).max(500),
  call_leg_id: z.string().min(1).max(200),
  connection_id: z.string(),
  to: z.string(),
});

/** Somebody calls a number of this application. */
export interface Incoming {
  readonly callControlId: string;
  readonly callLegId: string;
  /** The application's id. */
  readonly connectionId: string;
  /** The number that is called. */
  readonly to: string;
}

/** Null for everything but the beginning of a call from outside. */
export function readIncoming({ event_type, payload }: TelnyxEvent): Incoming | null {
  const read = event_type === 'call.initiated' ? incomingFields.safeParse(payload) : null;
  if (!read?.success) return null;
  const { call_control_id, call_leg_id, connection_id, to } = read.data;
  return { callControlId: call_control_id, callLegId: call_leg_id, connectionId: connection_id, to };
}
