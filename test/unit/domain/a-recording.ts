import type { RecordingToDeliver } from '../../../domain/recordings';

/** A recording that only differs in what matters to a test. */
export function aRecording(differs: Partial<RecordingToDeliver> = {}): RecordingToDeliver {
  return {
    recordingId: 'r1',
    callId: 'COLD_CALL_01JGZ0ABCDEFGHJKMNPQRSTV0X',
    callControlId: 'v3:abc',
    format: 'mp3',
    businessId: '6f1c2a34-0b5d-4e6f-8a7b-9c0d1e2f3a4b',
    provider: 'telnyx',
    fromPhone: '+15551234567',
    toPhone: '+15559999999',
    metadata: {},
    ...differs,
  };
}
