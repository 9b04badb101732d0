/**
 * Telnyx's callbacks of TeXML calls in our words. They are forms without `client_state` (their address says which call
 * they are about) and without an id of the event. Pure, and never throws: what says nothing new comes back as no event.
 * Fields by the pages "callbacks" of the Telnyx API reference.
 */
import { LEAD } from '../../domain/call';
import type { LegIdentity } from '../../domain/call';
import type { EventOf, MachineVerdict, Source } from '../../domain/events';
import { parseInstant } from '../../domain/time';
import { plausible } from './instants';

/** A form as it came: every field can be missing. */
type Form = Readonly<Record<string, string | undefined>>;

export interface Heard {
  readonly source: Source;
  /** When we heard of it, ISO 8601. Stands in for an instant that cannot be. */
  readonly receivedAt: string;
}

type StatusEvent = EventOf<'initiated' | 'answered' | 'hungUp'>;

/** Why a call ended, in the words of a Call Control hangup, where only the status tells. */
const CAUSES: Readonly<Record<string, string | null>> = {
  completed: null,
  busy: 'user_busy',
  'no-answer': 'no_answer',
  canceled: 'originator_cancel',
  failed: 'failed',
};

/** `StatusCallback`. Legs that a document dialed (ParentCallSid) are none of the lead's. */
export function readStatusCallback(form: Form, heard: Heard): readonly StatusEvent[] {
  const leg = legOf(said(form, 'CallSid'));
  const status = form['CallStatus'] ?? '';
  if (leg === null || said(form, 'ParentCallSid') !== null) return [];
  const about = { leg, source: heard.source };
  const at = plausible(form['Timestamp'], heard.receivedAt);
  const answeredAt = plausible(form['AnsweredTime'], at);
  if (['initiated', 'queued', 'ringing'].includes(status)) return [{ ...about, kind: 'initiated', at }];
  if (['in-progress', 'answered'].includes(status)) return [{ ...about, kind: 'answered', at: answeredAt }];
  if (!Object.hasOwn(CAUSES, status)) return [];
  const end = {
    ...about,
    kind: 'hungUp',
    at: plausible(form['EndTime'], at),
    cause: said(form, 'HangupCause') ?? CAUSES[status] ?? null,
    hangupSource: said(form, 'HangupSource'),
    sipCause: null,
  } as const;
  // Callbacks can be lost: the last one proves what those before it would have told.
  return said(form, 'AnsweredTime') !== null ? [{ ...about, kind: 'answered', at: answeredAt }, end] : [end];
}

const VERDICTS: Readonly<Record<string, MachineVerdict>> = { human: 'human', machine_start: 'machine', fax: 'fax' };

/** `AsyncAmdStatusCallback`. A verdict that says how the greeting ended was waiting for its end. */
export function readMachineCallback(form: Form, heard: Heard): readonly EventOf<'machineDetected' | 'greetingEnded'>[] {
  const leg = legOf(said(form, 'CallSid'));
  const answeredBy = form['AnsweredBy'] ?? '';
  if (leg === null || answeredBy === '') return [];
  const about = { leg, source: heard.source, at: plausible(form['Timestamp'], heard.receivedAt) };
  if (answeredBy.startsWith('machine_end_')) {
    return [
      { ...about, kind: 'machineDetected', verdict: 'machine' },
      { ...about, kind: 'greetingEnded' },
    ];
  }
  const verdict = Object.hasOwn(VERDICTS, answeredBy) ? VERDICTS[answeredBy] : undefined;
  return [{ ...about, kind: 'machineDetected', verdict: verdict ?? 'unknown' }];
}

/** `RecordingStatusCallback` of the call's own recording. Its beginning changes nothing. */
export function readRecordingCallback(
  form: Form,
  heard: Heard,
): readonly EventOf<'recordingSaved' | 'recordingFailed'>[] {
  const leg = legOf(said(form, 'CallSid'));
  if (leg === null) return [];
  const about = { leg, source: heard.source, at: plausible(form['Timestamp'], heard.receivedAt) };
  const status = form['RecordingStatus'];
  if (status === 'absent') return [{ ...about, kind: 'recordingFailed', reason: 'the carrier recorded nothing' }];
  if (status !== 'completed') return [];
  const startedAt = parseInstant(form['RecordingStartTime']);
  return [{ ...about, kind: 'recordingSaved', recordingId: said(form, 'RecordingSid'), startedAt, endedAt: null }];
}

/** The same of what a step recorded, on whichever leg: it belongs to the call whose address this is. */
export function readStepRecording(form: Form, heard: Heard): readonly EventOf<'stepRecorded'>[] {
  const recordingId = said(form, 'RecordingSid');
  if (recordingId === null || form['RecordingStatus'] !== 'completed') return [];
  const at = plausible(form['Timestamp'], heard.receivedAt);
  return [{ kind: 'stepRecorded', source: heard.source, at, recordingId }];
}

/** TeXML has one name for a leg, which commands take as well. */
function legOf(callSid: string | null): LegIdentity | null {
  return callSid === null ? null : { ...LEAD, callLegId: callSid, callControlId: callSid, callSessionId: null };
}

/** A field; null when it is missing or empty, or longer than any id or word of the carrier's. */
function said(form: Form, name: string): string | null {
  const text = form[name] ?? '';
  return text === '' || text.length > 500 ? null : text;
}
