/**
 * The story of one call, top to bottom. It knows neither Temporal nor Node: the runtime binds it to the world.
 * Webhooks make it fast, asking makes it true: every wait has an end and a question to the carrier behind it.
 */
import { isReachable, LEAD } from '../domain/call';
import type { CallRequest } from '../domain/call';
import type { CallEvent } from '../domain/events';
import { answeredAt, isAlive, isJoined, isOutdone, leadLeg, legNamed, livingLegs } from '../domain/facts';
import type { Facts, LegFacts } from '../domain/facts';
import { leadMetSomebody } from '../domain/status';
import { dialUntilKnown, findLeg, iso } from './dialing';
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
const DAY_MS = 24 * 3600_000;
/** How long after the last look to look for a recording whose id nobody told: the carrier keeps it for weeks. */
const RECORDING_LOOKS_MS = [
  ...[0, 5, 30, 60, 300, 900, 3600, 6 * 3600].map((seconds) => seconds * 1000),
  ...Array.from({ length: 30 }, () => DAY_MS),
];

/** Runs a call from its acceptance to the hand-over of its recording. Returns when nothing of it is left to do. */
export async function callStory(call: CallRequest, runtime: CallRuntime): Promise<void> {
  do {
    if (await ringLead(call, runtime)) await accompanyLead(call, runtime);
    await endEveryLeg(call, runtime);
  } while (onlyStrangersLegIsKnown(runtime.facts()));
  const unansweredForSure = await learnHowItEnded(call, runtime);
  runtime.learn({
    kind: 'ended',
    at: iso(runtime.now()),
    source: runtime.facts().hangupRequestedAt ? 'api' : 'command',
  });
  if (!unansweredForSure) await handOverRecording(call, runtime);
}

/** Dials the lead and waits for the answer; false when the call is over before one. */
async function ringLead(call: CallRequest, runtime: CallRuntime): Promise<boolean> {
  while (await dialUntilKnown(call, LEAD, runtime)) {
    const settled = (facts: Facts): boolean =>
      leadAnswered(facts) || leadIsGone(facts) || facts.hangupRequestedAt !== null;
    const patienceMs = call.ringTimeoutSeconds * 1000 + CARRIER_SLACK_MS;
    await untilAsking(call, runtime, settled, { patienceMs, askEveryMs: ASK_WHILE_RINGING_MS, summary: 'ringing' });
    await askAboutUnconfirmed(call, runtime);
    // A leg that the carrier says is not ours leaves the dial as unclear as a lost answer does.
    if (leadLeg(runtime.facts()) !== null) return canGoOn(runtime.facts());
  }
  return false;
}

/** Then ours may still ring: the dial is as unclear as after a lost answer. */
function onlyStrangersLegIsKnown(facts: Facts): boolean {
  const { leadUnresolvedAt, leadRefusal } = facts;
  const hasDisowned = Object.values(facts.legs).some(
    ({ identity, disowned }) => disowned && identity.role === LEAD.role,
  );
  return leadLeg(facts) === null && hasDisowned && leadUnresolvedAt === null && leadRefusal === null;
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
  const over = (facts: Facts): boolean => livingLegs(facts).every((leg) => isOutdone(facts, leg));
  for (let attempt = 1; !over(runtime.facts()); attempt++) {
    await askAboutUnconfirmed(call, runtime);
    for (const leg of livingLegs(runtime.facts()).filter(({ confirmed }) => confirmed)) {
      const answer = await runtime.carrier.hangUp({ callId, leg: leg.identity, attempt });
      if (answer.kind === 'refused') {
        runtime.learn({ ...answer, kind: 'commandFailed', at: iso(runtime.now()), source: 'command' });
      }
    }
    const patienceMs = Math.min(ASK_WHILE_ENDING_MS * 2 ** (attempt - 1), ASK_WHILE_TALKING_MS);
    if (over(runtime.facts()) || (await runtime.until(over, patienceMs, 'hanging up'))) return;
    // Also when the command was answered that there is no such leg: that was said of legs that lived.
    await ask(call, runtime);
    if (runtime.now() > surelyOverAtMs(call, runtime)) concludeHangup(livingLegs(runtime.facts()), runtime);
  }
}

/** No source tells why or when exactly, only that these are over. */
function concludeHangup(legs: readonly LegFacts[], runtime: CallRuntime): void {
  const unknown = { cause: null, hangupSource: null, sipCause: null };
  for (const { identity: leg } of legs) {
    runtime.learn({ kind: 'hungUp', at: iso(runtime.now()), source: 'poll', leg, ...unknown });
  }
}

