/**
 * Brings one recording to the customer's web-backend and ends only with a receipt. One run per recording of the
 * carrier (`rec:<recording_id>`), on a queue of its own; it outlives the call.
 *
 * Each attempt fetches a fresh URL, because the carrier's die after 10 minutes.
 */
import { proxyActivities, setCurrentDetails, setHandler, upsertSearchAttributes } from '@temporalio/workflow';
import type { RecordingActivities } from '../activities/recordings';
import { expectedRecording } from '../domain/recordings';
import type { RecordingStatus, RecordingToDeliver } from '../domain/recordings';
import { recordingQuery, searchAttributes } from './messages';

const { transferRecording } = proxyActivities<RecordingActivities>({
  startToCloseTimeout: '30 minutes',
  heartbeatTimeout: '20 seconds',
  retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '10 minutes' },
});
const { publishRecording } = proxyActivities<RecordingActivities>({
  startToCloseTimeout: '5 seconds',
  scheduleToCloseTimeout: '1 minute',
  retry: { initialInterval: '1 second', maximumInterval: '10 seconds' },
});

export async function deliverRecording(recording: RecordingToDeliver): Promise<RecordingStatus> {
  let status: RecordingStatus = {
    ...expectedRecording(recording.format, recording.recordingId),
    state: 'fetching',
  };
  setHandler(recordingQuery, () => status, { description: 'The recording, as GET /recordings/{id} answers it.' });
  const publish = async (): Promise<void> => {
    setCurrentDetails(
      `**${status.state}** · ${recording.callId}\n\n- ${status.size_bytes ?? '?'} bytes, sha256 ${status.sha256 ?? '?'}`,
    );
    // Redis is a copy; whoever asks without it is answered by this run.
    await publishRecording({ callId: recording.callId, recording: status }).catch(() => undefined);
  };

  await publish();
  const receipt = await transferRecording.executeWithOptions({ summary: `Fetch and deliver ${recording.format}` }, [
    recording,
  ]);
  status = { ...status, ...receipt, state: 'delivered' };
  upsertSearchAttributes([{ key: searchAttributes.recordingState, value: status.state }]);
  await publish();
  return status;
}
