/**
 * The commands of a call's story, as requests to Telnyx. Each sends the `command_id` that belongs to it, so a repeat
 * after a crash is the same command to the carrier. What a failure means is decided in `failures.ts`: what may pass is
 * thrown, so that Temporal repeats it, everything else is an answer.
 */
import { activityInfo, ApplicationFailure, log } from '@temporalio/activity';
import { ApplicationFailureCategory } from '@temporalio/common';
import { commandName, isSameLeg } from '../domain/call';
import type { CallId, LegName, ReachableLeg } from '../domain/call';
import type { Carrier, CommandAnswer, DialAnswer, DialCommand } from '../domain/carrier';
import { decodeClientState, encodeClientState } from '../platform/telnyx/client-state';
import { commandId } from '../platform/telnyx/command-id';
import { createCarrierQuestions, identityOf } from './carrier-questions';
import type { QuestionSettings } from './carrier-questions';
import { buildDial } from './dial-request';
import type { DialSettings } from './dial-request';
import { classify } from './failures';
import { acceptedAnswer, callAnswer } from './telnyx-answers';

export type CarrierActivities = Carrier;
export type CarrierDependencies = DialSettings & QuestionSettings;

/** A dial that waited longer than this for its worker is not sent: nobody knows any more whether it is still wanted. */
const DIAL_TOO_OLD_MS = 5_000;
const RETRY_AFTER_LIMIT_MS = 10_000;
/** The leg is in this conference already. */
const ALREADY_THERE = '90044';
/** A running conference has this name. The code is told of other things, too; then the join is refused. */
const NAME_TAKEN = '90033';

export function createCarrierActivities(dependencies: CarrierDependencies): CarrierActivities {
  const { telnyx, installation } = dependencies;

  /** What makes a command ours and unique. */
  const stamp = (callId: CallId, leg: LegName, purpose: string): { command_id: string; client_state: string } => ({
    command_id: commandId(commandName(callId, leg, purpose)),
    client_state: encodeClientState({ installation, callId, leg }),
  });

  async function dial(command: DialCommand): Promise<DialAnswer> {
    const { callId } = command.call;
    if (Date.now() - activityInfo().currentAttemptScheduledTimestampMs > DIAL_TOO_OLD_MS) return { kind: 'late' };
    try {
      const { data } = await telnyx.request('post', '/calls', callAnswer, { body: buildDial(command, dependencies) });
      const echo = decodeClientState(data.client_state);
      if (echo && !(echo.callId === callId && isSameLeg(echo.leg, command.leg))) {
        return { kind: 'ambiguous', detail: 'the carrier answered with the leg of another call' };
      }
      log.info(`Telnyx outbound call created: call_control_id=${data.call_control_id}`, {
        event: 'call.dialed',
        callId,
      });
      return {
        kind: 'placed',
        leg: identityOf(data, command.leg),
        recordingId: data.recording_id ?? null,
        echoed: echo !== null,
      };
    } catch (error) {
      return readDialFailure(callId, error);
    }
  }

  /** Makes the conference out of this leg; where it exists already, joins it by its name. */
  async function createOrJoin(callId: CallId, leg: ReachableLeg, attempt: number): Promise<void> {
    const address = { call_control_id: leg.callControlId, beep_enabled: 'never' };
    try {
      const body = { ...address, name: callId, ...stamp(callId, leg, `create conference ${attempt}`) };
      await telnyx.request('post', '/conferences', acceptedAnswer, { body });
    } catch (error) {
      if (classify(error).code !== NAME_TAKEN) throw error;
      const body = {
        ...address,
        end_conference_on_exit: leg.role === 'lead',
        ...stamp(callId, leg, `join ${attempt}`),
      };
      await telnyx.request('post', `/conferences/${encodeURIComponent(callId)}/actions/join`, acceptedAnswer, { body });
    }
  }

  return {
    ...createCarrierQuestions(dependencies),
    dial,

    hangUp: ({ callId, leg, attempt }) => {
      const path = `/calls/${encodeURIComponent(leg.callControlId)}/actions/hangup`;
      return answerOf(() =>
        telnyx.request('post', path, acceptedAnswer, { body: stamp(callId, leg, `hang up ${attempt}`) }),
      );
    },

    enterConference: ({ callId, leg, attempt }) => {
      log.info(`Conference ID prepared for Telnyx: ${callId}`, { event: 'conference.prepared', callId });
      return answerOf(() => createOrJoin(callId, leg, attempt));
    },
  };
}

function readDialFailure(callId: CallId, error: unknown): DialAnswer {
  const { code, detail, verdict, retryAfterMs } = classify(error);
  log.warn('dial not accepted', { event: 'call.dial_failed', callId, code, detail, verdict });
  switch (verdict) {
    case 'unclear':
      return { kind: 'ambiguous', detail: `${code}: ${detail}` };
    case 'later':
      return { kind: 'notPlaced', code, detail, retryAfterMs };
    case 'final':
    case 'gone':
      return { kind: 'refused', code, detail };
  }
}

async function answerOf(send: () => Promise<unknown>): Promise<CommandAnswer> {
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
