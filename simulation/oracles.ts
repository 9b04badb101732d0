/**
 * What must hold, whatever fails. Each oracle knows the carrier's books and what has reached us, never the story.
 *
 * | oracle      | holds that                                                                                     |
 * | ----------- | ---------------------------------------------------------------------------------------------- |
 * | C1          | a call has at most one leg at the carrier; the one exception is `mayBeSecond`                    |
 * | C2          | nothing is dialed after a hangup was accepted, or long after the call was                       |
 * | C3          | when a call has ended, no leg of it lives; nobody else's leg is ever touched                    |
 * | C5          | every call ends, within its limits after the last fault                                        |
 * | C6          | the status document says what the carrier's books say                                          |
 * | C7          | a command_id stands for one command, to the last byte                                          |
 * | status      | the status only goes forward, and what was told of an ended call stays                         |
 * | recording   | a recording that the carrier has is handed over, exactly that one                              |
 */
import { CALL_STATUSES } from '../domain/status';
import type { StatusDocument } from '../domain/status';
import type { RecordingToDeliver } from '../domain/recordings';
import type { CarrierLedger, LedgerLeg } from '../simulator/carrier/ledger';
import type { Verdict } from './judge';
import type { Sent } from './network';
import type { CallRecord } from './records';
import { legsOf } from './records';
import { untruths } from './truth';

/** A dial that waited longer for its worker is not sent. */
const DIAL_WAITS_MS = 5_000;
const LAST_DIAL_MS = 120_000;
const GRACE_MS = 8_000;
/** How long after its limit, or after the last fault, a call may take to end. */
const ENDS_WITHIN_MS = 120_000;

export function whenSent(record: CallRecord, { operation, method, path, body }: Sent): readonly Verdict[] {
  if (method === 'GET') return [];
  // Telnyx ignores a repeated command_id of one call_control_id (API reference: every command).
  const id = String(body['command_id'] ?? '') && `${String(body['command_id'])} ${path}`;
  const command = `${method} ${path} ${JSON.stringify(body)}`;
  const before = record.commands.get(id) ?? command;
  record.commands.set(id, command);
  if (id === '') return [{ oracle: 'C7', what: `${operation} was sent without a command_id` }];
  if (before !== command) return [{ oracle: 'C7', what: `one command_id for ${before} and ${command}` }];
  return [];
}

export function whenDialSent(
  { dials, hangupAcceptedAtMs, acceptedAtMs, commands }: CallRecord,
  nowMs: number,
): readonly Verdict[] {
  const verdicts: Verdict[] = [];
  if (hangupAcceptedAtMs !== null && nowMs > hangupAcceptedAtMs + DIAL_WAITS_MS) {
    verdicts.push({ oracle: 'C2', what: `dialed ${nowMs - hangupAcceptedAtMs} ms after a hangup was accepted` });
  }
  if (nowMs > acceptedAtMs + LAST_DIAL_MS + DIAL_WAITS_MS) {
    verdicts.push({ oracle: 'C2', what: `dialed ${nowMs - acceptedAtMs} ms after the call was accepted` });
  }
  const ids = new Set(dials.map(({ request }) => request.body['command_id']));
  if (ids.size > 1) verdicts.push({ oracle: 'C7', what: `${ids.size} command_ids for one leg, of ${commands.size}` });
  return verdicts;
}

export function whenPlaced(
  record: CallRecord,
  request: Sent,
  legs: readonly LedgerLeg[],
  count: (what: string) => void,
): readonly Verdict[] {
  const [first] = legs;
  if (!first || legs.length === 1) return [];
  if (mayBeSecond(record, request, first)) {
    count('limit: a second leg');
    return [];
  }
  return [{ oracle: 'C1', what: `${legs.length} legs were placed` }];
}

/**
 * The one way to a second leg. It takes a carrier that places two for one command_id, and that showed nothing of the
 * first for 8 seconds and more after its request was sent: neither of its lists, both asked and answered, named it, and
 * no webhook of it had come, when the second request left.
 */
function mayBeSecond(record: CallRecord, request: Sent, first: LedgerLeg): boolean {
  const nth = record.dials.findIndex((dial) => dial.request === request);
  const dial = record.dials[nth];
  const before = record.dials[nth - 1];
  if (!dial?.look || !before || dial.look.atMs < before.request.atMs + GRACE_MS) return false;
  const listed = [...dial.look.shown.values()].some((shown) => shown.includes(first.call_leg_id));
  const told = [...dial.told].some((one) => one.endsWith(first.call_leg_id));
  return !listed && !told;
}

