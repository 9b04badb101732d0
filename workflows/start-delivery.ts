/** Starts the delivery of a recording as a run of its own, which outlives whoever started it. */
import { ParentClosePolicy, startChild, WorkflowIdReusePolicy } from '@temporalio/workflow';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { deliveryWorkflowId } from '../domain/recordings';
import type { RecordingToDeliver } from '../domain/recordings';
import { deliverRecording } from './deliver-recording';
import { searchAttributes } from './messages';

/**
 * One run for each recording, whoever is first; safe to repeat. `again` also starts it where an earlier run ended: only
 * for who knows that it ended without a delivery.
 */
export async function startDelivery(
  recording: RecordingToDeliver,
  { taskQueue, again = false }: { readonly taskQueue: string; readonly again?: boolean },
): Promise<void> {
  try {
    await startChild(deliverRecording, {
      args: [recording],
      workflowId: deliveryWorkflowId(recording.recordingId),
      workflowIdReusePolicy: again ? WorkflowIdReusePolicy.ALLOW_DUPLICATE : WorkflowIdReusePolicy.REJECT_DUPLICATE,
      parentClosePolicy: ParentClosePolicy.ABANDON,
      taskQueue,
      staticSummary: `Recording of ${recording.callId}`,
      typedSearchAttributes: [
        { key: searchAttributes.recordingState, value: 'fetching' },
        { key: searchAttributes.businessId, value: recording.businessId },
      ],
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}
