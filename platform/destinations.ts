/**
 * Which numbers may be called. The longest matching prefix decides, deny beats allow, and what nobody allowed is
 * denied. Premium, satellite and emergency numbers are denied whatever is configured.
 */
import { parsePhoneNumberFromString } from 'libphonenumber-js';
import { isE164 } from '../domain/phone-numbers';

export type DestinationProblem = 'emergency_number' | 'destination_not_allowed';

/** Short numbers behind a country code that reach an emergency service. */
const EMERGENCY = /^\+(?:\d{1,3})?(?:911|112|999|000|110|119)$/;

/** Numbers that cost the caller much more than a call, by prefix. */
const NEVER: readonly string[] = [
  '+1900', // premium, North America
  '+1976',
  '+4470', // personal numbers, United Kingdom
  '+449', // premium, United Kingdom
  '+979', // international premium
  '+870', // Inmarsat
  '+881', // global satellite
  '+882', // international networks
  '+883',
  '+878', // personal numbers
  '+888',
  '+808', // shared cost
];

/** Null when the number may be called. `allowed` holds countries (`US`) and prefixes (`+1876`), or `*`. */
export function destinationProblem(number: string, allowed: readonly string[] | '*'): DestinationProblem | null {
  if (EMERGENCY.test(number)) return 'emergency_number';
  const denied = longest(number, NEVER);
  if (denied > 0) return 'destination_not_allowed';
  if (allowed === '*') return null;
  const byPrefix =
    longest(
      number,
      allowed.filter((entry) => entry.startsWith('+')),
    ) > 0;
  return byPrefix || allowed.includes(countryOf(number)) ? null : 'destination_not_allowed';
}

/** The same for what a TeXML document dials: a number, or a SIP address. */
export function targetProblem(
  target: string,
  allowed: readonly string[] | '*',
): DestinationProblem | 'invalid_destination' | null {
  if (isE164(target)) return destinationProblem(target, allowed);
  return /^sips?:/i.test(target) && !isNumberInDisguise(target) ? null : 'invalid_destination';
}

/** A SIP address that is called like a number, past all that is checked of numbers. */
export function isNumberInDisguise(sipUri: string): boolean {
  return /^sips?:[+\d]+@([\w.-]+\.)?telnyx\.com\b/i.test(sipUri);
}

/** Numbers in North America that belong to no country in particular count as US. */
export function countryOf(number: string): string {
  const country = parsePhoneNumberFromString(number)?.country;
  return country ?? (number.startsWith('+1') ? 'US' : '');
}

function longest(number: string, prefixes: readonly string[]): number {
  return Math.max(0, ...prefixes.filter((prefix) => number.startsWith(prefix)).map((prefix) => prefix.length));
}
