/** What commands to Telnyx have in common: what their answers mean, and how text is spoken. */
import { activityInfo, ApplicationFailure } from '@temporalio/activity';
import { ApplicationFailureCategory } from '@temporalio/common';
import type { CommandAnswer } from '../domain/carrier';
import { classify } from './failures';

/** Somebody is on the line: whoever asks for a longer pause is asked again all the same. */
const RETRY_AFTER_LIMIT_MS = 2_000;
/** The leg is in this conference already. */
const ALREADY_THERE = '90044';

const TOO_OLD_MS = 5_000;

/**
 * Whether the running attempt waited so long for its worker that nobody knows any more whether its request is wanted, or
 * made by an attempt after it: then one that must not take effect twice is not sent.
 */
export function isTooOld(): boolean {
  return Date.now() - activityInfo().currentAttemptScheduledTimestampMs > TOO_OLD_MS;
}

/** Sends a command. What may pass is thrown, so that Temporal repeats it; everything else is an answer. */
export async function answerOf(send: () => Promise<unknown>): Promise<CommandAnswer> {
  try {
    await send();
    return { kind: 'accepted' };
  } catch (error) {
    const { verdict, code, detail, retryAfterMs } = classify(error);
    if (code === ALREADY_THERE) return { kind: 'accepted' };
    if (verdict === 'gone') return { kind: 'gone' };
    if (verdict === 'final') return { kind: 'refused', code, detail };
    throw ApplicationFailure.create({
      type: code,
      message: `${detail} (${verdict})`,
      category: ApplicationFailureCategory.BENIGN,
      ...(retryAfterMs !== null && { nextRetryDelay: Math.min(retryAfterMs, RETRY_AFTER_LIMIT_MS) }),
    });
  }
}

/** The body of a command to speak. The plain voices need to be told the language (API reference: speak). */
export function spoken(text: string, voice: string): object {
  return { payload: text, voice, ...(/^(fe)?male$/.test(voice) && { language: 'en-US' }) };
}
