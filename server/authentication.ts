/** `X-API-Key`. Keys are kept as hashes and compared in constant time, all of them, whichever fits. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { RequestHandler } from 'express';
import { ApiProblem } from './problems';

export function requireApiKey(keys: readonly string[]): RequestHandler {
  const known = keys.map(hash);
  return (request, _response, next) => {
    const given = hash(String(request.headers['x-api-key'] ?? ''));
    const matches = known.filter((key) => timingSafeEqual(key, given)).length;
    if (matches === 0) {
      throw new ApiProblem({ status: 401, code: 'unauthorized', detail: 'send a valid key in the header X-API-Key' });
    }
    next();
  };
}

function hash(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}
