/** Finds what somebody meant: the nearest of the names that there are. */

/** Null when nothing is near: at most a third of the letters may differ, whatever their case. */
export function nearest(name: string, candidates: readonly string[]): string | null {
  const lower = name.slice(0, 64).toLowerCase();
  let best: string | null = null;
  let least = Math.floor(lower.length / 3) + 1;
  for (const candidate of candidates) {
    const distance = lettersBetween(lower, candidate.toLowerCase());
    if (distance < least) [best, least] = [candidate, distance];
  }
  return best;
}

/** Levenshtein's distance. */
function lettersBetween(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let i = 1; i <= one.length; i++) {
    const next = [i];
    for (let j = 1; j <= other.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (one[i - 1] === other[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
