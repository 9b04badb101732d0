/**
 * Somebody calls one of our numbers, usually a lead who saw it on the phone: answered by a sentence, or rejected, never
 * left ringing. It needs no webhook, so nothing can be lost.
 */
import { ActivityFailure, CancellationScope, proxyActivities, sleep } from '@temporalio/workflow';
import type { CallBackActivities } from '../activities/call-backs';
import { longestSpeechMs } from '../domain/call';
import type { CommandAnswer } from '../domain/carrier';
import type { IncomingCall } from './messages';

const { answerCallBack, sayToCallBack, hangUpCallBack, rejectCallBack } = proxyActivities<CallBackActivities>({
  startToCloseTimeout: '11 seconds',
  // A caller gives up sooner.
  scheduleToCloseTimeout: '1 minute',
  retry: { initialInterval: '200 milliseconds', maximumInterval: '5 seconds' },
});

/** What the carrier needs to make it. */
const SPEECH_GRACE_MS = 2_000;

/** Returns when the caller is gone. Cancelling it changes nothing: whoever was answered is hung up. */
export function callBack(call: IncomingCall): Promise<'rejected' | 'answered'> {
  return CancellationScope.nonCancellable(() => receive(call));
}

async function receive({ leg, message }: IncomingCall): Promise<'rejected' | 'answered'> {
  if (message === null) {
    await attempted(rejectCallBack(leg));
    return 'rejected';
  }
  const answer = await attempted(answerCallBack(leg));
  if (answer === 'accepted' && (await attempted(sayToCallBack({ leg, text: message }))) === 'accepted') {
    await sleep(longestSpeechMs(message) + SPEECH_GRACE_MS);
  }
  await attempted(hangUpCallBack(leg));
  return 'answered';
}

/** A command that failed for a minute changes nothing: the next one is tried, and the caller hangs up in the end. */
async function attempted(command: Promise<CommandAnswer>): Promise<CommandAnswer['kind']> {
  try {
    return (await command).kind;
  } catch (error) {
    if (error instanceof ActivityFailure) return 'unavailable';
    throw error;
  }
}
