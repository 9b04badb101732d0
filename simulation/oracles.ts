/**
 * What must hold, whatever fails. Each oracle knows the carrier's books and what has reached us, never the story.
 *
 * | oracle      | holds that                                                                                      |
 * | ----------- | ----------------------------------------------------------------------------------------------- |
 * | C1          | one dial, one leg at the carrier, the lead's and each agent's; the one exception is `mayBeSecond` |
 * | C2          | nobody is dialed after a hangup was accepted or the call has ended, no lead long after it was    |
 * | C3          | when a call has ended, no leg of it lives; nobody else's leg is ever touched                     |
 * | C4          | whoever answers hears somebody or something within seconds, where nothing fails                  |
 * | C5          | every call ends, within its limits after the last fault                                          |
 * | C6          | the status document says what the carrier's books say (`truth.ts`)                               |
 * | C7          | a command_id stands for one command, to the last byte                                           |
 * | status      | the status only goes forward, and what was told of an ended call stays                          |
 * | sounds      | notice, message and apology are heard at most once, and the message by machines only             |
 * | courtesy    | the lead left alone hears hold audio, then an apology; ringback ends, where nothing fails        |
 * | recording   | a recording that the carrier has is handed over, exactly that one, exactly once                  |
 * | consent     | nothing is recorded that was not to be, nor before the notice was heard                           |
 */
import { CALL_STATUSES } from '../domain/status';
import type { StatusDocument } from '../domain/status';
import type { RecordingToDeliver } from '../domain/recordings';
import type { CarrierLedger, LedgerLeg, LedgerRecording } from '../simulator/carrier/ledger';
import type { Settings } from '../simulator/carrier/settings';
import type { PhoneBehaviour } from '../simulator/phones';
import type { Verdict } from './judge';
import type { Sent } from './network';
import type { CallRecord, DialSent } from './records';
import { allLegsOf, calledIn, isKnown, leadLegsOf, legIn } from './records';
import { BY_STEPS, consent, courtesy, deadAir, sounds } from './hearing';
import { performance, scriptDeadAir } from './performance';
import { untruths } from './truth';

/** A dial that waited longer for its worker is not sent. */
const DIAL_WAITS_MS = 5_000;
const LAST_DIAL_MS = 120_000;
const GRACE_MS = 8_000;
/** How long after its limit, or after the last fault, a call may take to end. */
const ENDS_WITHIN_MS = 120_000;

/** Telnyx takes no command_id there (API reference); repeating them does no harm. */
const WITHOUT_ID = ['play', 'stop', 'mute', 'unmute'];

export function whenSent(record: CallRecord, { operation, method, path, body }: Sent): readonly Verdict[] {
  if (method === 'GET' || WITHOUT_ID.includes(operation) || operation.startsWith('texml')) return [];
  // Telnyx ignores a repeated command_id of one call_control_id (API reference: every command).
  const { command_id } = body;
  const id = typeof command_id === 'string' ? `${command_id} ${path}` : '';
  const command = `${method} ${path} ${JSON.stringify(body)}`;
  const before = record.commands.get(id) ?? command;
  record.commands.set(id, command);
  if (id === '') return [{ oracle: 'C7', what: `${operation} was sent without a command_id` }];
  if (before !== command) return [{ oracle: 'C7', what: `one command_id for ${before} and ${command}` }];
  return [];
}

/** @param dial the latest of the record's. */
export function whenDialSent(record: CallRecord, { request, leg }: DialSent): readonly Verdict[] {
  const { dials, hangupAcceptedAtMs, endedAtMs, acceptedAtMs } = record;
  const { atMs } = request;
  const isLead = calledIn(request) === record.request.toPhone;
  const isLate = (sinceMs: number | null): boolean => sinceMs !== null && atMs > sinceMs + DIAL_WAITS_MS;
  const ids = new Set(dials.filter((dial) => dial.leg === leg).map((dial) => dial.request.body['command_id']));
  return [
    ...(isLate(hangupAcceptedAtMs) ? [{ oracle: 'C2', what: `dialed ${leg} long after a hangup was accepted` }] : []),
    ...(isLate(endedAtMs) ? [{ oracle: 'C2', what: `dialed ${leg} after the end` }] : []),
    ...(isLead && isLate(acceptedAtMs + LAST_DIAL_MS)
      ? [{ oracle: 'C2', what: `dialed ${atMs - acceptedAtMs} ms after the call was accepted` }]
      : []),
    ...(isUnclearTexml(record) ? [{ oracle: 'C1', what: 'dialed again though the first may have been placed' }] : []),
    ...(ids.size > 1 ? [{ oracle: 'C7', what: `${ids.size} command_ids for ${leg}` }] : []),
  ];
}

