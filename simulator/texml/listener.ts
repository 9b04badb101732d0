/** The person at the phone, as far as a document can ask them: which keys they press next, and what they say. */
import type { PhoneBehaviour } from '../phones';

/** What somebody does who was asked: `w` among the keys is half a second of waiting. */
export type Reaction =
  { readonly kind: 'presses'; readonly keys: string } | { readonly kind: 'says'; readonly text: string };

export interface Listener {
  /** The next keys or words, of those that are wanted; null when nothing comes. Keys go before words. */
  react(wanted: { readonly keys: boolean; readonly words: boolean }): Reaction | null;
}

/** From the end of a prompt, or its beginning when the phone interrupts, to the first key or word. */
export const reactionMs = 500;

/** Between two keys, and for a `w` among them. */
export const keyMs = 250;
export const waitingKeyMs = 500;

export function createListener({ presses, says, repeats }: PhoneBehaviour): Listener {
  const next = (script: readonly string[]): (() => string | null) => {
    let at = 0;
    return () => {
      const entry = repeats && script.length > 0 ? script[at % script.length] : script[at];
      if (entry !== undefined) at += 1;
      return entry ?? null;
    };
  };
  const nextKeys = next(presses);
  const nextWords = next(says);
  return {
    react({ keys, words }) {
      const pressed = keys ? nextKeys() : null;
      if (pressed !== null && pressed !== '') return { kind: 'presses', keys: pressed };
      const said = words ? nextWords() : null;
      return said === null || said === '' ? null : { kind: 'says', text: said };
    },
  };
}
