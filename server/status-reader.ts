/** Reads the state of a call: from the status store when it has it, else from Temporal, which always has. */
import type { CallId } from '../domain/call';
import { isSettled } from '../domain/status';
import type { StatusDocument } from '../domain/status';
import type { Logger } from '../platform/logger';
import type { StatusStore } from '../platform/status-store';
import type { CallDirectory } from './call-directory';

export type StatusReader = (callId: CallId) => Promise<StatusDocument | null>;

export function createStatusReader(store: StatusStore, directory: CallDirectory, log: Logger): StatusReader {
  return async (callId) => {
    const stored = await store.get(callId).catch((error: unknown) => {
      log.warn(
        { event: 'status_store.unavailable', reason: String(error) },
        'reading the status from Temporal instead',
      );
      return null;
    });
    // A call is over before its recording is delivered; where the latter is, its delivery knows best.
    if (stored && (stored.status !== 'ended' || isSettled(stored))) return stored;
    return directory.status(callId).catch((error: unknown) => {
      if (stored) return stored;
      throw error;
    });
  };
}
