/** Outcall as a user has it: commands run to their end, and `npm start` as a process of its own. */
import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { freePort, isAlive } from '../../cli/programs/child';

export const root = path.join(__dirname, '../..');

type Environment = Readonly<Record<string, string>>;

/** Settings of whoever runs the tests, emptied: empty is unset, also for a `.env`. */
const NOTHING_SET = Object.fromEntries(
  [
    ...['TELNYX_API_KEY', 'TELNYX_CONNECTION_ID', 'TELNYX_PHONE_NUMBER', 'TELNYX_VALIDATE_SIGNATURE'],
    ...['DOMAIN', 'PUBLIC_URL', 'COLD_CALL_API_KEYS', 'COLD_CALL_BUSINESS_ID', 'ALLOWED_DESTINATIONS'],
    ...['WEB_BACKEND_URL', 'WEB_BACKEND_API_KEY', 'WEB_BACKEND_SIGNING_SECRET'],
    ...['TEMPORAL_ADDRESS', 'TEMPORAL_NAMESPACE', 'REDIS_URL', 'LOG_LEVEL', 'NODE_ENV', 'OUTCALL_SIMULATOR_PORT'],
  ].map((name) => [name, '']),
);

export interface Ran {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program in the repository's folder. Rejects only when it takes longer than a minute. */
function run(command: string, args: readonly string[], env: Environment = {}): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const options = { cwd: root, env: { ...process.env, ...NOTHING_SET, ...env }, timeout: 60_000 };
    execFile(command, args, options, (error, stdout, stderr) => {
      if (error?.killed) reject(new Error(`${command} ${args.join(' ')} did not end:\n${stdout}\n${stderr}`));
      else resolve({ exitCode: typeof error?.code === 'number' ? error.code : 0, stdout, stderr });
    });
  });
}

export const outcall = (args: readonly string[], env: Environment = {}): Promise<Ran> =>
  run(process.execPath, ['--import', 'tsx', 'cli/main.ts', ...args], env);

/**
 * What somebody pasted into a terminal. A step that fails ends it. Without the machine's own files, which bash reads
 * when its input looks like a connection.
 */
export const shell = (script: string, env: Environment = {}): Promise<Ran> =>
  run('bash', ['--norc', '-euc', script], env);

/** A long-running command. */
export interface Running {
  readonly pid: number;
  /** Standard output and standard error so far. */
  output(): string;
  /** Waits for a text in the output, at most 40 s. */
  shows(text: string | RegExp): Promise<void>;
  /** Resolves with the exit code, null when a signal ended it. */
  readonly exited: Promise<number | null>;
  /** Sends the signal and waits for the end. Twice is safe. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

const running = new Set<Running>();

/** For `afterAll`. */
export async function stopRunning(): Promise<void> {
  await Promise.all([...running].map((one) => one.stop()));
}

export function launch(args: readonly string[], env: Environment): Running {
  const child = spawn(process.execPath, ['cli/launch.mjs', 'cli/main.ts', ...args], {
    cwd: root,
    env: { ...process.env, ...NOTHING_SET, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  const exited = new Promise<number | null>((resolve) => child.once('close', resolve));
  const one: Running = {
    pid: child.pid ?? -1,
    output: () => output,
    exited,
    shows: async (text) => {
      for (let waited = 0; typeof text === 'string' ? !output.includes(text) : !text.test(output); waited += 50) {
        if (child.exitCode !== null || waited > 40_000) throw new Error(`${String(text)} was not shown:\n${output}`);
        await sleep(50);
      }
    },
    stop: async (signal = 'SIGINT') => {
      running.delete(one);
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      return exited;
    },
  };
  running.add(one);
  return one;
}

export interface Started extends Running {
  readonly url: string;
  readonly apiKey: string;
  /** For commands that should find this start. */
  readonly env: Environment;
}

const started = z.object({ url: z.string(), apiKey: z.string() });

/** `npm start` on free ports; resolves when it says that it is ready. */
export async function startOutcall(env: Environment): Promise<Started> {
  const ports = {
    PORT: `${await freePort()}`,
    TEMPORAL_DEV_PORT: `${await freePort()}`,
    TEMPORAL_DEV_UI_PORT: `${await freePort()}`,
  };
  const start = launch(['start'], { ...ports, ...env });
  await start.shows('Ctrl-C stops everything.');
  const { url, apiKey } = started.parse(
    JSON.parse(readFileSync(path.join(env['DATA_DIR'] ?? '', 'started.json'), 'utf8')),
  );
  return { ...start, url, apiKey, env };
}

/** A folder for DATA_DIR, and how to remove it. */
export function aDataDir(): { readonly dataDir: string; readonly remove: () => void } {
  const dataDir = mkdtempSync(path.join(os.tmpdir(), 'outcall-terminal-'));
  return {
    dataDir,
    remove: () => {
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/** The process and all that it started, directly or not. */
export async function familyOf(pid: number): Promise<readonly number[]> {
  const { stdout } = await run('ps', ['-A', '-o', 'pid=,ppid=']);
  const rows = stdout
    .trim()
    .split('\n')
    .map((row) => row.trim().split(/\s+/).map(Number));
  const family = [pid];
  for (const parent of family) for (const [child, its] of rows) if (its === parent && child) family.push(child);
  return family;
}

/** Those still alive, after giving them a moment: a helper may outlive its master by a blink. */
export async function survivorsOf(pids: readonly number[]): Promise<readonly number[]> {
  const alive = (): readonly number[] => pids.filter(isAlive);
  for (let waited = 0; alive().length > 0 && waited < 2_000; waited += 50) await sleep(50);
  return alive();
}

/** Commands of documents are curl's; where there is none, as in slim images, Debian's package is installed. */
export async function provideCurl(): Promise<void> {
  const script = 'command -v curl || { apt-get -qq update && apt-get -qq install -y curl; }';
  const { exitCode, stderr } = await shell(script, { DEBIAN_FRONTEND: 'noninteractive' });
  if (exitCode !== 0) throw new Error(`curl is needed and cannot be installed: ${stderr}`);
}
