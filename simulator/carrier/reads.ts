/** What can be asked: legs, active calls, the log of events, conferences, recordings. */
import { cursorPage, numberedPage, ok, refuse } from './answers';
import { conferenceResource, participantResource, present } from './conferences';
import { unknownConference } from './conference-actions';
import { instant } from './events';
import { recordingResource } from './recordings';
import { isActive, isEnded, isRinging } from './world';
import type { Answer, CallEvent, Conference, JsonObject, Leg, Recording, World } from './world';

export type Query = Readonly<Record<string, string>>;

/** For how long an ended leg can be asked for (Telnyx API reference, retrieve a call status). */
const keptAfterEndMs = 10 * 60 * 1000;

const durationSecs = (world: World, leg: Leg): number =>
  leg.answeredAtMs === null ? 0 : Math.round(((leg.endedAtMs ?? world.deps.clock.now()) - leg.answeredAtMs) / 1000);

/** Alive or not, and since when; neither whether anybody answered nor why it ended. */
export function getCall(world: World, callControlId: string): Answer {
  const leg = world.legs.get(callControlId);
  const gone = (one: Leg) => world.deps.clock.now() - (one.endedAtMs ?? Infinity) > keptAfterEndMs;
  if (leg === undefined || gone(leg)) {
    return refuse('notFound', {
      detail: 'The requested resource or URL could not be found.',
      pointer: '/call_control_id',
    });
  }
  return ok({
    record_type: 'call',
    call_control_id: leg.callControlId,
    call_leg_id: leg.callLegId,
    call_session_id: leg.callSessionId,
    ...(leg.clientState === null ? {} : { client_state: leg.clientState }),
    is_alive: !isEnded(leg),
    call_duration: durationSecs(world, leg),
    start_time: instant(leg.placedAtMs),
    ...(leg.endedAtMs === null ? {} : { end_time: instant(leg.endedAtMs) }),
  });
}

export function listActiveCalls(world: World, connectionId: string, query: Query): Answer {
  if (!world.applications.has(connectionId)) {
    return refuse('notFound', { detail: 'The requested connection does not exist.', pointer: '/connection_id' });
  }
  const asOfMs = world.deps.clock.now() - world.settings.activeCallsLagMs;
  const listed = [...world.legs.values()].filter(
    (leg) =>
      leg.connectionId === connectionId &&
      leg.placedAtMs <= asOfMs &&
      (leg.endedAtMs === null || leg.endedAtMs > asOfMs) &&
      (world.settings.ringingLegsListed || !isRinging(leg)),
  );
  const items = listed.map((leg) => ({ ordinal: leg.ordinal, data: activeCall(world, leg) }));
  return cursorPage(items, query, `/v2/connections/${connectionId}/active_calls`);
}

/** `client_state` is required here and a string, so a leg without one shows an empty one. */
function activeCall(world: World, leg: Leg): JsonObject {
  return {
    record_type: 'call',
    call_control_id: leg.callControlId,
    call_leg_id: leg.callLegId,
    call_session_id: leg.callSessionId,
    client_state: leg.clientState ?? '',
    call_duration: durationSecs(world, leg),
  };
}

/** Without a leg or a session in the filter only the last day is shown. */
const eventsKeptMs = 24 * 3600 * 1000;

export function listCallEvents(world: World, query: Query): Answer {
  const now = world.deps.clock.now();
  const scoped = 'filter[leg_id]' in query || 'filter[application_session_id]' in query;
  const oldestMs = scoped ? 0 : now - eventsKeptMs;
  const newestMs = now - world.settings.callEventsLagMs;
  const shown = world.events.filter(
    (event) => event.atMs >= oldestMs && event.atMs <= newestMs && matchesEvent(event, query),
  );
  return numberedPage(shown.map(callEvent), query);
}

function matchesEvent({ leg, type, name, atMs }: CallEvent, query: Query): boolean {
  const known: Readonly<Record<string, string>> = {
    leg_id: leg.callLegId,
    application_session_id: leg.callSessionId,
    connection_id: leg.connectionId,
    to: leg.to,
    from: leg.from,
    type,
    name,
  };
  return matches(known, query) && inRange(atMs, 'occurred_at', query);
}

