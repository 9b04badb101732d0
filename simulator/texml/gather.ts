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
  if (!interrupts && reaction !== null) yield* waitFor(after(player, reactionMs));
  if (reaction?.kind === 'says') return yield* words(player, element, wanted, reaction.text);
  const { digits, pressed } = yield* press(player, wanted, reaction?.keys ?? '');
  note(world, call, 'phone', pressed === '' ? 'is silent' : 'presses', pressed);
  return afterKeys(player, element, wanted, digits);
}

/** Plays what stands in it, for at most so long: a key ends it. */
function* prompt(player: Player, element: TexmlElement, mostMs: number): Step {
  let leftMs = mostMs;
  for (const child of element.children) {
    if (leftMs > 0) leftMs = yield* hear(player, mediumOf(child), leftMs);
  }
}

interface Pressed {
  /** Those that count. */
  readonly digits: string;
  /** With the one that finished them. */
  readonly pressed: string;
}

/** Ends with a key that finishes, with the last that is asked for, or when none came for too long. Later keys are lost. */
function* press(player: Player, wanted: Wanted, keys: string): Step<Pressed> {
  let [digits, pressed] = ['', ''];
  // The time without a key; the first one has already been waited for.
  let quietMs = keys === '' ? 0 : reactionMs;
  for (const [at, key] of Array.from(keys).entries()) {
    const waitMs = key === 'w' ? waitingKeyMs : at === 0 ? 0 : keyMs;
    if (quietMs + waitMs >= wanted.timeoutMs) break;
    yield* waitFor(after(player, waitMs));
    quietMs = key === 'w' ? quietMs + waitMs : 0;
    if (key === 'w') continue;
    pressed += key;
    if (wanted.finishOn.includes(key)) return { digits, pressed };
    digits += key;
    if (digits.length === wanted.most) return { digits, pressed };
  }
  yield* waitFor(after(player, wanted.timeoutMs - quietMs));
  return { digits, pressed };
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
