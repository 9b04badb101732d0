/** The answers of Telnyx about TeXML calls, as far as we read them, and what they say (API reference: TeXML REST commands). */
import { z } from 'zod';
import type { LegIdentity } from '../domain/call';
import type { CallEvent, MachineVerdict } from '../domain/events';
import { iso, parseInstant, SECOND_MS } from '../domain/time';

/** `{from, to, status: "queued"}`: it names no call. */
export const texmlTaken = z.object({ status: z.string() });

export const texmlCall = z.object({
  sid: z.string().min(1),
  status: z.string(),
  direction: z.string().nullish(),
  start_time: z.string().nullish().catch(null),
  end_time: z.string().nullish().catch(null),
  /** Whole seconds of talk, as text; so far, while the call lives. */
  duration: z.coerce.number().nonnegative().nullish().catch(null),
  answered_by: z.string().nullish().catch(null),
});
export type TexmlCall = z.infer<typeof texmlCall>;

export const texmlCalls = z.object({ calls: z.array(texmlCall) });

export const texmlRecordings = z.object({
  recordings: z.array(z.object({ sid: z.string().min(1), source: z.string().nullish().catch(null) })),
});

/** The carrier places a call within moments of the request for it; clocks differ. */
const PLACED_WITHIN_MS = 90_000;

/** Whether this may be what a dial after that time has placed. */
export function wasPlacedSoonAfter({ direction, start_time }: TexmlCall, since: string): boolean {
  const afterMs = Date.parse(start_time ?? '') - Date.parse(since);
  return direction !== 'inbound' && afterMs >= 0 && afterMs < PLACED_WITHIN_MS;
}

/** Telnyx's words for calls that nobody answered, as hangup causes; of `failed` no more is told. */
const UNANSWERED: Readonly<Record<string, string>> = {
  busy: 'user_busy',
  'no-answer': 'no_answer',
  canceled: 'originator_cancel',
  failed: 'failed',
};

const VERDICTS: Readonly<Record<string, MachineVerdict>> = { human: 'human', machine: 'machine', not_sure: 'unknown' };

/** What the carrier's record of a call says happened to it. */
export function eventsOf(call: TexmlCall, leg: LegIdentity): readonly CallEvent[] {
  const { status, end_time, duration, answered_by } = call;
  const now = new Date().toISOString();
  const learned = { source: 'poll', leg } as const;
  const endedAt = parseInstant(end_time) ?? now;
  const verdict = VERDICTS[answered_by ?? ''];
  const events: CallEvent[] = [{ kind: 'initiated', at: parseInstant(call.start_time) ?? now, ...learned }];
  if (verdict !== undefined) events.push({ kind: 'machineDetected', at: now, verdict, ...learned });
  if (status === 'in-progress' || status === 'completed') {
    const untilMs = Date.parse(status === 'completed' ? endedAt : now);
    events.push({ kind: 'inProgress', at: iso(untilMs - (duration ?? 0) * SECOND_MS), ...learned });
  }
  if (status === 'completed' || Object.hasOwn(UNANSWERED, status)) {
    const cause = UNANSWERED[status] ?? null;
    events.push({ kind: 'hungUp', at: endedAt, cause, hangupSource: null, sipCause: null, ...learned });
  }
  return events;
}
