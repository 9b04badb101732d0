/**
 * What a failed request to the carrier means: one table. A new cause is a new row here and a row in its test.
 * The error codes are Telnyx's (developers.telnyx.com: API error codes, SIP response codes).
 */
import { APIError } from 'telnyx';

export interface Failure {
  /** Stable, for logs, the status document and the Temporal UI. */
  readonly code: string;
  /** What the carrier said, without phone numbers. */
  readonly detail: string;
  /**
   * - `final`: refused, and will be again.
   * - `gone`: the leg or conference it was meant for is over, or never was.
   * - `later`: refused for now, nothing was done; may be tried again.
   * - `unclear`: it may have been done.
   */
  readonly verdict: 'final' | 'gone' | 'later' | 'unclear';
  readonly retryAfterMs: number | null;
}

/** What is visible of a failure, whatever threw it. */
interface Symptom {
  readonly status: number | null;
  /** Telnyx's error code, as text. */
  readonly code: string;
  /** D1, D13, …: Telnyx puts the reason of a 403 at the end of the detail. */
  readonly reason: string;
  /** Node's code of a connection that failed: ECONNREFUSED, … */
  readonly network: string;
}

interface Row {
  readonly is: (symptom: Symptom) => boolean;
  readonly verdict: Failure['verdict'];
  readonly code: string | ((symptom: Symptom) => string);
}

/** Failures before a byte of the request was written. A reset connection is not among them. */
const NEVER_SENT = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'UND_ERR_CONNECT_TIMEOUT'];
const TLS = /^(CERT_|ERR_TLS_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)/;
/** Call ended, not a valid call_control_id, conference ended, conference does not exist. */
const GONE = ['90018', '90015', '90019', '90058'];
const NOT_ANSWERED_YET = '90034';
/** Account, profile, connection or channel limits: a hangup elsewhere frees a channel. */
const LIMITS = ['D1', 'D2', 'D3', 'D5', 'D22', 'D56'];
const LIMIT_CODES = ['90041', '90042', '90043'];

const carriersCode = ({ code, status }: Symptom): string => (code === '' ? `http_${status}` : code);

/** The first row that fits. */
const ROWS: readonly Row[] = [
  {
    is: ({ network }) => NEVER_SENT.includes(network) || TLS.test(network),
    verdict: 'later',
    code: 'carrier_unreachable',
  },
  { is: ({ status }) => status === 429, verdict: 'later', code: 'rate_limited' },
  { is: ({ status }) => status === 401, verdict: 'later', code: 'carrier_credentials' },
  {
    is: ({ status, reason, code }) => LIMIT_CODES.includes(code) || (status === 403 && LIMITS.includes(reason)),
    verdict: 'later',
    code: 'channel_limit',
  },
  // A key without the permission, as opposed to a destination that is not allowed, has no reason at its end.
  { is: ({ status, reason }) => status === 403 && reason === '', verdict: 'later', code: 'carrier_credentials' },
  { is: ({ code }) => GONE.includes(code), verdict: 'gone', code: carriersCode },
  // An answer that the carrier has told of, or taken, is on its way to be known everywhere.
  { is: ({ code }) => code === NOT_ANSWERED_YET, verdict: 'later', code: 'not_answered_yet' },
  { is: ({ status }) => status === 404, verdict: 'gone', code: carriersCode },
  { is: ({ status }) => status === 400 || status === 403 || status === 422, verdict: 'final', code: carriersCode },
  { is: ({ status }) => status !== null, verdict: 'unclear', code: ({ status }) => `http_${status}` },
  { is: () => true, verdict: 'unclear', code: 'no_answer_from_carrier' },
];

/** Never throws, whatever was thrown. */
export function classify(error: unknown): Failure {
  const answer: TelnyxRefusal | null = error instanceof APIError ? (error as TelnyxRefusal) : null;
  const first = firstError(answer?.error);
  const told = first?.detail ?? first?.title ?? describe(error);
  const symptom: Symptom = {
    status: answer?.status ?? null,
    code: first?.code ?? '',
    reason: /\b([DP]\d{1,2})\b\.?\s*$/.exec(told)?.[1] ?? '',
    network: networkCode(error),
  };
  const row = ROWS.find(({ is }) => is(symptom));
  return {
    code: typeof row?.code === 'function' ? row.code(symptom) : (row?.code ?? 'unknown'),
    detail: withoutNumbers(told),
    verdict: row?.verdict ?? 'unclear',
    retryAfterMs: parseRetryAfter(answer?.headers?.get('retry-after') ?? null, Date.now()),
  };
}

/** `Retry-After` as milliseconds from now: seconds or an HTTP date. Null for anything else; never negative. */
export function parseRetryAfter(header: string | null, nowMs: number): number | null {
  if (header === null) return null;
  const text = header.trim();
  if (/^\d{1,12}(\.\d+)?$/.test(text)) return Math.round(Number(text) * 1000);
  // Date.parse finds a date in almost anything that ends in a number.
  const at = /^[A-Z][a-z]{2,8}, .* GMT$/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? null : Math.max(0, at - nowMs);
}

/** As much of the SDK's error as is read; its own type says `any`. */
interface TelnyxRefusal {
  readonly status: number | undefined;
  readonly headers: Headers | undefined;
  /** The parsed body. */
  readonly error: unknown;
}

interface CarrierError {
  readonly code?: string;
  readonly title?: string;
  readonly detail?: string;
}

/** The first of `{errors: […]}`; some of Telnyx's services answer an object there, or no JSON at all. */
function firstError(body: unknown): CarrierError | null {
  if (typeof body !== 'object' || body === null || !('errors' in body) || !Array.isArray(body.errors)) return null;
  const first: unknown = body.errors[0];
  if (typeof first !== 'object' || first === null) return null;
  // Telnyx documents the code as text, and has been seen to send a number.
  const readable = Object.entries(first).filter(([, value]) => ['string', 'number'].includes(typeof value));
  return Object.fromEntries(readable.map(([name, value]) => [name, String(value)]));
}

/** What Node's errors have; read without `instanceof`, which does not know errors that were made outside of a VM context. */
interface Thrown {
  readonly name?: unknown;
  readonly code?: unknown;
  readonly cause?: unknown;
}

function asThrown(value: unknown): Thrown | null {
  return typeof value === 'object' ? value : null;
}

/** The innermost `code` of an error and its causes. */
function networkCode(error: unknown): string {
  let found = '';
  for (let current = asThrown(error), depth = 0; current && depth < 5; current = asThrown(current.cause), depth++) {
    if (typeof current.code === 'string') found = current.code;
  }
  return found;
}

/** The error's kind only: its message may quote the request. */
function describe(error: unknown): string {
  const name = asThrown(error)?.name;
  if (typeof name !== 'string') return 'unknown error';
  // The SDK's errors are all named "Error"; their class says what they are.
  const kind = name === 'Error' && error instanceof Error ? error.constructor.name : name;
  const network = networkCode(error);
  if (/abort|time/i.test(kind)) return 'no answer within 10 seconds';
  return network === '' ? kind : `${kind} ${network}`;
}

function withoutNumbers(text: string): string {
  return text.replace(/\+?\d[\d ()-]{5,}\d/g, '[number]').slice(0, 300);
}
