/** Reads bodies strictly: size, type, encoding and depth are checked before anything looks inside. */
import type { Request, RequestHandler } from 'express';
import { ApiProblem } from './problems';

const MAX_DEPTH = 32;
const BYTES = { '64kb': 64 * 1024, '256kb': 256 * 1024 } as const;
/** How long a client may go on sending a body that was refused, so that it comes to read the answer. */
const LINGER_MS = 1_000;

/**
 * The raw bytes in `request.body`. Nothing is decompressed: a small body must not become a large one. Express's own
 * reader waits for the end of a body that is too large before it says so; one without an end would never be told.
 */
export function rawBody(limit: keyof typeof BYTES): RequestHandler {
  return (request, _response, next) => {
    const refuse = (status: number, code: string, detail: string): void => {
      request.off('data', take).off('end', finish).resume();
      setTimeout(() => {
        if (!request.complete) request.socket.destroy();
      }, LINGER_MS).unref();
      next(new ApiProblem({ status, code, detail }));
    };
    const chunks: Buffer[] = [];
    let size = 0;
    const take = (chunk: Buffer): void => {
      size += chunk.length;
      chunks.push(chunk);
      if (size > BYTES[limit]) refuse(413, 'payload_too_large', `the body is larger than ${limit}`);
    };
    const finish = (): void => {
      request.body = Buffer.concat(chunks);
      next();
    };
    if ((request.headers['content-encoding'] ?? 'identity') !== 'identity') {
      refuse(415, 'unsupported_media_type', 'send the body as it is, without Content-Encoding');
    } else if (Number(request.headers['content-length'] ?? 0) > BYTES[limit]) {
      refuse(413, 'payload_too_large', `the body is larger than ${limit}`);
    } else {
      // A connection that breaks is nobody's to answer.
      request
        .on('data', take)
        .on('end', finish)
        .on('error', () => undefined);
    }
  };
}

/** Throws an ApiProblem: 415 for another type than JSON in UTF-8, 400 for what is no JSON or nested too deeply. */
export function parseJsonBody(request: Request): unknown {
  requireJson(request);
  return parseJson(Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0));
}

/** The same for bytes whose type does not matter. */
export function parseJson(bytes: Buffer): unknown {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    if (depthOf(value) <= MAX_DEPTH) return value;
  } catch {
    throw new ApiProblem({ status: 400, code: 'invalid_json', detail: 'the body is not JSON in UTF-8' });
  }
  throw new ApiProblem({
    status: 400,
    code: 'invalid_json',
    detail: `the body is nested deeper than ${MAX_DEPTH} levels`,
  });
}

export function requireJson(request: Request): void {
  const header = request.headers['content-type'] ?? '';
  const [type = '', ...parameters] = header.split(';').map((part) => part.trim().toLowerCase());
  const charset = parameters.find((parameter) => parameter.startsWith('charset='))?.slice('charset='.length) ?? 'utf-8';
  if (type === 'application/json' && /^"?utf-?8"?$/.test(charset)) return;
  throw new ApiProblem({
    status: 415,
    code: 'unsupported_media_type',
    detail: 'send Content-Type: application/json, in UTF-8',
  });
}

/** How many objects and lists are in each other. Without recursion: the depth is the client's choice. */
function depthOf(root: unknown): number {
  let level: unknown[] = [root];
  for (let depth = 0; ; depth++) {
    const containers = level.filter((value) => typeof value === 'object' && value !== null);
    if (containers.length === 0 || depth > MAX_DEPTH) return depth;
    level = containers.flatMap((value): unknown[] => Object.values(value));
  }
}
