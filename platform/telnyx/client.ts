/**
 * The `telnyx` SDK, made safe for phones: it never re-sends by itself (its default repeats `POST /calls` three times,
 * and twenty times more after a redirect), its time limit covers the whole answer (its own `timeout` ends at the headers), and an answer that is not what the
 * API documents is an error (HTML with status 200 comes back from it as a string).
 */
import Telnyx from 'telnyx';
import type { z } from 'zod';

export interface TelnyxAccount {
  readonly apiKey: string;
  /** With `/v2`. */
  readonly baseUrl: string;
  /** How long a request may take, headers and body. @default 10,000 */
  readonly limitMs?: number;
}

const REQUEST_LIMIT_MS = 10_000;

/** The carrier answered 2xx with something that its API does not document. */
export class UnreadableAnswerError extends Error {
  override readonly name = 'UnreadableAnswerError';
}

type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';

export interface TelnyxRequest {
  readonly query?: Readonly<Record<string, string | number>>;
  readonly body?: object;
  /** How long this one may take. @default the client's */
  readonly limitMs?: number;
  /** What kind of answer is documented. @default JSON */
  readonly accept?: 'text/plain';
}

export interface TelnyxClient {
  /**
   * Sends one request, once. Throws the SDK's errors, or `UnreadableAnswerError`; what they mean is decided in
   * `activities/failures.ts`. Paths start behind `/v2` and their parts must be encoded.
   */
  request<T>(method: Method, path: string, answer: z.ZodType<T>, request?: TelnyxRequest): Promise<T>;
}

export function createTelnyxClient({ apiKey, baseUrl, limitMs = REQUEST_LIMIT_MS }: TelnyxAccount): TelnyxClient {
  const once = { maxRetries: 0, fetchOptions: { redirect: 'manual' } } as const;
  const sdk = new Telnyx({ apiKey, baseURL: baseUrl, timeout: limitMs, logLevel: 'off', ...once });
  return {
    async request(method, path, answer, { query, body, accept, ...own } = {}) {
      const received: unknown = await sdk[method](path, {
        ...(query && { query }),
        ...(body && { body }),
        ...(accept && { headers: { accept } }),
        signal: AbortSignal.timeout(own.limitMs ?? limitMs),
      });
      const parsed = answer.safeParse(received);
      if (parsed.success) return parsed.data;
      throw new UnreadableAnswerError(`${method.toUpperCase()} ${path.split('?')[0]} was answered with something else`);
    },
  };
}
