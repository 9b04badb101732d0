/**
 * Telnyx's webhooks: verified on the raw bytes, translated, signalled, and only then answered. An answer given before
 * the signal is durable would lose the event when the process dies in between. Telnyx waits 2 seconds and repeats what
 * is not answered 200 (developers.telnyx.com: Receiving webhooks).
 */
import { randomUUID } from 'node:crypto';
import { Router } from 'express';
import type { Request } from 'express';
import type { Logger } from '../platform/logger';
import { parseWebhook, readIncoming, translate } from '../platform/telnyx/events';
import type { TelnyxEvent } from '../platform/telnyx/events';
import type { CallDirectory } from './call-directory';
import { onlyMethods } from './methods';
import { ApiProblem } from './problems';
import { parseJson, rawBody, requireJson } from './request-body';
import { createVerifier } from './signatures';
import { createTeller } from './teller';

export interface WebhookSettings {
  readonly directory: CallDirectory;
  /** Base64 of 32 bytes each; several while the carrier's key is being changed. Null: signatures are not checked. */
  readonly publicKeys: readonly string[] | null;
  /** OUTCALL_INSTALLATION. */
  readonly installation: string;
  readonly callBacks: {
    /** The Call Control Application's id. */
    readonly connectionId: string;
    /** Calls to these numbers are ours to answer; all others of the application are left alone. */
    readonly numbers: readonly string[];
    /** Spoken to those who call; null: they are rejected. */
    readonly message: string | null;
  };
  readonly log: Logger;
}

/** Each of Telnyx's URLs takes every event: which one a user put where does not matter. */
export const WEBHOOK_PATHS = [
  '/webhook/telnyx/call-status',
  '/webhook/telnyx/conference-status',
  '/webhook/telnyx/recording-status',
];

export function webhookRoutes({ directory, publicKeys, installation, callBacks, log }: WebhookSettings): Router {
  const router = Router();
  const verify = createVerifier(publicKeys);
  const tell = createTeller(directory);

  async function answerCallBack(webhook: TelnyxEvent): Promise<boolean> {
    const incoming = readIncoming(webhook);
    const { connectionId, numbers, message } = callBacks;
    if (incoming?.connectionId !== connectionId || !numbers.includes(incoming.to)) return false;
    const { callControlId, callLegId } = incoming;
    await directory.startCallBack({ leg: { callControlId, callLegId }, message });
    return true;
  }

  const receive = async (request: Request): Promise<void> => {
    const bytes = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    requireJson(request);
    await verify(bytes, request);
    const webhook = parseWebhook(parseJson(bytes));
    if (!webhook)
      throw new ApiProblem({ status: 400, code: 'not_an_event', detail: 'an event has event_type and payload' });
    const { event_type: type, id = randomUUID() } = webhook;
    const subject = /^[a-z_]+/.exec(type)?.[0] ?? 'other';
    const translated = translate(webhook, { source: 'webhook', receivedAt: new Date().toISOString(), installation });
    const told = { event: 'webhook.received', type, id };
    if (translated.kind === 'ignored') {
      const answered = await answerCallBack(webhook);
      log.info(
        { ...told, ...(answered ? { callBack: true } : { ignored: translated.reason }) },
        `Telnyx ${subject} webhook received: ${type}`,
      );
      return;
    }
    const { callId, event } = translated;
    const outcome = await tell(callId, event, id);
    if (outcome === 'known') return;
    log.info(
      { ...told, callId, ...(outcome === 'over' && { ignored: 'call_over' }) },
      `Telnyx ${subject} webhook received: ${type}`,
    );
  };

  for (const path of WEBHOOK_PATHS) {
    router
      .route(path)
      .post(rawBody('256kb'), async (request, response) => {
        await receive(request);
        response.json({ status: 'ok' });
      })
      .all(onlyMethods('POST'));
  }
  return router;
}
