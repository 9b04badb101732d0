/** Bringing answered legs into the call's conference, and what is heard there while somebody waits. */
import type { CallRequest, LegName, ReachableLeg } from '../../domain/call';
import type { Facts, LegFacts } from '../../domain/facts';
import { isAlive, isJoined, legNamed, livingLegs } from '../../domain/legs';
import type { LivingLeg } from '../../domain/legs';
import { iso } from '../../domain/time';
import type { CallRuntime } from '../runtime';
import { askAbout } from './asking';
import { isClosing, leadAnswered } from './going-on';

const JOINED_WITHIN_MS = 2_000;

export interface Entering {
  readonly leg: LegName;
  /** The carrier was told at the dial to put the leg in: it is asked to only if that does not happen. */
  readonly byItself: boolean;
  /** Once this does not hold, there is nobody to bring in, or nowhere to. */
  readonly isWanted: (facts: Facts) => boolean;
}

/** Brings an answered leg into the conference; false when that cannot be. */
export async function enterConference(call: CallRequest, entering: Entering, runtime: CallRuntime): Promise<boolean> {
  const { leg: name, byItself, isWanted } = entering;
  const leg = (): LegFacts | null => legNamed(runtime.facts(), name);
  const entered = (facts: Facts): boolean => isIn(facts, name);
  const settled = (facts: Facts): boolean => entered(facts) || !isWanted(facts);
  if (byItself && (await hasEntered(call, settled, runtime))) return entered(runtime.facts());
  for (let attempt = 1; attempt <= 2; attempt++) {
    const known = leg();
    if (!known || !isAlive(known) || !isWanted(runtime.facts())) return false;
    const answer = await runtime.carrier.enterConference({ callId: call.callId, leg: known.identity, attempt });
    if (answer.kind === 'refused' || answer.kind === 'unavailable') {
      const code = answer.kind === 'refused' ? answer.code : 'carrier_unavailable';
      runtime.learn({ kind: 'commandFailed', at: iso(runtime.now()), source: 'command', code, detail: answer.detail });
      return false;
    }
    if (await hasEntered(call, settled, runtime)) return entered(runtime.facts());
    if (answer.kind === 'gone') await askAbout(known, call, runtime);
  }
  return isWanted(runtime.facts());
}

/** Waits for the webhook, then asks. */
async function hasEntered(
  call: CallRequest,
  settled: (facts: Facts) => boolean,
  runtime: CallRuntime,
): Promise<boolean> {
  if (await runtime.until(settled, JOINED_WITHIN_MS, 'joined')) return true;
  await askParticipants(call, runtime);
  return settled(runtime.facts());
}

async function askParticipants({ callId }: CallRequest, runtime: CallRuntime): Promise<void> {
  const legs = livingLegs(runtime.facts()).map(({ identity }) => identity);
  for (const event of await runtime.carrier.askParticipants({ callId, legs })) runtime.learn(event);
}

export function isIn(facts: Facts, name: LegName): boolean {
  const leg = legNamed(facts, name);
  return leg !== null && isJoined(facts, leg);
}

/** An agent who is there before the lead has answered hears it ring. */
export async function playRingback(call: CallRequest, agent: LivingLeg, runtime: CallRuntime): Promise<void> {
  if (leadAnswered(runtime.facts()) || !isJoined(runtime.facts(), agent)) return;
  await runtime.carrier.playInConference({ callId: call.callId, legs: [agent.identity], sound: 'ringback' });
  // The answer came in between, and with it a stop that found nothing to stop.
  if (leadAnswered(runtime.facts())) await stopPlaying(call, [agent.identity], runtime);
}

/** Stops what these legs hear of ours, trying for as long as they are there: people cannot talk over it. */
export async function stopPlaying(
  { callId }: CallRequest,
  legs: readonly ReachableLeg[],
  runtime: CallRuntime,
): Promise<void> {
  const remaining = (): readonly ReachableLeg[] => legs.filter((leg) => isIn(runtime.facts(), leg));
  while (remaining().length > 0 && !isClosing(runtime.facts())) {
    const answer = await runtime.carrier.stopPlaying({ callId, legs: remaining() });
    if (answer.kind !== 'unavailable') return;
  }
}
