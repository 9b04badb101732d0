/**
 * What can happen to a call. An event was told by a webhook, found by asking the carrier, or caused by a command or an
 * API request of ours. Events are plain JSON and may arrive in any order, late, or many times: `advance` copes.
 */
import type { Agent, LegIdentity, LegName, SpeechName } from './call';

/** How something was learned. */
export type Source = 'webhook' | 'poll' | 'command' | 'api';

interface Happened {
  /** When it happened, ISO 8601 with milliseconds; the carrier's clock where it told us. */
  readonly at: string;
  readonly source: Source;
}

interface LegHappened extends Happened {
  readonly leg: LegIdentity;
}

/** Telnyx's words for why and by whom a leg was ended; null when no source tells. */
export interface HangupReason {
  readonly cause: string | null;
  /** `caller` is the side that placed the leg (us), `callee` the side that was called. */
  readonly hangupSource: string | null;
  readonly sipCause: string | null;
}

/** What the carrier takes the answering side for. `unknown` also when it could not tell, or did not in time. */
export type MachineVerdict = 'human' | 'machine' | 'fax' | 'unknown';

export type CallEvent =
  | (Happened & { readonly kind: 'dialSent'; readonly leg: LegName })
  | (Happened & { readonly kind: 'dialRefused'; readonly leg: LegName; readonly code: string; readonly detail: string })
  | (Happened & { readonly kind: 'dialUnresolved'; readonly leg: LegName })
  /** `echoed`: the answer to the dial carried our client_state, so the leg is ours unless the carrier's own record says otherwise. */
  | (LegHappened & { readonly kind: 'placed'; readonly recordingId: string | null; readonly echoed: boolean })
  | (LegHappened & { readonly kind: 'initiated' })
  | (LegHappened & { readonly kind: 'answered' })
  /** The carrier's record says that it was answered by then. */
  | (LegHappened & { readonly kind: 'inProgress' })
  | (LegHappened & { readonly kind: 'joined'; readonly conferenceId: string | null })
  | (LegHappened & { readonly kind: 'left'; readonly conferenceId: string | null })
  | (LegHappened & { readonly kind: 'hungUp' } & HangupReason)
  | (LegHappened & { readonly kind: 'disowned' })
  | (LegHappened & { readonly kind: 'machineDetected'; readonly verdict: MachineVerdict })
  /** The machine's greeting is over, with a beep or without: now it listens. */
  | (LegHappened & { readonly kind: 'greetingEnded' })
  /** `completed`: it was heard to its end. */
  | (LegHappened & { readonly kind: 'said'; readonly speech: SpeechName; readonly completed: boolean })
  | (LegHappened & { readonly kind: 'muted'; readonly muted: boolean })
  | (LegHappened & { readonly kind: 'recordingStarted' })
  | (LegHappened & {
      readonly kind: 'recordingSaved';
      readonly recordingId: string | null;
      readonly startedAt: string | null;
      readonly endedAt: string | null;
    })
  | (LegHappened & { readonly kind: 'recordingFound'; readonly recordingId: string })
  | (LegHappened & { readonly kind: 'recordingFailed'; readonly reason: string })
  | (Happened & { readonly kind: 'conferenceEnded'; readonly conferenceId: string })
  /** A document of a TeXML call has been answered: its flow has begun. */
  | (LegHappened & { readonly kind: 'followed' })
  /** A step of a TeXML call recorded something, beside the recording of the call. */
  | (Happened & { readonly kind: 'stepRecorded'; readonly recordingId: string })
  /** Somebody wants this agent rung into the conference; once more, when the agent is there, after a page was reloaded. */
  | (Happened & { readonly kind: 'agentRequested'; readonly agent: Agent })
  /** The agent did not come, after so many requests. */
  | (Happened & { readonly kind: 'agentUnavailable'; readonly agent: Agent; readonly requests: number })
  | (Happened & { readonly kind: 'hangupRequested' })
  /** Nobody came to talk to the lead, or came back. */
  | (Happened & { readonly kind: 'nobodyCame' })
  /** A machine answered, and the call was not for machines. */
  | (Happened & { readonly kind: 'machineReached' })
  /** From here on legs are only ended. */
  | (Happened & { readonly kind: 'ending' })
  | (Happened & { readonly kind: 'commandFailed'; readonly code: string; readonly detail: string })
  | (Happened & { readonly kind: 'ended' });

export type EventKind = CallEvent['kind'];
export type EventOf<K extends EventKind> = Extract<CallEvent, { kind: K }>;

/** Events that a webhook can tell; each is a signal of its own, so that a run reads by itself in the Temporal UI. */
export const WEBHOOK_EVENTS = [
  'initiated',
  'answered',
  'joined',
  'left',
  'hungUp',
  'machineDetected',
  'greetingEnded',
  'said',
  'recordingSaved',
  'recordingFailed',
  'conferenceEnded',
] as const satisfies readonly EventKind[];
