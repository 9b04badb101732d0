/** Many seeds, one after the other or several threads at a time, and what came of them all. */
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Violation } from './judge';
import { runScenario } from './world';

export interface Failed {
  readonly seed: number;
  readonly violations: readonly Violation[];
}

export interface Batch {
  readonly seeds: number;
  readonly calls: number;
  /** How often each kind of thing has happened. */
  readonly counts: Readonly<Record<string, number>>;
  readonly failed: readonly Failed[];
}

/** Seeds from `from` up to, and without, `to`. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

const NONE: Batch = { seeds: 0, calls: 0, counts: {}, failed: [] };

export async function runRange({ from, to }: Range): Promise<Batch> {
  const counts: Record<string, number> = {};
  const failed: Failed[] = [];
  let calls = 0;
  for (let seed = from; seed < to; seed++) {
    const run = await runScenario(seed);
    calls += run.calls;
    for (const [what, count] of run.counts) counts[what] = (counts[what] ?? 0) + count;
    if (run.violations.length > 0) failed.push({ seed, violations: run.violations });
  }
  return { seeds: to - from, calls, counts, failed };
}

function sum(a: Batch, b: Batch): Batch {
  const counts: Record<string, number> = { ...a.counts };
  for (const [what, count] of Object.entries(b.counts)) counts[what] = (counts[what] ?? 0) + count;
  const failed = [...a.failed, ...b.failed];
  return { seeds: a.seeds + b.seeds, calls: a.calls + b.calls, counts, failed };
}

/**
 * A thread of Node 20 does not start with TypeScript by itself. Compiled by tsx, every function gets its name anew each
 * time it is made, which costs a quarter of the speed.
 */
const THREAD = `
  const { transformFileSync } = require('@swc/core');
  const options = { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, module: { type: 'commonjs' } };
  require.extensions['.ts'] = (module, file) => module._compile(transformFileSync(file, options).code, file);
  require(${JSON.stringify(join(__dirname, 'thread.ts'))});
`;

/** Room for what a call leaves behind: four times as much as usual makes a twentieth more speed. */
const YOUNG_MIB = 192;

/** What one message between threads covers. */
const PORTION = 100;

export interface Parallel extends Range {
  readonly threads: number;
  /** Told after every portion. */
  readonly progress: (soFar: Batch) => void;
  /** Hands out no more once a seed has failed. */
  readonly untilFailure: boolean;
}

/**
 * Which thread runs which seed makes no difference: each is a world of its own. Where threads fill all processors, V8's
 * helpers only take turns with them, so `npm run seeds` starts Node with `--single-threaded`: a fifth faster.
 */
export async function runParallel({ from, to, threads, progress, untilFailure }: Parallel): Promise<Batch> {
  let batch = NONE;
  let next = from;
  const portion = (): Range | null => {
    if (next >= to || (untilFailure && batch.failed.length > 0)) return null;
    const range = { from: next, to: Math.min(to, next + PORTION) };
    next = range.to;
    return range;
  };
  const work = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const thread = new Worker(THREAD, { eval: true, resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MIB } });
      const give = (): void => {
        const range = portion();
        if (range) thread.postMessage(range);
        else
          void thread.terminate().then(() => {
            resolve();
          });
      };
      thread.once('error', reject);
      thread.on('message', (done: Batch) => {
        batch = sum(batch, done);
        progress(batch);
        give();
      });
      give();
    });
  await Promise.all(Array.from({ length: Math.min(threads, Math.ceil((to - from) / PORTION)) }, work));
  const failed = [...batch.failed].sort((a, b) => a.seed - b.seed);
  return { ...batch, failed };
}
