/**
 * The API in OpenAPI's words. What requests may say comes from the schemas that check them, so the document follows when
 * they change; what answers say is held to the types of what is answered.
 */
import { OpenAPIRegistry, OpenApiGeneratorV31 } from '@asteasolutions/zod-to-openapi';
import type { RouteConfig, ZodRequestBody } from '@asteasolutions/zod-to-openapi';
import { z } from 'zod';
import { CALL_ID_PATTERN } from '../domain/call';
import { RISKS } from '../domain/delivery';
import { OUTCOMES } from '../domain/outcome';
import { RECORDING_STATES } from '../domain/recordings';
import type { RecordingStatus } from '../domain/recordings';
import { CALL_STATUSES } from '../domain/status';
import type { MessageStatus, ParticipantStatus, StatusDocument } from '../domain/status';
import type { DeliveryDocument, RecordingAudit, TimelineEntry } from '../workflows/messages';
import { joinRequest, muteRequest } from './agents';
import { BASE_PATH } from './base-path';
import { LAST_EVENT_ID } from './call-events';
import { VISIBLE_ASCII } from './call-ids';
import { listQuery } from './call-list';
import { conferenceReference, EITHER_REFERENCE } from './calls';
import { flowDocument } from './flows';
import { initiateSchema, UNSAFE_KEYS } from './initiate-schema';
import { recordingsQuery, redeliverBody } from './recordings';
import { WEBHOOK_PATHS } from './webhooks';

type Shape<T> = Record<keyof T, z.ZodType>;

const instant = z.iso.datetime();
const word = z.string();
const metadata = z.record(z.string(), z.unknown());

const recording = z
  .object({
    state: z.enum(RECORDING_STATES),
    recording_id: word.nullable(),
    format: word,
    channels: z.enum(['dual', 'single']),
    duration_millis: z.int().nullable(),
    size_bytes: z.int().nullable(),
    sha256: word.nullable(),
    delivered_at: instant.nullable(),
    last_error: word.nullable(),
  } satisfies Shape<RecordingStatus>)
  .meta({ id: 'Recording' });

const delivery = recording
  .extend({
    recording_id: word,
    call_id: word,
    attempts: z.int(),
    next_attempt_at: instant.nullable(),
    expires_at: instant.meta({ description: 'When the carrier deletes its copy.' }),
    at_risk: z.enum(RISKS).nullable().meta({ description: 'How close that is, when it is close.' }),
  } satisfies Omit<Shape<DeliveryDocument>, keyof RecordingStatus> & { recording_id: z.ZodType })
  .meta({ id: 'Delivery' });

const audit = z
  .object({
    audited_at: instant,
    listed: z.int(),
    delivered: z.int(),
    open: z.int(),
    foreign: z.int(),
    started: z.int(),
    unaccounted: z.int().meta({ description: 'Recordings that nobody was delivering; 0 is good.' }),
    unaccounted_ids: z.array(word),
  } satisfies Shape<RecordingAudit>)
  .meta({ id: 'RecordingAudit' });

const participant = z
  .object({
    participant_sid: word,
    role: word,
    call_control_id: word.nullable(),
    joined_at: instant.nullable(),
    left_at: instant.nullable(),
    muted: z.boolean(),
  } satisfies Shape<ParticipantStatus>)
  .meta({ id: 'Participant' });

const message = z
  .object({
    state: z.enum(['leaving', 'left', 'not_left']),
    left_at: instant.nullable(),
  } satisfies Shape<MessageStatus>)
  .meta({ id: 'Message' });

