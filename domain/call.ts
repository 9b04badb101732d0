/**
 * The words of a call.
 *
 * - **call**: ours, one attempt to bring one person (the **lead**) together with a **handler**.
 * - **leg**: Telnyx's, one connection to one phone or browser (`call_control_id`).
 * - **participant**: who a leg belongs to: `lead`, or an agent's client_id. A participant has one leg per attempt.
 * - **handler**: what the lead meets after answering. **agent**: a person of ours who is rung for a call.
 * - **event**: something that happened (`domain/events.ts`). **command**: something we ask the carrier to do.
 * - **facts**: what is known about a call; they only grow (`domain/facts.ts`).
 * - **outcome**: why the call ended, one word. **status**: where it is (`domain/status.ts`).
 */
import type { JsonObject } from './json';

/** `COLD_CALL_` and 26 Crockford characters: workflow id, conference name and key of the status document at once. */
export type CallId = string;

export const CALL_ID_PATTERN = /^COLD_CALL_[0-9A-HJKMNP-TV-Z]{26}$/;

export type LegRole = 'lead' | 'agent' | 'supervisor' | 'voice_agent';

/** Names one leg before the carrier has given it an id. Pure data, so every process computes the same name. */
export interface LegName {
  readonly role: LegRole;
  /** Our `participant_sid`: `lead`, or the agent's client_id. */
  readonly participant: string;
  /** From 1. Another attempt is another leg, and is recorded before it is made. */
  readonly attempt: number;
}

/** What we put into Telnyx's `client_state`: it comes back in every webhook of the leg. */
export interface ClientState {
  /** OUTCALL_INSTALLATION: tells our legs from those of another installation on the same application. */
  readonly installation: string;
  readonly callId: CallId;
  readonly leg: LegName;
  /** Set by the command that has it said; every later webhook of the leg carries it, too. */
  readonly saying?: SpeechName;
}

/** A leg the carrier has named. */
export interface LegIdentity extends LegName {
  /** Identifies the leg: the only id that every event of a leg carries. */
  readonly callLegId: string;
  /** What commands are addressed to; `call.recording.saved` lacks it. */
  readonly callControlId: string | null;
  readonly callSessionId: string | null;
}

/** A leg that commands can be sent to. */
export interface ReachableLeg extends LegIdentity {
  readonly callControlId: string;
}

export interface ConferenceHandler {
  readonly type: 'conference';
}

/** Documents that tell the carrier what to do, one after the other: of a flow of ours, or the customer's own. */
export interface TexmlHandler {
  readonly type: 'texml';
  readonly source: 'flow' | 'document' | 'url';
  /** Of a flow: its name, and the hash of its text when the call began. */
  readonly name: string | null;
  readonly version: string | null;
  /** A step asks whether a machine has answered, so the carrier has to listen for one. */
  readonly listens: boolean;
}

/** What the lead meets after answering. */
export type Handler = ConferenceHandler | TexmlHandler;

/** A person of ours: behind a browser, a telephone, or a SIP address. */
export type Agent =
  | { readonly type: 'webrtc'; readonly clientId: string }
  /** E.164. */
  | { readonly type: 'phone'; readonly number: string }
  | { readonly type: 'sip'; readonly uri: string };

/** Our `participant_sid` of an agent. */
export function participantOf(agent: Agent): string {
  return agent.type === 'webrtc' ? agent.clientId : 'agent';
}

/** Something for a person or a machine to hear: text to be spoken, or the address of a sound file. */
export type Speech = { readonly say: string } | { readonly play: string };

/** How long a slow voice takes to say this, in milliseconds. */
export const longestSpeechMs = (text: string): number => text.length * 100;

/** What is said to a lead outside of the conference; `client_state` carries it, so that its end is known for what it is. */
export type SpeechName = 'notice' | 'message' | 'apology';

