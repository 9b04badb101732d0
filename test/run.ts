/**
 * `npm test`: everything that has to hold, on real servers, in stages. TEST_SCALE says how much: quick (the default), ci
 * or full. Arguments go to jest: `npm test -- test/unit/domain` runs only that.
 */
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { reason } from '../cli/programs/child';
import { provideTestPrograms } from './programs';
import { root, runStage, say } from './stage';

/** Tests of one jest run, or of all. */
interface Count {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** Each with the minutes that one stage may take. */
const SCALES: Readonly<Record<string, number>> = { quick: 10, ci: 30, full: 600 };
/** Mostly waiting for simulated phones, so several at a time; Schemathesis computes for minutes. */
const QUICK_E2E = ['--maxWorkers=5', '--testPathIgnorePatterns=schemathesis'];
const results = join(root, '.cache/test-results');

async function main(jestArgs: readonly string[]): Promise<Count> {
  const scale = process.env['TEST_SCALE'] ?? 'quick';
  if (!Object.hasOwn(SCALES, scale))
    throw new Error(`TEST_SCALE=${scale} is none of ${Object.keys(SCALES).join(', ')}`);
  process.env['TEST_SCALE'] = scale;
  const isQuick = scale === 'quick';
  say(`TEST_SCALE=${scale}`);
  const started = Date.now();
  await provideTestPrograms();
  for (const name of ['TEMPORAL_CLI_PATH', 'TEMPORAL_TEST_SERVER_PATH', 'REDIS_SERVER_PATH']) {
    if (process.env[name]) say(`  ${name}=${process.env[name]}`);
  }
  say(`programs: ready after ${((Date.now() - started) / 1000).toFixed(1)} s\n`);
  mkdirSync(results, { recursive: true });
  if (jestArgs.length > 0) return jest('chosen tests', ['--runInBand', ...jestArgs]);
  return sum([
    await check(),
    await jest('unit', ['--selectProjects', 'unit', '--maxWorkers=3']),
    await jest('seeds', ['--selectProjects', 'seeds']),
    await jest('workflows', ['--selectProjects', 'workflows', '--maxWorkers=2']),
    await jest('e2e', ['--selectProjects', 'e2e', ...(isQuick ? QUICK_E2E : ['--maxWorkers=2'])]),
    await jest('load', ['--selectProjects', 'load', '--runInBand']),
    // One at a time: these tests kill processes and measure how long the others take to notice.
    await saboteurs(),
    await jest('crash', ['--selectProjects', 'crash', isQuick ? '--maxWorkers=3' : '--runInBand']),
  ]);
}

/** Bugs that the tests above have to object to; counts like a check. */
async function saboteurs(): Promise<Count> {
  say('saboteurs: npm run saboteurs');
  const { passed, seconds } = await runStage(
    { name: 'saboteurs', args: ['--import', 'tsx', 'test/saboteurs/main.ts'] },
    { capture: false },
  );
  say(`saboteurs: ${seconds} s\n`);
  return { passed: 0, failed: passed ? 0 : 1, skipped: 0 };
}

/** Counts as a failure when it fails, and as nothing when it passes: it is no test. */
async function check(): Promise<Count> {
  say('check: npm run check');
  const { passed, seconds, output } = await runStage(
    { name: 'check', args: ['--import', 'tsx', 'test/check.ts'] },
    { capture: true },
  );
  say(`${output}\ncheck: ${seconds} s\n`);
  return { passed: 0, failed: passed ? 0 : 1, skipped: 0 };
}

async function jest(name: string, args: readonly string[]): Promise<Count> {
  const file = join(results, `${name.replaceAll(' ', '-')}.json`);
  rmSync(file, { force: true });
  say(`${name}: jest ${args.join(' ')}`);
  const limitMinutes = SCALES[process.env['TEST_SCALE'] ?? ''] ?? 10;
  const fixed = ['node_modules/jest/bin/jest.js', '--passWithNoTests', '--json', `--outputFile=${file}`];
  const { passed, seconds } = await runStage({ name, args: [...fixed, ...args], limitMinutes }, { capture: false });
  const count = countIn(file, passed);
  say(`${name}: ${line(count)} in ${seconds} s\n`);
  return count;
}

/** A file of tests that cannot be loaded, and a jest that ends in disorder, count as one failure each. */
function countIn(file: string, jestPassed: boolean): Count {
  const none = {
    numPassedTests: 0,
    numFailedTests: 0,
    numRuntimeErrorTestSuites: 0,
    numPendingTests: 0,
    numTodoTests: 0,
  };
  const told = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as typeof none) : none;
  const failed = told.numFailedTests + told.numRuntimeErrorTestSuites;
  return {
    passed: told.numPassedTests,
    failed: jestPassed ? failed : Math.max(failed, 1),
    skipped: told.numPendingTests + told.numTodoTests,
  };
}

function sum(counts: readonly Count[]): Count {
  const total = (of: keyof Count) => counts.reduce((all, count) => all + count[of], 0);
  return { passed: total('passed'), failed: total('failed'), skipped: total('skipped') };
}

function line({ passed, failed, skipped }: Count): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

void main(process.argv.slice(2)).then(
  (count) => {
    if (count.passed + count.failed === 0) say('No test ran.');
    say(line(count));
    process.exitCode = count.failed > 0 || count.passed === 0 ? 1 : 0;
  },
  (failure: unknown) => {
    say(reason(failure));
    process.exitCode = 1;
  },
);
