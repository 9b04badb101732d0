/**
 * The least that a call can be in Temporal: the same messages and requests as one of Outcall's, and nothing else. No
 * timers, questions, search attributes or second workflow; what goes wrong stays wrong. Only a benchmark runs it.
 */
import { condition, defineSignal, defineUpdate, proxyActivities, setHandler } from '@temporalio/workflow';
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

/** Which document is wanted, and what was pressed. */
export interface BareQuestion {
  readonly number: number;
  readonly digits: string;
}

export const instructions = defineUpdate<string, [BareQuestion]>('instructions');

/** Asks for a key until that many documents are fetched. Where one leads is relative to its own address. */
export async function bareFlow(documents: number): Promise<void> {
  let answered = 0;
  setHandler(instructions, ({ number, digits }) => {
    answered = number;
    const last = number >= documents || (number > 1 && digits !== '1');
    return last
      ? '<Response><Say>Goodbye.</Say><Hangup/></Response>'
      : `<Response><Gather action="${number + 1}" numDigits="1" timeout="5"><Say>Press 1 to hear this again.</Say></Gather></Response>`;
  });
  await condition(() => answered >= documents);
}
