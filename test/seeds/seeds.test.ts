/**
 * The story of calls in virtual time. The command itself is run, as `npm run seeds` does; TEST_SCALE says with how many
 * seeds.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { keptScenarios } from '../../simulation/kept';
import { runScenario } from '../../simulation/world';

const ROOT = join(__dirname, '../..');
const SEEDS = { quick: 3_000, ci: 25_000, full: 500_000 }[process.env['TEST_SCALE'] ?? 'quick'] ?? 3_000;

const seeds = (...args: readonly string[]) =>
  spawnSync(process.execPath, ['--single-threaded', 'cli/launch.mjs', 'simulation/main.ts', ...args], {
    cwd: ROOT,
    encoding: 'utf8',
  });

test.each(keptScenarios.map((kept) => [kept.bug, kept] as const))('%s', async (_bug, { bug, ...scenario }) => {
  expect({ bug, violations: (await runScenario(scenario)).violations }).toEqual({ bug, violations: [] });
});

test.each([3, 17, 233, 639])('seed %i tells the same story every time, byte for byte', async (seed) => {
  const [first, second] = [await runScenario(seed, true), await runScenario(seed, true)];
  expect(first.story.length).toBeGreaterThan(20);
  expect(second).toEqual(first);
});

test('the clock of the machine is left as it was', async () => {
  const before = Date.now();
  await runScenario(1);
  expect(Date.now() - before).toBeLessThan(10_000);
  expect(new Date().getTime()).toBeGreaterThanOrEqual(before);
});

test('a seed is told in another process as it is here', async () => {
  const { story } = await runScenario(17, true);
  expect(seeds('--seed', '17').stdout.trimEnd()).toBe(story.join('\n').trimEnd());
});

test('who reads the beginning of a story is spared the end', () => {
  const command = 'node --single-threaded cli/launch.mjs simulation/main.ts --seed 639 | head -1';
  const { stdout, stderr } = spawnSync('sh', ['-c', command], { cwd: ROOT, encoding: 'utf8' });
  expect(stdout).toContain('seed 639');
  expect(stderr).toBe('');
});

test('--help shows commands to paste', () => {
  const { stdout } = seeds('--help');
  expect(stdout).toContain('npm run seeds -- --count 50000');
  expect(stdout).toContain('npm run seeds -- --seed 639 --small');
});

test(
  `no oracle is violated in ${SEEDS} schedules of faults`,
  () => {
    const { status, stdout, stderr } = seeds('--count', String(SEEDS));
    expect({ status, said: status === 0 ? '' : `${stdout}\n${stderr}`.slice(-5_000) }).toEqual({ status: 0, said: '' });
  },
  6 * 3600_000,
);
