/** Parts of Outcall as processes of their own, to be killed. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const root = path.join(__dirname, '../..');

export interface Part {
  readonly pid: number;
  /** Log lines so far, as JSON. */
  readonly lines: readonly string[];
  isDead(): boolean;
  /** SIGKILL: no time to tidy up. */
  kill(): Promise<void>;
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>;
}

type Env = Readonly<Record<string, string>>;

/** Runs `outcall <command>` and resolves when it has logged `event`. */
export async function startPart(command: readonly string[], event: string, env: Env): Promise<Part> {
  const { child, lines } = launch(command, env);
  for (let waited = 0; !lines.some((line) => line.includes(`"event":"${event}"`)); waited += 50) {
    if (child.exitCode !== null || waited > 40_000) {
      child.kill('SIGKILL');
      throw new Error(`outcall ${command.join(' ')} did not start:\n${lines.slice(-20).join('\n')}`);
    }
    await sleep(50);
  }
  return {
    pid: child.pid ?? -1,
    lines,
    isDead: () => child.exitCode !== null || child.signalCode !== null,
    kill: async () => {
      await end(child, 'SIGKILL');
    },
    stop: () => end(child, 'SIGTERM'),
  };
}

/** Where a process is to die, or to stop; see `die-at.mjs`. */
export function dyingAt(point: string, about: string, signal: 'SIGKILL' | 'SIGSTOP' = 'SIGKILL'): Env {
  return { ...LOADED_FIRST, DIE_AT: point, DIE_ABOUT: about, DIE_BY: signal };
}

/** A process whose clock is wrong by so much. */
export function clockOffBy(ms: number): Env {
  return { ...LOADED_FIRST, CLOCK_SHIFT_MS: String(ms) };
}

const loadedFirst = (file: string): Env => ({ NODE_OPTIONS: `--import ${path.join(__dirname, file)}` });
const LOADED_FIRST = loadedFirst('die-at.mjs');
/** A process that collects its garbage at SIGUSR2. */
export const COLLECTING: Env = loadedFirst('collect-garbage.mjs');

/** Runs `outcall <command>` until it dies by itself; fails when it does not within `withinMs`. */
export async function runToDeath(command: readonly string[], env: Env, withinMs: number): Promise<void> {
  const { child, lines } = launch(command, env);
  for (let waited = 0; child.signalCode === null; waited += 20) {
    if (child.exitCode !== null || waited > withinMs) {
      child.kill('SIGKILL');
      throw new Error(`outcall ${command.join(' ')} did not die:\n${lines.slice(-20).join('\n')}`);
    }
    await sleep(20);
  }
}

function launch(command: readonly string[], env: Env): { child: ChildProcess; lines: string[] } {
  const child = spawn(process.execPath, ['--import', 'tsx', path.join(root, 'cli/main.ts'), ...command], {
    cwd: root,
    env: { ...process.env, NODE_ENV: 'development', LOG_LEVEL: 'info', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => lines.push(...text.split('\n').filter(Boolean)));
  }
  return { child, lines };
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  child.kill(signal);
  return exited;
}
