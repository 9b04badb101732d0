/** `POST /conferences` and `/conferences/{id}/actions/…`. */
import { accepted, ok, refuse } from './answers';
import { badClientState, liveLeg, once } from './commands';
import {
  activeNamed,
  conferenceResource,
  createConference,
  endConference,
  joinConference,
  leaveConference,
  participantOf,
  present,
} from './conferences';
import { noteCommand } from './events';
import { playInConference, speakInConference, stopInConference } from './conference-media';
import { finishRecording, runningIn, startRecording } from './recordings';
import { formatOf, isTrue, textOf, textsOf, wholeOf } from './wishes';
import { isActive, isRinging } from './world';
import type { Answer, Conference, JsonObject, Leg, Participant, World } from './world';

const notAnswered = () =>
  refuse('notAnswered', { detail: 'The call has not been answered yet.', pointer: '/call_control_id' });

/** An answered leg named by `call_control_id`, or the refusal. */
function answeredLeg(world: World, body: JsonObject): Leg | Answer {
  const id = textOf(body, 'call_control_id');
  if (id === null) return refuse('missing', { detail: 'call_control_id is required.', pointer: '/call_control_id' });
  const leg = liveLeg(world, id, '/call_control_id');
  if ('status' in leg) return leg;
  return isRinging(leg) ? notAnswered() : leg;
}

export function create(world: World, body: JsonObject): Answer {
  const leg = answeredLeg(world, body);
  if ('status' in leg) return leg;
  const name = textOf(body, 'name');
  if (name === null) return refuse('missing', { detail: 'The name parameter is required.', pointer: '/name' });
  const refusal = badClientState(body);
  if (refusal !== null) return refusal;
  return once(world, 'createConference', body, () => {
    if (activeNamed(world, name) !== undefined) {
      return refuse('nameTaken', {
        detail: 'Conference with given name already exists and it is active.',
        pointer: '/name',
      });
    }
    leg.clientState = textOf(body, 'client_state') ?? leg.clientState;
    noteCommand(world, leg, 'createConference', body);
    const minutes = wholeOf(body, 'duration_minutes', 0);
    const creation = {
      name,
      creator: leg,
      durationMinutes: minutes === 0 ? null : minutes,
      maxParticipants: wholeOf(body, 'max_participants', 250),
    };
    const { start_conference_on_create } = body;
    const conference = createConference(world, creation, { start_conference_on_create });
    return ok(conferenceResource(conference));
  });
}

type Action = (world: World, conference: Conference, body: JsonObject) => Answer | null;

/** The commands by their name in the path. Null means "ok". */
const actions: Readonly<Record<string, Action>> = {
  join,
  leave,
  mute: noted(
    'mute',
    marking((participant) => (participant.muted = true)),
  ),
  unmute: noted(
    'unmute',
    marking((participant) => (participant.muted = false)),
  ),
  hold: noted(
    'hold',
    marking((participant) => (participant.onHold = true)),
  ),
  unhold: noted(
    'unhold',
    marking((participant) => (participant.onHold = false)),
  ),
  speak: noted('conference_speak', speakInConference),
  play: noted('play', playInConference),
  stop: noted('stop', stopInConference),
  record_start: startConferenceRecording,
  record_stop: stopConferenceRecording,
  end,
};

export const conferenceActions = Object.keys(actions);

/** These take the id only; all others take the name as well (Telnyx API reference, path parameters). */
const byIdOnly = new Set(['end']);

export function actOnConference(world: World, idOrName: string, name: string, body: JsonObject): Answer | null {
  const act = actions[name];
  if (act === undefined) return null;
  const byId = world.conferences.get(idOrName);
  const conference = byId ?? (byIdOnly.has(name) ? undefined : activeNamed(world, idOrName));
  if (conference === undefined) return unknownConference();
  if (!isActive(conference)) return refuse('conferenceEnded', { detail: 'The conference has already ended.' });
  const refusal = badClientState(body);
  if (refusal !== null) return refusal;
  return once(world, conference.id, body, () => act(world, conference, body) ?? accepted);
}

export const unknownConference = (): Answer =>
  refuse('unknownConference', { detail: 'The requested conference does not exist.', pointer: '/conference_id' });

function join(world: World, conference: Conference, body: JsonObject): Answer | null {
  const leg = answeredLeg(world, body);
  if ('status' in leg) return leg;
  if (participantOf(conference, leg) !== undefined) {
    return refuse('joinedTwice', { detail: 'The call is already in the conference.', pointer: '/call_control_id' });
  }
  if (present(conference).length >= conference.maxParticipants) {
    return refuse('conferenceFull', { detail: 'The conference has reached its maximum of participants.' });
  }
  leg.clientState = textOf(body, 'client_state') ?? leg.clientState;
  noteCommand(world, leg, 'join', { ...body, conference_id: conference.id });
  joinConference(world, conference, leg, body);
  return null;
}

function leave(world: World, conference: Conference, body: JsonObject): Answer | null {
  const leg = answeredLeg(world, body);
  if ('status' in leg) return leg;
  noteCommand(world, leg, 'leave', { ...body, conference_id: conference.id });
  leaveConference(world, conference, leg);
  return null;
}

/** Commands about a conference are kept with its creator's leg. */
function noted(name: string, act: Action): Action {
  return (world, conference, body) => {
    const answer = act(world, conference, body);
    if (answer === null) noteCommand(world, conference.creator, name, { ...body, conference_id: conference.id });
    return answer;
  };
}

/** Mute and hold: of the legs that are named, or of everybody when none is. */
function marking(mark: (participant: Participant) => void): Action {
  return (world, conference, body) => {
    const named = textsOf(body, 'call_control_ids');
    const meant = present(conference).filter(({ leg }) => named.length === 0 || named.includes(leg.callControlId));
    for (const participant of meant) {
      mark(participant);
      participant.updatedAtMs = world.deps.clock.now();
    }
    return null;
  };
}

/** The recording belongs to the creator's leg: its channel is the first, everybody else is on the second. */
function startConferenceRecording(world: World, conference: Conference, body: JsonObject): Answer | null {
  if (textOf(body, 'format') === null) return refuse('missing', { detail: 'format is required.', pointer: '/format' });
  noteCommand(world, conference.creator, 'record_start', { ...body, conference_id: conference.id });
  startRecording(world, {
    leg: conference.creator,
    conference,
    format: formatOf(body['format'], 'mp3'),
    channels: body['channels'] === 'dual' ? 'dual' : 'single',
    initiatedBy: 'StartConferenceRecordingAPI',
  });
  return null;
}

function stopConferenceRecording(world: World, conference: Conference, body: JsonObject): Answer | null {
  const id = textOf(body, 'recording_id');
  for (const recording of runningIn(world, conference)) {
    if (id === null || recording.id === id) finishRecording(world, recording);
  }
  return null;
}

function end(world: World, conference: Conference, body: JsonObject): Answer | null {
  noteCommand(world, conference.creator, 'end', { ...body, conference_id: conference.id });
  endConference(world, conference, { reason: 'ended_via_api', by: null, hangUp: true });
  return null;
}

/** `PATCH /conferences/{id}/participants/{participant}`: only the two rules about its leaving. */
export function patchParticipant(participant: Participant, body: JsonObject): void {
  if ('end_conference_on_exit' in body) participant.endsConference = isTrue(body, 'end_conference_on_exit');
  if ('soft_end_conference_on_exit' in body)
    participant.softEndsConference = isTrue(body, 'soft_end_conference_on_exit');
}
