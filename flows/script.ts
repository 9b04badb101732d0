/**
 * What a TeXML call follows, and the words between the engine (`engine.ts`), which decides the next document, and those
 * who carry it out. All of it is plain JSON: Temporal keeps it, and a call keeps the version that it began with.
 */
import type { TexmlDocument } from '../texml/document';
import type { Flow } from './flow';

/** A flow of named steps, or documents of the customer's. */
export type Script = FlowScript | DocumentScript;

export interface FlowScript {
  readonly kind: 'flow';
  readonly flow: Flow;
  /** Values of the flow's variables at the beginning, all of them. */
  readonly variables: Readonly<Record<string, string>>;
}

export interface DocumentScript {
  readonly kind: 'documents';
  /** The first document, or where it is asked for. */
  readonly first: { readonly texml: string } | { readonly url: string };
  /** Asked when the customer's server does not answer a request with a document; null: then the call ends. */
  readonly fallbackUrl: string | null;
}

/** Fields of a form, as the carrier sends them with a request for instructions: CallSid, Digits, DialCallStatus … */
export type Fields = Readonly<Record<string, string>>;

/** Where a call is in its script. Only the engine looks inside. */
export type Position = FlowPosition | DocumentPosition;

export interface FlowPosition {
  readonly kind: 'flow';
  /** Name of the step that the last document or errand came from; null at the beginning. */
  readonly step: string | null;
  readonly variables: Readonly<Record<string, string>>;
  /** How often each step was begun, the one that was begun last at the end. */
  readonly visits: Readonly<Record<string, number>>;
}

export interface DocumentPosition {
  readonly kind: 'documents';
  /** Where the addresses in the last document lead, in the order in which it names them. */
  readonly targets: readonly DocumentTarget[];
}

export interface DocumentTarget {
  readonly url: string;
  readonly method: 'GET' | 'POST';
}

/** What moves a script on: the carrier asks for the next document, or an errand is back. */
export type Input =
  | {
      readonly kind: 'asked';
      readonly fields: Fields;
      /** Which address of the last document led here, from 0. */
      readonly target: number;
    }
  | { readonly kind: 'report'; readonly report: Report };

/** The next document, or what has to be found out before there is one. */
export type Turn =
  | {
      readonly kind: 'document';
      readonly document: TexmlDocument;
      readonly position: Position;
    }
  | { readonly kind: 'errand'; readonly errand: Errand; readonly position: Position };

export type Errand =
  /** A request of a flow's step to the customer's server. */
  | { readonly kind: 'http'; readonly request: HttpRequest }
  /** The customer's server is asked for a document; `fields` are those of the carrier's request. */
  | {
      readonly kind: 'document';
      readonly target: DocumentTarget;
      readonly fallbackUrl: string | null;
      readonly fields: Fields;
    }
  /** Has a person answered, or a machine? */
  | { readonly kind: 'verdict' }
  /** The SIP address of an agent's browser. */
  | { readonly kind: 'address'; readonly clientId: string };

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON text; null: no body. */
  readonly body: string | null;
  /** 1 to 10. */
  readonly timeoutSeconds: number;
}

export type Report =
  /** `status` null: no answer, or not allowed. `body`: at most 64 KiB of text. */
  | { readonly kind: 'http'; readonly status: number | null; readonly body: string }
  /** `texml` null: neither server answered 200. `url`: where the document came from. */
  | { readonly kind: 'document'; readonly texml: string | null; readonly url: string }
  /** `machine` includes a fax. For a machine it comes after its greeting. */
  | { readonly kind: 'verdict'; readonly verdict: 'person' | 'machine' }
  /** Null: no browser can be rung. */
  | { readonly kind: 'address'; readonly sipUri: string | null };

/** What the engine is told of the call besides. */
export interface Scene {
  readonly callId: string;
  /** The person's number, and ours. E.164, or what the carrier tells of a caller who hides it. */
  readonly leadPhone: string;
  readonly ourPhone: string;
  /** Milliseconds since the epoch. */
  readonly nowMs: number;
  /** Where the carrier finds this call, without a slash at the end: `${base}/instructions/7`. */
  readonly base: string;
  /** Of the document that is asked for, from 1. Its links lead to the next number. */
  readonly number: number;
  /** Where the carrier fetches the sound for people who wait. */
  readonly holdSoundUrl: string;
}
