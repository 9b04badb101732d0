/**
 * What can keep a recording from arriving, as one table: how to go on after each cause, and who has to know. A new cause
 * is a new row here and a row in its test.
 */
import type { RecordingState } from './recordings';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from './time';

/** When to try again after the first failure in a row, the second, and so on; and what comes after the last wait. */
export interface Pace {
  readonly waitsMs: readonly number[];
  /** `again` repeats the last wait until the carrier's copy expires. */
  readonly then: 'again' | 'dead_letter' | 'quarantined' | 'absent' | 'lost';
}

/** For whatever passes by itself: an outage of minutes costs seconds, one of days costs an attempt an hour. */
const BACKOFF: Pace = {
  waitsMs: [5 * SECOND_MS, 30 * SECOND_MS, 2 * MINUTE_MS, 10 * MINUTE_MS, 30 * MINUTE_MS, HOUR_MS],
  then: 'again',
};
/** Not at once for good: a web-backend that is being rolled out looks as if it had no such route. */
const REFUSED: Pace = { waitsMs: [5 * MINUTE_MS, 10 * MINUTE_MS], then: 'dead_letter' };
const POINTLESS: Pace = { waitsMs: [], then: 'dead_letter' };
/** A person has to change a setting, so nothing is gained by asking often. */
const MISCONFIGURED: Pace = { waitsMs: [HOUR_MS], then: 'again' };
/** Somebody else's mistake that is usually mended soon: every recording waits for it. */
const LOCKED_OUT: Pace = { waitsMs: [15 * MINUTE_MS], then: 'again' };
/** A broken copy may be a broken transfer, or a store that is not consistent yet; a day of fresh copies is proof. */
const BROKEN: Pace = {
  waitsMs: [5 * SECOND_MS, MINUTE_MS, 5 * MINUTE_MS, 15 * MINUTE_MS, HOUR_MS, 6 * HOUR_MS, 17 * HOUR_MS],
  then: 'quarantined',
};
const EMPTY: Pace = { waitsMs: [MINUTE_MS, 5 * MINUTE_MS, 15 * MINUTE_MS], then: 'quarantined' };
const NEVER_SEEN: Pace = {
  waitsMs: [5 * SECOND_MS, 30 * SECOND_MS, 2 * MINUTE_MS, 10 * MINUTE_MS, HOUR_MS, 6 * HOUR_MS, 17 * HOUR_MS],
  then: 'absent',
};
const VANISHED: Pace = { waitsMs: [HOUR_MS], then: 'lost' };
const NO_ROOM: Pace = { waitsMs: [30 * SECOND_MS, MINUTE_MS], then: 'again' };

interface Row {
  readonly pace: Pace;
  /** Where the recording is while this keeps it: not fetched whole yet, or not taken by the web-backend. */
  readonly state: Extract<RecordingState, 'fetching' | 'delivering'>;
  /** It does not pass by itself, so the log says it at once and as an error. */
  readonly needsPerson: boolean;
}

const fetching = (pace: Pace): Row => ({ pace, state: 'fetching', needsPerson: false });
const delivering = (pace: Pace): Row => ({ pace, state: 'delivering', needsPerson: false });
const forPerson = (row: Row): Row => ({ ...row, needsPerson: true });

export const DELIVERY_FAILURES = {
  carrier_unavailable: fetching(BACKOFF),
  /** The carrier knows it and offers no file in the format that was asked for. */
  recording_not_ready: fetching(BACKOFF),
  /** The carrier does not know it, and nobody ever saw it there. */
  recording_unknown: fetching(NEVER_SEEN),
  /** The carrier knew it, and no longer does: somebody deleted it. */
  recording_vanished: fetching(VANISHED),
  storage_unreachable: fetching(BACKOFF),
  /** Any status but 200, an expired address among them: the next attempt asks for a fresh one. */
  storage_refused: fetching(BACKOFF),
  storage_not_allowed: forPerson(fetching(MISCONFIGURED)),
  /** Not audio, or of unknown length: a web page with status 200, say. */
  file_unexpected: fetching(BROKEN),
  file_cut: fetching(BROKEN),
  file_damaged: fetching(BROKEN),
  file_empty: fetching(EMPTY),
  spool_full: fetching(NO_ROOM),
  spool_unusable: forPerson(fetching(NO_ROOM)),
  /** An attempt that ended without a result: its worker died again and again, or it has a bug. */
  attempt_broken: forPerson(fetching(BACKOFF)),

  web_backend_missing: delivering(POINTLESS),
  web_backend_unreachable: delivering(BACKOFF),
  web_backend_failing: delivering(BACKOFF),
  web_backend_busy: delivering(BACKOFF),
  /** 202: taken, not stored. The same delivery again, under the same key, until it says that it has it. */
  web_backend_undecided: delivering(BACKOFF),
  /** An answer that was cut, came too early, or names another file: it may have it. */
  web_backend_unconfirmed: delivering(BACKOFF),
  web_backend_credentials: forPerson(delivering(LOCKED_OUT)),
  web_backend_redirects: forPerson(delivering(MISCONFIGURED)),
  web_backend_refuses: delivering(REFUSED),
  web_backend_gone: forPerson(delivering(POINTLESS)),
} as const satisfies Record<string, Row>;

export type DeliveryFailure = keyof typeof DELIVERY_FAILURES;

interface Answer {
  readonly is: (status: number) => boolean;
  readonly means: DeliveryFailure;
}

const among =
  (...statuses: readonly number[]) =>
  (status: number): boolean =>
    statuses.includes(status);

/** The first row that fits. Answers that confirm a delivery (200, 201, 204, 409) come here only when they do not. */
const ANSWERS: readonly Answer[] = [
  { is: among(202), means: 'web_backend_undecided' },
  { is: among(429), means: 'web_backend_busy' },
  { is: among(408, 425), means: 'web_backend_failing' },
  { is: among(401, 403, 407), means: 'web_backend_credentials' },
  { is: among(410), means: 'web_backend_gone' },
  { is: (status) => status < 300, means: 'web_backend_unconfirmed' },
  { is: (status) => status < 400, means: 'web_backend_redirects' },
  { is: (status) => status < 500, means: 'web_backend_refuses' },
  { is: () => true, means: 'web_backend_failing' },
];

/** What a web-backend's answer means that does not confirm the delivery. */
export function meaningOfAnswer(status: number): DeliveryFailure {
  return ANSWERS.find(({ is }) => is(status))?.means ?? 'web_backend_failing';
}
