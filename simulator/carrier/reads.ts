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
  const [fits, isInTime] = [equalTo(query), within('occurred_at', query)];
  const shown = world.events.filter(
    (event) => event.atMs >= oldestMs && event.atMs <= newestMs && isInTime(event.atMs) && fits(knownOf(event)),
  );
  return numberedPage(shown.map(callEvent), query);
}

const knownOf = ({ leg, type, name }: CallEvent): Known => ({
  leg_id: leg.callLegId,
  application_session_id: leg.callSessionId,
  connection_id: leg.connectionId,
  to: leg.to,
  from: leg.from,
  type,
  name,
});

const callEvent = ({ type, name, leg, atMs, metadata }: CallEvent): JsonObject => ({
  record_type: 'call_event',
  type,
  name,
  call_leg_id: leg.callLegId,
  call_session_id: leg.callSessionId,
  event_timestamp: instant(atMs),
  metadata,
});

type Known = Readonly<Record<string, string | null>>;

/** Equality for every filter that is given and known. The query is read once, however many rows there are. */
function equalTo(query: Query): (known: Known) => boolean {
  const wanted = Object.entries(query).flatMap(([filter, value]) => {
    const name = /^filter\[(\w+)\](?:\[eq\])?$/.exec(filter)?.[1];
    return name === undefined ? [] : [{ name, value }];
  });
  return (known) => wanted.every(({ name, value }) => !Object.hasOwn(known, name) || known[name] === value);
}

/** Whether an instant, in milliseconds since 1970, is within what the query asks for under this name. */
function within(name: string, query: Query): (atMs: number) => boolean {
  const bound = (comparison: string, usual: number): number => {
    const text = query[`filter[${name}][${comparison}]`];
    return text === undefined ? usual : Date.parse(text);
  };
  const exact = bound('eq', Infinity);
  const [gte, gt] = [bound('gte', -Infinity), bound('gt', -Infinity)];
  const [lte, lt] = [bound('lte', Infinity), bound('lt', Infinity)];
  return (atMs) => (exact === Infinity || atMs === exact) && atMs >= gte && atMs > gt && atMs <= lte && atMs < lt;
}

export function listConferences(world: World, query: Query): Answer {
  const fits = equalTo(query);
  const shown = [...world.conferences.values()].filter((conference) =>
    fits({ name: conference.name, status: isActive(conference) ? 'in_progress' : 'completed' }),
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
    const fits = equalTo(query);
    const shown = present(conference).filter((one) =>
      fits({ muted: String(one.muted), on_hold: String(one.onHold), whispering: String(one.whisperTo.length > 0) }),
    );
    return numberedPage(
      shown.map((one) => participantResource(conference, one)),
      query,
    );
  });

/** A recording can be asked for once it is ready, until it is deleted. */
const isListed = (recording: Recording): boolean => recording.state === 'completed';

export function listRecordings(world: World, query: Query): Answer {
  const [fits, isInTime] = [equalTo(query), within('created_at', query)];
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
    return isListed(recording) && fits(known) && isInTime(recording.readyAtMs ?? 0);
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
