/** The life of a conference: made from an answered leg, joined, left, ended. Requests are checked elsewhere. */
import { instant, sayOfConference, sayOfParticipant } from './events';
import { uuid } from './ids';
import { endLeg } from './legs';
import { finishRecording, runningIn } from './recordings';
import { isRecord, isTrue, textOf, textsOf } from './wishes';
import { dropTimers, isActive, isEnded, schedule } from './world';
import type { Conference, JsonObject, Leg, Participant, World } from './world';

/** No conference outlives four hours, whatever was asked (Telnyx API reference, create conference). */
const longestMs = 4 * 3600 * 1000;

/** From a hangup to its `participant.left`, in milliseconds: the hangup was seen to arrive first. */
const leftAfterMs = 20;

export interface Creation {
  readonly name: string;
  readonly creator: Leg;
  readonly durationMinutes?: number | null;
  readonly maxParticipants?: number;
}

/** Makes a conference and puts its creator in. */
export function createConference(world: World, creation: Creation, wishes: JsonObject = {}): Conference {
  const { name, creator, durationMinutes, maxParticipants } = creation;
  const createdAtMs = world.deps.clock.now();
  const lifeMs = Math.min(longestMs, (durationMinutes ?? Infinity) * 60_000);
  const conference: Conference = {
    id: uuid(world.deps.random),
    name,
    creator,
    createdAtMs,
    expiresAtMs: createdAtMs + lifeMs,
    updatedAtMs: createdAtMs,
    endedAtMs: null,
    endReason: null,
    endedBy: null,
    maxParticipants: maxParticipants ?? 250,
    started: wishes['start_conference_on_create'] !== false,
    participants: [],
    timers: new Set(),
  };
  world.conferences.set(conference.id, conference);
  world.activeConferences.add(conference);
  schedule(world, conference, lifeMs, () => {
    endConference(world, conference, { reason: 'time_exceeded', by: null, hangUp: true });
  });
  sayOfConference(world, conference, 'conference.created');
  joinConference(world, conference, creator, wishes);
  return conference;
}

/** Puts an answered leg in. The caller has made sure that it fits and is not there already. */
export function joinConference(world: World, conference: Conference, leg: Leg, wishes: JsonObject): void {
  const now = world.deps.clock.now();
  if (isTrue(wishes, 'start_conference_on_enter')) start(conference);
  conference.participants.push({
    id: uuid(world.deps.random),
    leg,
    joinedAtMs: now,
    updatedAtMs: now,
    leftAtMs: null,
    muted: isTrue(wishes, 'mute') || wishes['supervisor_role'] === 'monitor',
    onHold: isTrue(wishes, 'hold') || !conference.started,
    endsConference: isTrue(wishes, 'end_conference_on_exit'),
    softEndsConference: isTrue(wishes, 'soft_end_conference_on_exit'),
    whisperTo: textsOf(wishes, 'whisper_call_control_ids'),
  });
  sayOfParticipant(world, leg, conference, 'conference.participant.joined');
}

function start(conference: Conference): void {
  if (conference.started) return;
  conference.started = true;
  for (const participant of present(conference)) participant.onHold = false;
}

export const present = (conference: Conference): Participant[] =>
  conference.participants.filter((participant) => participant.leftAtMs === null);

export const participantOf = (conference: Conference, leg: Leg): Participant | undefined =>
  present(conference).find((participant) => participant.leg === leg);

export const activeNamed = (world: World, name: string): Conference | undefined =>
  [...world.activeConferences].find((conference) => conference.name === name);

const conferenceWith = (world: World, leg: Leg): Conference | undefined =>
  [...world.activeConferences].find((conference) => participantOf(conference, leg) !== undefined);

/** Joins the conference that the dial named, at answer; makes it when nobody has, if that is switched on. */
export function joinConfiguredConference(world: World, leg: Leg): void {
  const config = leg.request['conference_config'];
  if (!isRecord(config)) return;
  const name = textOf(config, 'conference_name');
  const byId = world.conferences.get(textOf(config, 'id') ?? '');
  const conference = byId ?? (name === null ? undefined : activeNamed(world, name));
  if (conference !== undefined) {
    const fits = isActive(conference) && present(conference).length < conference.maxParticipants;
    if (fits) joinConference(world, conference, leg, config);
    return;
  }
  if (name !== null && world.settings.conferenceConfigCreates) createConference(world, { name, creator: leg }, config);
}