/** What to do when a machine answers. `connect` only finds out; it is the detection's verdict that counts, not its absence. */
export type AnsweringMachine =
  { readonly policy: 'off' | 'hang_up' | 'connect' } | { readonly policy: 'leave_message'; readonly message: Speech };

export type RecordingFormat = 'mp3' | 'wav';

/** Everything that decides a call, complete with defaults, fixed when the call is accepted. */
export interface CallRequest {
  readonly callId: CallId;
  readonly provider: 'telnyx';
  /** E.164. */
  readonly toPhone: string;
  /** E.164, one of the account's numbers. */
  readonly fromPhone: string;
  readonly handler: Handler;
  /** Rung for this call; null: whoever wants in joins by `/webrtc-join`. */
  readonly agent: Agent | null;
  /** `agent_first`: the lead's phone rings only once the agent is there. */
  readonly dialOrder: 'agent_first' | 'lead_first';
  readonly answeringMachine: AnsweringMachine;
  readonly record: boolean;
  /** Spoken to the lead before the recording starts; null: it starts with the answer. */
  readonly recordingNotice: string | null;
  readonly recordingFormat: RecordingFormat;
  /** How long the phone may ring, 15 to 600 seconds. */
  readonly ringTimeoutSeconds: number;
  /** How long the call may last after the answer, 30 to 14,000 seconds. The carrier enforces it even if we are gone. */
  readonly timeLimitSeconds: number;
  /** How long an answered lead waits for somebody to come, in seconds. */
  readonly agentWaitSeconds: number;
  readonly businessId: string;
  readonly metadata: JsonObject;
  /** ISO 8601, when the call was accepted. */
  readonly createdAt: string;
  /** Somebody called us: nobody is dialed, and the lead is who called. Absent: we call. */
  readonly incoming?: { readonly callSid: string };
}

/** What the carrier records as: TeXML leaves no choice (Telnyx API reference, initiate an outbound call). */
export function recordedFormatOf({ handler, recordingFormat }: CallRequest): RecordingFormat {
  return handler.type === 'texml' ? 'mp3' : recordingFormat;
}

/** The number of the person at the other end, whoever called whom. */
export function leadPhoneOf({ fromPhone, toPhone, incoming }: CallRequest): string {
  return incoming === undefined ? toPhone : fromPhone;
}

export function isReachable(leg: LegIdentity): leg is ReachableLeg {
  return leg.callControlId !== null;
}

export const LEAD: LegName = { role: 'lead', participant: 'lead', attempt: 1 };

/** How long the phone of a leg may ring: the lead's as asked for, an agent's as long as a lead would wait for one. */
export function ringSecondsOf(call: CallRequest, { role }: Pick<LegName, 'role'>): number {
  // Telnyx takes 5 to 600 (API reference: timeout_secs).
  return role === 'lead' ? call.ringTimeoutSeconds : Math.max(5, call.agentWaitSeconds);
}

/** The most that Telnyx takes (API reference: time_limit_secs). */
const LONGEST_SECONDS = 14_400;

/** How long a leg may live after its answer. An agent is there before the lead, and may wait for one. */
export function limitSecondsOf(call: CallRequest, { role }: Pick<LegName, 'role'>): number {
  if (role === 'lead') return call.timeLimitSeconds;
  return Math.min(call.agentWaitSeconds + call.ringTimeoutSeconds + call.timeLimitSeconds + 60, LONGEST_SECONDS);
}

export function isSameLeg(a: LegName, b: LegName): boolean {
  return a.role === b.role && a.participant === b.participant && a.attempt === b.attempt;
}

/**
 * The name behind a command's `command_id`: the same for every process that ever sends this command, before or after a
 * crash. Telnyx ignores a repeated `command_id` for 60 seconds (developers.telnyx.com: Receiving webhooks).
 */
export function commandName(callId: CallId, leg: LegName, purpose: string): string {
  return `${callId}/${leg.role}/${leg.participant}/${leg.attempt}/${purpose}`;
}
