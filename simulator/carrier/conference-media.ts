/** Speech and playback in a conference: to everybody, or to the participants that are named. */
import { refuse } from './answers';
import { present } from './conferences';
import { sayOfParticipant, sayToConference } from './events';
import { loopedMs, mediaOf, speechMs } from './leg-actions';
import { textOf, textsOf } from './wishes';
import { schedule } from './world';
import type { Answer, Conference, JsonObject, Leg, World } from './world';

export function speakInConference(world: World, conference: Conference, body: JsonObject): Answer | null {
  const payload = textOf(body, 'payload');
  if (payload === null) return refuse('missing', { detail: 'The payload parameter is required.', pointer: '/payload' });
  if (textOf(body, 'voice') === null)
    return refuse('missing', { detail: 'The voice parameter is required.', pointer: '/voice' });
  return play(world, conference, { body, kind: 'speak', lastsMs: speechMs(payload), more: {} });
}

export function playInConference(world: World, conference: Conference, body: JsonObject): Answer | null {
  const more = mediaOf(body);
  if (Object.keys(more).length === 0) {
    return refuse('missing', { detail: 'audio_url or media_name is required.', pointer: '/audio_url' });
  }
  return play(world, conference, { body, kind: 'playback', lastsMs: loopedMs(body['loop']), more });
}

interface Playing {
  readonly body: JsonObject;
  readonly kind: 'speak' | 'playback';
  readonly lastsMs: number | null;
  readonly more: JsonObject;
}

function play(world: World, conference: Conference, { body, kind, lastsMs, more }: Playing): null {
  const named = textsOf(body, 'call_control_ids');
  if (named.length === 0) {
    const say = (phase: 'started' | 'ended') => {
      sayToConference(world, conference, `conference.${kind}.${phase}`, more);
    };
    begin(world, conference, { leg: null, what: textOf(body, 'audio_url'), say }, lastsMs);
  }
  const creator = { creator_call_session_id: conference.creator.callSessionId };
  for (const { leg } of present(conference).filter((one) => named.includes(one.leg.callControlId))) {
    const say = (phase: 'started' | 'ended') => {
      sayOfParticipant(world, leg, conference, `conference.participant.${kind}.${phase}`, { ...creator, ...more });
    };
    begin(world, conference, { leg, what: textOf(body, 'audio_url'), say }, lastsMs);
  }
  return null;
}

interface Sound {
  /** Who hears it; null: everybody. */
  readonly leg: Leg | null;
  /** Its address; null for speech and stored media. */
  readonly what: string | null;
  readonly say: (phase: 'started' | 'ended') => void;
}

/** What plays in a conference now; keyed weakly, so that a conference takes it along. */
const playing = new WeakMap<Conference, Set<Sound>>();

function begin(world: World, conference: Conference, sound: Sound, lastsMs: number | null): void {
  sound.say('started');
  playing.set(conference, (playing.get(conference) ?? new Set()).add(sound));
  if (lastsMs !== null) {
    schedule(world, conference, lastsMs, () => {
      finish(conference, sound);
    });
  }
}

function finish(conference: Conference, sound: Sound): void {
  if (playing.get(conference)?.delete(sound) === true) sound.say('ended');
}

/** The sounds that this leg is played in the conference, by their addresses. */
export function heardBy(conference: Conference, leg: Leg): readonly string[] {
  const sounds = [...(playing.get(conference) ?? [])].filter((sound) => sound.leg === null || sound.leg === leg);
  return sounds.flatMap(({ what }) => what ?? []);
}

/** Stops what the named legs are played, or everything. */
export function stopInConference(_world: World, conference: Conference, body: JsonObject): null {
  const named = textsOf(body, 'call_control_ids');
  for (const sound of playing.get(conference) ?? []) {
    if (named.length === 0 || (sound.leg && named.includes(sound.leg.callControlId))) finish(conference, sound);
  }
  return null;
}
