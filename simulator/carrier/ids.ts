/** Identifiers in the shapes the carrier uses, drawn from the randomness handed in. */
const urlSafe = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const hex = '0123456789abcdef';

function draw(random: () => number, alphabet: string, length: number): string {
  let text = '';
  for (let at = 0; at < length; at += 1) text += alphabet.charAt(Math.floor(random() * alphabet.length));
  return text;
}

/** `v3:` and 54 URL-safe characters. */
export const callControlId = (random: () => number): string => `v3:${draw(random, urlSafe, 54)}`;

/** Version 1 in shape, as legs and sessions have; the time in it means nothing. */
export function timeUuid(random: () => number): string {
  return `${draw(random, hex, 8)}-${draw(random, hex, 4)}-11f0-9${draw(random, hex, 3)}-02420a${draw(random, hex, 6)}`;
}

/** Version 4, as events, conferences and recordings have. */
export function uuid(random: () => number): string {
  return `${draw(random, hex, 8)}-${draw(random, hex, 4)}-4${draw(random, hex, 3)}-8${draw(random, hex, 3)}-${draw(random, hex, 12)}`;
}

export const lettersAndDigits = (random: () => number, length: number): string =>
  draw(random, urlSafe.slice(0, 62), length);
