import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { aFolder, aProgram, removeFakes } from './fake-programs';

afterAll(removeFakes);

/** A clone without its packages, in which `npm ci` (a stand-in) links those of this one. */
function aClone(npm = `ln -s "${resolve('node_modules')}" node_modules`) {
  const folder = aFolder();
  mkdirSync(join(folder, 'cli'));
  copyFileSync('cli/launch.mjs', join(folder, 'cli/launch.mjs'));
  copyFileSync('package-lock.json', join(folder, 'package-lock.json'));
  writeFileSync(join(folder, 'entry.ts'), 'const code: number = Number(process.argv[2]); process.exit(code);\n');
  aProgram(join(folder, 'bin/npm'), npm);
  const PATH = `${join(folder, 'bin')}:${process.env['PATH'] ?? ''}`;
  const launch = (...args: string[]) =>
    spawnSync(process.execPath, ['cli/launch.mjs', 'entry.ts', ...args], {
      cwd: folder,
      env: { ...process.env, PATH },
      encoding: 'utf8',
    });
  return { folder, launch };
}

test('a fresh clone installs its packages, then runs the entry and hands back its exit code', () => {
  const { status, stderr } = aClone().launch('7');
  expect(stderr).toMatch(/running npm ci/);
  expect(status).toBe(7);
});

test('packages that are those of the lock are not installed again', () => {
  const { folder, launch } = aClone();
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'));
  expect(launch('0').stderr).toBe('');
});

test('an installation that fails ends the start with its code', () => {
  const { status, stderr } = aClone('exit 5').launch('0');
  expect(stderr).toMatch(/npm ci failed/);
  expect(status).toBe(5);
});