const call = z
  .object({
    call_id: word.meta({ pattern: CALL_ID_PATTERN.source }),
    conference_id: word,
    conference_sid: word,
    provider: z.literal('telnyx'),
    status: z.enum(CALL_STATUSES).meta({ description: 'Only moves forward; steps may be skipped.' }),
    outcome: z.enum(OUTCOMES).nullable().meta({ description: 'Null until the call has ended.' }),
    to_phone: word,
    from_phone: word,
    participant_count: z.int(),
    metadata,
    participants: z.array(participant),
    created_at: instant,
    dialed_at: instant.nullable(),
    answered_at: instant.nullable(),
    joined_at: instant.nullable(),
    ended_at: instant.nullable(),
    duration_secs: z.int().nullable().meta({ description: 'Whole seconds from answered_at to ended_at.' }),
    hangup_cause: word.nullable(),
    hangup_source: word.nullable(),
    ended_by: z.enum(['lead', 'agent', 'api', 'system', 'unknown']).nullable(),
    answered_by: z
      .enum(['human', 'machine', 'unknown'])
      .nullable()
      .meta({ description: 'What machine detection found; null when it was not asked, or not yet.' }),
    message: message.nullable().meta({ description: 'The message for a machine, where one was to be left.' }),
    error_code: word.nullable(),
    error_detail: word.nullable(),
    recording: recording.nullable(),
    recordings: z.array(recording),
    updated_at: instant,
    source: z.enum(['webhook', 'poll', 'command', 'api']),
  } satisfies Shape<StatusDocument>)
  .meta({ id: 'Call' });

const started = z
  .object({
    call_id: word,
    conference_id: word,
    conference_sid: word,
    status: z.literal('initiated'),
    provider: z.literal('telnyx'),
    to_phone: word,
    from_phone: word,
    created_at: instant,
    webrtc: z.object({ sip_username: word.nullable(), login_token: z.null() }).nullable(),
    links: z.object({ status: z.url(), events: z.url(), hangup: z.url(), run: z.url().nullable() }),
  })
  .meta({ id: 'StartedCall' });

const joined = z
  .object({
    participant_sid: word,
    sip_username: word,
    login_token: word.nullable().meta({ description: 'What the browser logs in with; it lives 24 hours at most.' }),
    conference_id: word,
    conference_name: word,
    status: z.literal('ringing'),
  })
  .meta({ id: 'JoinedAgent' });

const event = z
  .object({ seq: z.int(), type: word, at: instant, role: word.nullable() } satisfies Shape<TimelineEntry>)
  .meta({ id: 'CallEvent' });

const serverSentEvent = z.object({
  id: word.meta({ description: 'The seq of the CallEvent' }),
  event: word.meta({ description: 'Its type' }),
  data: word.meta({ contentMediaType: 'application/json', contentSchema: { $ref: '#/components/schemas/CallEvent' } }),
});

const problem = z
  .object({
    type: word,
    title: word,
    status: z.int(),
    code: word.meta({ description: 'Stable; what programs should look at.' }),
    detail: word,
    errors: z.array(z.object({ path: word, message: word })).optional(),
  })
  .meta({ id: 'Problem' });

const told = z.looseObject({ event_type: word.min(1).max(200), payload: z.looseObject({}) });
const telnyxEvent = z.union([z.looseObject({ data: told }), told]).meta({ id: 'TelnyxEvent' });

/** What `metadata` may hold. Written by hand: the generator makes null two cases where a schema contains itself. */
const JSON_VALUE = {
  anyOf: [
    { type: ['string', 'boolean', 'null'] },
    { type: 'number', minimum: -Number.MAX_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER },
    { type: 'array', items: { $ref: '#/components/schemas/Json' } },
    {
      type: 'object',
      propertyNames: { not: { enum: [...UNSAFE_KEYS] } },
      additionalProperties: { $ref: '#/components/schemas/Json' },
    },
  ],
} satisfies Parameters<OpenAPIRegistry['registerComponent']>[2];

const nothing = { type: 'null' as const };

