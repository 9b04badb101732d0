/**
 * The agents' side of a call: whoever is asked for is rung and brought into the conference, beside what happens to the
 * lead. An agent who is asked for again while on the way is not rung again; one who is there has reloaded the page: a
 * new leg joins, and the old one is removed.
 */
import { ringSecondsOf } from '../../domain/call';
import type { CallRequest, LegName } from '../../domain/call';
import type { AgentFacts, Facts } from '../../domain/facts';
import { answeredAt, isAlive, legNamed, livingLegs } from '../../domain/legs';
import type { LivingLeg } from '../../domain/legs';
import type { CallRuntime } from '../runtime';
import { ASK_WHILE_RINGING_MS, CARRIER_SLACK_MS, untilAsking } from './asking';
import { enterConference, playRingback } from './conference';
import { dialUntilKnown, iso } from './dialing';
import { isClosing } from './going-on';

/** Causes of a leg that never rang: the browser has not logged in yet. It is rung again until the wait is over. */
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
  for (let attempt = 1; ;) {
    const isAskedFor = (facts: Facts): boolean => requestsOf(facts, participant) > served;
    await runtime.until((facts) => isClosing(facts) || isAskedFor(facts), Infinity, participant);
    if (isClosing(runtime.facts())) return;
    served = requestsOf(runtime.facts(), participant);
    const waitEndsMs = runtime.now() + ringSecondsOf(call, { role: 'agent' }) * 1000;
    let answer: 'came' | 'notThereYet' | 'declined';
    do {
      answer = await ring(call, { role: 'agent', participant, attempt }, waitEndsMs, runtime);
      attempt += 1;
    } while (answer === 'notThereYet' && (await mayRingAgain(waitEndsMs, runtime)));
    // Whoever asked meanwhile has been served by the leg that came.
    if (answer === 'came') served = requestsOf(runtime.facts(), participant);
    else learnUnavailable(participant, served, runtime);
  }
}

async function mayRingAgain(waitEndsMs: number, runtime: CallRuntime): Promise<boolean> {
  if (runtime.now() + RING_AGAIN_AFTER_MS > waitEndsMs) return false;
  return !(await runtime.until(isClosing, RING_AGAIN_AFTER_MS, 'the agent’s browser is not there yet'));
}

/** One leg: dialed, answered, in the conference; older legs of this agent are hung up then. */
async function ring(
  call: CallRequest,
  leg: LegName,
  notAfterMs: number,
  runtime: CallRuntime,
): Promise<'came' | 'notThereYet' | 'declined'> {
  const agent = agentFacts(runtime.facts(), leg.participant)?.agent ?? null;
  const isWanted = (facts: Facts): boolean => !isClosing(facts);
  if (!(await dialUntilKnown(call, { leg, agent, intoConference: false, notAfterMs, isWanted }, runtime))) {
    return 'declined';
  }
  const settled = (facts: Facts): boolean => isClosing(facts) || !isRinging(facts, leg);
  const patienceMs = ringSecondsOf(call, leg) * 1000 + CARRIER_SLACK_MS;
  const legs = (facts: Facts): readonly LivingLeg[] =>
    mine(facts, leg).filter(({ identity }) => identity.attempt === leg.attempt);
  const waiting = { patienceMs, askEveryMs: ASK_WHILE_RINGING_MS, summary: `ringing ${leg.participant}`, legs };
  await untilAsking(call, runtime, settled, waiting);
  const known = legNamed(runtime.facts(), leg);
  const stays = (facts: Facts): boolean => isWanted(facts) && legs(facts).length > 0;
  const hasAnswered = known !== null && answeredAt(known) !== null;
  if (!hasAnswered || !(await enterConference(call, { leg, byItself: false, isWanted: stays }, runtime))) {
    await hangUpAll(call, legs(runtime.facts()), runtime);
    return NOT_THERE_YET.includes(known?.hangup?.cause ?? '') ? 'notThereYet' : 'declined';
  }
  const older = mine(runtime.facts(), leg).filter(({ identity }) => identity.attempt < leg.attempt);
  await hangUpAll(call, older, runtime);
  for (const entered of legs(runtime.facts())) await playRingback(call, entered, runtime);
  return 'came';
}

async function hangUpAll({ callId }: CallRequest, legs: readonly LivingLeg[], runtime: CallRuntime): Promise<void> {
  for (const { identity: leg } of legs) await runtime.carrier.hangUp({ callId, leg, attempt: 1 });
}

function isRinging(facts: Facts, name: LegName): boolean {
  const leg = legNamed(facts, name);
  return leg !== null && isAlive(leg) && answeredAt(leg) === null;
}

function mine(facts: Facts, { participant }: LegName): readonly LivingLeg[] {
  return livingLegs(facts).filter(({ identity }) => identity.role === 'agent' && identity.participant === participant);
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
