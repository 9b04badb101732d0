/** The routes of agents: ring a browser into a call, mute somebody who is there. */
import { Router } from 'express';
import { z } from 'zod';
import type { CallId } from '../domain/call';
import type { StatusDocument } from '../domain/status';
import type { Logger } from '../platform/logger';
import type { BrowserAccess } from '../platform/telnyx/browser-access';
import type { MuteAnswer } from '../workflows/messages';
import type { CallDirectory } from './call-directory';
import { callIdIn, conferenceReference, unknownCall } from './calls';
import { accepted, sipNotConfigured } from './initiate-request';
import { clientId } from './initiate-schema';
import { onlyMethods } from './methods';
import { ApiProblem } from './problems';
import { parseJsonBody, rawBody } from './request-body';
import type { StatusReader } from './status-reader';

export interface AgentRoutesSettings {
  readonly directory: CallDirectory;
  readonly readStatus: StatusReader;
  /** Null when no browser can be rung. */
  readonly browsers: BrowserAccess | null;
  readonly log: Logger;
}

export const joinRequest = conferenceReference.extend({ client_id: clientId });
export const muteRequest = conferenceReference.extend({
  participant_sid: z.string().min(1).max(64),
  action: z.enum(['mute', 'unmute']),
});

export function agentRoutes({ directory, readStatus, browsers, log }: AgentRoutesSettings): Router {
  const router = Router();

  /** The call, unless it is over. */
  async function running(callId: CallId): Promise<StatusDocument> {
    const document = await readStatus(callId);
    if (document === null) throw unknownCall();
    if (document.status === 'ended') throw callEnded();
    return document;
  }

  async function requireConference(callId: CallId): Promise<void> {
    const memo = await directory.find(callId);
    if (memo !== null && memo.request.handler.type !== 'conference') throw notAConference();
  }

  router
    .route('/webrtc-join')
    .post(rawBody('64kb'), async (request, response) => {
      const body = accepted(joinRequest, parseJsonBody(request));
      const callId = callIdIn(body);
      await running(callId);
      await requireConference(callId);
      if (browsers === null) throw sipNotConfigured();
      const { client_id: participant } = body;
      const { sipUsername, loginToken } = await browsers.logIn(participant).catch((error: unknown) => {
        log.warn({ event: 'browser.login_failed', callId, reason: String(error) }, 'no login for a browser');
        throw carrierUnavailable();
      });
      const event = {
        kind: 'agentRequested',
        at: new Date().toISOString(),
        source: 'api',
        agent: { type: 'webrtc', clientId: participant },
      } as const;
      if (!(await directory.signal(callId, event, `${callId}/${participant}/${event.at}`))) throw callEnded();
      log.info({ event: 'agent.requested', callId, participant }, 'agent requested');
      response.json({
        participant_sid: participant,
        sip_username: sipUsername,
        login_token: loginToken,
        conference_id: callId,
        conference_name: callId,
        status: 'ringing',
      });
    })
    .all(onlyMethods('POST'));

  async function mute(callId: CallId, participant: string, muted: boolean): Promise<MuteAnswer> {
    const answer = await directory.mute(callId, { participant, muted });
    if (answer !== null) return answer;
    const document = await readStatus(callId);
    if (document === null) throw unknownCall();
    return document.participants.some((one) => one.participant_sid === participant) ? 'notThere' : 'unknown';
  }

  router
    .route('/control/mute')
    .post(rawBody('64kb'), async (request, response) => {
      const body = accepted(muteRequest, parseJsonBody(request));
      const callId = callIdIn(body);
      const muted = body.action === 'mute';
      const answer = await mute(callId, body.participant_sid, muted);
      if (answer !== 'done') throw MUTE_PROBLEMS[answer]();
      response.json({ conference_id: callId, participant_sid: body.participant_sid, muted });
    })
    .all(onlyMethods('POST'));

  return router;
}

const MUTE_PROBLEMS: Readonly<Record<Exclude<MuteAnswer, 'done'>, () => ApiProblem>> = {
  unknown: () =>
    new ApiProblem({
      status: 404,
      code: 'participant_not_found',
      detail: 'nobody of this participant_sid takes part in the call; the status document lists who does',
    }),
  notThere: () =>
    new ApiProblem({ status: 409, code: 'not_in_conference', detail: 'this participant is not in the conference now' }),
  carrierUnavailable,
};

function notAConference(): ApiProblem {
  const detail = 'this call follows TeXML, which dials whom it needs; nobody can join it';
  return new ApiProblem({ status: 409, code: 'not_a_conference', detail });
}

function callEnded(): ApiProblem {
  return new ApiProblem({ status: 409, code: 'call_ended', detail: 'the call is over; start another one' });
}

function carrierUnavailable(): ApiProblem {
  const detail = 'the carrier did not answer as it should; try again';
  return new ApiProblem({ status: 503, code: 'carrier_unavailable', detail, headers: { 'Retry-After': '2' } });
}
