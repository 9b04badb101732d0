/** A TeXML call from the answer to its end: the carrier asks for one document after the other, and plays them. */
import { LEAD } from '../../domain/call';
import type { CallRequest } from '../../domain/call';
import type { Facts } from '../../domain/facts';
import type { CallRuntime } from '../runtime';
import { ASK_WHILE_RINGING_MS, ASK_WHILE_TALKING_MS, CARRIER_SLACK_MS, untilAsking } from './asking';
import { canGoOn, isMachine, leadAnswered, leadIsGone } from './going-on';
import type { Instructions } from './instructions';

/** Somebody called us: the carrier has asked what to do, so there is a leg. False when they hung up before anything was heard. */
export async function receiveLead(call: CallRequest, callSid: string, runtime: CallRuntime): Promise<boolean> {
  const leg = { ...LEAD, callLegId: callSid, callControlId: callSid, callSessionId: null };
  runtime.learn({ kind: 'initiated', at: call.createdAt, source: 'webhook', leg });
  const settled = (facts: Facts): boolean =>
    leadAnswered(facts) || leadIsGone(facts) || facts.hangupRequestedAt !== null;
  const patienceMs = call.ringTimeoutSeconds * 1000 + CARRIER_SLACK_MS;
  await untilAsking(call, runtime, settled, { patienceMs, askEveryMs: ASK_WHILE_RINGING_MS, summary: 'ringing' });
  return canGoOn(runtime.facts());
}

/** Until the lead is gone, somebody ends the call, or it is for people and a machine has answered. */
export async function followScript(call: CallRequest, instructions: Instructions, runtime: CallRuntime): Promise<void> {
  const endsAtMs = runtime.now() + call.timeLimitSeconds * 1000 + CARRIER_SLACK_MS;
  const { policy } = call.answeringMachine;
  const isOver = (facts: Facts): boolean => !canGoOn(facts) || (policy === 'hang_up' && isMachine(facts));
  const mayInterrupt = (facts: Facts): boolean => isOver(facts) || instructions.hasMoreToSay(facts);
  for (;;) {
    const waiting = { patienceMs: endsAtMs - runtime.now(), askEveryMs: ASK_WHILE_TALKING_MS, summary: 'following' };
    const interrupted = await untilAsking(call, runtime, mayInterrupt, waiting);
    if (!interrupted || isOver(runtime.facts())) return;
    await instructions.interrupt();
  }
}
