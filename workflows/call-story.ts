/**
 * The story of one call, top to bottom. It knows neither Temporal nor Node: the runtime binds it to the world.
 * Webhooks make it fast, asking makes it true: every wait has an end and a question to the carrier behind it. Its
 * chapters are in `story/`.
 */
import { isReachable, LEAD, participantOf, ringSecondsOf } from '../domain/call';
import type { CallRequest } from '../domain/call';
import type { Facts } from '../domain/facts';
import { company, hadCompany, isUnavailable, leadLeg, livingLegsOf } from '../domain/legs';
import { iso } from '../domain/time';
import { accompanyAgents } from './story/agents';
import {
  ASK_WHILE_RINGING_MS,
  ASK_WHILE_TALKING_MS,
  askAboutUnconfirmed,
  CARRIER_SLACK_MS,
  untilAsking,
} from './story/asking';
import { enterConference, isIn, stopPlaying } from './story/conference';
import { dialUntilKnown } from './story/dialing';
import type { Dial } from './story/dialing';
import { endEveryLeg, learnHowItEnded } from './story/ending';
import { followScript, receiveLead } from './story/following';
import { canGoOn, isMachine, isMeantForPeople, leadAnswered, leadIsGone } from './story/going-on';
import type { Instructions } from './story/instructions';
import { isForPerson, takeOutMachine, treatMachine } from './story/machine';
import { announceRecording, handOverRecording, handOverStepRecordings } from './story/recording';
import { say } from './story/speech';
import type { CallRuntime } from './runtime';

/** A phone must not ring long after somebody asked for the call. */
const LAST_DIAL_AFTER_MS = 120_000;
/** What of that is left for the dial itself when the agent came at the last moment. */
const TIME_TO_DIAL_MS = 20_000;
/** A verdict that comes later than this after the answer is only noted: by then somebody is talking. */
const VERDICT_COUNTS_FOR_MS = 30_000;
const APOLOGY = 'We are sorry. Nobody is available to talk to you right now. Goodbye.';

/**
 * Runs a call from its acceptance to the hand-over of its recordings. Returns when nothing of it is left to do.
 * @param instructions what a TeXML call is told; null: the lead comes into a conference
 */
export async function callStory(
  call: CallRequest,
  runtime: CallRuntime,
  instructions: Instructions | null = null,
): Promise<void> {
  const agents = accompanyAgents(call, runtime);
  if (instructions !== null) await followInstructions(call, instructions, runtime);
  else await bringTogether(call, runtime);
  learn(runtime, 'ending');
  do await endEveryLeg(call, runtime);
  while (
    isOnlyStrangersLegKnown(runtime.facts()) &&
    (await dialUntilKnown(call, leadDial(call, false, runtime), runtime))
  );
  await agents;
  // A dial to an agent that was under way may have left a leg.
  await endEveryLeg(call, runtime);
  const unansweredForSure = await learnHowItEnded(call, runtime);
  if (isMeantForPeople(call) && isMachine(runtime.facts())) learn(runtime, 'machineReached');
  const source = runtime.facts().hangupRequestedAt ? 'api' : 'command';
  runtime.learn({ kind: 'ended', at: iso(runtime.now()), source });
  if (unansweredForSure) return;
  await handOverRecording(call, runtime);
  if (instructions?.mayHaveRecorded() === true) await handOverStepRecordings(call, runtime);
}

/** Lead and agents meet in a conference. */
async function bringTogether(call: CallRequest, runtime: CallRuntime): Promise<void> {
  if (!(await bringAgentFirst(call, runtime))) return;
  const byItself = entersByItself(call, runtime.facts());
  if (await ringLead(call, byItself, runtime)) await accompanyLead(call, byItself, runtime);
  else if (hasLostAgent(call, runtime.facts())) learn(runtime, 'nobodyCame');
}

/** The lead, called by us or calling us, hears documents. */
async function followInstructions(call: CallRequest, instructions: Instructions, runtime: CallRuntime): Promise<void> {
  const { incoming } = call;
  const answered = await (incoming ? receiveLead(call, incoming.callSid, runtime) : ringLead(call, false, runtime));
  if (answered) await followScript(call, instructions, runtime);
}

/** The lead's phone rings only once the agent is there, where that was asked for; false when the agent does not come. */
async function bringAgentFirst(call: CallRequest, runtime: CallRuntime): Promise<boolean> {
  const { agent, dialOrder } = call;
  if (agent === null || dialOrder !== 'agent_first') return true;
  runtime.learn({ kind: 'agentRequested', at: iso(runtime.now()), source: 'api', agent });
  const decided = (facts: Facts): boolean =>
    company(facts).length > 0 || facts.agents.every(isUnavailable) || facts.hangupRequestedAt !== null;
  const waitMs = ringSecondsOf(call, { role: 'agent' }) * 1000 + CARRIER_SLACK_MS;
  await runtime.until(decided, Math.min(waitMs, LAST_DIAL_AFTER_MS - TIME_TO_DIAL_MS), 'the agent comes first');
  if (company(runtime.facts()).length > 0) return runtime.facts().hangupRequestedAt === null;
  if (runtime.facts().hangupRequestedAt === null) learn(runtime, 'nobodyCame');
  return false;
}

/** Somebody waits, and nothing has to be found out or said before: the carrier joins the lead the instant they answer. */
function entersByItself(call: CallRequest, facts: Facts): boolean {
  return company(facts).length > 0 && !isMeantForPeople(call) && call.recordingNotice === null;
}

