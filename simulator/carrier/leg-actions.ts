/** `POST /calls/{id}/actions/…`: the commands on a leg that the simulator knows. */
import { ok, refuse } from './answers';
import { onLeg } from './commands';
import type { LegCommand } from './commands';
import { sayOfLeg } from './events';
import { answerLeg, endLeg, hangUpLeg } from './legs';
import { finishRecording, runningOf, startRecording, stopAtMaxLength } from './recordings';
import { formatOf, textOf, wholeOf } from './wishes';
import { schedule } from './world';
import type { Answer, JsonObject, Leg, Sound, World } from './world';

type LegAction = (world: World, leg: Leg, body: JsonObject) => Answer | null;

interface Row {
  readonly beforeAnswer: LegCommand['beforeAnswer'];
  readonly act: LegAction;
}

/** The commands by their name in the path. An action returns a refusal, an answer of its own, or null for "ok". */
export const legActions: Readonly<Record<string, Row>> = {
  answer: { beforeAnswer: null, act: answer },
  reject: { beforeAnswer: null, act: reject },
  hangup: {
    beforeAnswer: null,
    act: (world, leg) => {
      hangUpLeg(world, leg);
      return null;
    },
  },
  speak: { beforeAnswer: 'notAnswered', act: speak },
  playback_start: { beforeAnswer: 'notAnswered', act: startPlayback },
  playback_stop: { beforeAnswer: 'notAnswered', act: stopMedia },
  record_start: { beforeAnswer: 'noAudioYet', act: startRecordingOfLeg },
  record_stop: { beforeAnswer: 'noAudioYet', act: stopRecordingOfLeg },
  client_state_update: { beforeAnswer: null, act: updateClientState },
};

export function actOnLeg(world: World, callControlId: string, name: string, body: JsonObject): Answer | null {
  const row = legActions[name];
  if (row === undefined) return null;
  const command = { callControlId, body, name, beforeAnswer: row.beforeAnswer };
  return onLeg(world, command, (leg) => row.act(world, leg, body));
}

/** Answers a leg that came in. What the body asks for (recording, webhook routes) holds from now on. */
function answer(world: World, leg: Leg, body: JsonObject): Answer | null {
  if (leg.direction === 'outgoing') return refuse('outboundAnswer', { detail: 'Only inbound calls can be answered.' });
  leg.request = { ...leg.request, ...body };
  answerLeg(world, leg);
  return null;
}

function reject(world: World, leg: Leg, body: JsonObject): Answer | null {
  const busy = textOf(body, 'cause') === 'USER_BUSY';
  endLeg(world, leg, { cause: busy ? 'user_busy' : 'call_rejected', source: 'callee', sip: busy ? '486' : '603' });
  return null;
}

/** Speech takes 60 ms a character, about 150 words a minute. */
export const speechMs = (payload: string): number => payload.length * 60;

function speak(world: World, leg: Leg, body: JsonObject): Answer | null {
  const payload = textOf(body, 'payload');
  if (payload === null) return refuse('missing', { detail: 'The payload parameter is required.', pointer: '/payload' });
  if (textOf(body, 'voice') === null)
    return refuse('missing', { detail: 'The voice parameter is required.', pointer: '/voice' });
  if (payload.length > 3000) return refuse('speech', { detail: 'The payload is too long.', pointer: '/payload' });
  playOnLeg(world, leg, { event: 'call.speak', content: payload, more: {}, lastsMs: speechMs(payload) });
  return null;
}

/** What a file we never fetch is taken to last. */
export const clipMs = 3000;

function startPlayback(world: World, leg: Leg, body: JsonObject): Answer | null {
  if (Object.keys(mediaOf(body)).length === 0 && textOf(body, 'playback_content') === null) {
    return refuse('missing', { detail: 'audio_url or media_name is required.', pointer: '/audio_url' });
  }
  const more = { ...mediaOf(body), overlay: body['overlay'] === true };
  const content = textOf(body, 'audio_url') ?? textOf(body, 'media_name') ?? '';
  playOnLeg(world, leg, { event: 'call.playback', content, more, lastsMs: loopedMs(body['loop']) });
  return null;
}

/** The medium as events name it: by whichever name the command used. */
export function mediaOf(body: JsonObject): JsonObject {
  const url = textOf(body, 'audio_url');
  const name = textOf(body, 'media_name');
  return { ...(url === null ? {} : { media_url: url }), ...(name === null ? {} : { media_name: name }) };
}

/** How long a clip lasts with its repetitions; null is for ever. */
export function loopedMs(loop: unknown): number | null {
  if (loop === 'infinity') return null;
  const times = Number(loop ?? 1);
  return clipMs * (Number.isFinite(times) && times >= 1 ? times : 1);
}

interface Playing {
  readonly event: 'call.speak' | 'call.playback';
  readonly content: string;
  readonly more: JsonObject;
  readonly lastsMs: number | null;
}

/** Says started now and ended later: when it is over, stopped, or the leg is gone. */
function playOnLeg(world: World, leg: Leg, { event, content, more, lastsMs }: Playing): void {
  const sound: Sound = { content, startedAtMs: world.deps.clock.now(), endedAtMs: null, status: null };
  leg.sounds.push(sound);
  sayOfLeg(world, leg, `${event}.started`, more);
  const stop = (status: string) => {
    if (!leg.media.delete(stop)) return;
    Object.assign(sound, { endedAtMs: world.deps.clock.now(), status });
    sayOfLeg(world, leg, `${event}.ended`, { ...more, status });
  };
  leg.media.add(stop);
  if (lastsMs === null) return;
  schedule(world, leg, lastsMs, () => {
    stop('completed');
  });
}

function stopMedia(_world: World, leg: Leg): null {
  for (const stop of leg.media) stop('cancelled');
  return null;
}

function startRecordingOfLeg(world: World, leg: Leg, body: JsonObject): Answer | null {
  const wrong = ['format', 'channels'].find((key) => textOf(body, key) === null);
  if (wrong !== undefined)
    return refuse('missing', { detail: `The ${wrong} parameter is required.`, pointer: `/${wrong}` });
  const recording = startRecording(world, {
    leg,
    format: formatOf(body['format'], 'mp3'),
    channels: body['channels'] === 'single' ? 'single' : 'dual',
    initiatedBy: 'StartCallRecordingAPI',
  });
  stopAtMaxLength(world, recording, wholeOf(body, 'max_length', 0));
  return null;
}

function stopRecordingOfLeg(world: World, leg: Leg, body: JsonObject): Answer | null {
  const id = textOf(body, 'recording_id');
  const running = runningOf(world, leg).filter((recording) => id === null || recording.id === id);
  for (const recording of running) finishRecording(world, recording);
  return null;
}

function updateClientState(_world: World, _leg: Leg, body: JsonObject): Answer | null {
  if (textOf(body, 'client_state') !== null) return ok({ result: 'ok' });
  return refuse('missing', { detail: 'The client_state parameter is required.', pointer: '/client_state' });
}
