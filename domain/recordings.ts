/** A recording as readers of a call see it. How it gets to the web-backend is `workflows/deliver-recording.ts`. */
import type { CallId, RecordingFormat } from './call';
import type { JsonObject } from './json';

export const RECORDING_STATES = [
  'expected',
  'fetching',
  'delivering',
  'delivered',
  'dead_letter',
  'quarantined',
  'absent',
  'lost',
] as const;
export type RecordingState = (typeof RECORDING_STATES)[number];

/** How long Temporal has to keep ended runs: until then ids and idempotency keys answer, longer than a carrier's copy lives. */
export const RUNS_KEPT_DAYS = 45;

/** The `recording` part of the status document; field names are those of the API. */
export interface RecordingStatus {
  readonly state: RecordingState;
  readonly recording_id: string | null;
  readonly format: RecordingFormat;
  readonly channels: 'dual' | 'single';
  readonly duration_millis: number | null;
  readonly size_bytes: number | null;
  /** Lowercase hex of the file as the web-backend confirmed it. */
  readonly sha256: string | null;
  readonly delivered_at: string | null;
  readonly last_error: string | null;
}

/** What a delivery needs to know of the call it belongs to; also the metadata that the web-backend receives. */
export interface RecordingToDeliver {
  readonly recordingId: string;
  readonly callId: CallId;
  readonly callControlId: string | null;
  readonly format: RecordingFormat;
  readonly businessId: string;
  readonly provider: 'telnyx';
  readonly fromPhone: string;
  readonly toPhone: string;
  readonly metadata: JsonObject;
  /** The carrier has shown it: when it does not know it later, it is lost and not merely absent. */
  readonly announced?: boolean;
  /** Found in the carrier's list, its call unknown here or never known to have been placed. */
  readonly orphan?: boolean;
}

export function expectedRecording(format: RecordingFormat, recordingId: string | null): RecordingStatus {
  return {
    state: 'expected',
    recording_id: recordingId,
    format,
    channels: 'dual',
    duration_millis: null,
    size_bytes: null,
    sha256: null,
    delivered_at: null,
    last_error: null,
  };
}

/** The id of the delivery workflow: one per recording of the carrier, whoever starts it. */
export function deliveryWorkflowId(recordingId: string): string {
  return `rec:${recordingId}`;
}
