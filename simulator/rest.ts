/** The REST interface on the wire: key, JSON, faults, and 501 for whatever is not imitated. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { refuse } from './carrier/answers';
import type { Carrier } from './carrier/carrier';
import { textOf } from './carrier/wishes';
import type { Faults } from './faults';
import { isApplied, readJson, readJsonOrForm, sendAnswer, sendThroughFault } from './http';

export interface RestDeps {
  readonly carrier: Carrier;
  readonly faults: Faults;
  readonly apiKey: string;
  /** Told of each request that the simulator does not know. */
  readonly unknown: (request: { readonly method: string; readonly path: string }) => void;
}

/** Which field of an operation names the phone that rings; the phone's own faults act on these. */
const dialedIn: Readonly<Record<string, string>> = { dial: 'to', texmlDial: 'To' };

export async function serveRest(
  { carrier, faults, apiKey, unknown }: RestDeps,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): Promise<void> {
  const { method = 'GET' } = request;
  const body = await (url.pathname.startsWith('/v2/texml/') ? readJsonOrForm(request) : readJson(request));
  if (request.headers.authorization !== `Bearer ${apiKey}`) {
    sendAnswer(
      response,
      refuse('unauthenticated', { detail: 'The required authentication headers were invalid or missing.' }),
    );
    return;
  }
  if (body === null) {
    sendAnswer(response, refuse('malformed', { detail: 'The request body is not a JSON object.' }));
    return;
  }
  const path = url.pathname.slice('/v2'.length);
  const matched = carrier.match({ method, path, query: Object.fromEntries(url.searchParams), body });
  if (matched === null) {
    unknown({ method, path: url.pathname });
    const detail = `${method} ${url.pathname} is not imitated by the simulator.`;
    sendAnswer(response, refuse('unexpected', { detail, status: 501 }));
    return;
  }
  const to = textOf(body, dialedIn[matched.operation] ?? '');
  const recording = /^\/recordings\/([^/]+)$/.exec(path)?.[1] ?? '';
  const fault = faults.take(matched.operation, to === null ? { recording } : { to, phone: carrier.phone(to) });
  const answer = isApplied(fault) ? matched.run() : null;
  if (fault === null) sendAnswer(response, answer ?? matched.run());
  else await sendThroughFault(response, fault, answer);
}
