/** Spans of time in milliseconds, and instants as they are written. */
export const SECOND_MS = 1000;
export const MINUTE_MS = 60 * SECOND_MS;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/** ISO 8601 with milliseconds, so that instants compare as text; null when it is no date. */
export function parseInstant(text: string | null | undefined): string | null {
  const ms = Date.parse(text ?? '');
  return Number.isNaN(ms) ? null : iso(ms);
}

/** Milliseconds since the epoch, as ISO 8601 in UTC. */
export const iso = (ms: number): string => new Date(ms).toISOString();
