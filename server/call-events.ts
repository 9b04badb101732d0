/**
 * `GET /calls/{id}/events`: what becomes known of a call, as Server-Sent Events, from the start and then live. Nothing is
 * kept for a stream: it asks the call for its timeline whenever the status document has changed, so a client that comes
 * back with `Last-Event-ID`, to this process or another one, misses nothing.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Router } from 'express';
import type { Request, Response } from 'express';
import type { CallId } from '../domain/call';
import type { Logger } from '../platform/logger';
import type { StatusStore } from '../platform/status-store';
import type { TimelineEntry } from '../workflows/messages';
import type { CallDirectory } from './call-directory';
import { parseCallId, unknownCall } from './calls';
import { STOPPING } from './listen';
import { onlyMethods } from './methods';
import { ApiProblem } from './problems';

export interface CallEventsSettings {
  readonly directory: CallDirectory;
  readonly statusStore: StatusStore;
  readonly log: Logger;
}

/** Each stream reads the status store this often, which is cheap. */
const LOOK_EVERY_MS = 250;
/** Without a document in the store the call itself is asked this often; with one, in case a change of it was lost. */
const ASK_EVERY_MS = { unstored: 1_000, stored: 10_000 };
/** Proxies end a connection that says nothing, many after 30 or 60 seconds. */
const HEARTBEAT_EVERY_MS = 15_000;
const MAX_STREAMS = 200;
/** Empty is none. */
export const LAST_EVENT_ID = /^\d{0,9}$/;

export function callEventsRoutes(settings: CallEventsSettings): Router {
  const router = Router();
  let streams = 0;
  router
    .route('/calls/:id/events')
    .get(async (request, response) => {
      const callId = parseCallId(request.params.id);
      const after = parseLastEventId(request.headers['last-event-id']);
      if (streams >= MAX_STREAMS) throw tooManyStreams();
      streams++;
      try {
        await answer({ callId, after, request, response }, settings);
      } finally {
        streams--;
      }
    })
    .all(onlyMethods('GET', 'HEAD'));
  return router;
}

interface Wanted {
  readonly callId: CallId;
  /** The number of the last event that the client has. */
  readonly after: number;
  readonly request: Request;
  readonly response: Response;
}

async function answer({ callId, after, request, response }: Wanted, settings: CallEventsSettings): Promise<void> {
  const timeline = await settings.directory.timeline(callId);
  if (timeline === null) throw unknownCall();
  const end = timeline.find(isEnd);
  if (end && end.seq <= after) {
    // To a browser, 204 means that it need not come back (html.spec.whatwg.org: Server-sent events).
    response.status(204).end();
    return;
  }
  response.set({ 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no' });
  if (request.method !== 'HEAD') {
    response.write('retry: 1000\n\n');
    await tell(response, { timeline, after, more: timelines(callId, settings), gone: untilGone(request, response) });
  }
  response.end();
}

interface Story {
  readonly timeline: readonly TimelineEntry[];
  readonly after: number;
  /** The timeline as it is now; null when nothing is known to have changed. */
  readonly more: () => Promise<readonly TimelineEntry[] | null>;
  readonly gone: AbortSignal;
}

/** Resolves after the last event, or when nobody listens any more. */
async function tell(response: Response, { timeline, after, more, gone }: Story): Promise<void> {
  let told = after;
  let lastWrittenAt = Date.now();
  for (let known: typeof timeline | null = timeline; !gone.aborted; known = await more()) {
    for (const entry of known?.filter(({ seq }) => seq > told) ?? []) {
      response.write(`id: ${entry.seq}\nevent: ${entry.type}\ndata: ${JSON.stringify(entry)}\n\n`);
      if (isEnd(entry)) return;
      told = entry.seq;
      lastWrittenAt = Date.now();
    }
    if (Date.now() - lastWrittenAt >= HEARTBEAT_EVERY_MS) {
      response.write(': the call goes on\n\n');
      lastWrittenAt = Date.now();
    }
    await sleep(LOOK_EVERY_MS, undefined, { signal: gone }).catch(() => undefined);
  }
}

/** Asks the call when its document has changed, and now and then anyway. What cannot be reached is asked again later. */
function timelines(callId: CallId, { directory, statusStore, log }: CallEventsSettings): Story['more'] {
  let seen: string | null = null;
  let askedAt = Date.now();
  return async () => {
    const document = await statusStore.get(callId).catch(() => null);
    const version = document && `${document.status} ${document.updated_at}`;
    const due = Date.now() - askedAt >= (document ? ASK_EVERY_MS.stored : ASK_EVERY_MS.unstored);
    if (version === seen && !due) return null;
    askedAt = Date.now();
    try {
      const timeline = await directory.timeline(callId);
      seen = version;
      return timeline;
    } catch (error) {
      log.warn({ event: 'events.delayed', callId, reason: String(error) }, 'events of a call are told later');
      return null;
    }
  };
}

/** Aborted when the client goes, and when the server stops: the client then comes back, with `Last-Event-ID`. */
function untilGone({ app }: Request, response: Response): AbortSignal {
  const gone = new AbortController();
  const leave = (): void => {
    app.off(STOPPING, leave);
    gone.abort();
  };
  app.once(STOPPING, leave);
  response.once('close', leave);
  if (response.closed) leave();
  return gone.signal;
}

function isEnd({ type }: TimelineEntry): boolean {
  return type === 'end';
}

function parseLastEventId(header: string | string[] | undefined): number {
  if (header === undefined) return 0;
  if (typeof header === 'string' && LAST_EVENT_ID.test(header)) return Number(header);
  const detail = 'Last-Event-ID must be the id of an event of this call';
  throw new ApiProblem({ status: 400, code: 'invalid_last_event_id', detail });
}

function tooManyStreams(): ApiProblem {
  const detail = `${MAX_STREAMS} streams of events are open; read the status of the call instead, or come back`;
  return new ApiProblem({ status: 503, code: 'too_many_streams', detail, headers: { 'Retry-After': '5' } });
}
