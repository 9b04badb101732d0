/** The body of `POST /initiate`: what it may say, and what it means with the defaults filled in. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Agent, AnsweringMachine, CallId, CallRequest, Handler, RecordingFormat } from '../domain/call';
import type { Json, JsonObject } from '../domain/json';
import type { Script } from '../flows/script';
import { ApiProblem } from './problems';
import { initiateSchema } from './initiate-schema';
import type { InitiateBody } from './initiate-schema';
import type { FieldError } from './problems';
import { checkTarget, unacceptable } from './refusals';
import { readTexmlHandler } from './texml-handler';
import type { ScriptSettings } from './texml-handler';

export interface InitiateSettings extends ScriptSettings {
  readonly callerIds: { readonly default: string; readonly all: readonly string[] };
  readonly recordingFormat: RecordingFormat;
  /** Spoken before the recording of calls with `record: "announce"`. */
  readonly recordingNotice: string;
  /** Agents' browsers can be rung. */
  readonly browsersConfigured: boolean;
  readonly agentWaitSeconds: number;
  readonly businessId: string;
}

const BUILT_LATER = z.object({ handler: z.looseObject({ type: z.enum(['playbook', 'sip']) }) });

export interface Initiated {
  readonly request: CallRequest;
  /** What a TeXML call follows; null for every other. */
  readonly script: Script | null;
}

/** The call a body asks for. Throws an ApiProblem that names every field at fault. */
export function parseInitiate(body: unknown, settings: InitiateSettings, callId: CallId, createdAt: string): Initiated {
  refuseOtherProviders(body);
  if (BUILT_LATER.safeParse(body).success) {
    throw unacceptable('handler_not_available', 'handler.type', 'this handler is not available yet; use "conference"');
  }
  const data = accepted(initiateSchema, body);
  const fromPhone = data.from_phone ?? settings.callerIds.default;
  checkNumbers(data.to_phone, fromPhone, settings);
  const agent = agentOf(data, settings);
  const { handler, script } = handlerOf(data, settings);
  const request: CallRequest = {
    callId,
    provider: 'telnyx',
    toPhone: data.to_phone,
    fromPhone,
    handler,
    agent,
    dialOrder: data.dial_order ?? (agent === null ? 'lead_first' : 'agent_first'),
    answeringMachine: answeringMachineOf(data),
    record: data.record !== false,
    recordingNotice: data.record === 'announce' ? settings.recordingNotice : null,
    recordingFormat: settings.recordingFormat,
    ringTimeoutSeconds: data.ring_timeout_secs ?? 30,
    timeLimitSeconds: data.time_limit_secs ?? 3600,
    agentWaitSeconds: settings.agentWaitSeconds,
    businessId: settings.businessId,
    metadata: data.metadata ?? {},
    createdAt,
  };
  return { request, script };
}

function handlerOf(data: InitiateBody, settings: InitiateSettings): { handler: Handler; script: Script | null } {
  const { handler } = data;
  if (handler?.type === 'texml') return readTexmlHandler(handler, data, settings);
  return { handler: { type: 'conference' }, script: null };
}

function agentOf({ agent, dial_order, to_phone }: InitiateBody, settings: InitiateSettings): Agent | null {
  switch (agent?.type) {
    case undefined:
      if (dial_order) throw unacceptable('invalid_request', 'dial_order', 'needs an agent: who is dialed first?');
      return null;
    case 'webrtc':
      if (!settings.browsersConfigured) throw sipNotConfigured();
      return { type: 'webrtc', clientId: agent.client_id };
    case 'phone':
      if (agent.number === to_phone)
        throw unacceptable('calls_itself', 'agent.number', 'must not be the number that is called');
      checkTarget(agent.number, 'agent.number', settings.destinations);
      return agent;
    case 'sip':
      return agent;
  }
}

export function sipNotConfigured(): ApiProblem {
  const detail =
    'Telnyx SIP credentials not configured: set TELNYX_SIP_CONNECTION_ID (portal: Voice > SIP Trunking), or TELNYX_SIP_USERNAME';
  return new ApiProblem({ status: 422, code: 'sip_not_configured', detail });
}

function answeringMachineOf({ answering_machine: wanted }: InitiateBody): AnsweringMachine {
  if (typeof wanted === 'object' && wanted !== null) return { policy: 'leave_message', message: wanted.leave_message };
  return { policy: wanted ?? 'off' };
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
  checkTarget(toPhone, 'to_phone', settings.destinations);
}

/** A body or query as its schema has it. Throws an ApiProblem that names every field at fault. */
export function accepted<T>(schema: z.ZodType<T>, received: unknown): T {
  const parsed = schema.safeParse(received);
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.flatMap(fieldErrors);
  const paths = errors.map(({ path }) => path || 'body').join(', ');
  throw new ApiProblem({ status: 422, code: 'invalid_request', detail: `not acceptable: ${paths}`, errors });
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
