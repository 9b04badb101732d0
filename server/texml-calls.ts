/**
 * Where the carrier asks what a TeXML call does next, and says how it goes. No API key: the address carries a keyed hash
 * of the call's id, and the carrier signs. A request for a document is never answered with a 5xx: the carrier would end
 * a live call.
 */
import { Router } from 'express';
import type { Request, RequestHandler, Response } from 'express';
import { CALL_ID_PATTERN } from '../domain/call';
import type { CallId } from '../domain/call';
import type { Logger } from '../platform/logger';
import { TEXML_CALLS_PATH } from '../platform/telnyx/texml-address';
import type { TexmlAddresses } from '../platform/telnyx/texml-address';
import * as callbacks from '../platform/telnyx/texml-callbacks';
import type { InstructionsRequest } from '../workflows/messages';
import { BASE_PATH } from './base-path';
import type { CallDirectory } from './call-directory';
import { carrierRoute } from './carrier-forms';
import type { CarrierForm } from './carrier-forms';
import { ApiProblem } from './problems';
import { createVerifier } from './signatures';
import { SOUND_PATHS } from './sounds';
import { holdMusic, sendTexml } from './texml-answers';
import { createInstructor, createReporter } from './texml-exchange';
import type { Reading } from './texml-exchange';

export interface TexmlCallSettings {
  readonly directory: CallDirectory;
  readonly texmlAddresses: TexmlAddresses;
  /** Base64 of 32 bytes each. Null: signatures are not checked. */
  readonly publicKeys: readonly string[] | null;
  readonly publicUrl: string;
  readonly log: Logger;
}

const CALLBACKS: Readonly<Record<string, Reading>> = {
  status: callbacks.readStatusCallback,
  machine: callbacks.readMachineCallback,
  recordings: callbacks.readRecordingCallback,
  'recordings/steps': callbacks.readStepRecording,
};

type Answer = (callId: CallId, form: CarrierForm, request: Request, response: Response) => Promise<void> | void;

export function texmlCallRoutes({ directory, texmlAddresses, publicKeys, publicUrl, log }: TexmlCallSettings): Router {
  const router = Router();
  const verify = createVerifier(publicKeys);
  const guard = requireMark(texmlAddresses);
  const serve = (path: string, answer: Answer): void => {
    router.use(
      carrierRoute({
        path: `${TEXML_CALLS_PATH}/:id/:mark/${path}`,
        guard,
        verify,
        answer: (form, request, response) => answer(paramOf(request, 'id'), form, request, response),
      }),
    );
  };

  const instruct = createInstructor({ directory, log });
  serve('instructions/:number', async (callId, form, request, response) => {
    const number = parseNumber(paramOf(request, 'number'));
    sendTexml(response, await instruct(callId, { ...form, number, base: texmlAddresses.base(callId) }));
  });

  const report = createReporter({ directory, log });
  for (const [path, read] of Object.entries(CALLBACKS)) {
    serve(path, async (callId, { fields }, _request, response) => {
      await report(callId, path, read, fields);
      // Not as TeXML: the carrier could take it for a document to play.
      response.json({ status: 'ok' });
    });
  }

  serve('wait', (_callId, _form, _request, response) => {
    sendTexml(response, holdMusic(`${publicUrl}${BASE_PATH}${SOUND_PATHS.hold}`));
  });
  return router;
}

function requireMark(addresses: TexmlAddresses): RequestHandler {
  return (request, _response, next) => {
    const callId = paramOf(request, 'id');
    const isOurs = CALL_ID_PATTERN.test(callId) && addresses.isGenuine(callId, paramOf(request, 'mark'));
    next(isOurs ? undefined : nothingHere());
  };
}

const paramOf = ({ params }: Request, name: string): string => String(params[name] ?? '');

/** From 1 to 10,000, or `again`. */
function parseNumber(text: string): InstructionsRequest['number'] {
  if (text === 'again') return text;
  if (/^[1-9]\d{0,4}$/.test(text) && Number(text) <= 10_000) return Number(text);
  throw nothingHere();
}

function nothingHere(): ApiProblem {
  return new ApiProblem({ status: 404, code: 'not_found', detail: 'there is nothing at this address' });
}
