/** What the body of `POST /initiate` may say, field by field. */
import { z } from 'zod';
import type { Json, JsonObject } from '../domain/json';
import { E164_PATTERN, isE164 } from '../domain/phone-numbers';
import { isNumberInDisguise } from '../platform/destinations';
import { FLOW_NAME } from './flow-directory';

const METADATA_BYTES = 4096;
export const UNSAFE_KEYS: readonly string[] = ['__proto__', 'constructor', 'prototype'];

const e164 = z
  .string()
  .refine(isE164, 'must be E.164: a plus and 7 to 15 digits, no spaces or extensions')
  .meta({ pattern: E164_PATTERN.source });
const wholeSeconds = (from: number, to: number) => z.int().min(from).max(to);

const jsonObject = z
  .custom<JsonObject>(
    (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
    'must be an object',
  )
  .refine(
    (value) => isSafe(value),
    `must not have keys ${UNSAFE_KEYS.join(', ')}, unpaired surrogates, or numbers beyond JSON`,
  );

const metadata = jsonObject
  .refine((value) => Buffer.byteLength(JSON.stringify(value)) <= METADATA_BYTES, 'must be at most 4 kB of JSON')
  .meta({
    type: ['object', 'null'],
    allOf: [{ $ref: '#/components/schemas/Json' }],
    description: 'At most 4 kB of JSON; given back everywhere.',
  });

const TAKEN_NAMES = ['lead', 'agent'];

/** A browser's name. The others in a call have names already. */
export const clientId = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be 1 to 64 letters, digits, _ or -')
  .refine((id) => !TAKEN_NAMES.includes(id), 'must not be "lead" or "agent", which name others in the call')
  .meta({ not: { enum: TAKEN_NAMES } });

const sipUri = z
  .string()
  .max(255)
  .regex(
    /^sips?:[\w.+~!*'()%-]{1,128}@[A-Za-z0-9.-]{1,128}(:\d{1,5})?(;[\w.=-]+)*$/,
    'must be like sip:ana@example.com',
  )
  .refine((uri) => !isNumberInDisguise(uri), 'must not be a telephone number: use {"type": "phone"}');

const agent = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('webrtc'), client_id: clientId }),
  z.strictObject({ type: z.literal('phone'), number: e164 }),
  z.strictObject({ type: z.literal('sip'), uri: sipUri }),
]);

const text = (most: number) =>
  z.string().trim().min(1).max(most).refine(isUnicode, 'must not have unpaired surrogates');
const soundUrl = z.url({ protocol: /^https?$/ }).max(2000);

/** As long as Telnyx speaks (API reference: speak). */
const leaveMessage = z.union(
  [
    z.strictObject({ say: text(3000) }),
    z.strictObject({ play: soundUrl.meta({ description: 'An MP3 or WAV file that Telnyx can fetch.' }) }),
  ],
  'must be {"say": up to 3000 characters} or {"play": an http(s) address}',
);

const answeringMachine = z.union(
  [z.enum(['off', 'hang_up', 'connect']), z.strictObject({ leave_message: leaveMessage })],
  'must be "off", "hang_up", "connect" or {"leave_message": {"say": up to 3000 characters} or {"play": an http(s) address}}',
);

const TEXML_SOURCES = ['texml', 'url', 'flow', 'flow_source'] as const;

/** What a flow makes of them is the flow's to say. */
const variables = jsonObject
  .meta({
    type: ['object', 'null'],
    additionalProperties: { type: 'string', maxLength: 1000 },
    description: 'Values of the flow’s variables.',
  })
  .nullish();

const source = z.string().min(1).refine(isUnicode, 'must not have unpaired surrogates').nullish();

const texmlHandler = z
  .strictObject({
    type: z.literal('texml'),
    texml: source.meta({ description: 'A whole TeXML document.' }),
    url: z.string().nullish().meta({ description: 'Where the first document is asked for, https.' }),
    fallback_url: z.string().nullish().meta({ description: 'Asked when `url` does not answer.' }),
    flow: z.string().regex(FLOW_NAME, 'must be 1 to 64 of a-z, 0-9, _ and -').nullish(),
    flow_source: source.meta({ description: 'A flow as YAML text.' }),
    variables,
  })
  .superRefine((handler, context) => {
    const refuse = (path: string[], message: string): void => {
      context.addIssue({ code: 'custom', path, message });
    };
    const given = TEXML_SOURCES.filter((source) => isGiven(handler[source]));
    if (given.length !== 1) refuse([], `must have exactly one of ${TEXML_SOURCES.join(', ')}`);
    if (isGiven(handler.fallback_url) && !isGiven(handler.url)) refuse(['fallback_url'], 'goes with url only');
    const takesVariables = isGiven(handler.flow) || isGiven(handler.flow_source);
    if (isGiven(handler.variables) && !takesVariables) refuse(['variables'], 'go with flow or flow_source only');
  });

/** The same in words that a document of the API can have. */
const ONE_SOURCE = {
  oneOf: TEXML_SOURCES.map((source) => ({
    required: [source],
    properties: {
      [source]: { type: 'string' as const },
      ...(source !== 'url' && { fallback_url: { type: 'null' as const } }),
      ...(!source.startsWith('flow') && { variables: { type: 'null' as const } }),
    },
  })),
};

export type TexmlAsked = z.infer<typeof texmlHandler>;

export const initiateSchema = z.strictObject({
  to_phone: e164,
  from_phone: e164.nullish(),
  provider: z.literal('telnyx').nullish(),
  handler: z
    .discriminatedUnion('type', [z.strictObject({ type: z.literal('conference') }), texmlHandler.meta(ONE_SOURCE)])
    .nullish(),
  agent: agent.nullish(),
  dial_order: z.enum(['agent_first', 'lead_first']).nullish(),
  answering_machine: answeringMachine.nullish(),
  record: z.union([z.boolean(), z.literal('announce')], 'must be true, false or "announce"').nullish(),
  ring_timeout_secs: wholeSeconds(15, 600).nullish(),
  time_limit_secs: wholeSeconds(30, 14_000).nullish(),
  metadata: metadata.nullish(),
});

export type InitiateBody = z.infer<typeof initiateSchema>;

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

const isGiven = (value: unknown): boolean => value !== null && value !== undefined;

function isUnicode(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}
