/** The carrier's webhooks on their way to the calls: read by the real translation, lost and late by the seed. */
import { parseWebhook, translate } from '../platform/telnyx/events';
import * as callbacks from '../platform/telnyx/texml-callbacks';
import type { CallId } from '../domain/call';
import type { CallEvent } from '../domain/events';
import type { Clock, Webhook } from '../simulator/carrier/world';
import type { Chance } from './chance';
import { WEBHOOK_FAULTS } from './faults';
import type { Server } from './processes';
import { placeAt } from './texml-places';
import { overTheWire } from './wire';

export interface WebhookDeps {
  readonly clock: Clock;
  readonly chance: Chance;
  readonly server: Server;
  /** How likely a webhook is to meet a fault. */
  readonly faulty: number;
  readonly installation: string;
  /** Tells a call what has happened. */
  readonly signal: (callId: CallId, event: CallEvent, webhook: Webhook) => void;
}

/** As the simulator's own deliverer has it, where the leg brings no plan. */
const USUAL_RETRIES_MS = [500, 1_000, 2_000];

/** Callbacks of TeXML calls, by their place below the call's address. */
const CALLBACKS: Readonly<Record<string, (form: Form, heard: callbacks.Heard) => readonly CallEvent[]>> = {
  status: callbacks.readStatusCallback,
  machine: callbacks.readMachineCallback,
  recordings: callbacks.readRecordingCallback,
  'recordings/steps': callbacks.readStepRecording,
};

type Form = Readonly<Record<string, string>>;

/** What the carrier model hands its webhooks to. */
export function createDelivery({
  clock,
  chance,
  server,
  faulty,
  installation,
  signal,
}: WebhookDeps): (webhook: Webhook) => void {
  const counts = new Map<string, number>();

  const receiveForm = (webhook: Webhook): void => {
    const { callId, path } = placeAt(webhook.route.url);
    const heard = { source: 'webhook', receivedAt: new Date(clock.now()).toISOString() } as const;
    for (const event of CALLBACKS[path]?.(webhook.data as Form, heard) ?? []) signal(callId, event, webhook);
  };

  const receive = (webhook: Webhook): void => {
    if (webhook.form) {
      receiveForm(webhook);
      return;
    }
    const read = parseWebhook(overTheWire({ data: webhook.data }));
    if (!read) throw new Error(`a webhook of type ${webhook.eventType} is no event to us`);
    const receivedAt = new Date(clock.now()).toISOString();
    const translated = translate(read, { source: 'webhook', receivedAt, installation });
    if (translated.kind === 'event') signal(translated.callId, translated.event, webhook);
  };

  const attempt = (webhook: Webhook, nth: number): void => {
    if (server.isRunning()) {
      receive(webhook);
      return;
    }
    const waitMs = (webhook.route.retriesMs ?? USUAL_RETRIES_MS)[nth - 1];
    if (waitMs !== undefined)
      clock.after(waitMs, () => {
        attempt(webhook, nth + 1);
      });
  };

  return (webhook) => {
    const { eventType } = webhook;
    const nth = (counts.get(eventType) ?? 0) + 1;
    counts.set(eventType, nth);
    const occasion = `webhook ${eventType} ${nth}`;
    const fault = chance.fault(occasion, faulty, WEBHOOK_FAULTS);
    const travelMs = chance.draws(`${occasion}, travel`).between(15, 60);
    for (const copyMs of fault ? fault.row.copies(fault.draws) : [0]) {
      clock.after(travelMs + copyMs, () => {
        attempt(webhook, 1);
      });
    }
  };
}
