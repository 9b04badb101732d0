/**
 * How often one API key may ask. Counted in each process for itself, after the key was found valid: who has none is
 * refused before anything is counted. Protects against a client that runs wild, not against many.
 */
import { createHash } from 'node:crypto';
import type { RequestHandler } from 'express';
import { rateLimit } from 'express-rate-limit';
import { sendProblem } from './problems';

/** Requests a minute for each key. A status is read many times for every call that is started. */
export const DEFAULT_RATES = { reads: 60_000, others: 6_000 } as const;

export interface Rates {
  /** Of the status of one call, which is cheap. */
  readonly reads: number;
  readonly others: number;
}

const WINDOW_SECONDS = 60;
const IS_STATUS = /^\/(?:calls|status)\/[^/]+\/?$/;

/** Put it behind `requireApiKey`. */
export function limitRates({ reads, others }: Rates): RequestHandler {
  const reading = limiter('reads', reads);
  const other = limiter('requests', others);
  return (request, response, next) => {
    const isRead = ['GET', 'HEAD'].includes(request.method) && IS_STATUS.test(request.path);
    return (isRead ? reading : other)(request, response, next);
  };
}

function limiter(identifier: string, limit: number): RequestHandler {
  return rateLimit({
    windowMs: WINDOW_SECONDS * 1000,
    limit,
    identifier,
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    keyGenerator: (request) => createHash('sha256').update(String(request.headers['x-api-key'])).digest('base64url'),
    // Nothing here goes by addresses; the library would check how proxies are trusted.
    validate: { xForwardedForHeader: false, trustProxy: false, forwardedHeader: false },
    handler: (_request, response) => {
      const detail = `more than ${limit} requests in a minute with this key; come back after Retry-After seconds`;
      sendProblem(response, { status: 429, code: 'rate_limited', detail });
    },
  });
}
