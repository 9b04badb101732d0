/** The recording of a call: announced first where that was asked for, and handed over to its delivery in the end. */
import { recordedFormatOf } from '../../domain/call';
import type { CallRequest } from '../../domain/call';
import type { Facts, LegFacts } from '../../domain/facts';
import { answeredAt, isAlive, leadLeg, recordingFailureOf } from '../../domain/legs';
import { DAY_MS, iso } from '../../domain/time';
import type { RecordingToDeliver } from '../../domain/recordings';
import type { CallRuntime } from '../runtime';
import { say } from './speech';

const RECORDING_GRACE_MS = 60_000;
/** How long after the last look to look for a recording whose id nobody told: the carrier keeps it for weeks. */
const RECORDING_LOOKS_MS = [
  ...[0, 5, 30, 60, 300, 900, 3600, 6 * 3600].map((seconds) => seconds * 1000),
  ...Array.from({ length: 30 }, () => DAY_MS),
];

/** The same for what steps recorded, of which nobody says how many they are. */
const STEP_RECORDING_LOOKS_MS = [0, 60, 900].map((seconds) => seconds * 1000);

/** Speaks the notice; only when it was heard to its end is the recording started. A call that cannot be recorded goes on. */
export async function announceRecording(call: CallRequest, runtime: CallRuntime): Promise<void> {
  if (call.recordingNotice === null) return;
  if (!(await say(call, 'notice', { say: call.recordingNotice }, runtime))) return;
  const lead = leadLeg(runtime.facts());
  if (!lead || !isAlive(lead)) return;
  const { callId, recordingFormat: format } = call;
  const answer = await runtime.carrier.startRecording({ callId, leg: lead.identity, format });
  if (answer.kind === 'refused' || answer.kind === 'gone') return;
  runtime.learn({ kind: 'recordingStarted', at: iso(runtime.now()), source: 'command', leg: lead.identity });
}

/** The delivery is a workflow of its own; this only finds the recording's id and starts it. */
export async function handOverRecording(call: CallRequest, runtime: CallRuntime): Promise<void> {
  const lead = leadLeg(runtime.facts());
  if (!call.record || !lead || !mayExist(call, lead, runtime)) return;
  const announced = (facts: Facts): boolean => {
    const leg = leadLeg(facts);
    return leg?.recordingSavedAt !== null || leg.recordingFailure !== null;
  };
  await runtime.until(announced, RECORDING_GRACE_MS, 'recording saved');
  const recordingId = await findRecordingId(runtime);
  if (recordingId !== null) runtime.deliverRecording(recordingOf(call, lead, recordingId));
}

/** What steps recorded: told by webhooks, or found in the carrier's list, which is looked through again for late ones. */
export async function handOverStepRecordings(call: CallRequest, runtime: CallRuntime): Promise<void> {
  const handedOver = new Set<string>();
  const rest = ({ stepRecordingIds }: Facts): readonly string[] => stepRecordingIds.filter((id) => !handedOver.has(id));
  for (const waitMs of STEP_RECORDING_LOOKS_MS) {
    const lead = leadLeg(runtime.facts());
    if (lead === null) return;
    await runtime.until((facts) => rest(facts).length > 0, waitMs, "looking for steps' recordings");
    const { callLegId } = lead.identity;
    for (const recordingId of (await runtime.carrier.listRecordings({ callLegId, of: 'steps' })) ?? []) {
      runtime.learn({ kind: 'stepRecorded', at: iso(runtime.now()), source: 'poll', recordingId });
    }
    for (const recordingId of rest(runtime.facts())) {
      handedOver.add(recordingId);
      runtime.deliverRecording(recordingOf(call, lead, recordingId));
    }
  }
}

function recordingOf(call: CallRequest, { identity }: LegFacts, recordingId: string): RecordingToDeliver {
  const { callControlId } = identity;
  const { callId, provider, businessId, fromPhone, toPhone, metadata } = call;
  const format = recordedFormatOf(call);
  return { recordingId, callId, callControlId, format, businessId, provider, fromPhone, toPhone, metadata };
}

/** Without a notice that was heard there is none, and the status says so. */
function mayExist({ recordingNotice }: CallRequest, lead: LegFacts, runtime: CallRuntime): boolean {
  if (recordingNotice === null || lead.recordingStartedAt !== null || lead.recordingSavedAt !== null) return true;
  const reason = 'not recorded: the notice was not heard to its end, or the carrier refused to start';
  const found = { at: iso(runtime.now()), source: 'command', leg: lead.identity } as const;
  runtime.learn({ ...found, kind: 'recordingFailed', reason });
  return false;
}

/** The id that was told, or else found in the carrier's list; null when there is no recording. */
async function findRecordingId(runtime: CallRuntime): Promise<string | null> {
  let listed = false;
  // The answer to a dial names the recording that an answer would start: without one there is none of that id.
  const settled = (lead: LegFacts): boolean =>
    recordingFailureOf(lead) !== null || (lead.recordingId !== null && (listed || answeredAt(lead) !== null));
  for (const waitMs of RECORDING_LOOKS_MS) {
    const lead = leadLeg(runtime.facts());
    if (!lead || settled(lead)) break;
    await runtime.until((facts) => settled(leadLeg(facts) ?? lead), waitMs, 'looking for the recording');
    const ids = await runtime.carrier.listRecordings({ callLegId: lead.identity.callLegId });
    const found = { at: iso(runtime.now()), source: 'poll', leg: lead.identity } as const;
    const [recordingId] = ids ?? [];
    listed = recordingId !== undefined;
    if (recordingId !== undefined) runtime.learn({ ...found, kind: 'recordingFound', recordingId });
    // No answer is no proof: then the days that follow decide.
    else if (ids !== null && waitMs >= DAY_MS) {
      const reason = 'the carrier lists no recording of this leg, a day and more after its end';
      runtime.learn({ ...found, kind: 'recordingFailed', reason });
    }
  }
  const lead = leadLeg(runtime.facts());
  return lead && recordingFailureOf(lead) === null ? lead.recordingId : null;
}
