/**
 * What the story asks of the carrier, in our words. Activities carry it out with Telnyx; the seeded simulation with a
 * model of it.
 */
import type {
  Agent,
  CallId,
  CallRequest,
  LegIdentity,
  LegName,
  ReachableLeg,
  RecordingFormat,
  Speech,
  SpeechName,
} from './call';
import type { CallEvent } from './events';

/**
 * Commands and questions to the carrier. They never throw: what came of them is in the answer. All but `dial` repeat
 * themselves under one `command_id` until the carrier has spoken, or a while has passed (`unavailable`): a minute for a
 * hangup, ten seconds where somebody is listening.
 */
export interface Carrier {
  /** Sends at most one request. Everything after that is the story's decision. */
  dial(command: DialCommand): Promise<DialAnswer>;
  hangUp(command: AttemptedCommand): Promise<CommandAnswer>;
  /**
   * Makes the conference from this answered leg, or joins it when it exists. "Already there" is success. A lead who
   * makes it hears hold audio until somebody joins; whoever is left when the lead goes is hung up by the carrier.
   */
  enterConference(command: AttemptedCommand): Promise<CommandAnswer>;
  leaveConference(command: AttemptedCommand): Promise<CommandAnswer>;
  /** Plays a sound over and over to these legs in the conference. Again while it plays: it is heard twice. */
  playInConference(command: PlayCommand): Promise<CommandAnswer>;
  /** Stops whatever these legs are played in the conference. */
  stopPlaying(command: ConferenceCommand): Promise<CommandAnswer>;
  /** Accepted is not heard: `said` tells when it is over. */
  say(command: SayCommand): Promise<CommandAnswer>;
  startRecording(command: StartRecordingCommand): Promise<CommandAnswer>;
  mute(command: MuteCommand): Promise<CommandAnswer>;
  /** Of a TeXML call: stops what is heard, and asks for the document at this address instead. */
  redirect(command: RedirectCommand): Promise<CommandAnswer>;
  /**
   * Is this leg of ours, is it alive, what happened to it? Events with source `poll`, none when its record does not say
   * whose it is; null when the carrier does not answer.
   */
  askLeg(question: LegQuestion): Promise<readonly CallEvent[] | null>;
  /** Who is in the conference? */
  askParticipants(question: ParticipantsQuestion): Promise<readonly CallEvent[]>;
  /** Looks everywhere for a leg whose dial was not answered clearly; null when the carrier does not answer. */
  findLeg(question: FindLegQuestion): Promise<Look | null>;
  /** The recordings the carrier lists for a leg; null when it does not answer. */
  listRecordings(question: RecordingsQuestion): Promise<readonly string[] | null>;
}

export interface DialCommand {
  readonly call: CallRequest;
  readonly leg: LegName;
  /** Who is dialed; null: the lead. */
  readonly agent: Agent | null;
  /** The carrier puts the leg into the call's conference the instant it is answered. */
  readonly intoConference: boolean;
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

/** About legs that are in the call's conference. */
export interface ConferenceCommand {
  readonly callId: CallId;
  readonly legs: readonly ReachableLeg[];
}

export interface PlayCommand extends ConferenceCommand {
  readonly sound: 'hold' | 'ringback';
}

/** To a leg outside of the conference. */
export interface SayCommand extends AttemptedCommand {
  readonly name: SpeechName;
  readonly speech: Speech;
}

export interface StartRecordingCommand extends LegCommand {
  readonly format: RecordingFormat;
}

export interface MuteCommand extends LegCommand {
  readonly muted: boolean;
}

export interface RedirectCommand extends LegCommand {
  readonly url: string;
}

export interface ParticipantsQuestion {
  readonly callId: CallId;
  /** The legs we know: the carrier's list says nothing of ours but their ids. */
  readonly legs: readonly LegIdentity[];
}

export interface FindLegQuestion {
  readonly callId: CallId;
  readonly leg: LegName;
  /** The number that was dialed; null when only an address was, which the carrier's log cannot be searched for. */
  readonly toPhone: string | null;
  /** The number that it was to come from. */
  readonly fromPhone: string;
  /** ISO 8601; nothing older is of interest. */
  readonly since: string;
  /** When the call's first dial was sent, ISO 8601. */
  readonly dialedAt: string | null;
}

export interface Look {
  /** What was seen of the call's legs, the one that was looked for and others. */
  readonly events: readonly CallEvent[];
  /** Every list was looked through: what was not seen is not there, as far as the carrier shows. */
  readonly complete: boolean;
}

export interface RecordingsQuestion {
  readonly callLegId: string;
  /** Those that steps of a flow made, or that of the call. @default 'call' */
  readonly of?: 'call' | 'steps';
}

export type DialAnswer =
  | {
      readonly kind: 'placed';
      readonly leg: ReachableLeg;
      readonly recordingId: string | null;
      readonly echoed: boolean;
    }
  /** Taken; the carrier names the leg only by its first callback. */
  | { readonly kind: 'taken' }
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
