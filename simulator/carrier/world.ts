/**
 * What the carrier knows, and what it is handed from outside. Every function of the model takes the world first;
 * nothing in this folder reads a clock, draws a random number or opens a socket by itself, so that a virtual clock and
 * a seed replay a story exactly.
 */
import type { PhoneBehaviour } from '../phones';
import type { TexmlState } from '../texml/state';
import type { Settings } from './settings';

export type JsonObject = Readonly<Record<string, unknown>>;

/** Time as the model sees it. `after` returns a function that cancels; cancelling twice is harmless. */
export interface Clock {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  after(delayMs: number, run: () => void): () => void;
}

/** An answer of the REST interface before it becomes HTTP. */
export interface Answer {
  readonly status: number;
  /** JSON, or a string when `contentType` says text. */
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly contentType?: 'text/plain';
}

/** Where an event is sent. The plan of retries is null when the caller gave none. */
export interface WebhookRoute {
  readonly url: string;
  readonly failoverUrl: string | null;
  readonly retriesMs: readonly number[] | null;
}

/** One event, said once by the model however often it is delivered. */
export interface Webhook {
  readonly id: string;
  readonly eventType: string;
  /** The called number of the leg it is about. */
  readonly to: string;
  readonly route: WebhookRoute;
  /** The `data` of the delivered body. */
  readonly data: JsonObject;
  /** A TeXML callback: `data` goes out as a form by this method. Absent: `data` goes out as JSON, by POST. */
  readonly form?: 'POST' | 'GET';
}

/** A request to the customer's server for TeXML: its fields go out as a form by POST, in the query by GET. */
export interface Question {
  readonly url: string;
  readonly method: 'POST' | 'GET';
  readonly fields: Readonly<Record<string, string>>;
  /** The called number of the leg it is about. */
  readonly to: string;
}

/** What came back; without a status nothing did, and `error` says why. */
export type Reply =
  { readonly status: number; readonly body: string } | { readonly status: null; readonly error: string };

/** What the model is handed. */
export interface CarrierDeps {
  readonly clock: Clock;
  /** Uniform in [0, 1); ids come from it. */
  readonly random: () => number;
  readonly emit: (webhook: Webhook) => void;
  /** Asks for TeXML and replies once, later, unless given up. Absent: nobody can be asked. */
  readonly ask?: (question: Question, reply: (reply: Reply) => void) => () => void;
  /** Address of a recording's file that stops working at `expiresAtMs`. */
  readonly storageUrl: (file: { recordingId: string; format: AudioFormat; expiresAtMs: number }) => string;
  readonly settings: Partial<Settings>;
  readonly account: Account;
}

/** The account as it is set up before the first call. */
export interface Account {
  readonly connectionId: string;
  readonly webhookUrl: string | null;
  readonly failoverUrl: string | null;
  /** The account's numbers. When not empty, a `from` that is not among them is refused with D51. */
  readonly phoneNumbers: readonly string[];
  /** Id of the one TeXML application that is there from the start. @default '2000000000000000002' */
  readonly texmlApplicationId?: string;
  /** Its `voice_url` and `status_callback`. @default null */
  readonly texmlUrls?: TexmlUrls | null;
}

/** Where a TeXML application asks for documents, and says how calls go. */
export interface TexmlUrls {
  readonly voice: string;
  readonly status: string;
}

export type AudioFormat = 'mp3' | 'wav';

export interface Application {
  readonly id: string;
  name: string;
  webhookUrl: string | null;
  failoverUrl: string | null;
  outboundVoiceProfileId: string | null;
  readonly createdAtMs: number;
}

export interface LegEnd {
  readonly cause: string;
  readonly source: 'caller' | 'callee' | 'unknown';
  readonly sip: string;
}

export interface Leg {
  readonly ordinal: number;
  readonly callControlId: string;
  readonly callLegId: string;
  readonly callSessionId: string;
  readonly connectionId: string;
  readonly direction: 'outgoing' | 'incoming';
  readonly to: string;
  readonly from: string;
  readonly commandId: string | null;
  /** Body of the dial or of the answer; webhook routes, recording and conference wishes are read from it. */
  request: JsonObject;
  readonly phone: PhoneBehaviour;
  clientState: string | null;
  readonly placedAtMs: number;
  answeredAtMs: number | null;
  endedAtMs: number | null;
  end: LegEnd | null;
  /** Set when the dial asked for a recording, whether or not anybody answers. */
  readonly dialRecordingId: string | null;
  readonly recordingIds: string[];
  /** Pending business of the leg; all of it is dropped when the leg ends. */
  readonly timers: Set<() => void>;
  /** Speech or playback that runs now: the function that ends it with a status. */
  readonly media: Set<(status: string) => void>;
  /** All that was ever spoken or played to it. */
  readonly sounds: Sound[];
}

