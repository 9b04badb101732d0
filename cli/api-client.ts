/** The API, as the commands use it. */
import { z } from 'zod';
import type { StatusDocument } from '../domain/status';
import { BASE_PATH } from '../server/base-path';
import { readStart } from './started-file';
import { CommandFailure, EXIT } from './terminal';

export interface ApiOptions {
  readonly url?: string;
  readonly apiKey?: string;
}

export interface ApiClient {
  readonly url: string;
  initiate(body: object, idempotencyKey?: string): Promise<z.infer<typeof started>>;
  status(callId: string): Promise<StatusDocument>;
  hangUp(callId: string): Promise<StatusDocument>;
  join(callId: string, clientId: string): Promise<z.infer<typeof joined>>;
  mute(callId: string, participant: string, action: 'mute' | 'unmute'): Promise<z.infer<typeof mutedAnswer>>;
  list(query: URLSearchParams): Promise<CallPage>;
  /** Any other route that answers JSON. */
  ask<T>(method: 'GET' | 'POST', path: string, answer: z.ZodType<T>, body?: object): Promise<T>;
  /** Server-Sent Events as they come, after the one of this number; ends when the API ends it. Its text, unread. */
  events(callId: string, after: number): Promise<AsyncIterable<string>>;
}

export interface CallPage {
  readonly calls: readonly StatusDocument[];
  readonly next_cursor: string | null;
}

const aboutACall = z.looseObject({ call_id: z.string() });
const aPage = z.object({ calls: z.array(aboutACall), next_cursor: z.string().nullable() });
const started = aboutACall.extend({
  status: z.string(),
  links: z.looseObject({ run: z.string().nullable() }),
});
const joined = z.looseObject({ sip_username: z.string(), login_token: z.string().nullable() });
const mutedAnswer = z.looseObject({ participant_sid: z.string(), muted: z.boolean() });
const problem = z.object({
  code: z.string(),
  detail: z.string(),
  errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
});

/** Flags first, then the environment, then what `outcall start` on this machine left behind. */
export function createApiClient(options: ApiOptions): ApiClient {
  const start = readStart(process.env['DATA_DIR'] ?? 'data');
  // Set but empty is unset, as everywhere in the environment.
  const fromEnvironment = (name: string): string | undefined =>
    process.env[name]
      ?.split(',')
      .map((entry) => entry.trim())
      .find((entry) => entry !== '');
  const url = (options.url ?? fromEnvironment('OUTCALL_URL') ?? start?.url ?? 'http://127.0.0.1:8000').replace(
    /\/+$/,
    '',
  );
  const apiKey = options.apiKey ?? fromEnvironment('COLD_CALL_API_KEYS') ?? start?.apiKey ?? '';

  const notOutcall = (): CommandFailure =>
    new CommandFailure(`what answers at ${url} is not Outcall; name the right one with --url`);

  async function send(path: string, options: RequestInit): Promise<Response> {
    const response = await fetch(`${url}${BASE_PATH}${path}`, {
      ...options,
      headers: { 'x-api-key': apiKey, ...(options.headers as Record<string, string> | undefined) },
    }).catch(() => {
      const message = `no Outcall answers at ${url}; start one with: npm start, or name it with --url`;
      throw new CommandFailure(message, EXIT.unreachable);
    });
    if (response.ok) return response;
    throw refusal(response.status, await response.json().catch(() => null));
  }

  async function request<T>(
    answer: z.ZodType<T>,
    method: string,
    path: string,
    body?: object,
    headers: Record<string, string> = {},
  ): Promise<T> {
    const response = await send(path, {
      method,
      headers: { ...(body && { 'content-type': 'application/json' }), ...headers },
      ...(body && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(15_000),
    });
    const document = answer.safeParse(await response.json().catch(() => null));
    if (document.success) return document.data;
    throw notOutcall();
  }

  return {
    url,
    initiate: (body, key) => request(started, 'POST', '/initiate', body, key ? { 'idempotency-key': key } : {}),
    status: async (callId) => documentOf(await request(aboutACall, 'GET', `/calls/${encodeURIComponent(callId)}`)),
    hangUp: async (callId) =>
      documentOf(await request(aboutACall, 'POST', `/calls/${encodeURIComponent(callId)}/hangup`)),
    join: (callId, client_id) => request(joined, 'POST', '/webrtc-join', { conference_id: callId, client_id }),
    mute: (callId, participant_sid, action) =>
      request(mutedAnswer, 'POST', '/control/mute', { conference_id: callId, participant_sid, action }),
    list: async (query) => {
      const response = await send(`/calls?${query.toString()}`, { signal: AbortSignal.timeout(15_000) });
      const page = aPage.safeParse(await response.json().catch(() => null));
      if (page.success) return page.data as unknown as CallPage;
      throw notOutcall();
    },
    ask: async (method, path, answer, body) => {
      const response = await send(path, {
        method,
        ...(body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(15_000),
      });
      const parsed = answer.safeParse(await response.json().catch(() => null));
      if (parsed.success) return parsed.data;
      throw notOutcall();
    },
    events: async (callId, after) => {
      const headers = { 'last-event-id': String(after) };
      const { body } = await send(`/calls/${encodeURIComponent(callId)}/events`, { headers });
      return (body ?? new Blob([]).stream()).pipeThrough(new TextDecoderStream());
    },
  };
}

/** It came from an Outcall; its fields are not checked one by one. */
const documentOf = (answer: z.infer<typeof aboutACall>): StatusDocument => answer as unknown as StatusDocument;

function refusal(status: number, answer: unknown): CommandFailure {
  const parsed = problem.safeParse(answer);
  if (!parsed.success) {
    return new CommandFailure(`the API answered ${status}, which Outcall does not do like this; is --url right?`);
  }
  const { code, detail, errors = [] } = parsed.data;
  const fields = errors.map(({ path, message }) => `\n  ${path || 'body'} ${message}`).join('');
  const hint = code === 'unauthorized' ? '\n  give the key with --api-key or in COLD_CALL_API_KEYS' : '';
  return new CommandFailure(
    `${detail} (${status} ${code})${fields}${hint}`,
    status === 503 ? EXIT.unreachable : EXIT.failure,
  );
}
