/**
 * The activities and the translation of webhooks read the time from `Date`, so while a seed runs, `Date` is that of the
 * virtual clock, as it is Temporal's inside of a workflow.
 */
const RealDate = Date;
let now = RealDate.now;

/** One class for all seeds, and no proxy: instants are written at every step, and this way V8 compiles it. */
class VirtualDate extends RealDate {
  static override now(): number {
    return now();
  }

  constructor(...given: readonly unknown[]) {
    super(...((given.length === 0 ? [now()] : given) as [number]));
  }
}

export async function withDate<T>(clock: () => number, work: () => Promise<T>): Promise<T> {
  now = clock;
  globalThis.Date = VirtualDate as DateConstructor;
  try {
    return await work();
  } finally {
    globalThis.Date = RealDate;
  }
}