export interface Sound {
  /** The text, or the address of the file. */
  readonly content: string;
  readonly startedAtMs: number;
  endedAtMs: number | null;
  /** As in the event: `completed` when it was heard to its end. Null while it runs. */
  status: string | null;
}

export interface Participant {
  readonly id: string;
  readonly leg: Leg;
  readonly joinedAtMs: number;
  updatedAtMs: number;
  leftAtMs: number | null;
  muted: boolean;
  onHold: boolean;
  endsConference: boolean;
  softEndsConference: boolean;
  readonly whisperTo: readonly string[];
}

export interface Conference {
  readonly id: string;
  readonly name: string;
  readonly creator: Leg;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  updatedAtMs: number;
  endedAtMs: number | null;
  endReason: 'all_left' | 'ended_via_api' | 'host_left' | 'time_exceeded' | null;
  endedBy: Leg | null;
  readonly maxParticipants: number;
  /** Until then everybody who is in is on hold. */
  started: boolean;
  readonly participants: Participant[];
  readonly timers: Set<() => void>;
}

export interface Recording {
  readonly id: string;
  readonly leg: Leg;
  readonly conference: Conference | null;
  readonly format: AudioFormat;
  readonly channels: 'single' | 'dual';
  readonly initiatedBy: string;
  readonly startedAtMs: number;
  endedAtMs: number | null;
  readyAtMs: number | null;
  state: 'recording' | 'processing' | 'completed' | 'failed' | 'deleted';
}

/** A row of the carrier's own log of commands and webhooks. */
export interface CallEvent {
  readonly type: 'command' | 'webhook';
  readonly name: string;
  readonly leg: Leg;
  readonly atMs: number;
  readonly metadata: JsonObject;
}

export interface Credential {
  readonly id: string;
  readonly connectionId: string;
  readonly name: string | null;
  readonly tag: string | null;
  readonly sipUsername: string;
  readonly sipPassword: string;
  readonly expiresAt: string | null;
  readonly createdAtMs: number;
}

export interface World {
  readonly deps: CarrierDeps;
  settings: Settings;
  readonly applications: Map<string, Application>;
  readonly credentials: Map<string, Credential>;
  readonly legs: Map<string, Leg>;
  readonly conferences: Map<string, Conference>;
  /** Those that have not ended: a run of many calls looks through them at every answer and end. */
  readonly activeConferences: Set<Conference>;
  readonly recordings: Map<string, Recording>;
  readonly events: CallEvent[];
  /** Answers to commands by scope and `command_id`, with the time they were given. */
  readonly commands: Map<string, { readonly atMs: number; readonly answer: Answer }>;
  /** Every dial request that was read, by called number, refused ones included. */
  readonly dialRequests: Map<string, number>;
  /** Commands that took effect, in order. */
  readonly commandLog: JsonObject[];
  /** Behaviours set over the control interface, by number or SIP target. */
  readonly phoneOverrides: Map<string, PhoneBehaviour>;
  /** Parts of the model that act when a leg answers, ends, or leaves a conference, or a recording is ready or has failed. They are handed in so that legs need not know them. */
  readonly whenAnswered: ((leg: Leg) => void)[];
  readonly whenEnded: ((leg: Leg) => void)[];
  readonly whenLeft: ((leg: Leg) => void)[];
  readonly whenRecordingSettled: ((recording: Recording) => void)[];
  readonly texml: TexmlState;
}

export const isEnded = (leg: Leg): boolean => leg.endedAtMs !== null;
export const isRinging = (leg: Leg): boolean => leg.answeredAtMs === null && leg.endedAtMs === null;
export const isActive = (conference: Conference): boolean => conference.endedAtMs === null;

/** Milliseconds of real time for a stretch of phone time. */
export function atPhoneSpeed(world: World, durationMs: number): number {
  return durationMs / world.settings.phoneSpeed;
}

/** Does something later, in phone time, unless the owner's business is dropped before. Returns a function that cancels. */
export function schedule(
  world: World,
  owner: { readonly timers: Set<() => void> },
  delayMs: number,
  run: () => void,
): () => void {
  const cancel = world.deps.clock.after(atPhoneSpeed(world, delayMs), () => {
    owner.timers.delete(cancel);
    run();
  });
  owner.timers.add(cancel);
  return () => {
    owner.timers.delete(cancel);
    cancel();
  };
}

export function dropTimers(owner: { readonly timers: Set<() => void> }): void {
  for (const cancel of owner.timers) cancel();
  owner.timers.clear();
}
