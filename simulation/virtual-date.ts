/**
 * The activities and the translation of webhooks read the time from `Date`, so while a seed runs, `Date` is that of the
 * virtual clock, as it is Temporal's inside of a workflow.
 */
export async function withDate<T>(now: () => number, work: () => Promise<T>): Promise<T> {
  const real = globalThis.Date;
  globalThis.Date = new Proxy(real, {
    construct: (target, args: readonly unknown[]) =>
      Reflect.construct(target, args.length === 0 ? [now()] : args) as Date,
    get: (target, key) => (key === 'now' ? now : (Reflect.get(target, key) as unknown)),
  });
  try {
    return await work();
  } finally {
    globalThis.Date = real;
  }
}
