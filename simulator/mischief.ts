/**
 * Mischief on the way of a webhook: late, twice, out of turn, lost. Pure and seeded: the n-th event of a kind about a
 * number meets the same fate in every run with the same seed, whatever else is going on at the time.
 */
export interface MischiefOptions {
  readonly seed: number;
  /** Probability of a delay of up to 3 s, 0 to 1; true is the default, false is never. @default 0.3 */
  readonly delay?: boolean | number;
  /** Probability of a second copy up to 1.5 s later. @default 0.15 */
  readonly duplicate?: boolean | number;
  /** Probability of being held back until the next webhook has gone, at most 1 s. @default 0.15 */
  readonly reorder?: boolean | number;
  /** Probability of never being delivered, retries included. @default 0.05 */
  readonly drop?: boolean | number;
}

export type MischiefKind = 'delay' | 'duplicate' | 'reorder' | 'drop';

const usual: Readonly<Record<MischiefKind, number>> = { delay: 0.3, duplicate: 0.15, reorder: 0.15, drop: 0.05 };

/** What happens to one webhook. */
export interface Fate {
  readonly dropped: boolean;
  /** Wait until the next webhook has gone. */
  readonly heldBack: boolean;
  /** One entry a copy, in milliseconds. */
  readonly copiesAfterMs: readonly number[];
}

export interface Mischief {
  fateOf(webhook: { readonly eventType: string; readonly to: string }): Fate;
  counts(): Readonly<Record<MischiefKind, number>>;
}

const untouched: Fate = { dropped: false, heldBack: false, copiesAfterMs: [0] };

/** Without options nothing ever happens. */
export function createMischief(options: MischiefOptions | null): Mischief {
  const counts = { delay: 0, duplicate: 0, reorder: 0, drop: 0 };
  const seen = new Map<string, number>();
  const meets = (kind: MischiefKind, draw: number): boolean => {
    const happens = draw < probabilityOf(options?.[kind], usual[kind]);
    if (happens) counts[kind] += 1;
    return happens;
  };
  return {
    counts: () => ({ ...counts }),
    fateOf({ eventType, to }) {
      if (options === null) return untouched;
      const key = `${to} ${eventType}`;
      const nth = (seen.get(key) ?? 0) + 1;
      seen.set(key, nth);
      const random = mulberry32(hash(`${String(options.seed)} ${key} ${String(nth)}`));
      // Always the same number of draws, so that switching one kind off leaves the others where they were.
      const [drop, delay, delayMs] = [random(), random(), random()];
      const [duplicate, duplicateMs, reorder] = [random(), random(), random()];
      if (meets('drop', drop)) return { ...untouched, dropped: true };
      const firstMs = meets('delay', delay) ? Math.round(delayMs * 3000) : 0;
      const copies = meets('duplicate', duplicate) ? [firstMs, firstMs + Math.round(duplicateMs * 1500)] : [firstMs];
      return { dropped: false, heldBack: meets('reorder', reorder), copiesAfterMs: copies };
    },
  };
}

function probabilityOf(option: boolean | number | undefined, usually: number): number {
  if (typeof option === 'number') return option;
  return option === false ? 0 : usually;
}

/** FNV-1a, 32 bits. */
export function hash(text: string): number {
  let state = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) state = Math.imul(state ^ text.charCodeAt(at), 0x01000193);
  return state >>> 0;
}

/** A small generator of numbers in [0, 1), good enough to choose mischief and ids with (Tommy Ettinger's mulberry32). */
export function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