/** A leg that ends leaves its conference a moment later. */
export function leaveWithLeg(world: World, leg: Leg): void {
  const conference = conferenceWith(world, leg);
  if (conference === undefined) return;
  schedule(world, conference, leftAfterMs, () => {
    leaveConference(world, conference, leg);
  });
}

/** Takes a leg out; the leg itself lives on. Ends the conference when that was the rule, or when nobody is left. */
export function leaveConference(world: World, conference: Conference, leg: Leg): void {
  const participant = participantOf(conference, leg);
  if (participant === undefined) return;
  markLeft(world, conference, participant);
  if (participant.endsConference || participant.softEndsConference) {
    const hangUp = participant.endsConference;
    endConference(world, conference, { reason: 'host_left', by: leg, hangUp });
  } else if (present(conference).length === 0) {
    endConference(world, conference, { reason: 'all_left', by: leg, hangUp: false });
  }
}

function markLeft(world: World, conference: Conference, participant: Participant): void {
  participant.leftAtMs = participant.updatedAtMs = world.deps.clock.now();
  sayOfParticipant(world, participant.leg, conference, 'conference.participant.left');
  for (const react of world.whenLeft) react(participant.leg);
}

export interface ConferenceEnd {
  readonly reason: NonNullable<Conference['endReason']>;
  readonly by: Leg | null;
  /** The participants, and the leg the conference was made from, are hung up. */
  readonly hangUp: boolean;
}

/** Ends a conference; ending it again changes nothing. */
export function endConference(world: World, conference: Conference, { reason, by, hangUp }: ConferenceEnd): void {
  if (!isActive(conference)) return;
  dropTimers(conference);
  world.activeConferences.delete(conference);
  conference.endedAtMs = conference.updatedAtMs = world.deps.clock.now();
  conference.endReason = reason;
  conference.endedBy = by;
  const staying = present(conference);
  if (hangUp) hangUpEverybody(world, conference, staying);
  for (const participant of staying) markLeft(world, conference, participant);
  for (const recording of runningIn(world, conference)) finishRecording(world, recording);
  sayOfConference(world, conference, 'conference.ended', { reason: wordFor(reason) });
}

/** The webhook's list of reasons lacks `ended_via_api`, though the resource has it; a host who left comes closest. */
const wordFor = (reason: ConferenceEnd['reason']): string => (reason === 'ended_via_api' ? 'host_left' : reason);

function hangUpEverybody(world: World, conference: Conference, staying: readonly Participant[]): void {
  const { creator } = conference;
  for (const { leg } of staying) {
    if (leg !== creator) endLeg(world, leg, { cause: 'normal_clearing', source: 'caller', sip: '200' });
  }
  // Seen in the field: the leg a conference was made from goes down with it, even when it had left before.
  if (!isEnded(creator)) {
    endLeg(world, creator, { cause: world.settings.creatorLegEndCause, source: 'caller', sip: '200' });
  }
}

export function conferenceResource(conference: Conference): JsonObject {
  const { endReason, endedBy } = conference;
  return {
    record_type: 'conference',
    id: conference.id,
    name: conference.name,
    created_at: instant(conference.createdAtMs),
    expires_at: instant(conference.expiresAtMs),
    updated_at: instant(conference.updatedAtMs),
    region: 'US',
    connection_id: conference.creator.connectionId,
    status: isActive(conference) ? 'in_progress' : 'completed',
    ...(endReason === null ? {} : { end_reason: endReason }),
    ...(endedBy === null
      ? {}
      : { ended_by: { call_control_id: endedBy.callControlId, call_session_id: endedBy.callSessionId } }),
  };
}

export function participantResource(conference: Conference, participant: Participant): JsonObject {
  return {
    record_type: 'participant',
    id: participant.id,
    call_control_id: participant.leg.callControlId,
    call_leg_id: participant.leg.callLegId,
    conference: { id: conference.id, name: conference.name },
    status: participant.leftAtMs === null ? 'joined' : 'left',
    muted: participant.muted,
    on_hold: participant.onHold,
    end_conference_on_exit: participant.endsConference,
    soft_end_conference_on_exit: participant.softEndsConference,
    whisper_call_control_ids: participant.whisperTo,
    created_at: instant(participant.joinedAtMs),
    updated_at: instant(participant.updatedAtMs),
  };
}
