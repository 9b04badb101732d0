/**
 * Waiting for a fact that webhooks should tell, and asking the carrier when they do not. Webhooks make a call fast,
 * asking makes it true.
 */
import { isReachable } from '../../domain/call';
import type { CallRequest } from '../../domain/call';
import type { CallEvent } from '../../domain/events';
import type { Facts, LegFacts } from '../../domain/facts';
import { legNamed, livingLegs } from '../../domain/legs';
import type { LivingLeg } from '../../domain/legs';
import type { CallRuntime } from '../runtime';
import { findLeg } from './dialing';
import { unless } from './unless';

export const ASK_WHILE_RINGING_MS = 5_000;
export const ASK_WHILE_TALKING_MS = 30_000;
/** How much later than its own limit the carrier may end a leg before we do it ourselves. */
export const CARRIER_SLACK_MS = 15_000;

interface Waiting {
  readonly patienceMs: number;
  readonly askEveryMs: number;
  readonly summary: string;
  /** Which legs are asked about. @default all that are alive */
  readonly legs?: (facts: Facts) => readonly LivingLeg[];
}

/** Waits for a fact, asking the carrier now and then; false when patience ran out. */
export async function untilAsking(
  call: CallRequest,
  runtime: CallRuntime,
  predicate: (facts: Facts) => boolean,
  { patienceMs, askEveryMs, summary, legs = livingLegs }: Waiting,
): Promise<boolean> {
  const endsAt = runtime.now() + patienceMs;
  for (;;) {
    const left = endsAt - runtime.now();
    if (left <= 0) return false;
    if (await runtime.until(predicate, Math.min(askEveryMs, left), summary)) return true;
    await unless(predicate, ask(legs(runtime.facts()), call, runtime), 'asking', runtime);
    if (predicate(runtime.facts())) return true;
  }
}

/** Asks the carrier about these legs; returns those of which it said something. */
export async function ask(
  legs: readonly LivingLeg[],
  call: CallRequest,
  runtime: CallRuntime,
): Promise<readonly LivingLeg[]> {
  const answers = await Promise.all(
    legs.map(async (leg) => {
      const events = await askAbout(leg, call, runtime);
      // The answer to the dial named a leg that the carrier does not show to be ours: ours may be another.
      if (legNamed(runtime.facts(), leg.identity)?.confirmed === false) await findLeg(call, leg.identity, runtime);
      return events === null ? [] : [leg];
    }),
  );
  return answers.flat();
}

/** The answer to a dial can name a stranger's leg: nothing is done to one that the carrier has not shown to be ours. */
export async function askAboutUnconfirmed(call: CallRequest, runtime: CallRuntime): Promise<void> {
  for (const leg of livingLegs(runtime.facts())) if (!leg.confirmed) await askAbout(leg, call, runtime);
}

/** What the carrier said, after it was learned; null when it said nothing. */
export async function askAbout(
  { identity, confirmed, echoed }: LegFacts,
  { callId }: CallRequest,
  runtime: CallRuntime,
): Promise<readonly CallEvent[] | null> {
  if (!isReachable(identity)) return null;
  const events = await runtime.carrier.askLeg({ callId, leg: identity, confirmed, echoed });
  for (const event of events ?? []) runtime.learn(event);
  return events;
}
