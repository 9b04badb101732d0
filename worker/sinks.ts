/** What calls tell the process that runs them: their status, for the status store, and from whom they learn. */
import { Runtime } from '@temporalio/worker';
import type { InjectedSinks } from '@temporalio/worker';
import type { CallEvent } from '../domain/events';
import type { StatusDocument } from '../domain/status';
import type { Logger } from '../platform/logger';
import type { StatusStore } from '../platform/status-store';
import type { CallSinks } from '../workflows/messages';

export interface SinkSettings {
  readonly statusStore: StatusStore;
  readonly log: Logger;
}

/**
 * A replay, for example by another worker after a crash, writes again what the dead one may have kept to itself. One
 * write at a time for each call, and always the newest: a replay tells all versions at once.
 */
export function callSinks({ statusStore, log }: SinkSettings): InjectedSinks<CallSinks> {
  const newest = new Map<string, StatusDocument | null>();
  const write = async (callId: string): Promise<void> => {
    for (let document = newest.get(callId); document; document = newest.get(callId)) {
      newest.set(callId, null);
      await statusStore.save(document).catch((error: unknown) => {
        log.debug({ event: 'status_store.unavailable', callId, reason: String(error) }, 'status not stored');
      });
    }
    newest.delete(callId);
  };
  const publish = (_info: unknown, document: StatusDocument): void => {
    const { call_id: callId } = document;
    const isWriting = newest.has(callId);
    newest.set(callId, document);
    if (!isWriting) void write(callId);
  };
  return {
    store: { publish: { fn: publish, callDuringReplay: true } },
    watch: { learned: { fn: createWebhookWatch(log), callDuringReplay: false } },
  };
}

/** Webhooks come within a second; what is found by asking, and no webhook for this long, means that none reaches us. */
const SILENT_FOR_MS = 15_000;

/** The alarm that calls live by asking alone. It ends with the next webhook. */
function createWebhookWatch(log: Logger): (_info: unknown, source: CallEvent['source']) => void {
  const missing = Runtime.instance().metricMeter.createGauge(
    'outcall_webhooks_missing',
    'int',
    '',
    '1 while calls learn only by asking the carrier.',
  );
  let heardMs = Date.now();
  let isMissing = false;
  const set = (value: boolean): void => {
    isMissing = value;
    missing.set(value ? 1 : 0);
  };
  set(false);
  return (_info, source) => {
    if (source === 'webhook') {
      heardMs = Date.now();
      if (isMissing) log.info({ event: 'webhooks.back' }, 'webhooks of the carrier reach us again');
      set(false);
    } else if (source === 'poll' && !isMissing && Date.now() - heardMs > SILENT_FOR_MS) {
      set(true);
      const hint = 'is PUBLIC_URL reachable, is TELNYX_PUBLIC_KEY right?';
      log.error({ event: 'webhooks.missing', hint }, 'no webhook of the carrier reaches us; calls live by asking');
    }
  };
}
