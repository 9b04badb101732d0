/**
 * What is answered when a call has no document yet, so that nothing of the request is lost. Pure: the API server says so
 * to the carrier, and so does the seeded simulation.
 */
import type { Fields } from '../flows/script';
import { hangup, pause, redirect, response, say } from './builder';
import type { TexmlDocument } from './document';

/** With 3 s for each request and 1 s between them, some 4 minutes. */
const MOST_HOLDS = 60;
const APOLOGY = response(say('We are sorry, something went wrong. Please try again later. Goodbye.'), hangup());

/** Fields that come with every request for a document (simulator/README.md: TeXML). */
const USUAL: ReadonlySet<string> = new Set([
  ...['AccountSid', 'ApiVersion', 'CallSid', 'CallSidLegacy', 'CallStatus', 'CallerId', 'CallingPartyType'],
  ...['ConnectionId', 'From', 'FromSipUri', 'To', 'ToSipUri'],
]);
/** In characters. A request whose address and headers exceed 16 KiB would be refused (`listen.ts`). */
const LONGEST_QUERY = 6_000;

export interface Held {
  /** Where the document was asked for, without a query. */
  readonly address: string;
  readonly target: number;
  /** How often it has been held before. */
  readonly held: number;
  readonly fields: Fields;
}

/**
 * Asks the carrier to come again in a second, with all that it said: what no worker has accepted is not durable, and
 * what was pressed must not be lost.
 */
export function holdingDocument({ address, target, held, fields }: Held): TexmlDocument {
  if (held >= MOST_HOLDS) return APOLOGY;
  const query = new URLSearchParams({ ...(target > 0 && { to: `${target}` }), held: `${held + 1}` });
  const told = Object.entries(fields).filter(([name]) => !USUAL.has(name));
  // The shortest first: what is too long is a transcript, not digits.
  for (const [name, value] of told.sort(([, a], [, b]) => a.length - b.length)) {
    const longer = new URLSearchParams([...query, [name, value]]);
    if (longer.toString().length <= LONGEST_QUERY) query.append(name, value);
  }
  return response(pause({ length: 1 }), redirect({ method: 'POST' }, `${address}?${query.toString()}`));
}
