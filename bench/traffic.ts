/**
 * Watches the HTTP traffic of this process, to the microsecond and without a proxy in the way: webhooks as the simulator
 * sends them, requests as they reach it. Node tells of both by itself (nodejs.org: Diagnostics Channel).
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http';

/** A request of the simulator's. */
export interface Sent {
  readonly sentAtMs: number;
  /** When its answer came; null until then. */
  answeredAtMs: number | null;
}

export interface Traffic {
  /** Webhooks in the order in which they were sent. */
  readonly webhooks: readonly Sent[];
  /** Requests for TeXML documents, in the order in which they were sent. */
  readonly documents: readonly Sent[];
  /** When the first request after `sinceMs` to this address of the simulator arrived; null when none has. */
  firstArrival(route: string, sinceMs: number): number | null;
  /** Requests to the carrier's REST interface. */
  readonly requests: () => number;
  /** Recordings that the stand-in for the customer's backend has taken. */
  readonly deliveries: () => number;
  /** Calls back at every delivery. */
  onDelivery(listener: () => void): void;
  /** Forgets what was seen. */
  clear(): void;
  stop(): void;
}

const CARRIER = '/v2/';
const DELIVERY = 'POST /api/v1/recordings';

export function watchTraffic(): Traffic {
  const webhooks: Sent[] = [];
  const documents: Sent[] = [];
  const open = new WeakMap<ClientRequest, Sent>();
  const arrivals: { readonly route: string; readonly atMs: number }[] = [];
  let requests = 0;
  let deliveries = 0;
  let listener: () => void = () => undefined;

  const seen = {
    // Besides webhooks, recordings come and go by Node's HTTP client.
    'http.client.request.start': ({ request }: { request: ClientRequest }) => {
      const { path } = request;
      const kind = path.includes('webhook') ? webhooks : path.includes('/instructions/') ? documents : null;
      if (kind === null) return;
      const sent = { sentAtMs: performance.now(), answeredAtMs: null };
      kind.push(sent);
      open.set(request, sent);
    },
    'http.client.response.finish': ({ request }: { request: ClientRequest }) => {
      const sent = open.get(request);
      if (sent) sent.answeredAtMs = performance.now();
    },
    'http.server.request.start': ({ request }: { request: IncomingMessage }) => {
      if (request.url?.startsWith(CARRIER) !== true) return;
      requests += 1;
      arrivals.push({ route: routeOf(request), atMs: performance.now() });
    },
    'http.server.response.finish': ({ request, response }: { request: IncomingMessage; response: ServerResponse }) => {
      if (routeOf(request) !== DELIVERY || response.statusCode >= 300) return;
      deliveries += 1;
      listener();
    },
  };
  for (const [channel, handler] of Object.entries(seen)) subscribe(channel, handler as (message: unknown) => void);

  return {
    webhooks,
    documents,
    firstArrival: (route, sinceMs) =>
      arrivals.find((arrival) => arrival.route === route && arrival.atMs >= sinceMs)?.atMs ?? null,
    requests: () => requests,
    deliveries: () => deliveries,
    onDelivery(next) {
      listener = next;
    },
    clear() {
      webhooks.length = 0;
      documents.length = 0;
      arrivals.length = 0;
      requests = 0;
      deliveries = 0;
    },
    stop() {
      for (const [channel, handler] of Object.entries(seen))
        unsubscribe(channel, handler as (message: unknown) => void);
    },
  };
}

function routeOf({ method, url }: IncomingMessage): string {
  return `${method ?? ''} ${url?.replace(/\?.*$/, '') ?? ''}`;
}
