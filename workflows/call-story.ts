/**
 * The story of one call, top to bottom. It knows neither Temporal nor Node: the runtime binds it to the world.
 * Webhooks make it fast, asking makes it true: every wait has an end and a question to the carrier behind it.
 */
import { isReachable, LEAD } from '../domain/call';
import type { CallRequest } from '../domain/call';
import { answeredAt, isAlive, isJoined, leadLeg, livingLegs } from '../domain/facts';
import type { Facts, LegFacts } from '../domain/facts';
import { leadMetSomebody } from '../domain/status';
import { dialUntilKnown, iso } from './dialing';
import type { CallRuntime } from './runtime';

const ASK_WHILE_RINGING_MS = 5_000;
const ASK_WHILE_TALKING_MS = 30_000;
const ASK_WHILE_ENDING_MS = 2_000;
const JOINED_WITHIN_MS = 2_000;
/** How much later than its own limit the carrier may end a leg before we do it ourselves. */
const CARRIER_SLACK_MS = 15_000;
/** By then the carrier's own limits have ended every leg, whatever we could not reach. */
const SURELY_OVER_AFTER_MS = 120_000;
const RECORDING_GRACE_MS = 60_000;
/** When to look for a recording whose id nobody told; after the last, there is none. */
const RECORDING_LOOKS_MS = [5, 30, 60, 300, 900, 3600, 6 * 3600, 24 * 3600].map((seconds) => seconds * 1000);

/** Runs a call from its acceptance to the hand-over of its recording. Returns when nothing of it is left to do. */
export async function callStory(call: CallRequest, runtime: CallRuntime): Promise<void> {
  if (await ringLead(call, runtime)) await accompanyLead(call, runtime);
  await endEveryLeg(call, runtime);
  runtime.learn({
    kind: 'ended',
    at: iso(runtime.now()),
    source: runtime.facts().hangupRequestedAt ? 'api' : 'command',
  });
  await handOverRecording(call, runtime);
}

/** Dials the lead and waits for the answer; false when the call is over before one. */
async function ringLead(call: CallRequest, runtime: CallRuntime): Promise<boolean> {
  while (await dialUntilKnown(call, LEAD, runtime)) {
    const settled = (facts: Facts): boolean =>
      leadAnswered(facts) || leadIsGone(facts) || facts.hangupRequestedAt !== null;
    const patienceMs = call.ringTimeoutSeconds * 1000 + CARRIER_SLACK_MS;
    await untilAsking(call, runtime, settled, { patienceMs, askEveryMs: ASK_WHILE_RINGING_MS, summary: 'ringing' });
    // A leg that the carrier says is not ours leaves the dial as unclear as a lost answer does.
    const lead = leadLeg(runtime.facts());
    if (lead === null) continue;
    // The webhook of the hangup may have overtaken that of the answer, or the latter is lost.
    if (!isAlive(lead) && answeredAt(lead) === null) await askAbout(lead, call, runtime);
    return canGoOn(runtime.facts());
  }
  return false;
}

/** From the answer to the moment when somebody ends it: the lead, the API, a limit, or nobody having come. */
async function accompanyLead(call: CallRequest, runtime: CallRuntime): Promise<void> {
  if (!(await enterConference(call, runtime))) return;
  const over = (facts: Facts): boolean => !canGoOn(facts) || facts.conferenceEndedAt !== null;
  const met = (facts: Facts): boolean => leadMetSomebody(facts) || over(facts);
  const waiting = {
    patienceMs: call.agentWaitSeconds * 1000,
    askEveryMs: ASK_WHILE_TALKING_MS,
    summary: 'waiting for somebody to come',
  };
  if (!(await untilAsking(call, runtime, met, waiting))) {
    runtime.learn({ kind: 'nobodyCame', at: iso(runtime.now()), source: 'command' });
    return;
  }
  const patienceMs = call.timeLimitSeconds * 1000 + CARRIER_SLACK_MS;
  await untilAsking(call, runtime, over, { patienceMs, askEveryMs: ASK_WHILE_TALKING_MS, summary: 'talking' });
}

/** Brings the answered lead into the conference; false when that cannot be. */
async function enterConference(call: CallRequest, runtime: CallRuntime): Promise<boolean> {
  const { callId } = call;
  const entered = (facts: Facts): boolean => !canGoOn(facts) || isIn(leadLeg(facts));
  for (let attempt = 1; attempt <= 2; attempt++) {
    const leg = leadLeg(runtime.facts());
    if (!leg || !isAlive(leg) || !canGoOn(runtime.facts())) return false;
    const answer = await runtime.carrier.enterConference({ callId, leg: leg.identity, attempt });
    if (answer.kind === 'refused' || answer.kind === 'unavailable') {
      const code = answer.kind === 'refused' ? answer.code : 'carrier_unavailable';
      runtime.learn({ kind: 'commandFailed', at: iso(runtime.now()), source: 'command', code, detail: answer.detail });
      return false;
    }
    if (await runtime.until(entered, JOINED_WITHIN_MS, 'joined')) return canGoOn(runtime.facts());
    for (const event of await runtime.carrier.askParticipants({
      callId,
      legs: livingLegs(runtime.facts()).map((living) => living.identity),
    }))
      runtime.learn(event);
    if (entered(runtime.facts())) return canGoOn(runtime.facts());
    if (answer.kind === 'gone') await ask(call, runtime);
  }
  return canGoOn(runtime.facts());
}