/** Causes that only a call nobody answered ends with. */
const NEVER_ANSWERED = ['user_busy', 'call_rejected', 'timeout', 'no_answer', 'not_found', 'originator_cancel'];
/** When to ask how a leg ended, until the carrier's log has its hangup and with it all that came before. */
const HOW_IT_ENDED_LOOKS_MS = [0, 1_000, 2_000, 5_000, 10_000, 10_000];

/**
 * Webhooks come in any order or not at all: that a hangup is known and an answer is not does not mean that nobody
 * answered. Returns true when nobody did, for sure.
 */
async function learnHowItEnded(call: CallRequest, runtime: CallRuntime): Promise<boolean> {
  const doubtful = (facts: Facts): boolean => {
    const lead = leadLeg(facts);
    return lead !== null && answeredAt(lead) === null && !NEVER_ANSWERED.includes(lead.hangup?.cause ?? '');
  };
  for (const waitMs of HOW_IT_ENDED_LOOKS_MS) {
    if (!doubtful(runtime.facts())) break;
    if (waitMs > 0) await runtime.until((facts) => !doubtful(facts), waitMs, 'was it answered?');
    const lead = leadLeg(runtime.facts());
    const events = lead && (await askAbout(lead, call, runtime));
    if (events?.some((event) => event.kind === 'hungUp' && event.cause !== null)) return !leadAnswered(runtime.facts());
  }
  return !leadAnswered(runtime.facts()) && !doubtful(runtime.facts());
}

/** The delivery is a workflow of its own; this only finds the recording's id and starts it. */
async function handOverRecording(call: CallRequest, runtime: CallRuntime): Promise<void> {
  const lead = leadLeg(runtime.facts());
  if (!call.record || !lead) return;
  const announced = (facts: Facts): boolean => {
    const leg = leadLeg(facts);
    return leg?.recordingSavedAt !== null || leg.recordingFailure !== null;
  };
  await runtime.until(announced, RECORDING_GRACE_MS, 'recording saved');
  const recordingId = await findRecordingId(runtime);
  if (recordingId === null) return;
  const { callControlId } = lead.identity;
  const { callId, provider, businessId, fromPhone, toPhone, metadata, recordingFormat: format } = call;
  const ids = { recordingId, callId, callControlId };
  await runtime.deliverRecording({ ...ids, format, businessId, provider, fromPhone, toPhone, metadata });
}

/** The id that was told, or else found in the carrier's list; null when there is no recording. */
async function findRecordingId(runtime: CallRuntime): Promise<string | null> {
  let listed = false;
  // The answer to a dial names the recording that an answer would start: without one there is none of that id.
  const settled = (lead: LegFacts): boolean =>
    lead.recordingFailure !== null || (lead.recordingId !== null && (listed || answeredAt(lead) !== null));
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
  return lead?.recordingFailure === null ? lead.recordingId : null;
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
  for (const leg of livingLegs(runtime.facts())) {
    await askAbout(leg, call, runtime);
    const { role, participant, attempt } = leg.identity;
    // The answer to the dial named a leg that the carrier does not show to be ours: ours may be another.
    if (legNamed(runtime.facts(), leg.identity)?.confirmed === false)
      await findLeg(call, { role, participant, attempt }, runtime);
  }
}

/** The answer to a dial can name a stranger's leg: nothing is done to one that the carrier has not shown to be ours. */
async function askAboutUnconfirmed(call: CallRequest, runtime: CallRuntime): Promise<void> {
  for (const leg of livingLegs(runtime.facts())) if (!leg.confirmed) await askAbout(leg, call, runtime);
}

/** What the carrier said, after it was learned; null when it said nothing. */
async function askAbout(
  { identity, confirmed, echoed }: LegFacts,
  { callId }: CallRequest,
  runtime: CallRuntime,
): Promise<readonly CallEvent[] | null> {
  if (!isReachable(identity)) return null;
  const events = await runtime.carrier.askLeg({ callId, leg: identity, confirmed, echoed });
  for (const event of events ?? []) runtime.learn(event);
  return events;
}

function surelyOverAtMs(call: CallRequest, runtime: CallRuntime): number {
  const { leadDialedAt } = runtime.facts();
  const dialedAtMs = leadDialedAt === null ? runtime.acceptedAtMs : Date.parse(leadDialedAt);
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
