/**
 * `npm run saboteurs`: tests that have never failed prove nothing. Plants one bug after the other in a copy of the tree;
 * the tests have to object to each. One that nobody notices is a missing test. `npm run saboteurs -- ringback` plants
 * only those whose description has the word; TEST_SCALE=quick ten of them.
 */
import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root, say } from '../stage';
import { SABOTEURS } from './table';
import type { Saboteur, Suite } from './table';

/** Of the tree, all but these is copied. */
const NOT_COPIED = ['.git', '.cache', 'node_modules', 'dist', 'data'].map((name) => join(root, name));
/** Of the table, evenly, in quick scale. */
const QUICK = 10;
/** So many seeds have to be enough. */
const SEEDS = '6000';
/** What a suite prints when a test of it has failed, and not when it could not be run. */
const OBJECTION = /^Tests: .* failed|seeds fail|scenarios? fail/m;

const argsOf = (suite: Suite): readonly string[] =>
  suite === 'seeds'
    ? ['--import', 'tsx', 'simulation/main.ts', '--count', SEEDS, '--until-failure']
    : [
        'node_modules/jest/bin/jest.js',
        '--selectProjects',
        suite.split('/')[0] ?? '',
        '--testPathPatterns',
        `test/${suite}`,
      ];

type Verdict = 'caught' | 'survived' | 'did not run' | 'no longer applies';

async function main(): Promise<number> {
  const most = process.env['TEST_SCALE'] === 'quick' ? QUICK : SABOTEURS.length;
  const words = process.argv.slice(2).join(' ');
  const chosen = SABOTEURS.filter(
    ({ does }, index) => does.includes(words) && (index * most) % SABOTEURS.length < most,
  );
  if (chosen.length === 0) throw new Error(`no saboteur ${words}`);
  const tree = mkdtempSync(join(tmpdir(), 'outcall-saboteurs-'));
  process.once('exit', () => {
    rmSync(tree, { recursive: true, force: true });
  });
  cpSync(root, tree, { recursive: true, filter: (path) => !NOT_COPIED.includes(path) });
  symlinkSync(join(root, 'node_modules'), join(tree, 'node_modules'));
  const results: { readonly saboteur: Saboteur; readonly verdict: Verdict; readonly seconds: string }[] = [];
  for (const saboteur of chosen) {
    const started = Date.now();
    const verdict = await sabotage(tree, saboteur);
    const seconds = ((Date.now() - started) / 1000).toFixed(1);
    results.push({ saboteur, verdict, seconds });
    say(`${results.length} of ${chosen.length}  ${verdict.padEnd(8)}  ${seconds.padStart(5)} s  ${saboteur.does}`);
  }
  for (const suite of new Set(chosen.map(({ caughtBy }) => caughtBy))) {
    if ((await run(tree, suite)) === 'survived') continue;
    say(`${suite} objects to the tree as it is, so it proves nothing`);
    return 1;
  }
  const caught = results.filter(({ verdict }) => verdict === 'caught');
  say(`\n${caught.length} of ${chosen.length} saboteurs were caught`);
  for (const { saboteur, verdict } of results.filter((one) => !caught.includes(one))) {
    say(`  ${verdict}: ${saboteur.does} (${saboteur.file}, to be caught by ${saboteur.caughtBy})`);
  }
  return caught.length === chosen.length ? 0 : 1;
}

/** Plants the bug, runs the suite, takes the bug out again. */
async function sabotage(tree: string, { file, from, to, caughtBy }: Saboteur): Promise<Verdict> {
  const path = join(tree, file);
  const text = readFileSync(path, 'utf8');
  if (text.split(from).length !== 2) return 'no longer applies';
  writeFileSync(
    path,
    text.replace(from, () => to),
  );
  try {
    return await run(tree, caughtBy);
  } finally {
    writeFileSync(path, text);
  }
}

function run(tree: string, suite: Suite): Promise<Verdict> {
  const child = spawn(process.execPath, argsOf(suite), {
    cwd: tree,
    // What only a long run notices would go unnoticed every day.
    env: { ...process.env, TEST_SCALE: 'quick' },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 300_000,
  });
  let output = '';
  const listen = (chunk: Buffer): void => {
    output += chunk.toString();
  };
  child.stdout.on('data', listen);
  child.stderr.on('data', listen);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve('survived');
      else resolve(OBJECTION.test(output) ? 'caught' : 'did not run');
    });
  });
}

void main().then((code) => {
  process.exitCode = code;
});