/** Telnyx takes no command_id there, so nobody de-duplicates. */
function isUnclearTexml({ script, dials }: CallRecord): boolean {
  return script !== null && dials.slice(0, -1).some(({ isRefused }) => !isRefused);
}

export function whenPlaced(
  record: CallRecord,
  request: Sent,
  legs: readonly LedgerLeg[],
  count: (what: string) => void,
): readonly Verdict[] {
  const isLead = calledIn(request) === record.request.toPhone;
  const name = legIn(request.body['client_state']);
  const mine = isLead ? leadLegsOf(legs, record) : legs.filter(({ client_state }) => legIn(client_state) === name);
  const placed = isLead ? mine : allLegsOf(mine, record);
  const [first] = placed;
  if (!first || placed.length === 1) return [];
  if (record.script === null && mayBeSecond(record, request, first)) {
    count('limit: a second leg');
    return [];
  }
  return [{ oracle: 'C1', what: `${placed.length} legs of ${name} were placed` }];
}

/**
 * The one way to a second leg. It takes a carrier that places two for one command_id, and that showed nothing of the
 * first for 8 seconds and more after its request was sent: none of its lists, all asked and answered, named it, and
 * no webhook of it had come, when the second request left.
 */
function mayBeSecond(record: CallRecord, request: Sent, first: LedgerLeg): boolean {
  const leg = legIn(request.body['client_state']);
  const dials = record.dials.filter((dial) => dial.leg === leg);
  const nth = dials.findIndex((dial) => dial.request === request);
  const dial = dials[nth];
  const before = dials[nth - 1];
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
  return living(record, legs).map((leg) => ({
    oracle: 'C3',
    what: `said to have ended while the leg of ${legIn(leg.client_state)} lives`,
  }));
}

/** A leg of which the carrier has told nothing is beyond our reach. */
function living(record: CallRecord, legs: readonly LedgerLeg[]): readonly LedgerLeg[] {
  return allLegsOf(legs, record).filter((leg) => leg.ended_at === null && isKnown(record, leg));
}

export interface End {
  readonly record: CallRecord;
  readonly document: StatusDocument;
  readonly ledger: CarrierLedger;
  readonly deliveries: readonly RecordingToDeliver[];
  /** Nothing went wrong in the whole run, and the carrier is as it usually is. */
  readonly calm: boolean;
  readonly settings: Settings;
  /** What the phone at a number or address does. */
  readonly phone: (to: string) => PhoneBehaviour;
}

export function atTheEnd(end: End): readonly Verdict[] {
  return [
    ...orphans(end),
    ...endsInTime(end),
    ...untruths(end),
    ...recordingIsHandedOver(end),
    ...consent(end),
    ...sounds(end),
    ...(end.record.script === null
      ? [...deadAir(end), ...courtesy(end)]
      : [...scriptDeadAir(end), ...performance(end)]),
  ];
}

function orphans({ record, ledger }: End): readonly Verdict[] {
  if (record.endedAtMs === null) return [];
  return living(record, ledger.legs).map((leg) => ({
    oracle: 'C3',
    what: `the leg of ${legIn(leg.client_state)} outlived its call by a quarter of an hour`,
  }));
}

