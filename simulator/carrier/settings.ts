/**
 * What can be switched about the carrier. Where its documentation says nothing, or says two things, a client has to
 * survive both, so each such point is a switch and the default is the reading we find likeliest.
 */
export interface Settings {
  /** A second command with the same `command_id` within 60 s is ignored. @default true (documented) */
  readonly dedupeCommandIds: boolean;
  /** What the ignored second dial is answered: the first answer, fresh ids of a leg that is nowhere, or 422. @default 'sameIds' (undocumented) */
  readonly duplicateAnswer: 'sameIds' | 'newIds' | 'error';
  /** `active_calls` lists legs that have not answered yet. @default true (undocumented) */
  readonly ringingLegsListed: boolean;
  /** No webhook is sent at all; what can be asked for stays true. @default false */
  readonly webhooksOff: boolean;
  /** HTTP status of a command to a leg that never existed; the code is 90015 either way. @default 422 */
  readonly unknownLegStatus: 404 | 422;
  /** `call.recording.saved` names its `recording_id`. The schema has no such key, captured webhooks do. @default false */
  readonly recordingIdInSavedWebhook: boolean;
  /** A dial whose `conference_config` names a conference that does not exist creates it at answer. @default true (undocumented) */
  readonly conferenceConfigCreates: boolean;
  /** Life of a recording's URL, in seconds. @default 600 (documented for webhooks, assumed for downloads) */
  readonly recordingUrlLifetimeSecs: number;
  /** From the end of a recording to its being ready, in milliseconds of phone time. @default 1000 */
  readonly recordingReadyMs: number;
  /** How many times faster than life phones, ring time-outs, time limits and recordings are, more than 0. @default 1 */
  readonly phoneSpeed: number;
  /** Where conference-level events carry their time: the schema says payload, captured ones say data. @default 'payload' */
  readonly conferenceOccurredAtIn: 'payload' | 'data' | 'both';
  /** A `client_state` that was never set is null in a webhook, or its key is missing. Both were seen. @default 'null' */
  readonly nullClientState: 'null' | 'missing';
  /** Events carry what captured ones carry, or only what their schema promises. @default 'live' */
  readonly payloadKeys: 'live' | 'schema';
  /** How late `call_events` shows an event, in milliseconds. @default 0 */
  readonly callEventsLagMs: number;
  /** How late `active_calls` shows that a leg began or ended, in milliseconds. @default 0 */
  readonly activeCallsLagMs: number;
  /** `metadata` of a call event: the webhook's payload, or the whole event under `event`. @default 'payload' (undocumented) */
  readonly callEventMetadata: 'payload' | 'event';
  /** Cause of the hangup of the leg a conference was made from, when the conference is ended. @default 'time_limit' (field reports) */
  readonly creatorLegEndCause: 'normal_clearing' | 'time_limit';
  /** `conference.*` names are accepted as keys of `webhook_urls`; refused with 90057 otherwise. @default true (undocumented) */
  readonly conferenceKeysInWebhookUrls: boolean;
  /** A verdict of machine detection stops what is being spoken or played to the leg. @default false (statuses are documented, when they come is not) */
  readonly detectionStopsSounds: boolean;
  /** From a thing happening to its webhook being sent, in milliseconds. @default 15 */
  readonly webhookLatencyMs: number;
  /** Destinations the outbound voice profile allows, as E.164 prefixes; empty means all. Others are refused with D13. @default [] */
  readonly allowedPrefixes: readonly string[];
  /** Legs alive at once before a dial is refused with D2; 0 means no limit. @default 0 */
  readonly concurrentCallLimit: number;
  /** A TeXML document with a verb or noun that Telnyx does not have is refused, or played without it. @default 'refused' (undocumented) */
  readonly unknownTexml: 'refused' | 'ignored';
  /** A `<Gather>` that nothing was said or pressed in still asks its `action`, with empty `Digits`. @default false (undocumented) */
  readonly emptyGatherAction: boolean;
  /** The list of TeXML calls shows those that have not ended. @default true (undocumented; the filter knows no such status) */
  readonly texmlLiveCallsListed: boolean;
  /** How late the list of TeXML calls shows a call, in milliseconds ("eventually consistent"). @default 0 */
  readonly texmlCallsLagMs: number;
  /**
   * A TeXML document other than the first that does not come: the call ends, its `FallbackUrl` is asked, or the same is
   * asked again after a second, once (a first one, too, before its fallback). @default 'callEnds' (documented for `Url` only)
   */
  readonly texmlFailedDocument: 'callEnds' | 'fallback' | 'askedAgain';
}

export const defaultSettings: Settings = {
  dedupeCommandIds: true,
  duplicateAnswer: 'sameIds',
  ringingLegsListed: true,
  webhooksOff: false,
  unknownLegStatus: 422,
  recordingIdInSavedWebhook: false,
  conferenceConfigCreates: true,
  recordingUrlLifetimeSecs: 600,
  recordingReadyMs: 1000,
  phoneSpeed: 1,
  conferenceOccurredAtIn: 'payload',
  nullClientState: 'null',
  payloadKeys: 'live',
  callEventsLagMs: 0,
  activeCallsLagMs: 0,
  callEventMetadata: 'payload',
  creatorLegEndCause: 'time_limit',
  conferenceKeysInWebhookUrls: true,
  detectionStopsSounds: false,
  webhookLatencyMs: 15,
  allowedPrefixes: [],
  concurrentCallLimit: 0,
  unknownTexml: 'refused',
  emptyGatherAction: false,
  texmlLiveCallsListed: true,
  texmlCallsLagMs: 0,
  texmlFailedDocument: 'callEnds',
};

const choices: Partial<Record<keyof Settings, readonly unknown[]>> = {
  duplicateAnswer: ['sameIds', 'newIds', 'error'],
  unknownLegStatus: [404, 422],
  conferenceOccurredAtIn: ['payload', 'data', 'both'],
  nullClientState: ['null', 'missing'],
  payloadKeys: ['live', 'schema'],
  callEventMetadata: ['payload', 'event'],
  creatorLegEndCause: ['normal_clearing', 'time_limit'],
  unknownTexml: ['refused', 'ignored'],
  texmlFailedDocument: ['callEnds', 'fallback', 'askedAgain'],
};

/** Reads a partial settings object that came over the wire. Throws a `TypeError` that names the first bad entry. */
export function parseSettings(given: Readonly<Record<string, unknown>>): Partial<Settings> {
  for (const [name, value] of Object.entries(given)) {
    if (!(name in defaultSettings)) throw new TypeError(`unknown setting ${name}`);
    const key = name as keyof Settings;
    const allowed = choices[key];
    if (allowed !== undefined && !allowed.includes(value))
      throw new TypeError(`${name} is one of ${allowed.join(', ')}`);
    if (typeof value !== typeof defaultSettings[key])
      throw new TypeError(`${name} is a ${typeof defaultSettings[key]}`);
    if (typeof value === 'number' && !(value >= 0)) throw new TypeError(`${name} is not negative`);
  }
  if (given['phoneSpeed'] === 0) throw new TypeError('phoneSpeed is more than 0');
  return given;
}
