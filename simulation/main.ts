/**
 * `npm run seeds`: the story of a call under a virtual clock, one schedule of faults for each seed. The kept scenarios of
 * bugs that were found run first.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { CommandFailure, endWithReader, print, remark, report, wholeNumber } from '../cli/terminal';
import { runParallel } from './batch';
import type { Batch, Failed } from './batch';
import { ENOUGH_SEEDS, EXPECTED, missing } from './coverage';
import { keptScenarios } from './kept';
import { shrink } from './shrink';
import { runScenario } from './world';

interface Options {
  readonly count: number;
  readonly from: number;
  readonly threads: number;
  readonly seed?: number;
  readonly small?: boolean;
  readonly untilFailure?: boolean;
  readonly keep?: string;
}

const MOST = 1_000_000_000;
const EXAMPLES = `
Examples:
  npm run seeds -- --count 50000          many seeds, and how often each kind of thing happened
  npm run seeds -- --seed 639             the story of one, line by line
  npm run seeds -- --seed 639 --small     of one that fails, only what makes it fail
  npm run seeds -- --seed 639 --keep "What has to hold"     and that it is run from now on
`;
/** So many of the seeds that failed are made small and told. */
const TOLD = 3;

function main(): Promise<unknown> {
  return new Command('seeds')
    .description('calls in virtual time: one seed is one schedule of faults, and the same run every time')
    .option('--count <n>', 'how many seeds', wholeNumber(1, MOST), 2_000)
    .option('--from <seed>', 'the first seed', wholeNumber(0, MOST), 1)
    .option('--threads <n>', 'how many at a time', wholeNumber(1, 64), availableParallelism())
    .option('--until-failure', 'stop at the first that fails')
    .option('--seed <seed>', 'run this one, and tell its story', wholeNumber(0, MOST))
    .option('--small', 'with --seed: of a seed that fails, only what makes it fail')
    .option('--keep <bug>', 'with --seed: keep what makes it fail in kept.json, under these words')
    .addHelpText('after', EXAMPLES)
    .exitOverride()
    .action((options: Options) => {
      if (options.keep !== undefined) return keep(options);
      return options.seed === undefined ? runMany(options) : tellOne(options.seed, options.small ?? false);
    })
    .parseAsync();
}

async function tellOne(seed: number, small: boolean): Promise<void> {
  const run = await runScenario(seed, true);
  const told = small && run.violations.length > 0 ? await runScenario(await shrink(run), true) : run;
  for (const line of told.story) print(line);
  for (const { oracle, what } of told.violations) print(`violated: ${oracle}: ${what}`);
  if (run.violations.length > 0) throw new CommandFailure(`seed ${seed} fails`);
}

async function keep({ seed = 0, keep: bug = '' }: Options): Promise<void> {
  const run = await runScenario(seed);
  if (run.violations.length === 0) throw new CommandFailure(`seed ${seed} does not fail`);
  const file = join(__dirname, 'kept.json');
  const all = JSON.parse(readFileSync(file, 'utf8')) as unknown[];
  writeFileSync(file, `${JSON.stringify([...all, { bug, ...(await shrink(run)) }], null, 2)}\n`);
}

async function runMany({ from, count, threads, untilFailure = false }: Options): Promise<void> {
  Error.stackTraceLimit = 0;
  const bugs = await failingKept();
  const startedMs = performance.now();
  const progress = progressOf(startedMs, count);
  if (bugs.length > 0 && untilFailure) throw new CommandFailure(`${bugs.length} kept scenarios fail`);
  const batch = await runParallel({ from, to: from + count, threads, progress, untilFailure });
  const seconds = (performance.now() - startedMs) / 1000;
  printCounts(batch);
  // Making one small takes hundreds of runs.
  for (const failed of batch.failed.slice(0, untilFailure ? 0 : TOLD)) await tellFailure(failed);
  const absent = batch.seeds >= ENOUGH_SEEDS ? missing(batch.counts) : [];
  for (const what of absent) print(`never happened: ${what}`);
  const rate = Math.round(batch.calls / seconds);
  print(
    `\n${batch.seeds} seeds from ${from}, ${batch.calls} calls in ${seconds.toFixed(1)} s on ${threads} threads: ${rate} calls/s`,
  );
  const faults = [
    ...(bugs.length > 0 ? [`${bugs.length} kept scenarios fail`] : []),
    ...(batch.failed.length > 0 ? [`${batch.failed.length} seeds fail`] : []),
    ...(absent.length > 0 ? [`${absent.length} kinds never happened`] : []),
  ];
  if (faults.length > 0) throw new CommandFailure(faults.join(', '));
  print(`no oracle was violated${count >= ENOUGH_SEEDS ? `, all of ${EXPECTED.length} kinds happened` : ''}`);
}

async function failingKept(): Promise<readonly string[]> {
  const failing: string[] = [];
  for (const { bug, ...scenario } of keptScenarios) {
    const { violations } = await runScenario(scenario);
    if (violations.length > 0) failing.push(bug);
    for (const { oracle, what } of violations) print(`kept scenario, ${bug}: ${oracle}: ${what}`);
  }
  return failing;
}

function progressOf(startedMs: number, count: number): (soFar: Batch) => void {
  let toldMs = startedMs;
  return ({ seeds, calls, failed }) => {
    const nowMs = performance.now();
    if (nowMs - toldMs < 5_000) return;
    toldMs = nowMs;
    const rate = Math.round((calls * 1000) / (nowMs - startedMs));
    remark(`${seeds} of ${count} seeds, ${calls} calls, ${rate} calls/s, ${failed.length} failed`);
  };
}

function printCounts({ counts }: Batch): void {
  const rows = Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [what, count] of rows) print(`${String(count).padStart(9)}  ${what}`);
}

/** The oracle, the fewest faults that it takes, and how to see it. */
async function tellFailure({ seed, violations }: Failed): Promise<void> {
  const { faults, plan } = await shrink(await runScenario(seed));
  print(`\nseed ${seed} fails:`);
  for (const { oracle, what, callId } of violations) print(`  ${oracle}: ${what} (${callId ?? 'no call'})`);
  print('  it takes:');
  for (const { kinds, wishes, request } of plan.calls) {
    const wanted = wishes.map(({ kind, afterMs }) => `, ${kind} after ${afterMs} ms`).join('');
    print(`    a call to ${request.toPhone} (${kinds.join(', ')})${wanted}`);
  }
  for (const [occasion, kind] of Object.entries(faults)) print(`    ${occasion}: ${kind}`);
  print(`  replay it: npm run seeds -- --seed ${seed} --small`);
}

endWithReader();
main().catch((error: unknown) => {
  process.exitCode = report(error);
});
