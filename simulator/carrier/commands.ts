/** What every command shares: finding its leg, checking `client_state`, and ignoring a repeated `command_id`. */
import { accepted, refuse } from './answers';
import { noteCommand } from './events';
import { isBase64, textOf } from './wishes';
import { isEnded, isRinging } from './world';
import type { Answer, JsonObject, Leg, World } from './world';

/** For how long a `command_id` is remembered (Telnyx docs: receiving webhooks for programmable voice). */
const rememberedMs = 60_000;

export function badClientState(body: JsonObject): Answer | null {
  const state = body['client_state'];
  if (state === undefined || state === null) return null;
  if (typeof state === 'string' && isBase64(state)) return null;
  return refuse('clientState', { detail: 'client_state must be base64 encoded.', pointer: '/client_state' });
}

/**
 * Runs a command unless its id was seen in this scope within the last minute; then `repeat` makes the answer. Refused
 * commands are not remembered.
 */
export function once(
  world: World,
  scope: string,
  body: JsonObject,
  run: () => Answer,
  repeat = (first: Answer): Answer => first,
): Answer {
  const id = textOf(body, 'command_id');
  if (id === null || !world.settings.dedupeCommandIds) return run();
  const key = `${scope} ${id}`;
  const seen = world.commands.get(key);
  const atMs = world.deps.clock.now();
  if (seen !== undefined && atMs - seen.atMs < rememberedMs) return repeat(seen.answer);
  const answer = run();
  if (answer.status < 300) world.commands.set(key, { atMs, answer });
  return answer;
}

export interface LegCommand {
  readonly callControlId: string;
  readonly body: JsonObject;
  readonly name: string;
  /** What an unanswered leg is told; null when the command may come before the answer. */
  readonly beforeAnswer: 'notAnswered' | 'noAudioYet' | null;
}

/** A command on a leg, with the checks they all have in the order in which we make them. */
export function onLeg(world: World, command: LegCommand, run: (leg: Leg) => Answer | null): Answer {
  const { callControlId, body, name, beforeAnswer } = command;
  const found = liveLeg(world, callControlId, '/call_control_id');
  if ('status' in found) return found;
  const refusal = badClientState(body);
  if (refusal !== null) return refusal;
  if (beforeAnswer !== null && isRinging(found))
    return refuse(beforeAnswer, { detail: 'The call has not been answered yet.' });
  return once(world, callControlId, body, () => {
    found.clientState = textOf(body, 'client_state') ?? found.clientState;
    const answer = run(found) ?? accepted;
    if (answer.status < 300) noteCommand(world, found, name, body);
    return answer;
  });
}

/** The leg, if it exists and has not ended; the refusal otherwise. */
export function liveLeg(world: World, callControlId: string, pointer: string): Leg | Answer {
  const leg = world.legs.get(callControlId);
  if (leg === undefined) {
    const status = world.settings.unknownLegStatus;
    return refuse('unknownLeg', { detail: 'The call control ID provided was not valid.', pointer, status });
  }
  if (isEnded(leg))
    return refuse('ended', { detail: 'This call is no longer active and can not receive commands.', pointer });
  return leg;
}