/** Dials the lead and waits for the answer; false when the call is over before one. */
async function ringLead(call: CallRequest, intoConference: boolean, runtime: CallRuntime): Promise<boolean> {
  while (await dialUntilKnown(call, leadDial(call, intoConference, runtime), runtime)) {
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

function leadDial(call: CallRequest, intoConference: boolean, { acceptedAtMs }: CallRuntime): Dial {
  const isWanted = (facts: Facts): boolean =>
    facts.hangupRequestedAt === null && facts.endingAt === null && !hasLostAgent(call, facts);
  return { leg: LEAD, agent: null, intoConference, notAfterMs: acceptedAtMs + LAST_DIAL_AFTER_MS, isWanted };
}

/** The agent who was to be there first has left before the lead's phone rang. */
function hasLostAgent({ agent, dialOrder }: CallRequest, facts: Facts): boolean {
  const { hangupRequestedAt, leadRefusal, leadUnresolvedAt } = facts;
  const decided = [hangupRequestedAt, leadRefusal, leadUnresolvedAt].some((known) => known !== null);
  if (agent === null || dialOrder !== 'agent_first' || decided) return false;
  return leadLeg(facts) === null && company(facts).length === 0;
}

/** Then ours may still ring: the dial is as unclear as after a lost answer. */
function isOnlyStrangersLegKnown(facts: Facts): boolean {
  const { legs, leadUnresolvedAt, leadRefusal } = facts;
  const hasDisowned = Object.values(legs).some(({ identity, disowned }) => disowned && identity.role === LEAD.role);
  return leadLeg(facts) === null && hasDisowned && leadUnresolvedAt === null && leadRefusal === null;
}

/** From the answer to the moment when somebody ends it: the lead, the API, a limit, a machine, or nobody having come. */
async function accompanyLead(call: CallRequest, byItself: boolean, runtime: CallRuntime): Promise<void> {
  const answeredMs = runtime.now();
  if (!(await isForPerson(call, runtime))) return treatMachine(call, runtime);
  await announceRecording(call, runtime);
  const [entered] = await Promise.all([
    enterConference(call, { leg: LEAD, byItself, isWanted: canGoOn }, runtime),
    stopPlaying(
      call,
      company(runtime.facts()).map(({ identity }) => identity),
      runtime,
    ),
  ]);
  if (!entered) return;
  if (call.agent !== null && call.dialOrder === 'lead_first' && !hasLeg(participantOf(call.agent), runtime.facts())) {
    runtime.learn({ kind: 'agentRequested', at: iso(runtime.now()), source: 'api', agent: call.agent });
  }
  await keepCompany(call, answeredMs, runtime);
}

/** On the way, or here: an agent may have joined while the lead's phone rang. */
function hasLeg(participant: string, facts: Facts): boolean {
  return livingLegsOf(facts, participant).length > 0;
}

/** Agents come and go; a lead who is alone hears hold audio, and after a while an apology. */
async function keepCompany(call: CallRequest, answeredMs: number, runtime: CallRuntime): Promise<void> {
  const endsAtMs = answeredMs + call.timeLimitSeconds * 1000 + CARRIER_SLACK_MS;
  const isLateMachine = (facts: Facts): boolean =>
    isMeantForPeople(call) && isMachine(facts) && runtime.now() < answeredMs + VERDICT_COUNTS_FOR_MS;
  const interrupted = (facts: Facts): boolean => !canGoOn(facts) || leftConference(facts) || isLateMachine(facts);
  const isAlone = (facts: Facts): boolean => company(facts).length === 0;
  const askEveryMs = ASK_WHILE_TALKING_MS;
  while (!interrupted(runtime.facts())) {
    if (isAlone(runtime.facts()) && !(await holdUntilSomebodyComes(call, interrupted, runtime))) return;
    const left = (facts: Facts): boolean => isAlone(facts) || interrupted(facts);
    const waiting = { patienceMs: endsAtMs - runtime.now(), askEveryMs, summary: 'talking' };
    if (!(await untilAsking(call, runtime, left, waiting))) return;
  }
  if (canGoOn(runtime.facts()) && isLateMachine(runtime.facts())) {
    await takeOutMachine(call, runtime);
    await treatMachine(call, runtime);
  }
}

/** False when nobody came: then the lead has heard an apology. */
async function holdUntilSomebodyComes(
  call: CallRequest,
  interrupted: (facts: Facts) => boolean,
  runtime: CallRuntime,
): Promise<boolean> {
  const { callId } = call;
  // A conference that the lead has made plays it by itself until somebody joins.
  const mustPlay = hadCompany(runtime.facts());
  const legs = [leadLeg(runtime.facts())?.identity].filter((leg) => leg !== undefined).filter(isReachable);
  if (mustPlay) await runtime.carrier.playInConference({ callId, legs, sound: 'hold' });
  const patienceMs = call.agentWaitSeconds * 1000;
  const waiting = { patienceMs, askEveryMs: ASK_WHILE_TALKING_MS, summary: 'waiting for somebody to come' };
  const came = (facts: Facts): boolean => company(facts).length > 0 || interrupted(facts);
  if (await untilAsking(call, runtime, came, waiting)) {
    if (mustPlay && !interrupted(runtime.facts())) await stopPlaying(call, legs, runtime);
    return true;
  }
  learn(runtime, 'nobodyCame');
  if (mustPlay) await runtime.carrier.stopPlaying({ callId, legs });
  for (const leg of legs) await runtime.carrier.leaveConference({ callId, leg, attempt: 1 });
  await say(call, 'apology', { say: APOLOGY }, runtime);
  return false;
}

/** Somebody ended the conference, or took the lead out of it. */
function leftConference(facts: Facts): boolean {
  return (leadLeg(facts)?.firstJoinedAt ?? null) !== null && !isIn(facts, LEAD);
}

function learn(runtime: CallRuntime, kind: 'ending' | 'nobodyCame' | 'machineReached'): void {
  runtime.learn({ kind, at: iso(runtime.now()), source: 'command' });
}
