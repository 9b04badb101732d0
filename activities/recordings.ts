/**
 * Moves one recording from the carrier's storage to the customer's web-backend: through a spool file, so that size,
 * digest and structure are known and checked before a byte is sent on, and memory stays flat.
 */
import { cancellationSignal, heartbeat, log, metricMeter } from '@temporalio/activity';
import type { CallId } from '../domain/call';
import type { AttemptResult, DeliveryPolicy } from '../domain/delivery';
import type { DeliveryFailure } from '../domain/delivery-failures';
import { expectedRecording } from '../domain/recordings';
import type { RecordingStatus, RecordingToDeliver } from '../domain/recordings';
import type { StatusStore } from '../platform/status-store';
import type { TelnyxClient } from '../platform/telnyx/client';
import { askForRecording } from './carrier-recordings';
import type { CarrierRecording } from './carrier-recordings';
import { fetchToSpool } from './recording-fetch';
import type { FetchSettings, SpooledFile } from './recording-fetch';
import { deliver } from './recording-delivery';
import type { WebBackend } from './recording-delivery';
import { Undelivered } from './undelivered';
import { createGate } from './web-backend-gate';
import type { Gate } from './web-backend-gate';

export interface RecordingDependencies {
  readonly telnyx: TelnyxClient;
  readonly statusStore: StatusStore;
  readonly fetching: FetchSettings;
  /** Null: none is configured, recordings wait at the carrier and the runs say so. */
  readonly webBackend: WebBackend | null;
  /** RECORDING_PARALLELISM. */
  readonly parallelism: number;
  readonly policy: DeliveryPolicy;
}

export interface RecordingActivities {
  /** Tries once. Whatever comes of it is in the result; only bugs are thrown. Safe to repeat: the key is the same. */
  attemptDelivery(wanted: {
    readonly recording: RecordingToDeliver;
    /** A file of 0 bytes is delivered, if the carrier says that nothing was said. */
    readonly acceptEmpty: boolean;
  }): Promise<AttemptResult>;
  publishRecording(update: { readonly callId: CallId; readonly recording: RecordingStatus }): Promise<void>;
}

/** A quarter of the heartbeat timeout of the activity. */
const HEARTBEAT_MS = 5_000;

/** What an attempt has learned so far. */
interface Seen {
  createdAt: string | null;
  /** Fetched. */
  bytes: number;
}

export function createRecordingActivities(dependencies: RecordingDependencies): RecordingActivities {
  const { telnyx, statusStore, fetching, webBackend, policy, parallelism } = dependencies;
  const gate = createGate(parallelism);

  async function attemptDelivery(
    wanted: Parameters<RecordingActivities['attemptDelivery']>[0],
  ): ReturnType<RecordingActivities['attemptDelivery']> {
    const { recordingId, callId } = wanted.recording;
    const seen: Seen = { createdAt: null, bytes: 0 };
    // Every step can be silent for long: a turn that is waited for, a slow storage, a web-backend that thinks.
    const beating = setInterval(() => {
      heartbeat(seen.bytes);
    }, HEARTBEAT_MS);
    try {
      if (!webBackend) throw new Undelivered('web_backend_missing', 'WEB_BACKEND_URL is not set');
      const status = await inTurn(gate, () => transfer(wanted, webBackend, seen));
      count('delivered', status.size_bytes ?? 0);
      const sizeBytes = status.size_bytes;
      log.info('recording delivered', { event: 'recording.delivered', callId, recordingId, sizeBytes });
      // Redis is a copy; whoever asks without it is answered by the run.
      await statusStore.saveRecording(callId, status).catch(() => undefined);
      return { kind: 'delivered', status, policy, createdAt: seen.createdAt };
    } catch (error) {
      if (!(error instanceof Undelivered)) throw error;
      const { failure, message: detail, retryAfterMs } = error;
      count(failure, 0);
      log.info(`recording not delivered: ${detail}`, {
        event: 'recording.not_delivered',
        callId,
        recordingId,
        failure,
      });
      return { kind: 'failed', failure, detail, retryAfterMs, policy, createdAt: seen.createdAt };
    } finally {
      clearInterval(beating);
    }
  }

  async function transfer(
    { recording, acceptEmpty }: Parameters<RecordingActivities['attemptDelivery']>[0],
    backend: WebBackend,
    seen: Seen,
  ): Promise<RecordingStatus> {
    const signal = cancellationSignal();
    const { recordingId, format } = recording;
    const carriers = await askForRecording(telnyx, recordingId);
    seen.createdAt = bornAt(carriers);
    const url = carriers.download_urls?.[format];
    if (!url) throw new Undelivered('recording_not_ready', `the carrier offers no ${format} of it yet`);
    const download = { url, format, durationMillis: carriers.duration_millis };
    const onProgress = (bytes: number): void => {
      seen.bytes = bytes;
    };
    const file = await fetchToSpool(download, fetching, { onProgress, signal });
    try {
      if (file.sizeBytes === 0) refuseUnlessSilent(acceptEmpty, carriers);
      await deliver({ recording, carriers, file }, backend, signal);
      return statusOf(recording, carriers, file);
    } finally {
      await file.remove();
    }
  }

  return {
    attemptDelivery,
    publishRecording: ({ callId, recording }) => statusStore.saveRecording(callId, recording),
  };
}

/** Failures that more requests at once would only make more of. */
const STRAINED: readonly DeliveryFailure[] = ['web_backend_busy', 'web_backend_failing', 'web_backend_unreachable'];

async function inTurn<T>(gate: Gate, work: () => Promise<T>): Promise<T> {
  await gate.enter(cancellationSignal());
  let wasTaken: boolean | null = null;
  try {
    const result = await work();
    wasTaken = true;
    return result;
  } catch (error) {
    if (error instanceof Undelivered && STRAINED.includes(error.failure)) wasTaken = false;
    throw error;
  } finally {
    gate.leave(wasTaken);
  }
}

function refuseUnlessSilent(acceptEmpty: boolean, { duration_millis: durationMillis }: CarrierRecording): void {
  if (acceptEmpty && (durationMillis ?? 0) === 0) return;
  throw new Undelivered('file_empty', `the file is empty, the carrier says ${durationMillis ?? 'nothing of'} ms`);
}

function statusOf(
  { recordingId, format }: RecordingToDeliver,
  { channels, duration_millis }: CarrierRecording,
  { sizeBytes, sha256 }: SpooledFile,
): RecordingStatus {
  return {
    ...expectedRecording(format, recordingId),
    state: 'delivered',
    channels,
    duration_millis,
    size_bytes: sizeBytes,
    sha256,
    delivered_at: new Date().toISOString(),
  };
}

/** From when the carrier counts the days that it keeps a recording. */
function bornAt({ created_at, recording_ended_at }: CarrierRecording): string | null {
  return created_at ?? recording_ended_at ?? null;
}

function count(result: string, bytes: number): void {
  metricMeter.createCounter('outcall_recording_attempts').add(1, { result });
  if (bytes > 0) metricMeter.createCounter('outcall_recording_delivered_bytes').add(bytes);
}
