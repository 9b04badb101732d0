/** The API, as the commands use it. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { StatusDocument } from '../domain/status';
import { BASE_PATH } from '../server/calls';
import { startedFile } from './stack';
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
}

const started = z.looseObject({
  call_id: z.string(),
  status: z.string(),
  links: z.looseObject({ run: z.string().nullable() }),
});
const problem = z.object({
  code: z.string(),
  detail: z.string(),
  errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
});
const remembered = z.object({ url: z.string(), apiKey: z.string() });

/** Flags first, then the environment, then what `outcall start` on this machine left behind. */
export function createApiClient(options: ApiOptions): ApiClient {
  const start = readStart();
  const url = options.url ?? process.env['OUTCALL_URL'] ?? start?.url ?? 'http://127.0.0.1:8000';
  const apiKey = options.apiKey ?? process.env['COLD_CALL_API_KEYS']?.split(',')[0]?.trim() ?? start?.apiKey ?? '';

  async function request(
    method: string,
    path: string,
    body?: object,
    headers: Record<string, string> = {},
  ): Promise<unknown> {
    const response = await fetch(`${url}${BASE_PATH}${path}`, {
      method,
      headers: { 'x-api-key': apiKey, ...(body && { 'content-type': 'application/json' }), ...headers },
      ...(body && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(15_000),
    }).catch((error: unknown) => {
      const message = `no Outcall answers at ${url}; start one with: npm start, or name it with --url`;
      throw new CommandFailure(message, error instanceof Error ? EXIT.unreachable : EXIT.failure);
    });
    const answer: unknown = await response.json().catch(() => null);
    if (response.ok) return answer;
    throw refusal(response.status, answer);
  }

  return {
    url,
    initiate: async (body, key) =>
      started.parse(await request('POST', '/initiate', body, key ? { 'idempotency-key': key } : {})),
    status: async (callId) => (await request('GET', `/calls/${encodeURIComponent(callId)}`)) as StatusDocument,
    hangUp: async (callId) => (await request('POST', `/calls/${encodeURIComponent(callId)}/hangup`)) as StatusDocument,
  };
}

function refusal(status: number, answer: unknown): CommandFailure {
  const parsed = problem.safeParse(answer);
  if (!parsed.success) return new CommandFailure(`the API answered ${status}`, EXIT.failure);
  const { code, detail, errors = [] } = parsed.data;
  const fields = errors.map(({ path, message }) => `\n  ${path || 'body'} ${message}`).join('');
  const hint = code === 'unauthorized' ? '\n  give the key with --api-key or in COLD_CALL_API_KEYS' : '';
  return new CommandFailure(
    `${detail} (${status} ${code})${fields}${hint}`,
    status === 503 ? EXIT.unreachable : EXIT.failure,
  );
}

function readStart(): z.infer<typeof remembered> | null {
  try {
    return remembered.parse(JSON.parse(readFileSync(startedFile(process.env['DATA_DIR'] ?? 'data'), 'utf8')));
  } catch {
    return null;
  }
}
