/** What `POST …/Calls` and its update ask for: checked, and read into what a call is made of. */
import { refuse } from '../carrier/answers';
import { textOf } from '../carrier/wishes';
import type { Answer, JsonObject } from '../carrier/world';
import type { Detection } from './detection';
import type { Instructions } from './instructions';
import type { CallbackRoute, Method, TexmlApplication } from './state';

/** Forms hold numbers as text. */
function numberOf(body: JsonObject, key: string, usual: number): number {
  const value = body[key];
  return value === undefined || value === null || value === '' ? usual : Number(value);
}

const isTrue = (body: JsonObject, key: string): boolean => String(body[key]).toLowerCase() === 'true';

const methodOf = (body: JsonObject, key: string, usual: Method): Method =>
  (textOf(body, key)?.toUpperCase() as Method | undefined) ?? usual;

const methods = ['GET', 'POST'];

const enumerated: Readonly<Record<string, readonly string[]>> = {
  UrlMethod: methods,
  Method: methods,
  FallbackMethod: methods,
  StatusCallbackMethod: methods,
  RecordingStatusCallbackMethod: methods,
  AsyncAmdStatusCallbackMethod: methods,
  MachineDetection: ['Enable', 'Disable', 'DetectMessageEnd'],
  DetectionMode: ['Premium', 'Regular', 'PremiumCallScreening'],
  RecordingChannels: ['mono', 'dual'],
  RecordingTrack: ['inbound', 'outbound', 'both'],
};

/** Least, most and usual, in the units of the request (Telnyx API reference, initiate an outbound call). */
const limits = {
  Timeout: [5, 120, 30],
  TimeLimit: [30, 14_400, 14_400],
  MachineDetectionTimeout: [500, 60_000, 30_000],
} as const;

/** The first value that is none of those it may be. */
export function wrongValue(body: JsonObject): Answer | null {
  for (const [key, allowed] of Object.entries(enumerated)) {
    const value = body[key];
    if (value === undefined || value === null) continue;
    const same = typeof value === 'string' && (allowed === methods ? value.toUpperCase() : value);
    if (same === false || !allowed.includes(same))
      return refuse('invalid', { detail: `${key} must be one of ${allowed.join(', ')}.`, pointer: `/${key}` });
  }
  for (const [key, [least, most, usual]] of Object.entries(limits)) {
    const value = numberOf(body, key, usual);
    if (!Number.isInteger(value) || value < least || value > most)
      return refuse('invalid', { detail: `${key} must be between ${least} and ${most}.`, pointer: `/${key}` });
  }
  return null;
}

/** The first of those that is missing. */
export function missingOf(body: JsonObject, keys: readonly string[]): Answer | null {
  const missing = keys.find((key) => textOf(body, key) === null);
  if (missing === undefined) return null;
  return refuse('missing', { detail: `The ${missing} parameter is required.`, pointer: `/${missing}` });
}

/** Where the first document comes from: the request, else the application; null when neither says. */
export function instructionsOf(body: JsonObject, application: TexmlApplication): Instructions | null {
  const texml = textOf(body, 'Texml');
  if (texml !== null) return { kind: 'given', texml, base: application.voiceUrl };
  const url = textOf(body, 'Url') ?? application.voiceUrl;
  if (url === null) return null;
  const usual = application.voiceMethod;
  const fallbackUrl = textOf(body, 'FallbackUrl') ?? application.voiceFallbackUrl;
  return {
    kind: 'asked',
    url,
    method: methodOf(body, 'UrlMethod', methodOf(body, 'Method', usual)),
    fallback: fallbackUrl === null ? null : { url: fallbackUrl, method: methodOf(body, 'FallbackMethod', usual) },
  };
}

/** Where one kind of callback goes; null when nobody wants it. */
function routeOf(body: JsonObject, key: string, usual: { readonly url: string | null; readonly method: Method }) {
  const own = textOf(body, key);
  const url = own ?? usual.url;
  if (url === null) return null;
  return {
    url,
    method: methodOf(body, `${key}Method`, own === null ? usual.method : 'POST'),
    events: new Set((textOf(body, `${key}Event`) ?? 'completed').split(/\s+/)),
  };
}

export const statusRouteOf = (body: JsonObject, application: TexmlApplication): CallbackRoute | null =>
  routeOf(body, 'StatusCallback', { url: application.statusCallback, method: application.statusCallbackMethod });

export const recordingRouteOf = (body: JsonObject): CallbackRoute | null =>
  routeOf(body, 'RecordingStatusCallback', { url: null, method: 'POST' });

export const detectionRouteOf = (body: JsonObject): CallbackRoute | null =>
  routeOf(body, 'AsyncAmdStatusCallback', { url: null, method: 'POST' });

export function detectionOf(body: JsonObject): Detection | null {
  const mode = textOf(body, 'MachineDetection');
  if (mode !== 'Enable' && mode !== 'DetectMessageEnd') return null;
  return {
    mode,
    timeoutMs: numberOf(body, 'MachineDetectionTimeout', limits.MachineDetectionTimeout[2]),
    isAsync: isTrue(body, 'AsyncAmd'),
    cancelsPlayback: String(body['CancelPlaybackOnMachineDetection']).toLowerCase() !== 'false',
  };
}

/** Time-outs and recording in the words of a Call Control dial, in which the carrier keeps them. */
export function dialOf(body: JsonObject): JsonObject {
  return {
    timeout_secs: numberOf(body, 'Timeout', limits.Timeout[2]),
    time_limit_secs: numberOf(body, 'TimeLimit', limits.TimeLimit[2]),
    ...(isTrue(body, 'Record')
      ? {
          record: 'record-from-answer',
          record_channels: textOf(body, 'RecordingChannels') === 'dual' ? 'dual' : 'single',
        }
      : {}),
  };
}