/** What fields of a body need of each other, which zod's words cannot say. */
const BETWEEN_FIELDS = {
  allOf: [
    {
      description: 'A `dial_order` asks for an `agent`.',
      anyOf: [
        { properties: { dial_order: nothing } },
        { required: ['agent'], properties: { agent: { type: 'object' as const } } },
      ],
    },
    {
      description: 'A TeXML handler dials whom it needs, speaks its own notice, and rings for 120 s at most.',
      anyOf: [
        { properties: { handler: { anyOf: [nothing, { properties: { type: { enum: ['conference'] } } }] } } },
        {
          properties: {
            agent: nothing,
            dial_order: nothing,
            record: { anyOf: [nothing, { type: 'boolean' as const }] },
            ring_timeout_secs: { anyOf: [nothing, { type: 'integer' as const, maximum: 120 }] },
          },
        },
      ],
    },
  ],
};

/** What can be done with the call that an answer is about. */
const CALL_LINKS = Object.fromEntries(
  ['getCall', 'getStatus', 'streamCallEvents', 'hangUpCall'].map((operationId) => [
    operationId,
    { operationId, parameters: { id: '$response.body#/call_id' } },
  ]),
);

const json = (description: string, schema: z.ZodType) => ({
  description,
  content: { 'application/json': { schema } },
});

/** Codes by status, as text for people. */
const PROBLEMS: Readonly<Record<number, string>> = {
  400: 'The request cannot be read: malformed_request, invalid_json, invalid_idempotency_key, invalid_cursor, invalid_last_event_id, not_an_event',
  401: 'unauthorized, invalid_signature',
  403: 'destination_not_allowed',
  404: 'call_not_found, participant_not_found, recording_not_found',
  408: 'The request did not arrive within 15 seconds',
  409: 'call_ended, not_a_conference, not_in_conference, delivery_over, no_sweep',
  413: 'payload_too_large',
  415: 'unsupported_media_type',
  422: 'invalid_request and other codes that say which field is at fault, idempotency_mismatch, sip_not_configured, texml_not_configured, texml_invalid, url_not_allowed, flow_not_found, flow_invalid, invalid_variables',
  429: 'rate_limited; come back after Retry-After seconds',
  501: 'provider_not_supported',
  503: 'temporal_unavailable, carrier_unavailable, too_many_streams; come back after Retry-After seconds',
};

function problems(...statuses: readonly number[]): RouteConfig['responses'] {
  return Object.fromEntries(
    statuses.map((status) => [
      status,
      { description: PROBLEMS[status] ?? '', content: { 'application/problem+json': { schema: problem } } },
    ]),
  );
}

const WITH_KEY = [400, 401, 429, 503];
const WITH_BODY = [408, 413, 415, 422];

type Register = (route: Omit<RouteConfig, 'security'>) => void;

function describeRecordings(register: Register, body: (schema: z.ZodType) => ZodRequestBody): void {
  const params = z.object({ id: word.meta({ description: 'The recording_id.' }) });
  register({
    method: 'get',
    path: '/recordings',
    operationId: 'listRecordings',
    summary: 'Deliveries of recordings, by state; about a second late',
    request: { query: recordingsQuery },
    responses: {
      200: json('A page of deliveries', z.object({ recordings: z.array(delivery), next_cursor: word.nullable() })),
      ...problems(...WITH_KEY, 422),
    },
  });
  register({
    method: 'post',
    path: '/recordings/redeliver',
    operationId: 'redeliverRecordings',
    summary: 'Try all again that rest in one state, in the background',
    request: { body: body(redeliverBody) },
    responses: {
      202: json('How many there are', z.object({ state: word, asked: z.int() })),
      ...problems(...WITH_KEY, ...WITH_BODY, 409),
    },
  });
  register({
    method: 'get',
    path: '/recordings/audit',
    operationId: 'getRecordingAudit',
    summary: 'How the carrier’s list of recordings and our deliveries last compared',
    responses: {
      200: json('The last audit', z.object({ swept_at: instant.nullable(), audit: audit.nullable() })),
      ...problems(...WITH_KEY),
    },
  });
  register({
    method: 'post',
    path: '/recordings/audit',
    operationId: 'auditRecordings',
    summary: 'Compare them again, now',
    responses: { 202: json('It will be', z.object({ requested_at: instant })), ...problems(...WITH_KEY, 409) },
  });
  register({
    method: 'get',
    path: '/recordings/{id}',
    operationId: 'getRecording',
    summary: 'Where the delivery of a recording stands',
    request: { params },
    responses: { 200: json('The delivery', delivery), ...problems(...WITH_KEY, 404) },
  });
  register({
    method: 'post',
    path: '/recordings/{id}/redeliver',
    operationId: 'redeliverRecording',
    summary: 'Try again now',
    request: { params },
    responses: { 202: json('The delivery, before it was tried', delivery), ...problems(...WITH_KEY, 404, 409) },
  });
}

