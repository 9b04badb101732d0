/**
 * The least that a call can be in Temporal: the same messages and requests as one of Outcall's, and nothing else. No
 * timers, questions, search attributes or second workflow; what goes wrong stays wrong. Only a benchmark runs it.
 */
import { condition, defineSignal, proxyActivities, setHandler } from '@temporalio/workflow';
import type { BareActivities } from './activities';

export interface BareCall {
  readonly id: string;
  readonly toPhone: string;
  readonly fromPhone: string;
}

/** What the carrier told, by its own words. */
export interface CarrierEvent {
  readonly type: string;
  readonly recordingId: string | null;
}

export const told = defineSignal<[CarrierEvent]>('told');

const carrier = proxyActivities<BareActivities>({ startToCloseTimeout: '30 seconds' });

export async function bareCall(call: BareCall): Promise<void> {
  const events = new Map<string, CarrierEvent>();
  setHandler(told, (event) => {
    events.set(event.type, event);
  });
  const { callControlId, recordingId } = await carrier.dial(call);
  await condition(() => events.has('call.answered'));
  await carrier.createConference({ call, callControlId });
  await condition(() => events.has('call.hangup') && events.has('call.recording.saved'));
  // As many as Outcall's, which writes its status store with them.
  await carrier.note('ended');
  await carrier.note('fetching');
  await carrier.deliverRecording({ call, recordingId: events.get('call.recording.saved')?.recordingId ?? recordingId });
  await carrier.note('delivered');
}
