/**
 * What the story asks of the carrier, in our words. Activities carry it out with Telnyx; the seeded simulation with a
 * model of it.
 */
import type { CallId, CallRequest, LegIdentity, LegName, ReachableLeg } from './call';
import type { CallEvent } from './events';

/**
 * Commands and questions to the carrier. They never throw: what came of them is in the answer. All but `dial` repeat
 * themselves under one `command_id` until the carrier has spoken or about a minute has passed (`unavailable`).
 */
export interface Carrier {
  /** Sends at most one request. Everything after that is the story's decision. */
  dial(command: DialCommand): Promise<DialAnswer>;
  hangUp(command: AttemptedCommand): Promise<CommandAnswer>;
  /** Makes the conference from this answered leg, or joins it when it exists. "Already there" is success. */
  enterConference(command: AttemptedCommand): Promise<CommandAnswer>;
  /** Is this leg of ours, is it alive, what happened to it? Events with source `poll`; null when the carrier does not answer. */
  askLeg(question: LegQuestion): Promise<readonly CallEvent[] | null>;
  /** Who is in the conference? */
  askParticipants(question: ParticipantsQuestion): Promise<readonly CallEvent[]>;
  /** Looks everywhere for a leg whose dial was not answered clearly; null when nothing was found and a look failed. */
  findLeg(question: FindLegQuestion): Promise<readonly CallEvent[] | null>;
  /** The recordings the carrier lists for a leg; null when it does not answer. */
  listRecordings(question: { readonly callLegId: string }): Promise<readonly string[] | null>;
}

export interface DialCommand {
  readonly call: CallRequest;
  readonly leg: LegName;
}

export interface LegCommand {
  readonly callId: CallId;
  readonly leg: ReachableLeg;
}

export interface LegQuestion extends LegCommand {
  /** The carrier has shown this leg before: if it does not know it now, it is over. Otherwise it never was. */
  readonly confirmed: boolean;
  /** The answer to its dial carried our client_state: enough where the carrier's record carries none. */
  readonly echoed: boolean;
}

export interface AttemptedCommand extends LegCommand {
  /** From 1. The carrier ignores a repeated command, so a second try is a command of its own. */
  readonly attempt: number;
}

export interface ParticipantsQuestion {
  readonly callId: CallId;
  /** The legs we know: the carrier's list says nothing of ours but their ids. */
  readonly legs: readonly LegIdentity[];
}

export interface FindLegQuestion {
  readonly callId: CallId;
  readonly leg: LegName;
  readonly toPhone: string;
  /** ISO 8601; nothing older is of interest. */
  readonly since: string;
}

export type DialAnswer =
  | {
      readonly kind: 'placed';
      readonly leg: ReachableLeg;
      readonly recordingId: string | null;
      readonly echoed: boolean;
    }
  /** The carrier will never take this dial. */
  | { readonly kind: 'refused'; readonly code: string; readonly detail: string }
  /** Nothing was placed, another try may work. */
  | { readonly kind: 'notPlaced'; readonly code: string; readonly detail: string; readonly retryAfterMs: number | null }
  /** The request was too old when it came to be sent, and was not. */
  | { readonly kind: 'late' }
  /** A phone may ring, or not. */
  | { readonly kind: 'ambiguous'; readonly detail: string };

export type CommandAnswer =
  | { readonly kind: 'accepted' }
  /** The leg or conference is over. */
  | { readonly kind: 'gone' }
  | { readonly kind: 'refused'; readonly code: string; readonly detail: string }
  | { readonly kind: 'unavailable'; readonly detail: string };
