/**
 * Where readers find the state of a call. A copy of what Temporal knows: it may lose anything at any time, and a reader
 * that finds nothing asks Temporal.
 */
import { Redis } from 'ioredis';
import type { CallId } from '../domain/call';
import type { RecordingStatus } from '../domain/recordings';
import { isSettled, mergeDocuments, withRecording } from '../domain/status';
import type { StatusDocument } from '../domain/status';

export interface StatusStore {
  /** Null when there is none. Throws when the store cannot be reached. */
  get(callId: CallId): Promise<StatusDocument | null>;
  /** Merges the document into the stored one; late and repeated writes change nothing. */
  save(document: StatusDocument): Promise<void>;
  /** Merges the state of a recording into its call's document, if there is one. */
  saveRecording(callId: CallId, recording: RecordingStatus): Promise<void>;
  /** Throws when the store cannot be reached. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

const key = (callId: CallId): string => `cold_call_status:${callId}`;

const KEPT_SECONDS = 7 * 24 * 3600;
const RUNNING_SECONDS = 120;

/**
 * Seven days after the end. Until then a document that nobody refreshes is forgotten soon, and readers ask Temporal: a
 * store that lost the last writes must not show a call as running for a week.
 */
function secondsToKeep(document: StatusDocument): number {
  return isSettled(document) ? KEPT_SECONDS : RUNNING_SECONDS;
}

export function createMemoryStatusStore(): StatusStore {
  const documents = new Map<CallId, { document: StatusDocument; forget: NodeJS.Timeout }>();
  const put = (document: StatusDocument): void => {
    const { call_id: callId } = document;
    clearTimeout(documents.get(callId)?.forget);
    const forget = setTimeout(() => documents.delete(callId), secondsToKeep(document) * 1000).unref();
    documents.set(callId, { document, forget });
  };
  const get = (callId: CallId): StatusDocument | null => documents.get(callId)?.document ?? null;
  return {
    get: (callId) => Promise.resolve(get(callId)),
    save: (document) => {
      put(merged(get(document.call_id), document));
      return Promise.resolve();
    },
    saveRecording: (callId, recording) => {
      const known = get(callId);
      if (known) put(withRecording(known, recording));
      return Promise.resolve();
    },
    ping: () => Promise.resolve(),
    close: () => {
      for (const { forget } of documents.values()) clearTimeout(forget);
      documents.clear();
      return Promise.resolve();
    },
  };
}

/** Sets the document only if nobody else changed it since it was read; the empty text stands for "there was none". */
const SET_IF_UNCHANGED = `
local known = redis.call('GET', KEYS[1])
if (known or '') ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
return 1`;

/** Writers of one call are few; more clashes than this mean that something else is wrong. */
const MAX_CLASHES = 10;

/** Fails fast: a store that is down or slow must not be waited for. */
export function createRedisStatusStore(url: string, say: (problem: string) => void): StatusStore {
  const redis = new Redis(url, {
    commandTimeout: 250,
    connectTimeout: 2_000,
    // Closing a connection that is already gone keeps the process alive for this long.
    disconnectTimeout: 100,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (attempt) => Math.min(attempt * 100, 2_000),
  });
  let lastProblem = '';
  redis.on('ready', () => {
    lastProblem = '';
  });
  redis.on('error', (error: Error) => {
    if (error.message !== lastProblem) say(error.message);
    lastProblem = error.message;
  });

  const read = async (callId: CallId): Promise<{ text: string; document: StatusDocument | null }> => {
    const text = (await redis.get(key(callId))) ?? '';
    return { text, document: parse(text) };
  };
  const update = async (
    callId: CallId,
    change: (known: StatusDocument | null) => StatusDocument | null,
  ): Promise<void> => {
    for (let clashes = 0; clashes < MAX_CLASHES; clashes++) {
      const { text, document } = await read(callId);
      const next = change(document);
      if (next === null) return;
      const set = await redis.eval(SET_IF_UNCHANGED, 1, key(callId), text, JSON.stringify(next), secondsToKeep(next));
      if (set === 1) return;
    }
    throw new Error(`status of ${callId} was changed by others ${MAX_CLASHES} times while it was written`);
  };
  return {
    get: async (callId) => (await read(callId)).document,
    save: (document) => update(document.call_id, (known) => merged(known, document)),
    saveRecording: (callId, recording) => update(callId, (known) => known && withRecording(known, recording)),
    ping: async () => {
      await redis.ping();
    },
    close: () => {
      redis.disconnect();
      return Promise.resolve();
    },
  };
}

function merged(known: StatusDocument | null, incoming: StatusDocument): StatusDocument {
  return known ? mergeDocuments(known, incoming) : incoming;
}

/** Somebody else's value at our key is as good as none: the next write replaces it. */
function parse(text: string): StatusDocument | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && 'call_id' in value ? (value as StatusDocument) : null;
  } catch {
    return null;
  }
}
