/** Makes a failing seed small: leaves out every fault without which it fails all the same. */
import type { Run } from './world';
import { runSeed } from './world';

export interface Shrunk {
  /** The occasions at which nothing goes wrong this time. */
  readonly muted: ReadonlySet<string>;
  readonly run: Run;
}

/** The same seed with as few faults as it takes to violate the same oracle, told in full. */
export async function shrink(failed: Run): Promise<Shrunk> {
  const oracle = failed.violations[0]?.oracle;
  const muted = new Set<string>();
  const stillFails = async (): Promise<boolean> =>
    (await runSeed(failed.seed, { muted })).violations.some((violation) => violation.oracle === oracle);
  for (let before = -1; before !== muted.size;) {
    before = muted.size;
    // Without a fault the story goes on differently, and may meet others.
    const { met } = await runSeed(failed.seed, { muted });
    for (const { occasion } of [...met].reverse()) {
      muted.add(occasion);
      if (!(await stillFails())) muted.delete(occasion);
    }
  }
  return { muted, run: await runSeed(failed.seed, { muted, tell: true }) };
}
