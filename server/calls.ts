/** The routes of calls: start, read, end. */
import { Router } from 'express';
import type { Request } from 'express';
import { z } from 'zod';
import { CALL_ID_PATTERN } from '../domain/call';
import type { CallId, CallRequest } from '../domain/call';
import type { StatusDocument } from '../domain/status';
import type { Logger } from '../platform/logger';
import { BASE_PATH } from './base-path';
import { TemporalUnavailableError } from './call-directory';
import type { CallDirectory } from './call-directory';
import type { CallMemo } from '../workflows/messages';
import { callIdOfKey, freshCallId, parseIdempotencyKey } from './call-ids';
import { hashBody, parseInitiate } from './initiate-request';
import type { InitiateSettings } from './initiate-request';
import { onlyMethods } from './methods';
import { ApiProblem } from './problems';
import { parseJsonBody, rawBody } from './request-body';
import type { StatusReader } from './status-reader';

export interface CallRoutesSettings {
  readonly directory: CallDirectory;
  readonly readStatus: StatusReader;
  readonly initiate: InitiateSettings;
  readonly publicUrl: string;
  /** The user that all browsers share; null when each has its own, or none. */
  readonly sipUsername: string | null;
  /** Where the run is shown; null when it is not known where the Temporal UI is. */
  readonly runUrl: (callId: CallId) => string | null;
  readonly log: Logger;
}

const callReference = z.string().min(1).nullish();
/** Either of them names the call. */
export const conferenceReference = z.looseObject({ conference_id: callReference, conference_sid: callReference });
/** What a schema in zod's words cannot say of it. */
export const EITHER_REFERENCE = {
  anyOf: ['conference_id', 'conference_sid'].map((name) => ({
    required: [name],
    properties: { [name]: { type: 'string' as const } },
  })),
};

export function callRoutes(settings: CallRoutesSettings): Router {
  const { directory, readStatus, log } = settings;
  const router = Router();

  interface Started {
    readonly memo: CallMemo;
    readonly replayed: boolean;
  }
  const replayed = (memo: CallMemo): Started => ({ memo, replayed: true });
  const start = async (body: unknown, callId: CallId, bodyHash: string | null): Promise<Started> => {
    const { request, script } = parseInitiate(body, settings.initiate, callId, new Date().toISOString());
    const memo = { request, bodyHash };
    try {
      const started = await directory.start(memo, script);
      return started.kind === 'exists' ? replayed(started.memo) : { memo, replayed: false };
    } catch (error) {
      const unknown = error instanceof TemporalUnavailableError && !error.neverSent && bodyHash === null;
      throw unknown ? startUnknown(callId) : error;
    }
  };

  router
    .route('/initiate')
    .post(rawBody('64kb'), async (request, response) => {
      const key = parseIdempotencyKey(request.headersDistinct['idempotency-key']?.join(', '));
      const body = parseJsonBody(request);
      const callId = key === null ? freshCallId() : callIdOfKey(key);
      const bodyHash = key === null ? null : hashBody(body);
      // A repeat is answered by what was accepted, whatever the settings have become since.
      const known = key === null ? null : await directory.find(callId);
      const started = known ? replayed(known) : await start(body, callId, bodyHash);
      if (started.memo.bodyHash !== bodyHash) throw idempotencyMismatch();
      const call = started.memo.request;
      if (started.replayed) response.set('Idempotent-Replayed', 'true');
      log.info({ event: 'call.accepted', callId, replayed: started.replayed }, 'call accepted');
      response.status(201).location(`${BASE_PATH}/calls/${callId}`).json(describeStart(call, settings));
    })
    .all(onlyMethods('POST'));

  const status = async (request: Request): Promise<StatusDocument> =>
    readExisting(parseCallId(request.params['id']), readStatus);
  for (const path of ['/calls/:id', '/status/:id']) {
    router
      .route(path)
      .get(async (request, response) => {
        response.json(await status(request));
      })
      .all(onlyMethods('GET', 'HEAD'));
  }

  const hangUp = async (callId: CallId): Promise<StatusDocument> => {
    const event = { kind: 'hangupRequested', at: new Date().toISOString(), source: 'api' } as const;
    const accepted = await directory.signal(callId, event, `${callId}/hangup`);
    log.info({ event: 'call.hangup_requested', callId, running: accepted }, 'hangup requested');
    return readExisting(callId, readStatus);
  };
  router
    .route('/calls/:id/hangup')
    .post(async (request, response) => {
      response.json(await hangUp(parseCallId(request.params.id)));
    })
    .all(onlyMethods('POST'));
  router
    .route('/end')
    .post(rawBody('64kb'), async (request, response) => {
      const reference = conferenceReference.safeParse(parseJsonBody(request));
      response.json(await hangUp(callIdIn(reference.data ?? {})));
    })
    .all(onlyMethods('POST'));

  return router;
}

async function readExisting(callId: CallId, readStatus: StatusReader): Promise<StatusDocument> {
  const document = await readStatus(callId);
  if (document === null) throw unknownCall();
  return document;
}

export function parseCallId(text: unknown): CallId {
  if (typeof text === 'string' && CALL_ID_PATTERN.test(text)) return text;
  throw unknownCall();
}

/** The call that a body names as its conference. */
export function callIdIn({ conference_id, conference_sid }: z.infer<typeof conferenceReference>): CallId {
  const callId = conference_id ?? conference_sid ?? '';
  if (callId === '') throw missingConference();
  return parseCallId(callId);
}

export function unknownCall(): ApiProblem {
  return new ApiProblem({ status: 404, code: 'call_not_found', detail: 'there is no call of this id' });
}

function idempotencyMismatch(): ApiProblem {
  const detail = 'this Idempotency-Key was used with another body; use a new key for another call';
  return new ApiProblem({ status: 422, code: 'idempotency_mismatch', detail });
}

/** No Retry-After: a repeat without a key would be another call. */
function startUnknown(callId: CallId): ApiProblem {
  const detail =
    `Temporal did not answer in time, so the call may have been started: ask ${BASE_PATH}/calls/${callId} ` +
    'before you try again; with an Idempotency-Key a repeat is always safe';
  return new ApiProblem({ status: 503, code: 'start_unknown', detail });
}

function missingConference(): ApiProblem {
  const errors = [{ path: 'conference_id', message: 'is required: the call_id of the call' }];
  return new ApiProblem({ status: 422, code: 'invalid_request', detail: 'not acceptable: conference_id', errors });
}

function describeStart(call: CallRequest, { publicUrl, initiate, sipUsername, runUrl }: CallRoutesSettings): object {
  const { callId } = call;
  const link = (path: string): string => `${publicUrl}${BASE_PATH}/calls/${callId}${path}`;
  return {
    call_id: callId,
    conference_id: callId,
    conference_sid: callId,
    status: 'initiated',
    provider: call.provider,
    to_phone: call.toPhone,
    from_phone: call.fromPhone,
    created_at: call.createdAt,
    // Tokens are made when an agent joins, and live shortly.
    webrtc: initiate.browsersConfigured ? { sip_username: sipUsername, login_token: null } : null,
    links: { status: link(''), events: link('/events'), hangup: link('/hangup'), run: runUrl(callId) },
  };
}
