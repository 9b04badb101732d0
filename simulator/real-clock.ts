/** The clock on the wall, as the carrier model wants it. It remembers its timers, so that it can be stopped. */
import type { Clock } from './carrier/world';

export interface RealClock extends Clock {
  /** Drops everything that is still to come; whatever is scheduled afterwards is dropped too. */
  stop(): void;
}

export function createRealClock(): RealClock {
  const timers = new Set<NodeJS.Timeout>();
  let stopped = false;
  return {
    now: () => Date.now(),
    after(delayMs, run) {
      if (stopped) return () => undefined;
      // Node fires at once what is further away than 2^31 - 1 ms; a call that long does not exist.
      const timer = setTimeout(
        () => {
          timers.delete(timer);
          run();
        },
        Math.min(delayMs, 2 ** 31 - 1),
      );
      timers.add(timer);
      return () => {
        timers.delete(timer);
        clearTimeout(timer);
      };
    },
    stop() {
      stopped = true;
      for (const timer of timers) clearTimeout(timer);
      timers.clear();
    },
  };
}
