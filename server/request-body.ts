/** Reads bodies strictly: size, type, encoding and depth are checked before anything looks inside. */
import express from 'express';
import type { Request, RequestHandler } from 'express';
import { ApiProblem } from './problems';

const MAX_DEPTH = 32;

/** The raw bytes in `request.body`. Nothing is decompressed: a small body must not become a large one. */
export function rawBody(limit: '64kb' | '256kb'): RequestHandler {
  return express.raw({ type: () => true, limit, inflate: false });
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
