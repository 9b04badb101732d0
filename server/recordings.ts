/** The routes of recordings: where each delivery stands, which rest, trying again, and whether any is missing. */
import { Router } from 'express';
import { z } from 'zod';
import { RISKS } from '../domain/delivery';
import { RECORDING_STATES } from '../domain/recordings';
import type { Logger } from '../platform/logger';
import type { DeliveryDocument } from '../workflows/messages';
import { createCursors, DEFAULT_LIMIT, detailsOf, limitInQuery } from './cursors';
import { accepted } from './initiate-request';
import { onlyMethods } from './methods';
import { ApiProblem } from './problems';
import type { RecordingDirectory } from './recording-directory';
import { parseJsonBody, rawBody } from './request-body';

export interface RecordingRoutesSettings {
  readonly recordings: RecordingDirectory;
  readonly cursorSecret: string;
  readonly log: Logger;
}

export const recordingsQuery = z.strictObject({
  state: z.enum(RECORDING_STATES).optional(),
  at_risk: z.enum(RISKS).optional(),
  cursor: z.string().optional(),
  limit: limitInQuery.optional(),
});

export const redeliverBody = z.strictObject({ state: z.enum(['dead_letter', 'quarantined']) });

const RECORDING_ID = /^[\w-]{1,128}$/;

export function recordingRoutes({ recordings, cursorSecret, log }: RecordingRoutesSettings): Router {
  const router = Router();
  const cursors = createCursors(cursorSecret);
  const find = async (id: string): Promise<DeliveryDocument> => {
    const document = RECORDING_ID.test(id) ? await recordings.find(id) : null;
    if (document === null) throw unknownRecording();
    return document;
  };

  router
    .route('/recordings')
    .get(async (request, response) => {
      const query = accepted(recordingsQuery, request.query);
      const { state = null, at_risk: atRisk = null, cursor, limit = DEFAULT_LIMIT } = query;
      const filters = `recordings ${state} ${atRisk}`;
      const pageToken = cursor === undefined ? null : cursors.read(cursor, filters);
      const page = await recordings.list({ state, atRisk }, { limit, pageToken });
      const details = await detailsOf(page.recordings, ({ recordingId }) => recordings.find(recordingId));
      response.json({
        recordings: page.recordings.map(
          (listed) => details.get(listed) ?? { recording_id: listed.recordingId, state: listed.state },
        ),
        next_cursor: page.nextPageToken && cursors.write(page.nextPageToken, filters),
      });
    })
    .all(onlyMethods('GET', 'HEAD'));

  router
    .route('/recordings/redeliver')
    .post(rawBody('64kb'), async (request, response) => {
      const { state } = accepted(redeliverBody, parseJsonBody(request));
      const asked = await recordings.redeliverAll(state);
      if (asked === null) throw batchUnderWay();
      log.info({ event: 'recording.redeliver_all', state, asked }, 'redelivery of all asked for');
      response.status(202).json({ state, asked });
    })
    .all(onlyMethods('POST'));

  router
    .route('/recordings/audit')
    .get(async (_request, response) => {
      const sweep = await recordings.sweep();
      response.json({ swept_at: sweep?.sweptAt ?? null, audit: sweep?.audit ?? null });
    })
    .post(async (_request, response) => {
      const requestedAt = new Date().toISOString();
      if (!(await recordings.askForAudit())) throw noSweep();
      response.status(202).json({ requested_at: requestedAt });
    })
    .all(onlyMethods('GET', 'HEAD', 'POST'));

  router
    .route('/recordings/:id')
    .get(async (request, response) => {
      response.json(await find(request.params.id));
    })
    .all(onlyMethods('GET', 'HEAD'));

  router
    .route('/recordings/:id/redeliver')
    .post(async (request, response) => {
      const document = await find(request.params.id);
      const recordingId = document.recording_id;
      if (!(await recordings.redeliver(recordingId))) throw isOver(document);
      log.info({ event: 'recording.redeliver', recordingId, callId: document.call_id }, 'redelivery asked for');
      response.status(202).json(document);
    })
    .all(onlyMethods('POST'));

  return router;
}

function unknownRecording(): ApiProblem {
  const detail = 'no delivery of a recording of this id was ever started';
  return new ApiProblem({ status: 404, code: 'recording_not_found', detail });
}

function isOver({ state }: DeliveryDocument): ApiProblem {
  const detail = `this delivery is over, the recording is ${state}; nothing is left to try`;
  return new ApiProblem({ status: 409, code: 'delivery_over', detail });
}

function batchUnderWay(): ApiProblem {
  const detail = 'Temporal is still busy with another batch operation of this namespace; try again';
  return new ApiProblem({ status: 409, code: 'batch_under_way', detail, headers: { 'Retry-After': '5' } });
}

function noSweep(): ApiProblem {
  const detail = 'no worker has ever run, so nothing looks for recordings yet';
  return new ApiProblem({ status: 409, code: 'no_sweep', detail });
}
