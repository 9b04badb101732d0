/** What a document lets be heard: speech, files, tones and silence. */
import { loopedMs, speechMs } from '../carrier/leg-actions';
import { schedule } from '../carrier/world';
import type { TexmlElement } from './document';
import type { Next, Player } from './instructions';
import { note } from './state';
import type { CallChange, TexmlCall } from './state';
import { firstOf, waitFor } from './steps';
import type { Step, Wait } from './steps';
import { wholeIn, wordIn } from './verbs';

interface Medium {
  readonly does: 'says' | 'plays' | 'presses';
  readonly text: string;
  /** Null is for ever. */
  readonly lastsMs: number | null;
}

/** A tone of a `digits` attribute, and a `w` in it (Telnyx docs: Play). */
const toneMs = 500;

export function mediumOf(element: TexmlElement): Medium {
  const loop = wholeIn(element, 'loop', 'loop');
  const text = element.text;
  if (element.name === 'Say') return { does: 'says', text, lastsMs: loop === 0 ? null : speechMs(text) * loop };
  const digits = wordIn(element, 'digits');
  if (digits !== null) return { does: 'presses', text: digits, lastsMs: digits.length * toneMs };
  return { does: 'plays', text, lastsMs: loop === 0 ? null : loopedMs(loop) };
}

/**
 * Lets a medium be heard, for at most so many milliseconds. Gives back how many of those are left: 0 when it was cut.
 * A machine that was found cuts it too (CancelPlaybackOnMachineDetection).
 */
export function* hear({ world, call }: Player, medium: Medium, mostMs = Infinity): Step<number> {
  const { does, text, lastsMs } = medium;
  if (text === '') return mostMs;
  note(world, call, 'document', does, text);
  const wholeMs = lastsMs ?? Infinity;
  const shortMs = Math.min(wholeMs, mostMs);
  const waits: Wait<string>[] = [changeOf(call, 'machineFound')];
  if (shortMs < Infinity) waits.push(after({ world, call }, shortMs));
  const how = yield* waitFor(firstOf<string>(...waits));
  if (how === 'machineFound') note(world, call, 'carrier', 'cancels', 'what was playing: a machine was found');
  return how === 'machineFound' ? mostMs : mostMs - shortMs;
}

export function* pause(player: Player, element: TexmlElement): Step<Next> {
  const seconds = wholeIn(element, 'length', 'pauseLength');
  note(player.world, player.call, 'document', 'pauses', `${seconds} s`);
  yield* waitFor(after(player, seconds * 1000));
  return 'goOn';
}

/** A stretch of phone time. */
export const after =
  ({ world, call }: Pick<Player, 'world' | 'call'>, ms: number): Wait<'time'> =>
  (resume) =>
    schedule(world, call.leg, ms, () => {
      resume('time');
    });

/** The next time that something changes about a call. */
export const changeOf =
  <Change extends CallChange>(call: TexmlCall, ...wanted: readonly Change[]): Wait<Change> =>
  (resume) => {
    const watch = (change: CallChange) => {
      const met = wanted.find((one) => one === change);
      if (met !== undefined) resume(met);
    };
    call.watchers.add(watch);
    return () => {
      call.watchers.delete(watch);
    };
  };
