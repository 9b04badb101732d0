/** Plain HTTP for all of the simulator's parts: reading bodies, sending answers, and what a fault does to both. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { refuse } from './carrier/answers';
import type { Answer, JsonObject } from './carrier/world';
import { formType } from './outgoing';
import type { Fault } from './phones';

/** Reads a JSON object. An empty body is an empty object; null means that it is no JSON object. */
export async function readJson(request: IncomingMessage): Promise<JsonObject | null> {
  return jsonIn(await readText(request));
}

/** Reads a JSON object or a form. */
export async function readJsonOrForm(request: IncomingMessage): Promise<JsonObject | null> {
  const text = await readText(request);
  const isForm = request.headers['content-type']?.startsWith(formType) === true;
  return jsonIn(text) ?? (isForm ? Object.fromEntries(new URLSearchParams(text)) : null);
}

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

function jsonIn(text: string): JsonObject | null {
  if (text.trim() === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null;
  } catch {
    return null;
  }
}

export function sendAnswer(response: ServerResponse, answer: Answer): void {
  const text = typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body);
  send(response, { ...answer, contentType: answer.contentType ?? 'application/json' }, text);
}

interface Head {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly contentType: string;
}

function send(response: ServerResponse, { status, headers, contentType }: Head, body: string): void {
  if (response.destroyed) return;
  response.writeHead(status, {
    'content-type': contentType,
    'content-length': Buffer.byteLength(body),
    ...headers,
  });
  response.end(body);
}

/** Whether the request takes effect although its answer suffers. */
export const isApplied = (fault: Fault | null): boolean => fault === null || fault.kind === 'delay' || fault.applied;

/** Sends what a fault leaves of an answer. Null stands for the answer of a request that was not carried out. */
export async function sendThroughFault(response: ServerResponse, fault: Fault, answer: Answer | null): Promise<void> {
  const honest = answer ?? { status: 200, body: { data: {} } };
  switch (fault.kind) {
    case 'status':
      sendAnswer(response, failure(fault));
      return;
    case 'reset':
    case 'cut':
    case 'truncated':
    case 'slow':
      response.socket?.resetAndDestroy();
      return;
    case 'delay':
      await wait(fault.ms, undefined, { ref: false });
      sendAnswer(response, honest);
      return;
    case 'stallBody':
      stall(response, honest);
      return;
    case 'html':
      send(response, { status: 200, contentType: 'text/html' }, '<html><body>One moment, please.</body></html>');
      return;
    case 'brokenJson':
      send(response, { status: 200, contentType: 'application/json' }, '{"data":{"record_type":"call","call_con');
      return;
    case 'missingIds':
      sendAnswer(response, { ...honest, body: withoutIds(honest.body) });
      return;
    case 'foreignIds':
      sendAnswer(response, { ...honest, body: withForeignIds(honest.body) });
      return;
  }
}

/** The answer of a fault of kind `status`. */
export function failure({ status, body, headers }: Extract<Fault, { kind: 'status' }>): Answer {
  const name = status === 429 ? 'tooMany' : status === 503 ? 'unavailable' : 'unexpected';
  const answer = refuse(name, { detail: 'An unexpected error occurred.', status });
  return { ...answer, ...(body === undefined ? {} : { body }), ...(headers === undefined ? {} : { headers }) };
}

/** Promises the whole body, sends a few bytes of it and falls silent. */
function stall(response: ServerResponse, answer: Answer): void {
  const text = typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body);
  response.writeHead(answer.status, {
    'content-type': answer.contentType ?? 'application/json',
    'content-length': Buffer.byteLength(text) + 1,
  });
  response.write(text.slice(0, 10));
}

/** What the fault `missingIds` leaves of an answer's body. */
export const withoutIds = (body: unknown): unknown => mapIds(body, () => undefined);

/** What the fault `foreignIds` makes of an answer's body: ids of the same shape that belong to nothing here. */
export const withForeignIds = (body: unknown): unknown => mapIds(body, scrambled);

/** A copy of an answer whose ids are changed; undefined takes them away. */
function mapIds(body: unknown, change: (id: string) => string | undefined): unknown {
  if (Array.isArray(body)) return body.map((item) => mapIds(item, change));
  if (typeof body !== 'object' || body === null) return body;
  const isId = (key: string, value: unknown): value is string => /(^|_)id$/.test(key) && typeof value === 'string';
  return Object.fromEntries(
    Object.entries(body).map(([key, value]) => [key, isId(key, value) ? change(value) : mapIds(value, change)]),
  );
}

/** Hexadecimal digits are mirrored. */
const scrambled = (id: string): string => id.replace(/[0-9a-f]/g, (digit) => (15 - parseInt(digit, 16)).toString(16));
