/** Saying something to a lead who is not in the conference, with proof that it was heard to its end. */
import { longestSpeechMs } from '../../domain/call';
import type { CallRequest, Speech, SpeechName } from '../../domain/call';
import type { Facts, Said } from '../../domain/facts';
import { isAlive, leadLeg } from '../../domain/legs';
import type { CallRuntime } from '../runtime';
import { untilAsking } from './asking';
import { canGoOn } from './going-on';

/** What the carrier needs to make it. */
const SPEECH_GRACE_MS = 5_000;
const LONGEST_SOUND_FILE_MS = 120_000;
const ASK_EVERY_MS = 10_000;

/**
 * Returns whether it was heard to its end. Said once more when it was cut off: Telnyx cancels what is being played when
 * its detection decides (status `cancelled_amd`). Not said again when nobody knows: twice would be worse than not at all.
 */
export async function say(call: CallRequest, name: SpeechName, speech: Speech, runtime: CallRuntime): Promise<boolean> {
  const said = (facts: Facts): Said | undefined => leadLeg(facts)?.said[name];
  for (let attempt = 1; attempt <= 2; attempt++) {
    const lead = leadLeg(runtime.facts());
    if (!lead || !isAlive(lead)) return false;
    const { callId } = call;
    const answer = await runtime.carrier.say({ callId, leg: lead.identity, attempt, name, speech });
    if (answer.kind !== 'accepted') return false;
    const isOver = (facts: Facts): boolean =>
      !canGoOn(facts) || (attempt === 1 ? said(facts) !== undefined : said(facts)?.completed === true);
    const patienceMs = 'say' in speech ? longestSpeechMs(speech.say) + SPEECH_GRACE_MS : LONGEST_SOUND_FILE_MS;
    const waiting = { patienceMs, askEveryMs: Math.min(patienceMs, ASK_EVERY_MS), summary: `saying the ${name}` };
    if (!(await untilAsking(call, runtime, isOver, waiting)) || said(runtime.facts())?.completed !== false) break;
  }
  return said(runtime.facts())?.completed === true;
}
