/**
 * A stand-in for the customer's own backend, which takes recordings: `POST /api/v1/recordings`, multipart, the part
 * `metadata` (JSON) before the part `file`. It keeps digests and sizes, not audio.
 */
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Answer } from './carrier/world';
import { boundaryOf, readMultipart } from './multipart';
import type { PartSink } from './multipart';
import { paced } from './pacing';

export interface Delivery {
  readonly id: string;
  readonly idempotency_key: string;
  readonly sha256: string;
  readonly size_bytes: number;
  readonly metadata: unknown;
  readonly content_type: string | null;
  readonly received_at: string;
  /** How often the same delivery came again. */
  repeats: number;
  /** Headers a client is meant to send; the bearer token itself is not kept. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface WebBackend {
  /** Takes one request. Throws when the connection breaks before the form is complete; nothing is kept then. */
  /** Reads no faster than that, if it is given. */
  receive(request: IncomingMessage, bytesPerSecond?: number): Promise<Answer>;
  readonly deliveries: () => readonly Delivery[];
}

export function createWebBackend(): WebBackend {
  const byKey = new Map<string, Delivery>();
  return {
    deliveries: () => [...byKey.values()],
    async receive(request, bytesPerSecond = Infinity) {
      const key = request.headers['idempotency-key'];
      const boundary = boundaryOf(request.headers['content-type']);
      if (typeof key !== 'string' || boundary === null) {
        request.resume();
        return problem(400, 'Idempotency-Key and multipart/form-data are required');
      }
      const form = await readForm(paced(request, bytesPerSecond), boundary);
      if (typeof form === 'string') return problem(400, form);
      const known = byKey.get(key);
      if (known !== undefined) return answerAgain(known, form.sha256);
      const delivery: Delivery = {
        ...form,
        id: `delivery-${String(byKey.size + 1)}`,
        idempotency_key: key,
        received_at: new Date().toISOString(),
        repeats: 0,
        headers: keptHeaders(request),
      };
      byKey.set(key, delivery);
      return { status: 201, body: receipt(delivery) };
    },
  };
}

const receipt = ({ id, sha256, size_bytes }: Delivery) => ({ id, sha256, size_bytes });

const problem = (status: number, detail: string): Answer => ({ status, body: { status, detail } });

/** The same file again is welcome; another one under the same key is a mistake of the sender. */
function answerAgain(known: Delivery, sha256: string): Answer {
  if (known.sha256 !== sha256) return problem(409, 'this Idempotency-Key came with a different file before');
  known.repeats += 1;
  return { status: 200, body: receipt(known) };
}

function keptHeaders({ headers }: IncomingMessage): Record<string, string> {
  const names = ['webhook-id', 'webhook-timestamp', 'webhook-signature', 'content-length', 'transfer-encoding'];
  const kept = names.flatMap((name) => (typeof headers[name] === 'string' ? [[name, headers[name]] as const] : []));
  const authorized = headers.authorization === undefined ? [] : [['authorization', 'set'] as const];
  return Object.fromEntries([...kept, ...authorized]);
}

type Form = Pick<Delivery, 'sha256' | 'size_bytes' | 'metadata' | 'content_type'>;

/** The form, or what is wrong with it. */
async function readForm(request: AsyncIterable<Buffer>, boundary: string): Promise<Form | string> {
  const order: string[] = [];
  const metadata: Buffer[] = [];
  const digest = createHash('sha256');
  let sizeBytes = 0;
  let contentType: string | null = null;
  const ignore: PartSink = { write: () => undefined, end: () => undefined };
  await readMultipart(request, boundary, (head) => {
    order.push(head.name);
    if (head.name === 'metadata') return { write: (chunk) => metadata.push(Buffer.from(chunk)), end: ignore.end };
    if (head.name !== 'file') return ignore;
    contentType = head.contentType;
    const write = (chunk: Buffer) => {
      sizeBytes += chunk.length;
      digest.update(chunk);
    };
    return { write, end: ignore.end };
  });
  if (order.join() !== 'metadata,file') return 'the parts are metadata, then file';
  try {
    const parsed: unknown = JSON.parse(Buffer.concat(metadata).toString());
    return { metadata: parsed, sha256: digest.digest('hex'), size_bytes: sizeBytes, content_type: contentType };
  } catch {
    return 'metadata is not JSON';
  }
}
