/**
 * `<Gather>`: plays its prompts, waits for keys or words, and hands what came to its `action`. What Telnyx does when
 * nothing came is not documented, so that is the switch `emptyGatherAction`.
 */
import type { TexmlElement } from './document';
import { resolved } from './instructions';
import type { Next, Player } from './instructions';
import { keyMs, reactionMs, waitingKeyMs } from './listener';
import { speechMs } from '../carrier/leg-actions';
import { after, hear, mediumOf } from './speech';
import { note } from './state';
import type { Fields } from './state';
import { waitFor } from './steps';
import type { Step } from './steps';
import { wholeIn, wordIn } from './verbs';

interface Wanted {
  readonly keys: boolean;
  readonly words: boolean;
  readonly timeoutMs: number;
  readonly speechTimeoutMs: number;
  readonly finishOn: string;
  readonly least: number;
  readonly most: number;
  /** Null is any. */
  readonly valid: string | null;
}

function wantedOf(element: TexmlElement): Wanted {
  const input = (wordIn(element, 'input') ?? 'dtmf').split(/[\s,]+/);
  const number = wordIn(element, 'numDigits') === null ? null : wholeIn(element, 'numDigits', 'digits');
  return {
    keys: input.includes('dtmf'),
    words: input.includes('speech'),
    timeoutMs: wholeIn(element, 'timeout', 'gatherTimeout') * 1000,
    speechTimeoutMs: wholeIn(element, 'speechTimeout', 'speechTimeout') * 1000,
    // An empty attribute means that no key finishes.
    finishOn: element.attributes['finishOnKey'] ?? '#',
    least: number ?? wholeIn(element, 'minDigits', 'minDigits'),
    most: number ?? wholeIn(element, 'maxDigits', 'digits'),
    valid: wordIn(element, 'validDigits'),
  };
}

export function* gather(player: Player, element: TexmlElement): Step<Next> {
  const { world, call } = player;
  const wanted = wantedOf(element);
  const reaction = call.listener.react(wanted);
  // Nobody waits for the end of a prompt that has none.
  const endless = element.children.some((child) => mediumOf(child).lastsMs === null);
  const interrupts = reaction !== null && (endless || call.leg.phone.interrupts);
  yield* prompt(player, element, interrupts ? reactionMs : Infinity);
  if (!interrupts) yield* waitFor(after(player, reaction === null ? wanted.timeoutMs : reactionMs));
  if (reaction?.kind === 'says') return yield* words(player, element, wanted, reaction.text);
  const digits = reaction === null ? '' : yield* press(player, wanted, reaction.keys);
  const next = afterKeys(player, element, wanted, digits);
  if (digits === '') note(world, call, 'phone', 'is silent');
  return next;
}

/** Plays what stands in it, for at most so long: a key ends it. */
function* prompt(player: Player, element: TexmlElement, mostMs: number): Step {
  let leftMs = mostMs;
  for (const child of element.children) {
    if (leftMs > 0) leftMs = yield* hear(player, mediumOf(child), leftMs);
  }
}

/** The keys that count. Those that come after the last one of these are lost. */
function* press(player: Player, wanted: Wanted, keys: string): Step<string> {
  const { world, call } = player;
  let digits = '';
  let pressed = '';
  let finished = false;
  for (const key of keys) {
    if (pressed !== '') yield* waitFor(after(player, key === 'w' ? waitingKeyMs : keyMs));
    if (key === 'w') continue;
    pressed += key;
    finished = wanted.finishOn.includes(key);
    if (!finished) digits += key;
    finished ||= digits.length === wanted.most;
    if (finished) break;
  }
  note(world, call, 'phone', 'presses', pressed);
  if (!finished) yield* waitFor(after(player, wanted.timeoutMs));
  return digits;
}

function afterKeys(player: Player, element: TexmlElement, wanted: Wanted, digits: string): Next {
  const { valid, least } = wanted;
  const isValid =
    digits.length >= least && Array.from(digits).every((digit) => valid === null || valid.includes(digit));
  if (digits !== '' && isValid) return lead(player, wordIn(element, 'action'), { Digits: digits });
  const instead = wordIn(element, 'invalidDigitsAction');
  if (digits !== '' && instead !== null) return lead(player, instead, { Digits: digits });
  return player.world.settings.emptyGatherAction ? lead(player, wordIn(element, 'action'), { Digits: '' }) : 'goOn';
}

function* words(player: Player, element: TexmlElement, wanted: Wanted, text: string): Step<Next> {
  note(player.world, player.call, 'phone', 'says', text);
  yield* waitFor(after(player, speechMs(text) + wanted.speechTimeoutMs));
  return lead(player, wordIn(element, 'action'), { SpeechResult: text, Confidence: '0.95' });
}

/** Without an action what came goes nowhere, and the next verb is done. */
function lead(player: Player, action: string | null, fields: Fields): Next {
  if (action === null) return 'goOn';
  // The method is that of the application (Telnyx docs: Gather).
  return resolved(player, { url: action, method: player.call.application.voiceMethod, fields });
}
