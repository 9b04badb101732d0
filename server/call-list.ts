/**
 * `GET /calls`: which calls there are. Temporal's visibility tells which, about a second late; what each of them is
 * doing comes from where a single call's status comes from.
 */
import { Router } from 'express';
import { z } from 'zod';
import { OUTCOMES } from '../domain/outcome';
import { CALL_STATUSES } from '../domain/status';
import type { StatusDocument } from '../domain/status';
import type { Logger } from '../platform/logger';
import type { StatusStore } from '../platform/status-store';
import type { CallDirectory } from './call-directory';
import { createCursors, DEFAULT_LIMIT, detailsOf, limitInQuery } from './cursors';
import { accepted } from './initiate-request';
import { onlyMethods } from './methods';

export interface CallListSettings {
  readonly directory: CallDirectory;
  readonly statusStore: StatusStore;
  /** Known to every process that serves this API, so that a cursor of one of them is good at the others. */
  readonly cursorSecret: string;
  readonly log: Logger;
}

export const listQuery = z.strictObject({
  status: z.enum(CALL_STATUSES).optional(),
  outcome: z.enum(OUTCOMES).optional(),
  cursor: z.string().optional(),
  limit: limitInQuery.optional(),
});

export function callListRoutes({ directory, statusStore, cursorSecret, log }: CallListSettings): Router {
  const router = Router();
  const cursors = createCursors(cursorSecret);
  const stored = (call: StatusDocument): Promise<StatusDocument | null> =>
    statusStore.get(call.call_id).catch(() => null);

  /** Without a shared store every detail costs Temporal two requests; those that take too long are left out. */
  const askTemporal = async (calls: readonly StatusDocument[]): Promise<Map<StatusDocument, StatusDocument>> => {
    const known = await detailsOf(calls, (call) => directory.status(call.call_id));
    if (known.size < calls.length) {
      log.warn({ event: 'calls.listed_briefly', missing: calls.length - known.size }, 'calls listed without details');
    }
    return known;
  };

  router
    .route('/calls')
    .get(async (request, response) => {
      const { status = null, outcome = null, cursor, limit = DEFAULT_LIMIT } = accepted(listQuery, request.query);
      const filters = `${status} ${outcome}`;
      const pageToken = cursor === undefined ? null : cursors.read(cursor, filters);
      const page = await directory.list({ status, outcome, limit, pageToken });
      const documents = await Promise.all(page.calls.map(stored));
      const details = await askTemporal(page.calls.filter((_call, index) => !documents[index]));
      response.json({
        calls: page.calls.map((call, index) => documents[index] ?? details.get(call) ?? call),
        next_cursor: page.nextPageToken && cursors.write(page.nextPageToken, filters),
      });
    })
    .all(onlyMethods('GET', 'HEAD'));
  return router;
}
