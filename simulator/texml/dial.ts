/** `<Dial>`: rings numbers and SIP addresses at once, bridges the first that answers; conferences and queues besides. */
import { hangUpLeg, phoneOf } from '../carrier/legs';
import { finishRecording, runningOf } from '../carrier/recordings';
import { isEnded } from '../carrier/world';
import { durationSecsOf, statusOf } from './callbacks';
import { joinConference } from './conference';
import type { TexmlElement } from './document';
import { absolute, resolved } from './instructions';
import type { Next, Player } from './instructions';
import { placeCall } from './placing';
import { dialQueue } from './queue';
import { begin } from './record';
import { changeOf } from './speech';
import { note } from './state';
import type { CallbackRoute, Fields, TexmlCall } from './state';
import { beside, firstOf, waitFor } from './steps';
import type { Step, Wait } from './steps';
import { methodIn, wholeIn, wordIn } from './verbs';

export function* dial(player: Player, element: TexmlElement): Step<Next> {
  const noun = element.children[0];
  if (noun?.name === 'Conference') return yield* afterDial(player, element, joinConference(player, noun));
  if (noun?.name === 'Queue') return yield* afterDial(player, element, dialQueue(player, element, noun));
  return yield* afterDial(player, element, dialTargets(player, element));
}

/** What the dial came to goes to its action; without one the next verb is done. */
function* afterDial(player: Player, element: TexmlElement, dialed: Step<Fields>): Step<Next> {
  const fields = yield* dialed;
  const action = wordIn(element, 'action');
  if (action === null) return 'goOn';
  return resolved(player, { url: action, method: methodIn(element, 'method'), fields });
}

interface Target {
  readonly to: string;
  readonly noun: TexmlElement | null;
}

/** Text that stands in the verb itself is a number (Telnyx docs: Dial). */
function targetsOf(element: TexmlElement): readonly Target[] {
  if (element.children.length === 0) return element.text === '' ? [] : [{ to: element.text, noun: null }];
  return element.children.map((noun) => ({ to: noun.text, noun }));
}

function* dialTargets(player: Player, element: TexmlElement): Step<Fields> {
  const { world, call } = player;
  const targets = targetsOf(element);
  note(world, call, 'document', 'dials', targets.map(({ to }) => to).join(', '));
  const placed = targets.flatMap((target) => place(player, element, target) ?? []);
  try {
    const winner = yield* waitFor(firstToAnswer(placed.map(({ other }) => other)));
    for (const { other } of placed) if (other !== winner) hangUpLeg(world, other.leg);
    if (winner !== null) {
      yield* whisper(player, winner, placed.find(({ other }) => other === winner)?.noun ?? null);
      yield* bridge(player, element, winner);
    }
    const last = winner ?? placed.at(-1)?.other;
    const status = last === undefined ? 'failed' : statusOf(last);
    note(world, call, 'carrier', 'ends the dial', status);
    return { DialCallStatus: status, ...(last === undefined ? {} : aboutDialed(player, last)) };
  } finally {
    for (const { other } of placed) if (!isEnded(other.leg)) hangUpLeg(world, other.leg);
  }
}

const aboutDialed = ({ world }: Player, other: TexmlCall): Fields => ({
  DialCallSid: other.leg.callControlId,
  DialCallSidLegacy: other.leg.callControlId,
  DialCallDuration: String(durationSecsOf(world, other)),
});

/** Null when the carrier would not place it. */
function place(player: Player, element: TexmlElement, { to, noun }: Target) {
  const { world, call } = player;
  const refusal = phoneOf(world, to).refusal;
  if (refusal !== null) {
    note(world, call, 'carrier', 'refuses', `${to}: ${refusal.detail}`);
    return null;
  }
  const other = placeCall(world, {
    application: call.application,
    to,
    from: wordIn(element, 'callerId') ?? (call.leg.direction === 'outgoing' ? call.leg.from : call.leg.to),
    callerId: wordIn(element, 'fromDisplayName'),
    parent: call,
    statusRoute: noun === null ? null : routeIn(player, noun),
    request: {
      timeout_secs: wholeIn(element, 'timeout', 'dialTimeout'),
      time_limit_secs: wholeIn(element, 'timeLimit', 'dialTimeLimit'),
    },
  });
  return { other, noun };
}

function routeIn(player: Player, noun: TexmlElement): CallbackRoute | null {
  const url = wordIn(noun, 'statusCallback');
  if (url === null) return null;
  return {
    url: absolute(player, url),
    method: methodIn(noun, 'statusCallbackMethod'),
    events: new Set((wordIn(noun, 'statusCallbackEvent') ?? 'completed').split(/\s+/)),
  };
}

/** Null when all have ended and nobody answered. */
const firstToAnswer =
  (calls: readonly TexmlCall[]): Wait<TexmlCall | null> =>
  (resume) => {
    if (calls.length === 0) resume(null);
    const watches = calls.map((call) => {
      const watch = (): void => {
        if (call.leg.answeredAtMs !== null) resume(call);
        else if (calls.every(({ leg }) => isEnded(leg))) resume(null);
      };
      call.watchers.add(watch);
      return () => call.watchers.delete(watch);
    });
    return () => {
      for (const stop of watches) stop();
    };
  };

/** The document of a noun's `url` plays to the one who answered, before the two hear each other. */
function* whisper(player: Player, other: TexmlCall, noun: TexmlElement | null): Step {
  const url = noun === null ? null : wordIn(noun, 'url');
  if (noun === null || url === null) return;
  const instructions = resolved(player, { url, method: methodIn(noun, 'method') });
  const played = beside(player.follow(other, instructions));
  if (!isEnded(other.leg)) yield* waitFor(firstOf<unknown>(played, changeOf(other, 'ended')));
}

/** Lets two calls talk until the other one ends; the end of ours ends this too. */
function* bridge(player: Player, element: TexmlElement, other: TexmlCall): Step {
  const { world, call } = player;
  if (isEnded(other.leg)) return;
  note(world, call, 'carrier', 'bridges', other.leg.to);
  const records = wordIn(element, 'record');
  const recording = records === null || records === 'do-not-record' ? null : begin(player, element, 'DialVerb');
  yield* waitFor(changeOf(other, 'ended'));
  if (recording !== null && runningOf(world, call.leg).includes(recording)) finishRecording(world, recording);
}
