/**
 * `GET /calls`: which calls there are. Temporal's visibility tells which, about a second late; what each of them is
 * doing comes from where a single call's status comes from.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { Router } from 'express';
import { z } from 'zod';
import { OUTCOMES } from '../domain/outcome';
import { CALL_STATUSES } from '../domain/status';
import type { StatusDocument } from '../domain/status';
import type { Logger } from '../platform/logger';
import type { StatusStore } from '../platform/status-store';
import type { CallDirectory } from './call-directory';
import { invalidRequest } from './initiate-request';
import { onlyMethods } from './methods';
import { ApiProblem } from './problems';

export interface CallListSettings {
  readonly directory: CallDirectory;
  readonly statusStore: StatusStore;
  /** Known to every process that serves this API, so that a cursor of one of them is good at the others. */
  readonly cursorSecret: string;
  readonly log: Logger;
}

const limit = z
  .string()
  .regex(/^\d{1,3}$/, 'must be a whole number from 1 to 100')
  .transform(Number)
  .refine((value) => value >= 1 && value <= 100, 'must be a whole number from 1 to 100')
  .meta({ type: 'integer', minimum: 1, maximum: 100, default: 20 });

export const listQuery = z.strictObject({
  status: z.enum(CALL_STATUSES).optional(),
  outcome: z.enum(OUTCOMES).optional(),
  cursor: z.string().optional(),
  limit: limit.optional(),
});

const DEFAULT_LIMIT = 20;
const SEAL_BYTES = 16;

/** How long Temporal is asked for the details of calls that the status store does not have. */
const DETAILS_WITHIN_MS = 1_500;
const ASKED_AT_ONCE = 8;

export function callListRoutes({ directory, statusStore, cursorSecret, log }: CallListSettings): Router {
  const router = Router();
  const cursors = createCursors(cursorSecret);
  const stored = (call: StatusDocument): Promise<StatusDocument | null> =>
    statusStore.get(call.call_id).catch(() => null);

  /** Without a shared store every detail costs Temporal two requests; those that take too long are left out. */
  const askTemporal = async (calls: readonly StatusDocument[]): Promise<Map<string, StatusDocument>> => {
    const known = new Map<string, StatusDocument>();
    const waiting = [...calls];
    const until = Date.now() + DETAILS_WITHIN_MS;
    const ask = async (): Promise<void> => {
      for (let call = waiting.shift(); call && Date.now() < until; call = waiting.shift()) {
        const document = await directory.status(call.call_id).catch(() => null);
        if (document) known.set(call.call_id, document);
      }
    };
    await Promise.all(Array.from({ length: ASKED_AT_ONCE }, ask));
    if (known.size < calls.length) {
      log.warn({ event: 'calls.listed_briefly', missing: calls.length - known.size }, 'calls listed without details');
    }
    return known;
  };

  router
    .route('/calls')
    .get(async (request, response) => {
      const query = listQuery.safeParse(request.query);
      if (!query.success) throw invalidRequest(query.error);
      const { status = null, outcome = null, cursor } = query.data;
      const filters = `${status} ${outcome}`;
      const pageToken = cursor === undefined ? null : cursors.read(cursor, filters);
      const page = await directory.list({ status, outcome, limit: query.data.limit ?? DEFAULT_LIMIT, pageToken });
      const documents = await Promise.all(page.calls.map(stored));
      const details = await askTemporal(page.calls.filter((_call, index) => !documents[index]));
      response.json({
        calls: page.calls.map((call, index) => documents[index] ?? details.get(call.call_id) ?? call),
        next_cursor: page.nextPageToken && cursors.write(page.nextPageToken, filters),
      });
    })
    .all(onlyMethods('GET', 'HEAD'));
  return router;
}

interface Cursors {
  write(pageToken: Uint8Array, filters: string): string;
  /** Throws an ApiProblem when we did not write it for these filters. */
  read(cursor: string, filters: string): Uint8Array;
}

/** Temporal's page token with our seal: Temporal fails, and is asked again, over a token that is not its own. */
function createCursors(secret: string): Cursors {
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
