/**
 * What the story of a call needs from the world. Temporal provides it in `cold-call.ts`; the seeded simulation provides
 * it with a virtual clock. Nothing here may import Temporal or Node.
 */
import type { Carrier } from '../domain/carrier';
import type { CallEvent } from '../domain/events';
import type { Facts } from '../domain/facts';
import type { RecordingToDeliver } from '../domain/recordings';
import type { Errand, Report } from '../flows/script';

export interface CallRuntime {
  /** What is known now. */
  facts(): Facts;
  /** When the call was accepted, by the clock of `now`, milliseconds since the epoch. */
  readonly acceptedAtMs: number;
  /** Milliseconds since the epoch. */
  now(): number;
  /** Merges an event into the facts; a changed status document is published by itself. */
  learn(event: CallEvent): void;
  /**
   * Waits until the predicate holds, at most `timeoutMs`; false when the time ran out. Infinity: whoever waits so is ended
   * by the predicate alone. The summary is shown in the Temporal UI. Several may wait at once.
   */
  until(predicate: (facts: Facts) => boolean, timeoutMs: number, summary: string): Promise<boolean>;
  readonly carrier: Carrier;
  readonly errands: Errands;
  /** Starts the delivery of a recording, which outlives the call; the call does not end before it has started. Safe to repeat. */
  deliverRecording(recording: RecordingToDeliver): void;
}

/** What a script has found out, beside the carrier. They never throw: "no answer" is a report, too. */
export interface Errands {
  /** @param key names it within its call; a repeat has the same. */
  run(errand: Exclude<Errand, { kind: 'verdict' }>, key: string): Promise<Report>;
  /** The first number or address that may not be dialed; null: all may be. Unknown is not allowed. */
  firstForbidden(targets: readonly string[]): Promise<string | null>;
}
