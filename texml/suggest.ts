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

/** How many letters have to be added, removed, replaced or swapped with their neighbour (optimal string alignment). */
function lettersBetween(one: string, other: string): number {
  let [before, row]: readonly number[][] = [[], Array.from({ length: other.length + 1 }, (_, index) => index)];
  for (let i = 1; i <= one.length; i++) {
    const next = [i];
    for (let j = 1; j <= other.length; j++) {
      const replaced = at(row, j - 1) + (one[i - 1] === other[j - 1] ? 0 : 1);
      const isSwapped = i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1];
      const swapped = isSwapped ? at(before, j - 2) + 1 : Infinity;
      next.push(Math.min(replaced, swapped, at(row, j) + 1, at(next, j - 1) + 1));
    }
    [before, row] = [row, next];
  }
  return at(row, other.length);
}

const at = (row: readonly number[] | undefined, index: number): number => row?.[index] ?? Infinity;
