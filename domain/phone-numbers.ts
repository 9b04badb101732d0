/**
 * Phone numbers as E.164 strings: a plus, then 7 to 15 digits without a leading zero. Always strings: a number read
 * as a number loses its plus. Which destinations may be called is `platform/destinations.ts`.
 */

export const E164_PATTERN = /^\+[1-9][0-9]{6,14}$/;

/** True for `+` and 7 to 15 ASCII digits; no spaces, extensions, SIP addresses or other scripts' digits. */
export function isE164(text: string): boolean {
  return E164_PATTERN.test(text);
}

/** `+12025550123` as `+1202*****23`: what logs, summaries and the Temporal UI may show. */
export function maskPhone(number: string): string {
  if (number.length < 8) return '*'.repeat(number.length);
  return number.slice(0, 5) + '*'.repeat(number.length - 7) + number.slice(-2);
}