export function whenStatusChanges(before: StatusDocument, after: StatusDocument): readonly Verdict[] {
  const verdicts: Verdict[] = [];
  if (CALL_STATUSES.indexOf(after.status) < CALL_STATUSES.indexOf(before.status)) {
    verdicts.push({ oracle: 'status', what: `went back from ${before.status} to ${after.status}` });
  }
  // What nobody had told by then may still come: that it was answered, or why it ended.
  const knowsMore =
    (before.answered_at === null && after.answered_at !== null) ||
    (before.hangup_cause === null && after.hangup_cause !== null);
  if (before.status === 'ended' && before.outcome !== after.outcome && !knowsMore) {
    verdicts.push({ oracle: 'status', what: `the outcome was ${before.outcome}, then ${after.outcome}` });
  }
  return verdicts;
}

export function whenEnded(record: CallRecord, legs: readonly LedgerLeg[]): readonly Verdict[] {
  const alive = living(record, legs);
  return alive === 0 ? [] : [{ oracle: 'C3', what: `said to have ended while ${alive} leg lives` }];
}

/** A second leg of which the carrier has told nothing is beyond our reach: part of the limit of `mayBeSecond`. */
function living(record: CallRecord, legs: readonly LedgerLeg[]): number {
  const reachable = legs.length === 1 ? legs : legs.filter((leg) => isKnown(record, [leg]));
  return reachable.filter(({ ended_at }) => ended_at === null).length;
}

export interface End {
  readonly record: CallRecord;
  readonly document: StatusDocument;
  readonly ledger: CarrierLedger;
  readonly deliveries: readonly RecordingToDeliver[];
}

export function atTheEnd(end: End): readonly Verdict[] {
  return [...orphans(end), ...endsInTime(end), ...untruths(end), ...recordingIsHandedOver(end)];
}

function orphans({ record, ledger }: End): readonly Verdict[] {
  const alive = record.endedAtMs === null ? 0 : living(record, legsOf(ledger.legs, record));
  return alive === 0 ? [] : [{ oracle: 'C3', what: 'a leg outlived its call by a quarter of an hour' }];
}

function endsInTime({ record, document }: End): readonly Verdict[] {
  const { request, acceptedAtMs, endedAtMs, storyOverAtMs, calmSinceMs } = record;
  if (endedAtMs === null || storyOverAtMs === null) return [{ oracle: 'C5', what: 'the call never ended' }];
  const limitMs = 1000 * (document.answered_at === null ? request.ringTimeoutSeconds : request.timeLimitSeconds);
  const begunMs = Date.parse(document.dialed_at ?? document.created_at);
  const latestMs = Math.max(begunMs, calmSinceMs, acceptedAtMs) + limitMs + ENDS_WITHIN_MS;
  return endedAtMs <= latestMs ? [] : [{ oracle: 'C5', what: `ended ${endedAtMs - latestMs} ms later than it may` }];
}

function recordingIsHandedOver({ record, document, ledger, deliveries }: End): readonly Verdict[] {
  const legs = legsOf(ledger.legs, record);
  const theirs = ledger.recordings.filter(
    ({ leg, state }) => state === 'completed' && legs.some(({ call_control_id }) => call_control_id === leg),
  );
  const failures = new Set(
    legs.flatMap((leg) => (record.told.has(`call.recording.error ${leg.call_leg_id}`) ? leg.recording_ids : [])),
  );
  const handed = [...new Set(deliveries.map(({ recordingId }) => recordingId))];
  const lost = theirs.filter(({ id }) => !handed.includes(id));
  // An id can be known before it is known that nothing came of it; then its delivery finds out.
  const possible = ledger.recordings.filter(({ id }) => !failures.has(id)).map(({ id }) => id);
  const invented = handed.filter((id) => !possible.includes(id));
  const open = document.recording?.state === 'expected' && handed.length === 0;
  return [
    ...(lost.length > 0 && legs.length === 1 && isKnown(record, legs)
      ? [{ oracle: 'recording', what: `${lost.length} never handed over` }]
      : []),
    ...(invented.length > 0 ? [{ oracle: 'recording', what: `${invented.join()} handed over, which is none` }] : []),
    ...(open ? [{ oracle: 'recording', what: 'still expected when the story was over' }] : []),
  ];
}

const isKnown = ({ told }: CallRecord, legs: readonly LedgerLeg[]): boolean =>
  [...told].some((one) => legs.some(({ call_leg_id }) => one.endsWith(call_leg_id)));
