/**
 * What can happen to a call. An event was told by a webhook, found by asking the carrier, or caused by a command or an
 * API request of ours. Events are plain JSON and may arrive in any order, late, or many times: `advance` copes.
 */
import type { LegIdentity, LegName } from './call';

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

export type CallEvent =
  | (Happened & { readonly kind: 'dialSent'; readonly leg: LegName })
  | (Happened & { readonly kind: 'dialRefused'; readonly leg: LegName; readonly code: string; readonly detail: string })
  | (Happened & { readonly kind: 'dialUnresolved'; readonly leg: LegName })
  /** `echoed`: the answer to the dial carried our client_state, so the leg is ours unless the carrier's own record says otherwise. */
  | (LegHappened & { readonly kind: 'placed'; readonly recordingId: string | null; readonly echoed: boolean })
  | (LegHappened & { readonly kind: 'initiated' })
  | (LegHappened & { readonly kind: 'answered' })
  | (LegHappened & { readonly kind: 'joined'; readonly conferenceId: string | null })
  | (LegHappened & { readonly kind: 'left'; readonly conferenceId: string | null })
  | (LegHappened & { readonly kind: 'hungUp' } & HangupReason)
  | (LegHappened & { readonly kind: 'disowned' })
  | (LegHappened & {
      readonly kind: 'recordingSaved';
      readonly recordingId: string | null;
      readonly startedAt: string | null;
      readonly endedAt: string | null;
    })
  | (LegHappened & { readonly kind: 'recordingFound'; readonly recordingId: string })
  | (LegHappened & { readonly kind: 'recordingFailed'; readonly reason: string })
  | (Happened & { readonly kind: 'conferenceCreated'; readonly conferenceId: string })
  | (Happened & { readonly kind: 'conferenceEnded'; readonly conferenceId: string })
  | (Happened & { readonly kind: 'hangupRequested' })
  | (Happened & { readonly kind: 'nobodyCame' })
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
  'recordingSaved',
  'recordingFailed',
  'conferenceCreated',
  'conferenceEnded',
] as const satisfies readonly EventKind[];
