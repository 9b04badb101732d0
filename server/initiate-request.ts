/** The body of `POST /initiate`: what it may say, and what it means with the defaults filled in. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { CallId, CallRequest, RecordingFormat } from '../domain/call';
import type { Json, JsonObject } from '../domain/json';
import { E164_PATTERN, isE164 } from '../domain/phone-numbers';
import { destinationProblem } from './destinations';
import { ApiProblem } from './problems';
import type { FieldError } from './problems';

export interface InitiateSettings {
  readonly callerIds: { readonly default: string; readonly all: readonly string[] };
  /** Countries and prefixes, or everywhere. */
  readonly destinations: readonly string[] | '*';
  readonly recordingFormat: RecordingFormat;
  readonly agentWaitSeconds: number;
  readonly businessId: string;
}

const METADATA_BYTES = 4096;
export const UNSAFE_KEYS: readonly string[] = ['__proto__', 'constructor', 'prototype'];

const e164 = z
  .string()
  .refine(isE164, 'must be E.164: a plus and 7 to 15 digits, no spaces or extensions')
  .meta({ pattern: E164_PATTERN.source });
const wholeSeconds = (from: number, to: number) => z.int().min(from).max(to);

const metadata = z
  .custom<JsonObject>(
    (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
    'must be an object',
  )
  .refine((value) => Buffer.byteLength(JSON.stringify(value)) <= METADATA_BYTES, 'must be at most 4 kB of JSON')
  .refine(
    (value) => isSafe(value),
    `must not have keys ${UNSAFE_KEYS.join(', ')}, unpaired surrogates, or numbers beyond JSON`,
  )
  .meta({
    type: ['object', 'null'],
    allOf: [{ $ref: '#/components/schemas/Json' }],
    description: 'At most 4 kB of JSON; given back everywhere.',
  });

export const initiateSchema = z.strictObject({
  to_phone: e164,
  from_phone: e164.nullish(),
  provider: z.literal('telnyx').nullish(),
  handler: z.strictObject({ type: z.literal('conference') }).nullish(),
  record: z.boolean().nullish(),
  ring_timeout_secs: wholeSeconds(15, 600).nullish(),
  time_limit_secs: wholeSeconds(30, 14_000).nullish(),
  metadata: metadata.nullish(),
});

const BUILT_LATER = z.object({ handler: z.looseObject({ type: z.enum(['texml', 'playbook', 'sip']) }) });

/** The request a body asks for. Throws an ApiProblem that names every field at fault. */
export function parseInitiate(
  body: unknown,
  settings: InitiateSettings,
  callId: CallId,
  createdAt: string,
): CallRequest {
  refuseOtherProviders(body);
  if (BUILT_LATER.safeParse(body).success) {
    throw unacceptable('handler_not_available', 'handler.type', 'this handler is not available yet; use "conference"');
  }
  const parsed = initiateSchema.safeParse(body);
  if (!parsed.success) throw invalidRequest(parsed.error);
  const { data } = parsed;
  const fromPhone = data.from_phone ?? settings.callerIds.default;
  checkNumbers(data.to_phone, fromPhone, settings);
  return {
    callId,
    provider: 'telnyx',
    toPhone: data.to_phone,
    fromPhone,
    handler: data.handler ?? { type: 'conference' },
    record: data.record ?? true,
    recordingFormat: settings.recordingFormat,
    ringTimeoutSeconds: data.ring_timeout_secs ?? 30,
    timeLimitSeconds: data.time_limit_secs ?? 3600,
    agentWaitSeconds: settings.agentWaitSeconds,
    businessId: settings.businessId,
    metadata: data.metadata ?? {},
    createdAt,
  };
}

/** Equal parsed JSON has an equal hash, whatever the order of its keys. */
export function hashBody(body: unknown): string {
  return createHash('sha256')
    .update(canonical(body as Json))
    .digest('hex');
}

function canonical(value: Json): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  const entries = Object.entries(value as JsonObject).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`).join(',')}}`;
}

function refuseOtherProviders(body: unknown): void {
  const provider = typeof body === 'object' && body !== null && 'provider' in body ? body.provider : null;
  if (typeof provider !== 'string' || provider === 'telnyx') return;
  const detail = 'only the provider "telnyx" is supported';
  throw new ApiProblem({ status: 501, code: 'provider_not_supported', detail });
}

function checkNumbers(toPhone: string, fromPhone: string, settings: InitiateSettings): void {
  if (!settings.callerIds.all.includes(fromPhone)) {
    const message = 'must be one of the account’s numbers: TELNYX_PHONE_NUMBER or OUTCALL_CALLER_IDS';
    throw unacceptable('from_not_allowed', 'from_phone', message);
  }
  if (toPhone === fromPhone) throw unacceptable('calls_itself', 'to_phone', 'must not be the caller’s own number');
  const problem = destinationProblem(toPhone, settings.destinations);
  if (problem === 'emergency_number') throw unacceptable(problem, 'to_phone', 'emergency numbers are never called');
  if (problem === null) return;
  throw new ApiProblem({
    status: 403,
    code: problem,
    detail: 'this destination may not be called; ALLOWED_DESTINATIONS names those that may',
    errors: [{ path: 'to_phone', message: 'is not an allowed destination' }],
  });
}

function unacceptable(code: string, path: string, message: string): ApiProblem {
  return new ApiProblem({ status: 422, code, detail: `${path} ${message}`, errors: [{ path, message }] });
}

/** What a schema found, as an answer that names every field at fault. */
export function invalidRequest(error: z.ZodError): ApiProblem {
  const errors = error.issues.flatMap(fieldErrors);
  const paths = errors.map(({ path }) => path || 'body').join(', ');
  return new ApiProblem({ status: 422, code: 'invalid_request', detail: `not acceptable: ${paths}`, errors });
}

function fieldErrors(issue: z.core.$ZodIssue): FieldError[] {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      path: [...path, key.slice(0, 64)].join('.'),
      message: 'is not a field of this request',
    }));
  }
  return [{ path: path.join('.'), message: issue.message }];
}

/** Keys that could reach an object's prototype, and text that is not Unicode, are refused wherever they are. */
function isSafe(value: Json): boolean {
  if (typeof value === 'string') return isUnicode(value);
  // Beyond these JSON.parse has lost digits already.
  if (typeof value === 'number') return Math.abs(value) <= Number.MAX_SAFE_INTEGER;
  if (typeof value !== 'object' || value === null) return true;
  return Object.entries(value as JsonObject).every(
    ([key, item]) => !UNSAFE_KEYS.includes(key) && isUnicode(key) && isSafe(item),
  );
}

function isUnicode(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}