export function describeApi(publicUrl: string): object {
  const registry = new OpenAPIRegistry();
  const key = registry.registerComponent('securitySchemes', 'apiKey', {
    type: 'apiKey',
    in: 'header',
    name: 'X-API-Key',
  });
  registry.registerComponent('schemas', 'Json', JSON_VALUE);
  const security = [{ [key.name]: [] }];
  const params = z.object({ id: word.meta({ pattern: CALL_ID_PATTERN.source, description: 'The call_id.' }) });
  const register: Register = (route) => {
    registry.registerPath({ ...route, path: `${BASE_PATH}${route.path}`, security });
  };
  const body = (schema: z.ZodType) => ({ required: true, content: { 'application/json': { schema } } });

  register({
    method: 'post',
    path: '/initiate',
    operationId: 'initiateCall',
    summary: 'Start a call',
    request: {
      body: body(initiateSchema.meta(BETWEEN_FIELDS)),
      headers: z.object({
        'Idempotency-Key': word.optional().meta({
          pattern: VISIBLE_ASCII.source,
          description: 'The same key never starts a second call; a repeat is answered like the first request.',
        }),
      }),
    },
    responses: {
      201: {
        ...json('The call is accepted and will be made', started),
        headers: {
          Location: { schema: { type: 'string' } },
          'Idempotent-Replayed': { schema: { type: 'string', enum: ['true'] } },
        },
        links: CALL_LINKS,
      },
      ...problems(...WITH_KEY, ...WITH_BODY, 403, 501),
    },
  });
  register({
    method: 'get',
    path: '/calls',
    operationId: 'listCalls',
    summary: 'Running calls, then the latest that ended; about a second late',
    request: { query: listQuery },
    responses: {
      200: json('A page of calls', z.object({ calls: z.array(call), next_cursor: word.nullable() })),
      ...problems(...WITH_KEY, 422),
    },
  });
  for (const [path, operationId] of [
    ['/calls/{id}', 'getCall'],
    ['/status/{id}', 'getStatus'],
  ] as const) {
    register({
      method: 'get',
      path,
      operationId,
      summary: 'The status document of a call',
      request: { params },
      responses: { 200: json('The call', call), ...problems(...WITH_KEY, 404) },
    });
  }
  register({
    method: 'get',
    path: '/calls/{id}/events',
    operationId: 'streamCallEvents',
    summary: 'What becomes known of a call, live, as Server-Sent Events; the last is "end"',
    request: {
      params,
      headers: z.object({
        'Last-Event-ID': word
          .optional()
          .meta({ pattern: LAST_EVENT_ID.source, description: 'Go on after the event of this id.' }),
      }),
    },
    responses: {
      200: {
        description: 'Each event has these fields; its data is a CallEvent in JSON',
        content: { 'text/event-stream': { schema: serverSentEvent } },
      },
      204: { description: 'The call is over and all was told' },
      ...problems(...WITH_KEY, 404),
    },
  });
  register({
    method: 'post',
    path: '/calls/{id}/hangup',
    operationId: 'hangUpCall',
    summary: 'End a call, whatever it is doing',
    request: { params },
    responses: { 200: json('The call, perhaps not ended yet', call), ...problems(...WITH_KEY, 404) },
  });
  register({
    method: 'post',
    path: '/end',
    operationId: 'endConference',
    summary: 'The same, by conference_id (or conference_sid)',
    request: { body: body(conferenceReference.meta(EITHER_REFERENCE)) },
    responses: { 200: json('The call, perhaps not ended yet', call), ...problems(...WITH_KEY, ...WITH_BODY, 404) },
  });
  register({
    method: 'post',
    path: '/webrtc-join',
    operationId: 'joinByBrowser',
    summary: "Ring an agent's browser into the conference; answered before it rings",
    request: { body: body(joinRequest.meta(EITHER_REFERENCE)) },
    responses: {
      200: json('It will ring', joined),
      ...problems(...WITH_KEY, ...WITH_BODY, 404, 409),
    },
  });
  register({
    method: 'post',
    path: '/control/mute',
    operationId: 'muteParticipant',
    summary: 'Mute a participant, or let it be heard again',
    request: { body: body(muteRequest.meta(EITHER_REFERENCE)) },
    responses: {
      200: json('Done', z.object({ conference_id: word, participant_sid: word, muted: z.boolean() })),
      ...problems(...WITH_KEY, ...WITH_BODY, 404, 409),
    },
  });
  register({
    method: 'get',
    path: '/flows',
    operationId: 'listFlows',
    summary: 'The flows of FLOWS_DIR, what they want to know, and what is wrong with them',
    responses: {
      200: json('All of them', z.object({ flows: z.array(flowDocument.meta({ id: 'Flow' })) })),
      ...problems(...WITH_KEY),
    },
  });
  describeRecordings(register, body);
  const ok = z.object({ status: z.literal('ok') });
  for (const path of WEBHOOK_PATHS) {
    registry.registerPath({
      method: 'post',
      path: `${BASE_PATH}${path}`,
      operationId: `take${path
        .split('/')
        .at(-1)
        ?.replace(/(?:^|-)(\w)/g, (_all, letter: string) => letter.toUpperCase())}`,
      summary: 'Any event of Telnyx’s, signed by it',
      security: [],
      request: {
        body: body(telnyxEvent),
        headers: z.object({ 'telnyx-signature-ed25519': word, 'telnyx-timestamp': word }),
      },
      responses: { 200: json('Taken for good', ok), ...problems(400, 401, 408, 413, 415, 503) },
    });
  }
  for (const [path, summary] of [
    ['/healthz', 'Is the process alive?'],
    ['/readyz', 'Can it take calls?'],
  ] as const) {
    registry.registerPath({
      method: 'get',
      path,
      operationId: path.slice(1),
      summary,
      security: [],
      responses: {
        200: json('Yes', z.looseObject({ status: word })),
        ...(path === '/readyz' && { 503: json('No, and why', z.looseObject({ status: word })) }),
      },
    });
  }
  // Nothing refers to CallEvent in zod's words.
  const definitions = [...registry.definitions, { type: 'schema', schema: event } as const];
  const document = new OpenApiGeneratorV31(definitions).generateDocument({
    openapi: '3.1.0',
    info: { title: 'Outcall', version: '1', description: 'Outbound calls that cannot be lost.' },
    servers: [{ url: publicUrl }],
  });
  return JSON.parse(JSON.stringify(document), allowNull) as object;
}

/** The generator leaves null out of the words of what may be null, and so forbids it. */
function allowNull(_key: string, value: unknown): unknown {
  const schema = NULLABLE_WORDS.safeParse(value);
  return schema.success ? { ...schema.data, enum: [...schema.data.enum, null] } : value;
}
const NULLABLE_WORDS = z.looseObject({ type: z.tuple([z.literal('string'), z.literal('null')]), enum: z.array(word) });
