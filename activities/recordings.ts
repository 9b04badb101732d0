/**
 * Moves one recording from the carrier's storage to the customer's web-backend: through a spool file, so that size and
 * digest are known and checked before a byte is sent on, and memory stays flat.
 */
import { ApplicationFailure, cancellationSignal, heartbeat, log } from '@temporalio/activity';
import { ApplicationFailureCategory } from '@temporalio/common';
import { z } from 'zod';
import type { CallId } from '../domain/call';
import type { RecordingStatus, RecordingToDeliver } from '../domain/recordings';
import type { StatusStore } from '../platform/status-store';
import type { TelnyxClient } from '../platform/telnyx/client';
import { classify } from './failures';
import { fetchToSpool } from './recording-fetch';
import type { FetchSettings, SpooledFile } from './recording-fetch';
import { deliver } from './recording-delivery';
import type { WebBackend } from './recording-delivery';

export interface RecordingDependencies {
  readonly telnyx: TelnyxClient;
  readonly statusStore: StatusStore;
  readonly fetching: FetchSettings;
  /** Null: none is configured, recordings wait at the carrier and the runs say so. */
  readonly webBackend: WebBackend | null;
}

/** What a confirmed delivery adds to the recording's status. */
export type Receipt = Pick<
  RecordingStatus,
  'format' | 'channels' | 'duration_millis' | 'size_bytes' | 'sha256' | 'delivered_at'
>;

export interface RecordingActivities {
  /** Ends with the web-backend's receipt; anything else is thrown and tried again. Safe to repeat: the key is the same. */
  transferRecording(recording: RecordingToDeliver): Promise<Receipt>;
  publishRecording(update: { readonly callId: CallId; readonly recording: RecordingStatus }): Promise<void>;
}

/** A quarter of the heartbeat timeout of the activity. */
const HEARTBEAT_MS = 5_000;
const FETCH_LIMIT_MS = 8 * 60_000;

const recordingAnswer = z.object({
  data: z.object({
    status: z.string().optional(),
    channels: z.enum(['single', 'dual']).catch('dual'),
    duration_millis: z.number().nullish().catch(null),
    recording_started_at: z.string().nullish(),
    recording_ended_at: z.string().nullish(),
    download_urls: z.object({ mp3: z.string().nullish(), wav: z.string().nullish() }).nullish(),
  }),
});
export type CarrierRecording = z.infer<typeof recordingAnswer>['data'];

export function createRecordingActivities(dependencies: RecordingDependencies): RecordingActivities {
  const { telnyx, statusStore, fetching, webBackend } = dependencies;

  async function transferRecording(recording: RecordingToDeliver): Promise<Receipt> {
    const { recordingId } = recording;
    if (!webBackend) throw notYet('no_web_backend', 'WEB_BACKEND_URL is not set; the recording waits at the carrier');
    const carriers = await askForRecording(recordingId);
    const url = carriers.download_urls?.[recording.format];
    if (!url) throw notYet('recording_not_ready', `the carrier offers no ${recording.format} of it yet`);

    // Both halves can be silent for long: a slow storage, a web-backend that thinks. Each has its own limit.
    const beating = setInterval(heartbeat, HEARTBEAT_MS);
    try {
      return await fetchAndDeliver(url, recording, carriers, webBackend);
    } finally {
      clearInterval(beating);
    }
  }

  async function fetchAndDeliver(
    url: string,
    recording: RecordingToDeliver,
    carriers: CarrierRecording,
    webBackend: WebBackend,
  ): Promise<Receipt> {
    const { recordingId, callId } = recording;
    const signal = AbortSignal.any([cancellationSignal(), AbortSignal.timeout(FETCH_LIMIT_MS)]);
    const file = await fetchToSpool(url, recording.format, fetching, { heartbeat, signal });
    try {
      await deliver(recording, carriers, file, webBackend, cancellationSignal());
      log.info('recording delivered', { event: 'recording.delivered', callId, recordingId, sizeBytes: file.sizeBytes });
      return receiptOf(recording, carriers, file);
    } finally {
      await file.remove();
    }
  }

  async function askForRecording(recordingId: string): Promise<CarrierRecording> {
    try {
      const path = `/recordings/${encodeURIComponent(recordingId)}`;
      return (await telnyx.request('get', path, recordingAnswer)).data;
    } catch (error) {
      const { code, detail } = classify(error);
      throw notYet(code, detail);
    }
  }

  return {
    transferRecording,
    publishRecording: ({ callId, recording }) => statusStore.saveRecording(callId, recording),
  };
}

function receiptOf({ format }: RecordingToDeliver, carriers: CarrierRecording, file: SpooledFile): Receipt {
  return {
    format,
    channels: carriers.channels,
    duration_millis: carriers.duration_millis ?? null,
    size_bytes: file.sizeBytes,
    sha256: file.sha256,
    delivered_at: new Date().toISOString(),
  };
}

/** An expected reason to try again later; logged quietly. */
function notYet(type: string, message: string): ApplicationFailure {
  return ApplicationFailure.create({ type, message, category: ApplicationFailureCategory.BENIGN });
}
