/**
 * `POST {WEB_BACKEND_URL}/api/v1/recordings`: the metadata, then the audio, streamed from the spool. The
 * `Idempotency-Key` is the same on every attempt, so the receiver stores a recording once.
 */
import { randomUUID } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { z } from 'zod';
import { meaningOfAnswer } from '../domain/delivery-failures';
import type { RecordingToDeliver } from '../domain/recordings';
import { parseRetryAfter } from './failures';
import { readText, send } from './outbound';
import type { Exchange } from './outbound';
import type { SpooledFile } from './recording-fetch';
import type { CarrierRecording } from './carrier-recordings';
import { kindOf, Undelivered } from './undelivered';

export interface WebBackend {
  /** Without a slash at the end. */
  readonly url: string;
  readonly apiKey: string | null;
  /** `whsec_…`: signs the metadata the Standard Webhooks way. */
  readonly signingSecret: string | null;
}

export interface ToSend {
  readonly recording: RecordingToDeliver;
  readonly carriers: CarrierRecording;
  readonly file: SpooledFile;
}

const receipt = z.object({ sha256: z.string().nullish(), size_bytes: z.number().nullish() });
/** A receipt is short; an answer that does not end is none. */
const LONGEST_ANSWER_BYTES = 1024 * 1024;

/** Returns when the web-backend has confirmed the file, byte for byte; throws `Undelivered` whatever else it answers. */
export async function deliver(toSend: ToSend, backend: WebBackend, signal: AbortSignal): Promise<void> {
  const form = multipart(toSend);
  const { response, wasSentWhole } = await send(new URL(`${backend.url}/api/v1/recordings`), {
    method: 'POST',
    headers: { ...headers(toSend.recording, form.metadata, backend), ...form.headers },
    body: form.body,
    signal,
  }).catch(unreachable);
  const status = response.statusCode ?? 0;
  try {
    const text = await readText(response, LONGEST_ANSWER_BYTES).catch((error: unknown) => {
      if (isGood(status))
        throw new Undelivered('web_backend_unconfirmed', `its answer ${status} was cut (${kindOf(error)})`);
      return '';
    });
    judge({ response, wasSentWhole }, text, toSend.file);
  } finally {
    response.destroy();
  }
}

function unreachable(error: unknown): never {
  throw new Undelivered('web_backend_unreachable', `the web-backend cannot be reached (${kindOf(error)})`);
}

const isGood = (status: number): boolean => [200, 201, 204, 409].includes(status);

/** Throws unless this answer is proof: of its status, after the last byte, and of no other file. */
function judge({ response, wasSentWhole }: Exchange, text: string, file: SpooledFile): void {
  const status = response.statusCode ?? 0;
  const named = readReceipt(text);
  const isSame =
    named !== null &&
    (named.sha256 ?? file.sha256) === file.sha256 &&
    (named.size_bytes ?? file.sizeBytes) === file.sizeBytes;
  // "There is one already" is good news only when it is this one.
  if (status === 409 && named?.sha256 === file.sha256) return;
  if (isGood(status) && status !== 409) {
    if (!wasSentWhole) throw new Undelivered('web_backend_unconfirmed', `it answered ${status} before it had the file`);
    if (!isSame) throw new Undelivered('web_backend_unconfirmed', `it answered ${status}, and names another file`);
    return;
  }
  const retryAfterMs = parseRetryAfter(response.headers['retry-after'] ?? null, Date.now());
  throw new Undelivered(meaningOfAnswer(status), `the web-backend answered ${status}`, retryAfterMs);
}

/** What the answer says of the file: nothing, when it is no JSON object. Null when it says it wrongly. */
function readReceipt(text: string): z.infer<typeof receipt> | null {
  const answer = parseJson(text);
  if (typeof answer !== 'object' || answer === null) return {};
  return receipt.safeParse(answer).data ?? null;
}

interface Form {
  readonly metadata: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: AsyncIterable<Buffer>;
}

/** `multipart/form-data` (RFC 7578) whose length is known before it is sent. */
function multipart(toSend: ToSend): Form {
  const { recording, file } = toSend;
  const metadata = JSON.stringify(describe(toSend));
  const boundary = `outcall-${randomUUID()}`;
  const type = recording.format === 'mp3' ? 'audio/mpeg' : 'audio/wav';
  const name = `${recording.recordingId.replace(/[^\w.-]/g, '_')}.${recording.format}`;
  const before = Buffer.from(
    `--${boundary}\r\nContent-Disposition: form-data; name="metadata"\r\nContent-Type: application/json\r\n\r\n` +
      `${metadata}\r\n` +
      `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${name}"\r\nContent-Type: ${type}\r\n\r\n`,
  );
  const after = Buffer.from(`\r\n--${boundary}--\r\n`);
  async function* pieces(): AsyncGenerator<Buffer> {
    yield before;
    yield* file.read();
    yield after;
  }
  return {
    metadata,
    headers: {
      'content-type': `multipart/form-data; boundary=${boundary}`,
      'content-length': String(before.length + file.sizeBytes + after.length),
    },
    body: pieces(),
  };
}

function headers(recording: RecordingToDeliver, metadata: string, backend: WebBackend): Record<string, string> {
  const key = `rec-${recording.recordingId}-${recording.format}`;
  const result: Record<string, string> = { 'idempotency-key': key };
  if (backend.apiKey !== null) result['authorization'] = `Bearer ${backend.apiKey}`;
  if (backend.signingSecret !== null) {
    const now = new Date();
    result['webhook-id'] = key;
    result['webhook-timestamp'] = String(Math.floor(now.getTime() / 1000));
    result['webhook-signature'] = new Webhook(backend.signingSecret).sign(key, now, metadata);
  }
  return result;
}

function describe({ recording, carriers, file }: ToSend): object {
  const { duration_millis: durationMillis } = carriers;
  return {
    business_id: recording.businessId,
    call_id: recording.callId,
    call_sid: recording.callControlId,
    recording_sid: recording.recordingId,
    recording_status: 'completed',
    recording_channels: carriers.channels,
    recording_duration_seconds: durationMillis === null ? null : durationMillis / 1000,
    recording_format: recording.format,
    recording_started_at: carriers.recording_started_at ?? null,
    recording_ended_at: carriers.recording_ended_at ?? null,
    telephony_provider: recording.provider,
    from_phone: recording.fromPhone,
    to_phone: recording.toPhone,
    size_bytes: file.sizeBytes,
    sha256: file.sha256,
    metadata: recording.metadata,
    ...(file.sizeBytes === 0 && { empty: true }),
    ...(recording.orphan && { orphan: true }),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
