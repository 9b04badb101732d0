/**
 * Running other people's programs: start one with its output in a log file, stop it by its id, and say what its last
 * lines were when it died on its own. What to run, and with which arguments, is the caller's business.
 */
import { execFile, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Tells the person at the terminal one line. */
export type Say = (line: string) => void;

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** True when `stop` was called before the program ended. */
  readonly wanted: boolean;
  /** What happened in one line, followed by the last 20 lines of the log when the program ended on its own. */
  readonly description: string;
}

export interface Child {
  readonly pid: number;
  /** Resolves, never rejects, when the program has ended, whoever ended it. */
  readonly exited: Promise<Exit>;
  /** Asks the program to end (SIGTERM), ends it after the grace time (SIGKILL), resolves when it has. Twice is safe. */
  stop(graceMs?: number): Promise<void>;
}

/** Starts a program with its output in `logFile` (made anew). Rejects when it cannot be started at all. */
export async function startChild(options: {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly logFile: string;
  readonly env?: NodeJS.ProcessEnv;
}): Promise<Child> {
  const { name, command, args, logFile, env } = options;
  mkdirSync(dirname(logFile), { recursive: true });
  const log = openSync(logFile, 'w');
  // Its own process group: a Ctrl-C at the terminal reaches us alone, and we stop servers after those who use them.
  const spawned = spawn(command, args, { stdio: ['ignore', log, log], detached: true, ...(env && { env }) });
  closeSync(log);
  let wanted = false;
  let release = () => undefined as unknown;
  const exited = new Promise<Exit>((resolve) => {
    spawned.once('exit', (code, signal) => {
      release();
      const how = `${name} ended with ${signal ?? `code ${code ?? 'unknown'}`}`;
      const description = wanted ? how : `${how}; the end of ${logFile}:\n${lastLines(logFile, 20)}`;
      resolve({ code, signal, wanted, description });
    });
  });
  await new Promise<void>((resolve, reject) => {
    spawned.once('spawn', resolve);
    spawned.once('error', (cause) => {
      reject(new Error(`${name} could not be started from ${command}: ${cause.message}`, { cause }));
    });
  });
  const pid = spawned.pid ?? -1;
  release = endTogether(pid);
  const stop = async (graceMs = 10_000): Promise<void> => {
    wanted = true;
    spawned.kill('SIGTERM');
    const timer = setTimeout(() => spawned.kill('SIGKILL'), graceMs);
    await exited;
    clearTimeout(timer);
  };
  return { pid, exited, stop };
}

/**
 * Has the program asked to end when this process is gone, `kill -9` included: a shell waits on a pipe that only we hold
 * open. Returns how to call that off.
 */
function endTogether(pid: number): () => unknown {
  const script = ['-c', 'read _; kill -TERM "$0"', `${pid}`];
  const guard = spawn('sh', script, { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  guard.once('error', () => undefined); // No shell, no guard: the program is still stopped whenever we end in order.
  guard.unref();
  return () => guard.kill('SIGKILL');
}

/** Repeats `probe` until it resolves. Rejects at the deadline with its last error, or at once when the program ends. */
export async function untilReady(child: Child, probe: () => Promise<void>, deadlineMs: number): Promise<void> {
  const deadline = Date.now() + deadlineMs;
  let ended: Exit | undefined;
  void child.exited.then((exit) => (ended = exit));
  for (;;) {
    try {
      await probe();
      return;
    } catch (cause) {
      if (ended) throw new Error(ended.description, { cause });
      if (Date.now() > deadline) {
        await child.stop();
        throw new Error(`not ready after ${deadlineMs / 1000} s: ${reason(cause)}`, { cause });
      }
      await sleep(25);
    }
  }
}

/** Runs a program to its end and returns what it printed. Rejects with the last lines of its output in the message. */
export function run(
  command: string,
  args: readonly string[],
  options: { readonly env?: NodeJS.ProcessEnv; readonly timeoutMs?: number } = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const limits = { timeout: options.timeoutMs ?? 10_000, maxBuffer: 64 * 1024 * 1024 };
    execFile(command, args, { ...limits, ...(options.env && { env: options.env }) }, (error, stdout, stderr) => {
      if (!error) resolve(stdout);
      else if (error.killed) reject(new Error(`${command} took longer than ${limits.timeout / 1000} s`));
      else if (error.code === 'ENOENT') reject(new Error(`${command} not found`));
      else reject(new Error(`${command}: ${tail(`${stdout}\n${stderr}`, 4) || error.message}`, { cause: error }));
    });
  });
}

/** A port nobody listens on now: the preferred one when it is free, else any. */
export async function freePort(preferred = 0): Promise<number> {
  return (await portIfFree(preferred)) ?? (await portIfFree(0)) ?? Promise.reject(new Error('no free port'));
}

function portIfFree(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => {
      resolve(undefined);
    });
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      const address = server.address();
      server.close(() => {
        resolve(typeof address === 'object' ? address?.port : undefined);
      });
    });
  });
}

/** The message of anything that was thrown. */
export function reason(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

function lastLines(file: string, count: number): string {
  try {
    return tail(readFileSync(file, 'utf8'), count);
  } catch (unreadable) {
    return reason(unreadable);
  }
}

function tail(text: string, count: number): string {
  return text.trimEnd().split('\n').slice(-count).join('\n').trim();
}

/** Is there a process of this id? Ids are used again, so it need not be the one that was meant. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
