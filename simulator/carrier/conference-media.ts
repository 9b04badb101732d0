/** Speech and playback in a conference: to everybody, or to the participants that are named. */
import { refuse } from './answers';
import { present } from './conferences';
import { sayOfParticipant, sayToConference } from './events';
import { loopedMs, mediaOf, speechMs } from './leg-actions';
import { textOf, textsOf } from './wishes';
import { schedule } from './world';
import type { Answer, Conference, JsonObject, World } from './world';

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
  const meant = present(conference).filter(({ leg }) => named.includes(leg.callControlId));
  const say = (phase: 'started' | 'ended') => {
    if (named.length === 0) sayToConference(world, conference, `conference.${kind}.${phase}`, more);
    const creator = { creator_call_session_id: conference.creator.callSessionId };
    for (const { leg } of meant) {
      sayOfParticipant(world, leg, conference, `conference.participant.${kind}.${phase}`, { ...creator, ...more });
    }
  };
  say('started');
  const stop = () => {
    if (playing.get(conference)?.delete(stop) === true) say('ended');
  };
  playing.set(conference, (playing.get(conference) ?? new Set()).add(stop));
  if (lastsMs !== null) schedule(world, conference, lastsMs, stop);
  return null;
}

/** What plays in a conference now; keyed weakly, so that a conference takes it along. */
const playing = new WeakMap<Conference, Set<() => void>>();

export function stopInConference(_world: World, conference: Conference): null {
  for (const stop of playing.get(conference) ?? []) stop();
  return null;
}
