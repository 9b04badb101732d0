/**
 * Errors as clients see them: `application/problem+json` (RFC 9457) with a stable `code`. What went on inside stays in
 * the log.
 */
import type { ErrorRequestHandler, Response } from 'express';
import type { Logger } from '../platform/logger';

export interface FieldError {
  /** JSON path, for example `handler.type`; empty for the body itself. */
  readonly path: string;
  readonly message: string;
}

export interface ProblemOptions {
  readonly status: number;
  readonly code: string;
  /** What to do, in a sentence. Never repeats what the client sent. */
  readonly detail: string;
  readonly errors?: readonly FieldError[];
  readonly headers?: Readonly<Record<string, string>>;
}

export class ApiProblem extends Error {
  override readonly name = 'ApiProblem';
  constructor(readonly options: ProblemOptions) {
    super(options.detail);
  }
}

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  409: 'Conflict',
  413: 'Payload Too Large',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Content',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  503: 'Service Unavailable',
};

/** What express and its body parser call their errors, in our codes. */
const PARSER_CODES: Readonly<Record<number, string>> = {
  400: 'malformed_request',
  408: 'request_timeout',
  413: 'payload_too_large',
  415: 'unsupported_media_type',
};

export function sendProblem(response: Response, { status, code, detail, errors, headers }: ProblemOptions): void {
  const title = TITLES[status] ?? 'Error';
  if (headers) response.set(headers);
  response
    .status(status)
    .type('application/problem+json')
    .send(JSON.stringify({ type: 'about:blank', title, status, code, detail, ...(errors && { errors }) }));
}

/** The last handler: every error becomes a problem, and only those that nobody foresaw are logged as errors. */
export function problemHandler(log: Logger): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    if (response.headersSent) {
      next(error);
      return;
    }
    if (error instanceof ApiProblem) {
      sendProblem(response, error.options);
      return;
    }
    const status = statusOf(error);
    const code = PARSER_CODES[status];
    if (code !== undefined) {
      sendProblem(response, { status, code, detail: `the request cannot be read (${TITLES[status]})` });
      return;
    }
    log.error({ event: 'http.failed', method: request.method, path: request.path, err: error }, 'request failed');
    sendProblem(response, {
      status: 500,
      code: 'internal_error',
      detail: 'something of ours is broken; it was logged',
    });
  };
}

function statusOf(error: unknown): number {
  return error instanceof Error && 'status' in error && typeof error.status === 'number' ? error.status : 500;
}
