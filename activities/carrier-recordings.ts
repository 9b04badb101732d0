/** Asking Telnyx about recordings (developers.telnyx.com: API reference, call recordings). */
import { z } from 'zod';
import type { TelnyxClient } from '../platform/telnyx/client';
import { classify } from './failures';
import { Undelivered } from './undelivered';

const recordingSchema = z.object({
  channels: z.enum(['single', 'dual']).catch('dual'),
  duration_millis: z.number().nonnegative().nullable().catch(null).default(null),
  recording_started_at: z.string().nullish(),
  recording_ended_at: z.string().nullish(),
  created_at: z.string().nullish(),
  download_urls: z.object({ mp3: z.string().nullish(), wav: z.string().nullish() }).nullish(),
});
const recordingAnswer = z.object({ data: recordingSchema });

export type CarrierRecording = z.infer<typeof recordingSchema>;

/** The recording with fresh addresses. Throws `Undelivered`. */
export async function askForRecording(telnyx: TelnyxClient, recordingId: string): Promise<CarrierRecording> {
  try {
    const path = `/recordings/${encodeURIComponent(recordingId)}`;
    return (await telnyx.request('get', path, recordingAnswer)).data;
  } catch (error) {
    const { verdict, code, detail, retryAfterMs } = classify(error);
    if (verdict === 'gone') throw new Undelivered('recording_unknown', 'the carrier has no recording of this id');
    throw new Undelivered('carrier_unavailable', `${code}: ${detail}`, retryAfterMs);
  }
}
