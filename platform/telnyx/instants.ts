/** Instants as the carrier writes them. */
import { parseInstant } from '../../domain/time';

const FUTURE_MS = 5 * 60_000;
const PAST_MS = 24 * 3600_000;

/** The carrier's instant, or ours when theirs is missing, no date, in the future or long ago. */
export function plausible(theirs: string | null | undefined, ours: string): string {
  const at = parseInstant(theirs);
  if (at === null) return ours;
  const offMs = Date.parse(at) - Date.parse(ours);
  return offMs > FUTURE_MS || offMs < -PAST_MS ? ours : at;
}
