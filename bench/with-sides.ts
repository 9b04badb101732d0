/** Both sides for as long as something is measured. */
import { startSides } from './sides';
import type { Sides } from './sides';
import { watchTraffic } from './traffic';
import type { Traffic } from './traffic';

/** Both sides, and what goes to and fro. */
export type Bench = Sides & { readonly traffic: Traffic };

/** Starts both, measures, and stops them: in the end, when measuring fails, and at Ctrl-C. */
export async function withSides(measure: (bench: Bench) => Promise<void>): Promise<void> {
  const starting = startSides();
  stopAtSignals(() => starting.then((sides) => sides.stop()));
  const sides = await starting;
  const traffic = watchTraffic();
  try {
    await measure({ ...sides, traffic });
  } finally {
    traffic.stop();
    await sides.stop();
  }
}

function stopAtSignals(stop: () => Promise<void>): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      void stop().finally(() => process.exit(signal === 'SIGINT' ? 130 : 1));
    });
  }
}
