/** The workflows with one change that no running call survives: a timer nobody recorded. Replays of it must fail. */
import { sleep } from '@temporalio/workflow';
import type { Delivery } from '../../../domain/delivery';
import type { RecordingStatus, RecordingToDeliver } from '../../../domain/recordings';
import type { StatusDocument } from '../../../domain/status';
import {
  coldCall as original,
  deliverRecording as originalDelivery,
  sweepLegs as originalLegSweep,
  sweepRecordings as originalSweep,
} from '../../../workflows';
import type { Sweep } from '../../../workflows/sweep-recordings';

export async function coldCall(...args: Parameters<typeof original>): Promise<StatusDocument> {
  await sleep('1 second');
  return original(...args);
}

export async function deliverRecording(recording: RecordingToDeliver, carried?: Delivery): Promise<RecordingStatus> {
  await sleep('1 second');
  return originalDelivery(recording, carried);
}

export async function sweepRecordings(carried?: Sweep): Promise<never> {
  await sleep('1 second');
  return originalSweep(carried);
}

export async function sweepLegs(): Promise<never> {
  await sleep('1 second');
  return originalLegSweep();
}
