/**
 * Somebody calls a number of the TeXML application: where its `voice_url` and its `status_callback` lead. A number of
 * INBOUND_FLOWS is answered with its flow, every other one is rejected. No API key: the carrier signs. A request that
 * is repeated, or whose answer was lost, finds the call that the first one started.
 */
import { Router } from 'express';
import type { CallId, CallRequest } from '../domain/call';
import type { Fields } from '../flows/script';
import type { InboundFlow } from '../platform/config-parsers';
import { readStatusCallback } from '../platform/telnyx/texml-callbacks';
import type { TexmlDocument } from '../texml/document';
import { BASE_PATH } from './base-path';
import { TemporalUnavailableError } from './call-directory';
import { callIdOfKey } from './call-ids';
import { carrierRoute } from './carrier-forms';
import type { CarrierForm } from './carrier-forms';
import type { InitiateSettings } from './initiate-request';
import { ApiProblem } from './problems';
import { createVerifier } from './signatures';
import { REJECT, sendTexml } from './texml-answers';
import type { TexmlCallSettings } from './texml-calls';
import { callSidIn, createInstructor, createReporter } from './texml-exchange';
import { scriptOfNamed } from './texml-handler';
import type { Scripted } from './texml-handler';

/** Below the API's base path. */
export const INCOMING_PATHS = { voice: '/texml/incoming', status: '/texml/incoming/status' } as const;

export interface IncomingSettings extends TexmlCallSettings {
  readonly initiate: InitiateSettings;
  readonly inboundFlows: readonly InboundFlow[];
}

export function incomingRoutes(settings: IncomingSettings): Router {
  const { directory, texmlAddresses, publicKeys, publicUrl, log } = settings;
  const router = Router();
  const verify = createVerifier(publicKeys);
  const instruct = createInstructor({ directory, log });
  const report = createReporter({ directory, log });

  async function answerCaller(form: CarrierForm): Promise<string | TexmlDocument> {
    const callId = callIdOfCallSid(callSidIn(form.fields));
    const scripted = scriptFor(form.fields['To'], settings);
    if (scripted === null) return REJECT;
    const { handler, script } = scripted;
    try {
      await directory.start(
        { request: { ...requestOf(callId, form.fields, settings), handler }, bodyHash: null },
        script,
      );
    } catch (error) {
      if (!(error instanceof TemporalUnavailableError)) throw error;
      log.warn({ event: 'temporal.unavailable', callId }, 'somebody who calls is asked to hold the line');
      return holdingDocument({ ...form, address: `${publicUrl}${BASE_PATH}${INCOMING_PATHS.voice}` });
    }
    return instruct(callId, { ...form, number: 1, base: texmlAddresses.base(callId) });
  }

  router.use(
    carrierRoute({
      path: INCOMING_PATHS.voice,
      verify,
      answer: async (form, _request, response) => {
        sendTexml(response, await answerCaller(form));
      },
    }),
    carrierRoute({
      path: INCOMING_PATHS.status,
      verify,
      answer: async ({ fields }, _request, response) => {
        await report(callIdOfCallSid(callSidIn(fields)), 'incoming', readStatusCallback, fields);
        response.json({ status: 'ok' });
      },
    }),
  );
  return router;
}

/** Throws an ApiProblem when the flow cannot answer anybody: it has errors, or variables without a default. */
export function inboundScript({ flow: name }: InboundFlow, { flows }: Pick<InitiateSettings, 'flows'>): Scripted {
  const { handler, script } = scriptOfNamed(name, {}, flows);
  // Whoever calls is a person, and the carrier does not listen for a machine there.
  return { handler: { ...handler, listens: false }, script };
}

/** Null for a number that nobody answers, and for a flow that was good at the start and has been broken since. */
function scriptFor(number: string | undefined, { inboundFlows, initiate, log }: IncomingSettings): Scripted | null {
  const inbound = inboundFlows.find((one) => one.number === number);
  if (inbound === undefined) return null;
  try {
    return inboundScript(inbound, initiate);
  } catch (error) {
    if (!(error instanceof ApiProblem)) throw error;
    log.error({ event: 'flow.unusable', flow: inbound.flow, reason: error.message }, 'a caller is rejected');
    return null;
  }
}

/** In the carrier's words, for a number that is not told. */
const HIDDEN = 'anonymous';

/** The same leg is the same call, for ever. No Idempotency-Key has a space. */
const callIdOfCallSid = (callSid: string): CallId => callIdOfKey(`incoming ${callSid}`);

function requestOf(callId: CallId, fields: Fields, { initiate }: IncomingSettings): Omit<CallRequest, 'handler'> {
  return {
    callId,
    provider: 'telnyx',
    toPhone: fields['To'] ?? '',
    fromPhone: fields['From'] === '' ? HIDDEN : (fields['From'] ?? HIDDEN),
    agent: null,
    dialOrder: 'lead_first',
    answeringMachine: { policy: 'off' },
    record: false,
    recordingNotice: null,
    recordingFormat: initiate.recordingFormat,
    ringTimeoutSeconds: 30,
    timeLimitSeconds: 3600,
    agentWaitSeconds: initiate.agentWaitSeconds,
    businessId: initiate.businessId,
    metadata: {},
    createdAt: new Date().toISOString(),
    incoming: { callSid: callSidIn(fields) },
  };
}