/** Hangs up whatever is alive, and does not rest until the carrier says that nothing is. */
async function endEveryLeg(call: CallRequest, runtime: CallRuntime): Promise<void> {
  const { callId } = call;
  const over = (facts: Facts): boolean => livingLegs(facts).length === 0;
  while (!over(runtime.facts())) {
    for (const leg of livingLegs(runtime.facts())) {
      const answer = await runtime.carrier.hangUp({ callId, leg: leg.identity });
      if (answer.kind === 'refused')
        runtime.learn({ ...answer, kind: 'commandFailed', at: iso(runtime.now()), source: 'command' });
    }
    if (await runtime.until(over, ASK_WHILE_ENDING_MS, 'hanging up')) return;
    await ask(call, runtime);
    if (runtime.now() > surelyOverAtMs(call, runtime.facts())) concludeWithoutTheCarrier(runtime);
  }
}

/** The delivery is a workflow of its own; this only finds the recording's id and starts it. */
async function handOverRecording(call: CallRequest, runtime: CallRuntime): Promise<void> {
  const answered = leadLeg(runtime.facts());
  if (!call.record || !answered || answeredAt(answered) === null) return;
  const announced = (facts: Facts): boolean => {
    const leg = leadLeg(facts);
    return leg?.recordingSavedAt !== null || leg.recordingFailure !== null;
  };
  await runtime.until(announced, RECORDING_GRACE_MS, 'recording saved');
  const recordingId = await findRecordingId(runtime);
  if (recordingId === null) {
    noRecording(runtime);
    return;
  }
  const { callControlId } = answered.identity;
  const { callId, provider, businessId, fromPhone, toPhone, metadata, recordingFormat: format } = call;
  await runtime.deliverRecording({
    recordingId,
    callId,
    callControlId,
    format,
    businessId,
    provider,
    fromPhone,
    toPhone,
    metadata,
  });
}

async function findRecordingId(runtime: CallRuntime): Promise<string | null> {
  const known = (): string | null => leadLeg(runtime.facts())?.recordingId ?? null;
  const failed = (): boolean => (leadLeg(runtime.facts())?.recordingFailure ?? null) !== null;
  for (const waitMs of RECORDING_LOOKS_MS) {
    const callLegId = leadLeg(runtime.facts())?.identity.callLegId;
    if (callLegId === undefined || known() !== null || failed()) break;
    const ids = await runtime.carrier.listRecordings({ callLegId });
    if (ids?.[0] !== undefined) return ids[0];
    await runtime.until(() => known() !== null || failed(), waitMs, 'looking for the recording');
  }
  return failed() ? null : known();
}

function noRecording(runtime: CallRuntime): void {
  const leg = leadLeg(runtime.facts());
  if (leg?.recordingFailure !== null) return;
  const reason = 'the carrier lists no recording of this leg, a day after its end';
  runtime.learn({ kind: 'recordingFailed', at: iso(runtime.now()), source: 'poll', leg: leg.identity, reason });
}

interface Waiting {
  readonly patienceMs: number;
  readonly askEveryMs: number;
  readonly summary: string;
}

/** Waits for a fact, asking the carrier now and then; false when patience ran out. */
async function untilAsking(
  call: CallRequest,
  runtime: CallRuntime,
  predicate: (facts: Facts) => boolean,
  { patienceMs, askEveryMs, summary }: Waiting,
): Promise<boolean> {
  const endsAt = runtime.now() + patienceMs;
  for (;;) {
    const left = endsAt - runtime.now();
    if (left <= 0) return false;
    if (await runtime.until(predicate, Math.min(askEveryMs, left), summary)) return true;
    await ask(call, runtime);
    if (predicate(runtime.facts())) return true;
  }
}

/** Asks the carrier about every leg that is alive as far as we know. */
async function ask(call: CallRequest, runtime: CallRuntime): Promise<void> {
  for (const leg of livingLegs(runtime.facts())) await askAbout(leg, call, runtime);
}

async function askAbout(
  { identity, confirmed }: LegFacts,
  { callId }: CallRequest,
  runtime: CallRuntime,
): Promise<void> {
  if (!isReachable(identity)) return;
  for (const event of await runtime.carrier.askLeg({ callId, leg: identity, confirmed })) runtime.learn(event);
}

function concludeWithoutTheCarrier(runtime: CallRuntime): void {
  for (const leg of livingLegs(runtime.facts())) {
    const unknown = { cause: null, hangupSource: null, sipCause: null };
    runtime.learn({ kind: 'hungUp', at: iso(runtime.now()), source: 'poll', leg: leg.identity, ...unknown });
  }
}

function surelyOverAtMs(call: CallRequest, facts: Facts): number {
  const dialedAtMs = Date.parse(facts.leadDialedAt ?? call.createdAt);
  return dialedAtMs + (call.ringTimeoutSeconds + call.timeLimitSeconds) * 1000 + SURELY_OVER_AFTER_MS;
}

function leadAnswered(facts: Facts): boolean {
  const leg = leadLeg(facts);
  return leg !== null && answeredAt(leg) !== null;
}

function leadIsGone(facts: Facts): boolean {
  const leg = leadLeg(facts);
  return leg === null || !isAlive(leg);
}

/** Answered, still there, and nobody asked us to end it. */
function canGoOn(facts: Facts): boolean {
  return leadAnswered(facts) && !leadIsGone(facts) && facts.hangupRequestedAt === null;
}

function isIn(leg: LegFacts | null): boolean {
  return leg !== null && isJoined(leg);
}
