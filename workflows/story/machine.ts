/** Person or machine? And what is done about a machine. */
import type { CallRequest } from '../../domain/call';
import type { Facts } from '../../domain/facts';
import { leadLeg, livingLegs } from '../../domain/legs';
import { iso } from '../../domain/time';
import type { CallRuntime } from '../runtime';
import { dismiss } from './agents';
import { untilAsking } from './asking';
import { canGoOn, isMachine, isMeantForPeople } from './going-on';
import { say } from './speech';

/** No verdict by then counts as a person. */
const VERDICT_WITHIN_MS = 6_000;
/** How long the beep is waited for; then the message is left all the same. */
const GREETING_ENDS_WITHIN_MS = 30_000;
const ASK_EVERY_MS = 3_000;

/** Waits for the verdict where it matters; false when a machine answered a call that is meant for people. */
export async function isForPerson(call: CallRequest, runtime: CallRuntime): Promise<boolean> {
  return !isMeantForPeople(call) || isPerson(call, runtime);
}

/** Waits for the verdict, as long as somebody may be left in silence; nobody's is taken for a person's. */
export async function isPerson(call: CallRequest, runtime: CallRuntime): Promise<boolean> {
  const known = (facts: Facts): boolean => !canGoOn(facts) || (leadLeg(facts)?.verdict ?? null) !== null;
  const waiting = { patienceMs: VERDICT_WITHIN_MS, askEveryMs: ASK_EVERY_MS, summary: 'person or machine?' };
  const lead = leadLeg(runtime.facts());
  if (!(await untilAsking(call, runtime, known, waiting)) && lead) {
    const at = iso(runtime.now());
    runtime.learn({ kind: 'machineDetected', at, source: 'command', leg: lead.identity, verdict: 'unknown' });
  }
  return !isMachine(runtime.facts());
}

/** The rest of a call that a machine answered. Agents who wait are let go; the message is left after the beep. */
export async function treatMachine(call: CallRequest, runtime: CallRuntime): Promise<void> {
  runtime.learn({ kind: 'machineReached', at: iso(runtime.now()), source: 'command' });
  const agents = livingLegs(runtime.facts()).filter(({ identity }) => identity.role !== 'lead');
  await Promise.all([dismiss(call, agents, runtime), leaveMessage(call, runtime)]);
}

async function leaveMessage(call: CallRequest, runtime: CallRuntime): Promise<void> {
  const { answeringMachine } = call;
  const hears = leadLeg(runtime.facts())?.verdict === 'machine';
  if (answeringMachine.policy !== 'leave_message' || !hears) return;
  await untilGreeted(call, runtime);
  if (canGoOn(runtime.facts())) await say(call, 'message', answeringMachine.message, runtime);
}

/** Until a machine has said its greeting, or takes too long for it. */
export async function untilGreeted(call: CallRequest, runtime: CallRuntime): Promise<void> {
  const greeted = (facts: Facts): boolean => !canGoOn(facts) || leadLeg(facts)?.greetingEndedAt !== null;
  const patienceMs = GREETING_ENDS_WITHIN_MS;
  await untilAsking(call, runtime, greeted, { patienceMs, askEveryMs: 2 * ASK_EVERY_MS, summary: 'the beep' });
}

/** The verdict came when the lead had been brought into the conference: the machine is taken out. */
export async function takeOutMachine({ callId }: CallRequest, runtime: CallRuntime): Promise<void> {
  for (const { identity: leg, confirmed } of livingLegs(runtime.facts())) {
    if (leg.role === 'lead' && confirmed) await runtime.carrier.leaveConference({ callId, leg, attempt: 1 });
  }
}
