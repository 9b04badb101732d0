/**
 * What the npm scripts start: makes sure that Node is new enough and the packages are there, then runs a TypeScript
 * file of ours. Imports nothing that npm installs, since it may run before `npm ci` did.
 *
 *     node [options of Node, for the file] cli/launch.mjs <entry.ts> [arguments…]
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [entry, ...args] = process.argv.slice(2);

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 12)) {
  console.error(`Outcall needs Node 20.12 or newer; this is ${process.versions.node}. See https://nodejs.org/`);
  process.exit(1);
}

if (!matchesLock()) {
  console.error('The installed packages are not those of package-lock.json: running npm ci …');
  const code = await run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    shell: process.platform === 'win32',
  });
  if (code !== 0) {
    console.error('npm ci failed; its messages are above.');
    process.exit(code);
  }
}

process.exitCode = await run(process.execPath, [...process.execArgv, '--import', 'tsx', join(root, entry), ...args]);

/** Compares what npm noted about its last install with the lock: file times change with every git checkout. */
function matchesLock() {
  const [wanted, installed] = ['package-lock.json', 'node_modules/.package-lock.json'].map(packagesIn);
  return Object.entries(wanted).every(([path, { version, optional, devOptional }]) => {
    if (path === '') return true;
    return path in installed ? installed[path].version === version : Boolean(optional || devOptional);
  });
}

function packagesIn(file) {
  try {
    return JSON.parse(readFileSync(join(root, file), 'utf8')).packages;
  } catch {
    return {};
  }
}

/** Runs a program in the repository's folder, hands it the signals that we get, and resolves to its exit code. */
function run(command, args, options = {}) {
  const child = spawn(command, args, { cwd: root, stdio: 'inherit', ...options });
  // A Ctrl-C reaches the child by itself, the terminal sends it to both; a second copy would count as a second Ctrl-C.
  const forward = (signal) => {
    if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) process.on(signal, forward);
  // npm runs us under a shell, and a SIGTERM to npm ends that shell without reaching us: losing it counts as the signal.
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.env.npm_lifecycle_event && process.ppid !== parent) child.kill('SIGTERM');
  }, 500);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      clearInterval(watch);
      for (const name of signals) process.removeListener(name, forward);
      resolve(code ?? (signal === 'SIGINT' ? 130 : 1));
    });
  });
}
