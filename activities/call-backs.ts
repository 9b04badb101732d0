/** What is done with somebody who calls one of our numbers: answered by a sentence, or rejected. */
import type { CommandAnswer } from '../domain/carrier';
import type { TelnyxClient } from '../platform/telnyx/client';
import { commandId } from '../platform/telnyx/command-id';
import { answerOf, spoken } from './command';
import { acceptedAnswer } from './telnyx-answers';

/** A leg that came in. */
export interface IncomingLeg {
  readonly callControlId: string;
  readonly callLegId: string;
}

/** Each is safe to repeat: it is one command to the carrier. */
export interface CallBackActivities {
  answerCallBack(leg: IncomingLeg): Promise<CommandAnswer>;
  sayToCallBack(command: { readonly leg: IncomingLeg; readonly text: string }): Promise<CommandAnswer>;
  hangUpCallBack(leg: IncomingLeg): Promise<CommandAnswer>;
  rejectCallBack(leg: IncomingLeg): Promise<CommandAnswer>;
}

export interface CallBackSettings {
  readonly telnyx: TelnyxClient;
  readonly voice: string;
}

export function createCallBackActivities({ telnyx, voice }: CallBackSettings): CallBackActivities {
  const send = ({ callControlId, callLegId }: IncomingLeg, action: string, body: object): Promise<CommandAnswer> => {
    const path = `/calls/${encodeURIComponent(callControlId)}/actions/${action}`;
    const command_id = commandId(`call back/${callLegId}/${action}`);
    return answerOf(() => telnyx.request('post', path, acceptedAnswer, { body: { ...body, command_id } }));
  };
  return {
    answerCallBack: (leg) => send(leg, 'answer', {}),
    sayToCallBack: ({ leg, text }) => send(leg, 'speak', spoken(text, voice)),
    hangUpCallBack: (leg) => send(leg, 'hangup', {}),
    rejectCallBack: (leg) => send(leg, 'reject', { cause: 'CALL_REJECTED' }),
  };
}
