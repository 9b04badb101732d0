/** Requests that the simulator itself sends: webhooks, callbacks and questions for TeXML. */
import http from 'node:http';
import https from 'node:https';

export interface Outgoing {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  /** Holds the request while it runs, for whoever gives up everything. */
  readonly running: Set<http.ClientRequest>;
}

/** Without a status there was no answer, and `error` says why. */
export interface OutgoingResult {
  readonly status: number | null;
  readonly body: string;
  readonly error: string | null;
}

/** More than this of an answer is not read. */
const mostBytes = 1024 * 1024;

/** Never throws. The time-out covers the whole answer. No connection is kept open, so that nothing outlives the simulator. */
export function send({ method, url, body, headers, timeoutMs, running }: Outgoing): Promise<OutgoingResult> {
  return new Promise((resolve) => {
    const failed = (error: unknown) => {
      const message = error instanceof Error ? error.message : String(error);
      resolve({ status: null, body: '', error: message });
    };
    try {
      const client = url.startsWith('https:') ? https : http;
      const all = { ...headers, 'content-length': String(Buffer.byteLength(body)) };
      const options = { method, headers: all, agent: false, signal: AbortSignal.timeout(timeoutMs) } as const;
      const request = client.request(url, options, (response) => {
        readUpTo(response, mostBytes).then((text) => {
          resolve({ status: response.statusCode ?? null, body: text, error: null });
        }, failed);
      });
      running.add(request);
      request.on('error', failed);
      request.on('close', () => running.delete(request));
      request.end(body);
    } catch (error) {
      failed(error);
    }
  });
}

async function readUpTo(response: http.IncomingMessage, bytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    if (size < bytes) chunks.push(chunk);
    size += chunk.length;
  }
  return Buffer.concat(chunks).subarray(0, bytes).toString();
}

export interface Form {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Where the fields of a form go: by GET into the query, by POST into the body (Telnyx docs: TeXML instruction fetching). */
export function encodeForm({ method, url, fields }: Form): { readonly url: string; readonly body: string } {
  const encoded = new URLSearchParams(
    Object.entries(fields).map(([key, value]): [string, string] => [key, String(value)]),
  ).toString();
  if (method === 'POST') return { url, body: encoded };
  return { url: `${url}${url.includes('?') ? '&' : '?'}${encoded}`, body: '' };
}

export const formType = 'application/x-www-form-urlencoded';
