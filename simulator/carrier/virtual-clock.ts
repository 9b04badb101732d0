/** A clock that only moves when it is told to: what makes a story replayable, and an hour cost nothing. */
import type { Clock } from './world';

export interface VirtualClock extends Clock {
  /** Moves on to what is due next and does it; false when nothing is. */
  step(): boolean;
  /** Moves on, doing what falls due on the way in order of time, then of scheduling. */
  advance(durationMs: number): void;
  /** Runs until nothing is due any more within the horizon. @default 24 hours */
  settle(horizonMs?: number): void;
  /** How many things are still to come. */
  pending(): number;
}

interface Due {
  readonly atMs: number;
  readonly run: () => void;
}

/** @param startMs milliseconds since 1970. */
export function createVirtualClock(startMs = Date.UTC(2026, 0, 2, 3, 4, 5)): VirtualClock {
  let nowMs = startMs;
  const due = new Set<Due>();
  const nextBefore = (endMs: number): Due | undefined => {
    let next: Due | undefined;
    // The set keeps the order of scheduling, so the first of two at the same time wins.
    for (const one of due) if (one.atMs <= endMs && (next === undefined || one.atMs < next.atMs)) next = one;
    return next;
  };
  const stepBefore = (endMs: number): boolean => {
    const next = nextBefore(endMs);
    if (next === undefined) return false;
    due.delete(next);
    nowMs = Math.max(nowMs, next.atMs);
    next.run();
    return true;
  };
  const runUntil = (endMs: number): void => {
    while (stepBefore(endMs));
  };
  return {
    now: () => nowMs,
    after(delayMs, run) {
      const one = { atMs: nowMs + Math.max(0, delayMs), run };
      due.add(one);
      return () => {
        due.delete(one);
      };
    },
    step: () => stepBefore(Infinity),
    advance(durationMs) {
      const endMs = nowMs + durationMs;
      runUntil(endMs);
      nowMs = endMs;
    },
    settle(horizonMs = 24 * 3600 * 1000) {
      runUntil(nowMs + horizonMs);
    },
    pending: () => due.size,
  };
}