function endsInTime({ record, document, ledger }: End): readonly Verdict[] {
  const { request, acceptedAtMs, endedAtMs, storyOverAtMs, calmSinceMs, takenOutAtMs, wishes } = record;
  if (endedAtMs === null || storyOverAtMs === null) return [{ oracle: 'C5', what: 'the call never ended' }];
  const { agent, agentWaitSeconds, ringTimeoutSeconds, timeLimitSeconds } = request;
  const limitSeconds = document.answered_at === null ? ringTimeoutSeconds : timeLimitSeconds;
  // An agent may be waited for before the lead is dialed; and a dial that stays unclear is watched, also after the end.
  const hasAgents = agent !== null || wishes.some(({ kind }) => kind === 'join');
  const agentsMs = hasAgents ? 1000 * (2 * agentWaitSeconds + 60) : 0;
  const begunMs = Date.parse(document.dialed_at ?? document.created_at);
  // A lead who is gone is noticed long before the call's own limit.
  const lead = leadLegsOf(ledger.legs, record);
  const isGone = lead.length > 0 && lead.every((leg) => leg.ended_at !== null && isKnown(record, leg));
  const goneMs = isGone ? Math.max(...lead.map((leg) => Date.parse(leg.ended_at ?? ''))) : Infinity;
  const limitMs = Math.min(Math.max(begunMs, acceptedAtMs) + 1000 * limitSeconds, goneMs);
  const latestMs = Math.max(limitMs, calmSinceMs) + agentsMs + ENDS_WITHIN_MS;
  // Out of the conference there is nothing left to do or to wait for.
  const outsideMs = Math.max(takenOutAtMs ?? Infinity, calmSinceMs) + ENDS_WITHIN_MS;
  const lateMs = endedAtMs - Math.min(latestMs, outsideMs);
  return lateMs <= 0 ? [] : [{ oracle: 'C5', what: `ended ${lateMs} ms later than it may` }];
}

function recordingIsHandedOver({ record, document, ledger, deliveries, settings }: End): readonly Verdict[] {
  const dedupes = settings.dedupeCommandIds;
  const legs = leadLegsOf(ledger.legs, record);
  const theirs = ledger.recordings.filter(
    ({ leg, state }) => state === 'completed' && legs.some(({ call_control_id }) => call_control_id === leg),
  );
  const failures = new Set(
    legs.flatMap((leg) => (record.told.has(`call.recording.error ${leg.call_leg_id}`) ? leg.recording_ids : [])),
  );
  const handed = deliveries.map(({ recordingId }) => recordingId);
  const lost = theirs.filter(({ id }) => !handed.includes(id));
  const isOfCall = ({ initiated_by }: LedgerRecording): boolean => !BY_STEPS.includes(initiated_by);
  // What a step recorded is looked for three times; the call's own, for a month.
  const isTold = ({ id }: LedgerRecording): boolean =>
    ['texml.recording.completed', 'listed'].some((how) => record.told.has(`${how} ${id}`));
  // An id can be known before it is known that nothing came of it; then its delivery finds out.
  const possible = ledger.recordings.filter(({ id }) => !failures.has(id));
  const invented = handed.filter((id) => !possible.some((one) => one.id === id));
  const open = document.recording?.state === 'expected' && handed.length === 0;
  const misnamed = deliveries.filter(({ recordingId, format }) =>
    possible.some((one) => one.id === recordingId && one.format !== format),
  );
  const lostOfCall = lost.filter(isOfCall);
  const wrong = [
    ...(lostOfCall.length > 0 &&
    (dedupes || handed.length === 0) &&
    legs.length === 1 &&
    legs.every((leg) => isKnown(record, leg))
      ? [`${lostOfCall.length} never handed over`]
      : []),
    ...lost.filter((one) => !isOfCall(one) && isTold(one)).map(() => 'what a step recorded was never handed over'),
    ...(invented.length > 0 ? [`${invented.join()} handed over, which is none`] : []),
    ...(new Set(handed).size < handed.length ? ['handed over more than once'] : []),
    ...misnamed.map(({ format }) => `handed over as ${format}, which it is not`),
    ...(open ? ['still expected when the story was over'] : []),
  ];
  return wrong.map((what) => ({ oracle: 'recording', what }));
}
