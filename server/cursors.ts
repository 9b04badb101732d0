/** Where the next page of a list begins: Temporal's page token with our seal, for Temporal asks itself again and again over a token that is not its own. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { ApiProblem } from './problems';

export interface Cursors {
  write(pageToken: Uint8Array, filters: string): string;
  /** Throws an ApiProblem when we did not write it for these filters. */
  read(cursor: string, filters: string): Uint8Array;
}

const SEAL_BYTES = 16;

/** `secret` is known to every process that serves this API, so that a cursor of one of them is good at the others. */
export function createCursors(secret: string): Cursors {
  const seal = (token: Uint8Array, filters: string): Buffer =>
    createHmac('sha256', secret).update(`cursor/${filters}/`).update(token).digest().subarray(0, SEAL_BYTES);
  return {
    write: (token, filters) => Buffer.concat([seal(token, filters), token]).toString('base64url'),
    read: (cursor, filters) => {
      const bytes = Buffer.from(cursor, 'base64url');
      const token = bytes.subarray(SEAL_BYTES);
      const isOurs = token.length > 0 && timingSafeEqual(bytes.subarray(0, SEAL_BYTES), seal(token, filters));
      if (!isOurs) throw invalidCursor();
      return token;
    },
  };
}

function invalidCursor(): ApiProblem {
  const detail = 'cursor must be the next_cursor of an earlier page with the same filters';
  return new ApiProblem({ status: 400, code: 'invalid_cursor', detail });
}

export const DEFAULT_LIMIT = 20;

/** The `limit` of a list's query, 1 to 100. */
export const limitInQuery = z
  .string()
  .regex(/^\d{1,3}$/, 'must be a whole number from 1 to 100')
  .transform(Number)
  .refine((value) => value >= 1 && value <= 100, 'must be a whole number from 1 to 100')
  .meta({ type: 'integer', minimum: 1, maximum: 100, default: DEFAULT_LIMIT });

/** How long Temporal is asked for the details of what a list shows. */
const DETAILS_WITHIN_MS = 1_500;
const ASKED_AT_ONCE = 8;

/** Details of the entries of a page, as many as can be had in time; the others are shown without. */
export async function detailsOf<T, D>(entries: readonly T[], ask: (entry: T) => Promise<D | null>): Promise<Map<T, D>> {
  const known = new Map<T, D>();
  const waiting = [...entries];
  const until = Date.now() + DETAILS_WITHIN_MS;
  const work = async (): Promise<void> => {
    for (let entry = waiting.shift(); entry !== undefined && Date.now() < until; entry = waiting.shift()) {
      const details = await ask(entry).catch(() => null);
      if (details !== null) known.set(entry, details);
    }
  };
  await Promise.all(Array.from({ length: ASKED_AT_ONCE }, work));
  return known;
}
