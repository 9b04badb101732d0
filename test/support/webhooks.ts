/** Webhooks as the carrier signs them: Ed25519 over `timestamp|body` (developers.telnyx.com: Webhook signing). */
import { createPrivateKey, randomUUID, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { BASE_PATH } from './system';
import type { Answer, System } from './system';

type Headers = Readonly<Record<string, string>>;

/** Seconds, as in `telnyx-timestamp`. */
export const now = (): number => Math.floor(Date.now() / 1000);

export function signature(system: System, body: string | Buffer, timestamp: string, key?: KeyObject): string {
  const signed = Buffer.concat([Buffer.from(`${timestamp}|`), Buffer.from(body)]);
  return sign(null, signed, key ?? createPrivateKey(system.simulator.signingKey)).toString('base64');
}

export function signedHeaders(system: System, body: string | Buffer, timestamp = String(now())): Headers {
  return { 'telnyx-timestamp': timestamp, 'telnyx-signature-ed25519': signature(system, body, timestamp) };
}

/** As it is, to `call-status` or one of its sisters. */
export function post(system: System, body: string | Buffer, headers: Headers, to = 'call-status'): Promise<Answer> {
  return system.request('POST', `${BASE_PATH}/webhook/telnyx/${to}`, {
    body: new Uint8Array(Buffer.from(body)),
    headers,
  });
}

/** The body of a webhook that has an id of its own. */
export const event = (type: string, payload: object = {}, extra: object = {}): string =>
  JSON.stringify({ data: { record_type: 'event', id: randomUUID(), event_type: type, payload, ...extra } });
