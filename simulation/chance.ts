/**
 * Everything that is left to chance, drawn from the seed and the name of the occasion: the third webhook meets the same
 * fate whatever else goes on. So a fault can be left out of a run without changing the others, which is how a failing
 * seed is made small.
 */
import type { Clock } from '../simulator/carrier/world';
import { hash, mulberry32 } from '../simulator/mischief';

/** A row that is drawn as often as its weight says, compared with the other rows. */
export interface Weighted {
  readonly weight: number;
}

/** What chance says on one occasion, one draw after the other. */
export class Draws {
  /** Uniform in [0, 1). */
  readonly next: () => number;

  constructor(seed: number, name: string) {
    this.next = mulberry32(hash(`${seed} ${name}`));
  }

  happens(probability: number): boolean {
    return this.next() < probability;
  }

  /** A whole number, both ends included. */
  between(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  pick<T>(items: readonly T[]): T {
    return at(items, Math.floor(this.next() * items.length));
  }

  row<T extends Weighted>(rows: readonly T[]): T {
    let left = this.next() * rows.reduce((sum, { weight }) => sum + weight, 0);
    return at(
      rows,
      rows.findIndex(({ weight }) => (left -= weight) < 0),
    );
  }
}

function at<T>(items: readonly T[], index: number): T {
  const item = items[index];
  if (item === undefined) throw new Error('nothing to draw from');
  return item;
}

/** A fault that a run has met. */
export interface Met {
  /** Where: `dial 1`, `webhook call.answered 2`. Unique within a run. */
  readonly occasion: string;
  /** What: a row of the tables in `faults.ts`. */
  readonly kind: string;
}

export interface Chance {
  draws(name: string): Draws;
  /** Draws whether this occasion meets a fault, and which. Null: all is well, or the faults are over. */
  fault<T extends Weighted & { readonly kind: string }>(
    occasion: string,
    probability: number,
    rows: readonly T[],
  ): { readonly row: T; readonly draws: Draws } | null;
  readonly met: readonly Met[];
  /** When the last fault is over that a run has met so far, milliseconds since 1970. */
  calmSinceMs(): number;
  /** A fault that goes on until then has begun. */
  lasts(untilMs: number): void;
}

export interface ChanceSettings {
  readonly seed: number;
  /** What happens at which occasion; everywhere else all is well. Null: it is drawn. */
  readonly pinned: Readonly<Record<string, string>> | null;
  readonly clock: Clock;
  /** From then on nothing goes wrong any more. */
  readonly faultsEndAtMs: number;
  readonly count: (what: string) => void;
}

export function createChance({ seed, pinned, clock, faultsEndAtMs, count }: ChanceSettings): Chance {
  const met: Met[] = [];
  let calmSinceMs = clock.now();
  const lasts = (untilMs: number): void => {
    calmSinceMs = Math.max(calmSinceMs, untilMs);
  };
  return {
    draws: (name) => new Draws(seed, name),
    met,
    calmSinceMs: () => calmSinceMs,
    lasts,
    fault(occasion, probability, rows) {
      const draws = new Draws(seed, occasion);
      const happens = draws.happens(probability) && clock.now() < faultsEndAtMs;
      const wanted = pinned?.[occasion];
      if (rows.length === 0 || (pinned ? wanted === undefined : !happens)) return null;
      // Also when it is pinned, so that what follows is drawn as it was.
      const drawn = draws.row(rows);
      const row = pinned ? rows.find(({ kind }) => kind === wanted) : drawn;
      if (!row) return null;
      met.push({ occasion, kind: row.kind });
      lasts(clock.now());
      count(`fault: ${row.kind}`);
      return { row, draws };
    },
  };
}
