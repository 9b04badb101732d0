/**
 * `POST {WEB_BACKEND_URL}/api/v1/recordings`: the metadata, then the audio, streamed from the spool. The
 * `Idempotency-Key` is the same on every attempt, so the receiver stores a recording once.
 */
import { openAsBlob } from 'node:fs';
import { ApplicationFailure } from '@temporalio/common';
import { Webhook } from 'standardwebhooks';
import { z } from 'zod';
import type { RecordingToDeliver } from '../domain/recordings';
import type { SpooledFile } from './recording-fetch';
import type { CarrierRecording } from './recordings';

export interface WebBackend {
  /** Without a slash at the end. */
  readonly url: string;
  readonly apiKey: string | null;
  /** `whsec_…`: signs the metadata the Standard Webhooks way. */
  readonly signingSecret: string | null;
}

const LIMIT_MS = 25 * 60_000;
const receipt = z.object({ sha256: z.string().nullish(), size_bytes: z.number().nullish() });

/** Returns when the web-backend has confirmed the file, byte for byte; throws whatever else it answers. */
export async function deliver(
  recording: RecordingToDeliver,
  carriers: CarrierRecording,
  file: SpooledFile,
  backend: WebBackend,
  signal: AbortSignal,
): Promise<void> {
  const metadata = JSON.stringify(describe(recording, carriers, file));
  const type = recording.format === 'mp3' ? 'audio/mpeg' : 'audio/wav';
  const form = new FormData();
  form.append('metadata', metadata);
  form.append('file', await openAsBlob(file.path, { type }), `${recording.recordingId}.${recording.format}`);

  const { status, text } = await send(`${backend.url}/api/v1/recordings`, {
    method: 'POST',
    redirect: 'manual',
    headers: headers(recording, metadata, backend),
    body: form,
    signal: AbortSignal.any([signal, AbortSignal.timeout(LIMIT_MS)]),
  }).catch((error: unknown) => {
    throw undelivered('web_backend_unreachable', error instanceof Error ? error.name : 'unknown');
  });
  if (!isConfirmed(status, text, file)) {
    throw undelivered(`web_backend_${status}`, `the web-backend answered ${status}`);
  }
}

/** An answer counts only when it was read to its end. */
async function send(url: string, request: RequestInit): Promise<{ status: number; text: string }> {
  const response = await fetch(url, request);
  return { status: response.status, text: await response.text() };
}

/** 202 is no proof; a receipt that names another file, or cannot be read, is none either. */
function isConfirmed(status: number, text: string, file: SpooledFile): boolean {
  const named = readReceipt(text);
  if (named === null) return false;
  if (status === 409) return named.sha256 === file.sha256;
  const same = (named.sha256 ?? file.sha256) === file.sha256 && (named.size_bytes ?? file.sizeBytes) === file.sizeBytes;
  return [200, 201, 204].includes(status) && same;
}

/** What the answer says of the file: nothing, when it is no JSON object. Null when it says it wrongly. */
function readReceipt(text: string): z.infer<typeof receipt> | null {
  const answer = parseJson(text);
  if (typeof answer !== 'object' || answer === null) return {};
  return receipt.safeParse(answer).data ?? null;
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

function describe(recording: RecordingToDeliver, carriers: CarrierRecording, file: SpooledFile): object {
  const durationMillis = carriers.duration_millis ?? null;
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
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function undelivered(type: string, message: string): ApplicationFailure {
  return ApplicationFailure.create({ type, message });
}
