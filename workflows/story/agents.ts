/**
 * The agents' side of a call: whoever is asked for is rung and brought into the conference, beside what happens to the
 * lead. An agent who is asked for again while on the way is not rung again; one who is there has reloaded the page: a
 * new leg joins, and the old one is removed.
 */
import { isSameLeg, ringSecondsOf } from '../../domain/call';
import type { CallRequest, LegName } from '../../domain/call';
import type { AgentFacts, Facts } from '../../domain/facts';
import { answeredAt, isAlive, legNamed, livingLegs, livingLegsOf } from '../../domain/legs';
import type { LivingLeg } from '../../domain/legs';
import { iso } from '../../domain/time';
import type { CallRuntime } from '../runtime';
import { ASK_WHILE_RINGING_MS, CARRIER_SLACK_MS, untilAsking } from './asking';
import { enterConference, playRingback } from './conference';
import { dialUntilKnown } from './dialing';
import { isClosing } from './going-on';
import { mute } from './mute';

/** How a browser's leg ends that has not logged in yet. It is rung again until the wait is over. */
const NOT_THERE_YET = ['not_found', 'unspecified'];
const RING_AGAIN_AFTER_MS = 2_000;

/** Brings in every agent who is asked for; returns when the call is closing and no leg of an agent is on its way. */
export async function accompanyAgents(call: CallRequest, runtime: CallRuntime): Promise<void> {
  const stories = new Map<string, Promise<void>>();
  const unknown = ({ agents }: Facts): readonly AgentFacts[] =>
    agents.filter(({ participant }) => !stories.has(participant));
  while (!isClosing(runtime.facts())) {
    for (const { participant } of unknown(runtime.facts())) {
      stories.set(participant, accompanyAgent(call, participant, runtime));
    }
    await runtime.until((facts) => isClosing(facts) || unknown(facts).length > 0, Infinity, 'agents');
  }
  await Promise.all(stories.values());
}

/** One agent, from request to request. */
async function accompanyAgent(call: CallRequest, participant: string, runtime: CallRuntime): Promise<void> {
  let served = 0;
  let attempt = 0;
  const isAskedFor = (facts: Facts): boolean => requestsOf(facts, participant) > served;
  for (;;) {
    await runtime.until((facts) => isClosing(facts) || isAskedFor(facts), Infinity, participant);
    if (isClosing(runtime.facts())) return;
    const waitEndsMs = runtime.now() + ringSecondsOf(call, { role: 'agent' }) * 1000;
    let answer: Answer;
    do {
      attempt += 1;
      answer = await ring(call, { role: 'agent', participant, attempt }, waitEndsMs, runtime);
      served = answer.served;
    } while (answer.kind === 'notThereYet' && (await mayRingAgain(waitEndsMs, runtime)));
    if (answer.kind !== 'came') learnUnavailable(participant, served, runtime);
  }
}

interface Answer {
  readonly kind: 'came' | 'notThereYet' | 'declined';
  /** How many requests this leg answers: whoever asks after it was answered has lost it, and needs another. */
  readonly served: number;
}

async function mayRingAgain(waitEndsMs: number, runtime: CallRuntime): Promise<boolean> {
  if (runtime.now() + RING_AGAIN_AFTER_MS > waitEndsMs) return false;
  return !(await runtime.until(isClosing, RING_AGAIN_AFTER_MS, 'the agent’s browser is not there yet'));
}

/** One leg: dialed, answered, in the conference; older legs of this agent are hung up then. */
async function ring(call: CallRequest, leg: LegName, notAfterMs: number, runtime: CallRuntime): Promise<Answer> {
  const { participant } = leg;
  const agent = agentFacts(runtime.facts(), participant)?.agent ?? null;
  const isWanted = (facts: Facts): boolean => !isClosing(facts);
  const dial = { leg, agent, intoConference: false, notAfterMs, isWanted };
  const isDialed = await dialUntilKnown(call, dial, runtime);
  const legs = (facts: Facts): readonly LivingLeg[] =>
    livingLegsOf(facts, participant).filter(({ identity }) => identity.attempt === leg.attempt);
  if (isDialed) {
    const settled = (facts: Facts): boolean => isClosing(facts) || !isRinging(facts, leg);
    const patienceMs = ringSecondsOf(call, leg) * 1000 + CARRIER_SLACK_MS;
    const waiting = { patienceMs, askEveryMs: ASK_WHILE_RINGING_MS, summary: `ringing ${participant}`, legs };
    await untilAsking(call, runtime, settled, waiting);
  }
  const served = requestsOf(runtime.facts(), participant);
  const known = legNamed(runtime.facts(), leg);
  const stays = (facts: Facts): boolean => isWanted(facts) && legs(facts).length > 0;
  const hasAnswered = known !== null && answeredAt(known) !== null;
  if (!hasAnswered || !(await enterConference(call, { leg, byItself: false, isWanted: stays }, runtime))) {
    await dismiss(call, legs(runtime.facts()), runtime);
    const isAbsent = agent?.type === 'webrtc' && NOT_THERE_YET.includes(known?.hangup?.cause ?? '');
    return { kind: isAbsent ? 'notThereYet' : 'declined', served };
  }
  await takeOver(call, leg, runtime);
  for (const entered of legs(runtime.facts())) await playRingback(call, entered, runtime);
  return { kind: 'came', served };
}

/** The latest leg of an agent who has reloaded the page: as muted as the one before, which is removed. */
async function takeOver(call: CallRequest, { participant, attempt }: LegName, runtime: CallRuntime): Promise<void> {
  const older = livingLegsOf(runtime.facts(), participant).filter(({ identity }) => identity.attempt < attempt);
  if (older.some((leg) => leg.mute?.muted === true)) await mute(call, { participant, muted: true }, runtime);
  await dismiss(call, older, runtime);
}

/**
 * Hangs up legs that nobody needs, trying until they are gone or the call is. Those that the carrier has not shown to be
 * ours are left to the end of the call, which asks first.
 */
export async function dismiss(
  { callId }: CallRequest,
  legs: readonly LivingLeg[],
  runtime: CallRuntime,
): Promise<void> {
  for (const { identity: leg } of legs.filter(isShown)) {
    const isThere = (): boolean => livingLegs(runtime.facts()).some(({ identity }) => isSameLeg(identity, leg));
    for (let attempt = 1; isThere() && (attempt === 1 || !isClosing(runtime.facts())); attempt++) {
      if ((await runtime.carrier.hangUp({ callId, leg, attempt })).kind !== 'unavailable') break;
    }
  }
}

/** By the carrier, to be ours. */
const isShown = ({ confirmed }: LivingLeg): boolean => confirmed;

function isRinging(facts: Facts, name: LegName): boolean {
  const leg = legNamed(facts, name);
  return leg !== null && isAlive(leg) && answeredAt(leg) === null;
}

function agentFacts({ agents }: Facts, participant: string): AgentFacts | undefined {
  return agents.find((one) => one.participant === participant);
}

function requestsOf(facts: Facts, participant: string): number {
  return agentFacts(facts, participant)?.requests.length ?? 0;
}

function learnUnavailable(participant: string, requests: number, runtime: CallRuntime): void {
  const agent = agentFacts(runtime.facts(), participant)?.agent;
  if (agent) runtime.learn({ kind: 'agentUnavailable', at: iso(runtime.now()), source: 'command', agent, requests });
}
