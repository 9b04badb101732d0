/**
 * Saying what happened: builds an event, keeps it in the carrier's log and hands it to whoever delivers. Shapes follow
 * the "webhooks" section of the Telnyx API reference; the destination follows its order of precedence.
 */
import { uuid } from './ids';
import { isRecord } from './wishes';
import type { Conference, JsonObject, Leg, WebhookRoute, World } from './world';

/** Telnyx writes microseconds; ours are always the milliseconds followed by zeros. */
export const instant = (ms: number): string => `${new Date(ms).toISOString().slice(0, -1)}000Z`;

/** The keys that most events of a leg carry. */
function aboutLeg(world: World, leg: Leg): JsonObject {
  const missing = leg.clientState === null && world.settings.nullClientState === 'missing';
  return {
    call_control_id: leg.callControlId,
    call_leg_id: leg.callLegId,
    call_session_id: leg.callSessionId,
    connection_id: leg.connectionId,
    ...(missing ? {} : { client_state: leg.clientState }),
    from: leg.from,
    to: leg.to,
  };
}

/** Says an event of a leg. */
export function sayOfLeg(world: World, leg: Leg, eventType: string, more: JsonObject = {}): void {
  say(world, { leg, eventType, payload: { ...aboutLeg(world, leg), ...more }, occurredAt: 'data' });
}

/** Says an event of one participant: leg and conference together, dated like an event of the leg. */
export function sayOfParticipant(
  world: World,
  leg: Leg,
  conference: Conference,
  eventType: string,
  more: JsonObject = {},
): void {
  const payload = { ...aboutLeg(world, leg), conference_id: conference.id, ...more };
  say(world, { leg, eventType, payload, occurredAt: 'data' });
}

/** Says an event of a conference. It goes where its creator's events go and carries the creator's `client_state`. */
export function sayOfConference(world: World, conference: Conference, eventType: string, more: JsonObject = {}): void {
  const payload = { ...aboutLeg(world, conference.creator), conference_id: conference.id, ...more };
  say(world, { leg: conference.creator, eventType, payload, occurredAt: world.settings.conferenceOccurredAtIn });
}

/** Says what is heard by a whole conference. Such an event names no leg, so only `conference_id` tells where it belongs. */
export function sayToConference(world: World, conference: Conference, eventType: string, more: JsonObject): void {
  const { id, creator } = conference;
  const about = {
    conference_id: id,
    connection_id: creator.connectionId,
    creator_call_session_id: creator.callSessionId,
  };
  const occurredAt = world.settings.conferenceOccurredAtIn;
  say(world, { leg: creator, eventType, payload: { ...about, ...more }, occurredAt });
}

interface Saying {
  readonly leg: Leg;
  readonly eventType: string;
  readonly payload: JsonObject;
  readonly occurredAt: 'payload' | 'data' | 'both';
}

function say(world: World, { leg, eventType, payload, occurredAt }: Saying): void {
  const atMs = world.deps.clock.now();
  const at = { occurred_at: instant(atMs) };
  const id = uuid(world.deps.random);
  const promised = world.settings.payloadKeys === 'schema' ? withoutUnpromised(eventType, payload) : payload;
  const full = occurredAt === 'data' ? promised : { ...promised, ...at };
  const dated = occurredAt === 'payload' ? {} : at;
  const data = { record_type: 'event', event_type: eventType, id, ...dated, payload: full };
  const metadata = world.settings.callEventMetadata === 'payload' ? full : { event: data };
  world.events.push({ type: 'webhook', name: eventType, leg, atMs, metadata });
  const route = routeOf(world, leg, eventType);
  if (route === null || world.settings.webhooksOff) return;
  world.deps.emit({ id, eventType, to: leg.to, route, data });
}

/** Keys that the schema of an event lacks although captured ones have them. */
const unpromised: readonly (readonly [events: RegExp, keys: readonly string[]])[] = [
  [/^call\.(speak|playback|recording)\./, ['from', 'to']],
  [/^conference\./, ['from', 'to']],
  [/^call\.recording\.saved$/, ['call_control_id', 'recording_id', 'format']],
  [/^conference\.recording\.saved$/, ['call_leg_id']],
];

function withoutUnpromised(eventType: string, payload: JsonObject): JsonObject {
  const gone = unpromised.filter(([events]) => events.test(eventType)).flatMap(([, keys]) => keys);
  if (gone.length === 0) return payload;
  return Object.fromEntries(Object.entries(payload).filter(([key]) => !gone.includes(key)));
}

/** `webhook_urls[event]`, then `webhook_url`, then the application's own; the failover is always the application's. */
function routeOf(world: World, leg: Leg, eventType: string): WebhookRoute | null {
  const application = world.applications.get(leg.connectionId);
  const { webhook_url, webhook_urls, webhook_retries_policies } = leg.request;
  const own = isRecord(webhook_urls) ? webhook_urls[eventType] : undefined;
  const url = [own, webhook_url, application?.webhookUrl].find((candidate) => typeof candidate === 'string');
  if (url === undefined) return null;
  return {
    url,
    failoverUrl: application?.failoverUrl ?? null,
    retriesMs: retriesOf(webhook_retries_policies, eventType),
  };
}

function retriesOf(policies: unknown, eventType: string): readonly number[] | null {
  const policy = isRecord(policies) ? policies[eventType] : undefined;
  const delays: unknown = isRecord(policy) ? policy['retries_ms'] : undefined;
  return Array.isArray(delays) ? delays.filter((delay) => typeof delay === 'number') : null;
}

/** Keeps an event of a leg in the log as if it had been said, and sends nothing. */
export function noteEvent(world: World, leg: Leg, name: string): void {
  world.events.push({ type: 'webhook', name, leg, atMs: leg.placedAtMs, metadata: aboutLeg(world, leg) });
}

/** Keeps a command that took effect in the carrier's log. */
export function noteCommand(world: World, leg: Leg, name: string, body: JsonObject): void {
  const atMs = world.deps.clock.now();
  world.events.push({ type: 'command', name, leg, atMs, metadata: body });
  world.commandLog.push({ name, call_control_id: leg.callControlId, at: instant(atMs), body });
}