const callEvent = ({ type, name, leg, atMs, metadata }: CallEvent): JsonObject => ({
  record_type: 'call_event',
  type,
  name,
  call_leg_id: leg.callLegId,
  call_session_id: leg.callSessionId,
  event_timestamp: instant(atMs),
  metadata,
});

/** Equality for every filter that is given and known. */
function matches(known: Readonly<Record<string, string | null>>, query: Query): boolean {
  return Object.entries(known).every(([key, value]) => {
    const wanted = query[`filter[${key}]`] ?? query[`filter[${key}][eq]`];
    return wanted === undefined || wanted === value;
  });
}

function inRange(atMs: number, key: string, query: Query): boolean {
  const bound = (name: string, usual: number): number => {
    const text = query[`filter[${key}][${name}]`];
    return text === undefined ? usual : Date.parse(text);
  };
  const exact = bound('eq', atMs);
  return (
    atMs === exact &&
    atMs >= bound('gte', -Infinity) &&
    atMs > bound('gt', -Infinity) &&
    atMs <= bound('lte', Infinity) &&
    atMs < bound('lt', Infinity)
  );
}

export function listConferences(world: World, query: Query): Answer {
  const shown = [...world.conferences.values()].filter((conference) =>
    matches({ name: conference.name, status: isActive(conference) ? 'in_progress' : 'completed' }, query),
  );
  return numberedPage(shown.map(conferenceResource), query);
}

const onConference = (world: World, id: string, read: (conference: Conference) => Answer): Answer => {
  const conference = world.conferences.get(id);
  return conference === undefined ? unknownConference() : read(conference);
};

export const getConference = (world: World, id: string): Answer =>
  onConference(world, id, (conference) => ok(conferenceResource(conference)));

/** Who is there now. Those who left are not kept (Telnyx says so for TeXML; for this list nothing is said). */
export const listParticipants = (world: World, id: string, query: Query): Answer =>
  onConference(world, id, (conference) => {
    const shown = present(conference).filter((one) =>
      matches(
        { muted: String(one.muted), on_hold: String(one.onHold), whispering: String(one.whisperTo.length > 0) },
        query,
      ),
    );
    return numberedPage(
      shown.map((one) => participantResource(conference, one)),
      query,
    );
  });

/** A recording can be asked for once it is ready, until it is deleted. */
const isListed = (recording: Recording): boolean => recording.state === 'completed';

export function listRecordings(world: World, query: Query): Answer {
  const shown = [...world.recordings.values()].filter((recording) => {
    const { leg, conference } = recording;
    const known = {
      conference_id: conference?.id ?? null,
      call_control_id: leg.callControlId,
      call_leg_id: leg.callLegId,
      call_session_id: leg.callSessionId,
      connection_id: leg.connectionId,
      from: leg.from,
      to: leg.to,
    };
    return isListed(recording) && matches(known, query) && inRange(recording.readyAtMs ?? 0, 'created_at', query);
  });
  return numberedPage(
    shown.map((recording) => recordingResource(world, recording)),
    query,
  );
}

function onRecording(world: World, id: string, read: (recording: Recording) => Answer): Answer {
  const recording = world.recordings.get(id);
  if (recording !== undefined && isListed(recording)) return read(recording);
  // This service has errors of its own: codes that repeat the HTTP status (Telnyx API reference, call recordings).
  return {
    status: 404,
    body: { errors: [{ code: '404', title: 'Not found', detail: 'The recording does not exist.' }] },
  };
}

export const getRecording = (world: World, id: string): Answer =>
  onRecording(world, id, (recording) => ok(recordingResource(world, recording)));

/** Answers the deleted object. */
export const deleteRecording = (world: World, id: string): Answer =>
  onRecording(world, id, (recording) => {
    const answer = ok(recordingResource(world, recording));
    recording.state = 'deleted';
    return answer;
  });
