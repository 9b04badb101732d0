/** `POST /calls`: the checks in our order (the carrier's is not documented), then the leg. */
import { ok, refuse } from './answers';
import { badClientState, once } from './commands';
import { instant, noteCommand } from './events';
import { callControlId, timeUuid } from './ids';
import { phoneOf, placeLeg } from './legs';
import { knownEvents } from './known-events';
import { isE164, isRecord, isSipUri, textOf } from './wishes';
import { isEnded } from './world';
import type { Answer, Application, JsonObject, Leg, World } from './world';

export function dial(world: World, body: JsonObject): Answer {
  const to = textOf(body, 'to') ?? '';
  const earlier = world.dialRequests.get(to) ?? 0;
  world.dialRequests.set(to, earlier + 1);
  const refusal = refuseDial(world, body, earlier);
  if (refusal !== null) return refusal;
  const placeNow = () => ok(dialled(place(world, body)));
  return once(world, 'dial', body, placeNow, (first) => duplicateAnswer(world, first));
}

function place(world: World, body: JsonObject): Leg {
  const leg = placeLeg(world, {
    connectionId: textOf(body, 'connection_id') ?? '',
    direction: 'outgoing',
    to: textOf(body, 'to') ?? '',
    from: textOf(body, 'from') ?? '',
    request: body,
  });
  noteCommand(world, leg, 'dial', body);
  return leg;
}

function dialled(leg: Leg): JsonObject {
  return {
    record_type: 'call',
    call_control_id: leg.callControlId,
    call_leg_id: leg.callLegId,
    call_session_id: leg.callSessionId,
    is_alive: false,
    ...(leg.dialRecordingId === null ? {} : { recording_id: leg.dialRecordingId }),
    ...(leg.clientState === null ? {} : { client_state: leg.clientState }),
    start_time: instant(leg.placedAtMs),
  };
}

/** A repeated `command_id` places nothing. What it is answered is not documented, so it is a switch. */
function duplicateAnswer(world: World, first: Answer): Answer {
  const { random } = world.deps;
  switch (world.settings.duplicateAnswer) {
    case 'sameIds':
      return first;
    case 'error':
      return refuse('duplicate', { detail: 'A call with this command_id was already placed.', pointer: '/command_id' });
    case 'newIds':
      return ok({
        record_type: 'call',
        call_control_id: callControlId(random),
        call_leg_id: timeUuid(random),
        call_session_id: timeUuid(random),
        is_alive: false,
      });
  }
}

function refuseDial(world: World, body: JsonObject, earlier: number): Answer | null {
  const application = world.applications.get(textOf(body, 'connection_id') ?? '');
  const [to, from] = [textOf(body, 'to') ?? '', textOf(body, 'from') ?? ''];
  return (
    missingField(body) ??
    wrongApplication(application) ??
    refuseDestination(world, { application, to, from, earlier, pointers: { to: '/to', from: '/from' } }) ??
    badClientState(body) ??
    wrongLimits(body) ??
    wrongWebhookUrls(world, body)
  );
}

function missingField(body: JsonObject): Answer | null {
  const missing = ['connection_id', 'to', 'from'].find((key) => textOf(body, key) === null);
  if (missing === undefined) return null;
  return refuse('missing', { detail: `The ${missing} parameter is required.`, pointer: `/${missing}` });
}

function wrongApplication(application: Application | undefined): Answer | null {
  if ((application?.webhookUrl ?? null) !== null) return null;
  const detail =
    'The requested connection_id (Call Control App ID) is either invalid or does not exist, or it has no valid webhook URL.';
  return refuse('notAnApplication', { detail, pointer: '/connection_id' });
}

export interface Destination {
  readonly application: { readonly outboundVoiceProfileId: string | null } | undefined;
  readonly to: string;
  readonly from: string;
  /** How many requests to dial the number came before. */
  readonly earlier: number;
  readonly pointers: { readonly to: string; readonly from: string };
}

/** What the voice plane, the phone and the numbering say, whichever interface asks. */
export const refuseDestination = (world: World, destination: Destination): Answer | null =>
  forbidden(world, destination) ?? phoneRefuses(world, destination) ?? wrongNumber(destination);

