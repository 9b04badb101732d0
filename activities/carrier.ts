/**
 * The carrier's side of a call's story: the dial, which is sent once and never repeated by itself, and with it the other
 * commands and the questions.
 */
import { log } from '@temporalio/activity';
import { isSameLeg } from '../domain/call';
import type { CallId } from '../domain/call';
import type { Carrier, DialAnswer, DialCommand } from '../domain/carrier';
import type { BrowserAccess } from '../platform/telnyx/browser-access';
import { decodeClientState } from '../platform/telnyx/client-state';
import { createCarrierCommands } from './carrier-commands';
import type { CommandSettings } from './carrier-commands';
import { createCarrierQuestions, identityOf } from './carrier-questions';
import type { QuestionSettings } from './carrier-questions';
import { isTooOld } from './command';
import { buildDial } from './dial-request';
import type { DialSettings, Target } from './dial-request';
import { classify } from './failures';
import { callAnswer } from './telnyx-answers';

/** What `createCarrierActivities` makes; a TeXML call is `redirect`ed by an activity of its own. */
export type CarrierActivities = Omit<Carrier, 'redirect'>;
export interface CarrierDependencies extends DialSettings, QuestionSettings, CommandSettings {
  /** How agents' browsers are reached; null when none can be. */
  readonly browsers: BrowserAccess | null;
}

const SIP_NOT_CONFIGURED = {
  code: 'sip_not_configured',
  detail: 'no browser can be rung: the worker has neither TELNYX_SIP_CONNECTION_ID nor TELNYX_SIP_USERNAME',
};

export function createCarrierActivities(dependencies: CarrierDependencies): CarrierActivities {
  const { telnyx, browsers } = dependencies;

  /** Null when this worker cannot ring browsers. */
  async function targetOf({ call, agent }: DialCommand): Promise<Target | null> {
    switch (agent?.type) {
      case undefined:
        return { to: call.toPhone };
      case 'phone':
        return { to: agent.number };
      case 'sip':
        return { to: agent.uri };
      case 'webrtc': {
        if (browsers === null) return null;
        return { to: `sip:${await browsers.sipUsername(agent.clientId)}@sip.telnyx.com`, clientId: agent.clientId };
      }
    }
  }

  async function dial(command: DialCommand): Promise<DialAnswer> {
    const { callId } = command.call;
    const target = await targetOf(command).catch((error: unknown) => error as Error);
    // Nothing was placed yet, so it can be tried again.
    if (target instanceof Error) return { kind: 'notPlaced', ...codeAndDetail(target), retryAfterMs: null };
    if (target === null) return { kind: 'refused', ...SIP_NOT_CONFIGURED };
    if (isTooOld()) return { kind: 'late' };
    try {
      const body = buildDial(command, target, dependencies);
      const { data } = await telnyx.request('post', '/calls', callAnswer, { body });
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

  return {
    ...createCarrierQuestions(dependencies),
    ...createCarrierCommands(dependencies),
    dial,
  };
}

function codeAndDetail(error: Error): { readonly code: string; readonly detail: string } {
  const { code, detail } = classify(error);
  return { code, detail };
}

/** What became of a dial whose request failed, or was answered with a refusal. */
export function readDialFailure(callId: CallId, error: unknown): DialAnswer {
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
