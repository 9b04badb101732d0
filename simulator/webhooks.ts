/**
 * Webhooks on the wire: signed, sent, sent again. Which webhook there is and where it goes has been decided before;
 * mischief says how late and how often it sets out.
 *
 * | answer                          | then                                   |
 * | ------------------------------- | -------------------------------------- |
 * | 200                             | delivered                              |
 * | 4xx other than 408 and 429      | final, not sent again                  |
 * | anything else, or none in 2 s   | sent again, as long as the plan has it |
 *
 * The plan is the leg's `webhook_retries_policies` for the event; Telnyx does not publish its own, ours is below.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type http from 'node:http';
import type { Clock, Webhook } from './carrier/world';
import type { Fate } from './mischief';
import { encodeForm, formType, send } from './outgoing';

/** Waits before the second, third and fourth attempt, when the leg brings no plan of its own. Ours. */
const usualRetriesMs: readonly number[] = [500, 1000, 2000];

/** How long an answer may take (Telnyx docs: webhook fundamentals). */
const timeoutMs = 2000;

/** How long a webhook that waits for the next one waits at most, in milliseconds of phone time. */
const heldBackMs = 1000;

export interface DeliveryAttempt {
  readonly attempt: number;
  readonly url: string;
  readonly at: string;
  /** Null when there was no answer. */
  readonly status: number | null;
  readonly error: string | null;
}

export interface WebhookDelivery {
  readonly event_type: string;
  readonly id: string;
  readonly to: string;
  status: 'pending' | 'delivered' | 'failed' | 'dropped';
  readonly attempts: DeliveryAttempt[];
}

export interface Deliverer {
  send(webhook: Webhook, fate: Fate): void;
  readonly log: () => readonly WebhookDelivery[];
  /** Gives up what is on its way. */
  stop(): void;
}

export interface DelivererDeps {
  readonly clock: Clock;
  readonly signer: Signer;
  /** From the event to its first attempt, in milliseconds. */
  readonly latencyMs: () => number;
  /** Divides the waits that mischief orders. */
  readonly speed: () => number;
}

export function createDeliverer({ clock, signer, latencyMs, speed }: DelivererDeps): Deliverer {
  const log: WebhookDelivery[] = [];
  const running = new Set<http.ClientRequest>();
  let held: (() => void)[] = [];

  const attempt = async (webhook: Webhook, row: WebhookDelivery, nth: number): Promise<void> => {
    const { url: first, failoverUrl, retriesMs } = webhook.route;
    // Every other attempt goes to the failover address, when there is one.
    const url = failoverUrl !== null && nth % 2 === 0 ? failoverUrl : first;
    const { status, error } = await send({ ...written(webhook, url, nth), timeoutMs, running });
    const result = { status, error };
    row.attempts.push({ attempt: nth, url, at: new Date(clock.now()).toISOString(), ...result });
    const waitMs = (retriesMs ?? usualRetriesMs)[nth - 1];
    if (result.status === 200) row.status = 'delivered';
    else if (isFinal(result.status) || waitMs === undefined)
      row.status = row.status === 'delivered' ? 'delivered' : 'failed';
    else clock.after(waitMs, () => void attempt(webhook, row, nth + 1));
  };

  /** An attempt as it goes out: events of Call Control as JSON, callbacks of TeXML as forms. */
  function written({ data, form }: Webhook, url: string, nth: number) {
    if (form === undefined) {
      const body = JSON.stringify({ data, meta: { attempt: nth, delivered_to: url } });
      return { method: 'POST', url, body, headers: signer.headers(body, clock.now()) } as const;
    }
    const encoded = encodeForm({ method: form, url, fields: data });
    return { method: form, ...encoded, headers: signer.headers(encoded.body, clock.now(), formType) };
  }

  return {
    log: () => log,
    send(webhook, fate) {
      const row: WebhookDelivery = {
        event_type: webhook.eventType,
        id: webhook.id,
        to: webhook.to,
        status: fate.dropped ? 'dropped' : 'pending',
        attempts: [],
      };
      log.push(row);
      if (fate.dropped) return;
      const setOut = () => {
        for (const copyMs of fate.copiesAfterMs) {
          clock.after(latencyMs() + copyMs / speed(), () => void attempt(webhook, row, 1));
        }
      };
      if (fate.heldBack) hold(setOut);
      else setOut();
      if (!fate.heldBack) release();
    },
    stop() {
      for (const request of running) request.destroy();
    },
  };

  function hold(setOut: () => void): void {
    let gone = false;
    const goOnce = () => {
      if (!gone) setOut();
      gone = true;
    };
    held.push(goOnce);
    clock.after(heldBackMs / speed(), goOnce);
  }

  /** Lets those go that waited, just behind the one that has gone. */
  function release(): void {
    const waiting = held;
    held = [];
    for (const setOut of waiting) clock.after(10, setOut);
  }
}

const isFinal = (status: number | null): boolean =>
  status !== null && status >= 400 && status < 500 && status !== 408 && status !== 429;

/** Signs bodies as Telnyx does: Ed25519 over `timestamp|body`, both in headers (Telnyx docs: receiving webhooks). */
export interface Signer {
  /** Base64 of the 32 bytes of the public key, as the portal shows it. */
  readonly publicKey: string;
  /** The private key as PKCS #8 PEM, so that another run can keep it. */
  readonly privateKeyPem: string;
  /** @param contentType of the body; JSON when absent */
  headers(body: string, nowMs: number, contentType?: string): Readonly<Record<string, string>>;
}

/** @param pem a private Ed25519 key to keep; a new one is made when absent. */
export function createSigner(pem?: string): Signer {
  const privateKey = pem === undefined ? generateKeyPairSync('ed25519').privateKey : createPrivateKey(pem);
  return {
    publicKey: rawPublicKey(privateKey).toString('base64'),
    privateKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    headers(body, nowMs, contentType = 'application/json') {
      const timestamp = String(Math.floor(nowMs / 1000));
      return {
        'content-type': contentType,
        'user-agent': 'telnyx-webhooks',
        'telnyx-timestamp': timestamp,
        'telnyx-signature-ed25519': sign(null, Buffer.from(`${timestamp}|${body}`), privateKey).toString('base64'),
      };
    },
  };
}

/** The last 32 bytes of the SPKI encoding are the key itself. */
const rawPublicKey = (privateKey: KeyObject): Buffer =>
  createPublicKey(privateKey).export({ type: 'spki', format: 'der' }).subarray(-32);
