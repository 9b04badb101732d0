/** Instants as the carrier writes them. */

const FUTURE_MS = 5 * 60_000;
const PAST_MS = 24 * 3600_000;

/** The carrier's instant, or ours when theirs is missing, no date, in the future or long ago. */
export function plausible(theirs: string | null | undefined, ours: string): string {
  const at = instant(theirs);
  if (at === null) return ours;
  const offMs = Date.parse(at) - Date.parse(ours);
  return offMs > FUTURE_MS || offMs < -PAST_MS ? ours : at;
}

/** ISO 8601 with milliseconds, so that instants compare as text; null when it is no date. */
export function instant(text: string | null | undefined): string | null {
  const ms = Date.parse(text ?? '');
  return Number.isNaN(ms) ? null : new Date(ms).toISOString();
}