/** Refusals of the voice plane; the D-code is the last word of `detail`, as seen in the field. */
function forbidden(world: World, { application, to, from }: Destination): Answer | null {
  const { allowedPrefixes, concurrentCallLimit } = world.settings;
  const numbers = world.deps.account.phoneNumbers;
  const alive = () => [...world.legs.values()].filter((leg) => !isEnded(leg)).length;
  if (application?.outboundVoiceProfileId === null) return forbid('No outbound voice profile is assigned D38');
  if (isE164(to) && allowedPrefixes.length > 0 && !allowedPrefixes.some((prefix) => to.startsWith(prefix))) {
    return forbid('Dialed number is not included in whitelisted countries D13');
  }
  if (concurrentCallLimit > 0 && alive() >= concurrentCallLimit)
    return forbid('Outbound profile channel limit exceeded D2');
  if (isE164(to) && isE164(from) && numbers.length > 0 && !numbers.includes(from)) {
    return forbid('Caller ID number is not a verified number D51');
  }
  return null;
}

const forbid = (detail: string): Answer => refuse('forbidden', { detail });

function phoneRefuses(world: World, { to, earlier, pointers }: Destination): Answer | null {
  const { refusal } = phoneOf(world, to);
  if (refusal === null || (refusal.once === true && earlier > 0)) return null;
  const { detail, headers } = refusal;
  const answer = refuse(refusal.refusal, refusal.refusal === 'notE164' ? { detail, pointer: pointers.to } : { detail });
  return headers === undefined ? answer : { ...answer, headers };
}

function wrongNumber({ to, from, pointers }: Destination): Answer | null {
  const number = to.replace(/,[0-9A-DwW*#]+$/, '');
  if (!isE164(number) && !isSipUri(number)) {
    return refuse('notE164', {
      detail: 'The to parameter must be a valid number in +E164 format or a SIP URI.',
      pointer: pointers.to,
    });
  }
  if (isE164(number) && !isE164(from)) {
    return refuse('notE164', {
      detail: 'The from parameter must be a valid number in +E164 format.',
      pointer: pointers.from,
    });
  }
  return null;
}

const within = (value: unknown, least: number, most: number): boolean =>
  value === undefined || (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most);

const detectionModes = ['disabled', 'detect', 'detect_beep', 'detect_words', 'greeting_end', 'premium'];

const enumerated: Readonly<Record<string, readonly string[]>> = {
  answering_machine_detection: detectionModes,
  record: ['record-from-answer'],
  record_channels: ['single', 'dual'],
  record_format: ['mp3', 'wav'],
  record_track: ['both', 'inbound', 'outbound'],
  webhook_url_method: ['POST', 'GET'],
  webhook_urls_method: ['POST', 'GET'],
};

function wrongLimits(body: JsonObject): Answer | null {
  if (!within(body['timeout_secs'], 5, 600)) {
    return refuse('ringTimeout', { detail: 'timeout_secs must be between 5 and 600.', pointer: '/timeout_secs' });
  }
  if (!within(body['time_limit_secs'], 30, 14_400)) {
    return refuse('timeLimit', {
      detail: 'time_limit_secs must be between 30 and 14400.',
      pointer: '/time_limit_secs',
    });
  }
  for (const [key, allowed] of Object.entries(enumerated)) {
    const value = body[key];
    if (value !== undefined && !(typeof value === 'string' && allowed.includes(value))) {
      return refuse('invalid', { detail: `${key} must be one of ${allowed.join(', ')}.`, pointer: `/${key}` });
    }
  }
  return null;
}

function wrongWebhookUrls(world: World, body: JsonObject): Answer | null {
  const urls = body['webhook_urls'];
  const policies = body['webhook_retries_policies'];
  const keys = [...(isRecord(urls) ? Object.keys(urls) : []), ...(isRecord(policies) ? Object.keys(policies) : [])];
  const legal = (key: string) =>
    knownEvents.has(key) && (world.settings.conferenceKeysInWebhookUrls || !key.startsWith('conference.'));
  const wrong = keys.find((key) => !legal(key));
  if (wrong !== undefined) {
    return refuse('webhookUrls', {
      detail: `${wrong} is not a valid call control event type.`,
      pointer: '/webhook_urls',
    });
  }
  return isRecord(policies) ? wrongRetries(policies) : null;
}

/** At most 5 delays, at most 60 s together. */
function wrongRetries(policies: JsonObject): Answer | null {
  if (Object.values(policies).every(isRetryPolicy)) return null;
  const detail = 'retries_ms holds at most 5 delays, at most 60000 ms together.';
  return refuse('invalid', { detail, pointer: '/webhook_retries_policies' });
}

function isRetryPolicy(policy: unknown): boolean {
  const given: unknown = isRecord(policy) ? policy['retries_ms'] : null;
  if (!Array.isArray(given)) return false;
  const delays = given.filter((delay): delay is number => typeof delay === 'number' && delay >= 0);
  const sum = delays.reduce((total, delay) => total + delay, 0);
  return delays.length === given.length && delays.length <= 5 && sum <= 60_000;
}
