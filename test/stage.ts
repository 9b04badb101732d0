/** One step of `npm test` or `npm run check`: a program of ours or of a package, run to its end. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';

export const root = join(__dirname, '..');

export interface Stage {
  readonly name: string;
  /** What Node runs, from the repository's folder. */
  readonly args: readonly string[];
  /** A stage that hangs (a test left a server open, say) is ended as failed. @default 10 */
  readonly limitMinutes?: number;
}

export interface Finished {
  readonly passed: boolean;
  readonly seconds: string;
  /** What it printed, when that was captured. */
  readonly output: string;
}

/**
 * Runs a stage. With `capture` all output is returned, otherwise it goes to the terminal as it comes.
 * A signal that ends us ends the stage first.
 */
export function runStage(
  { name, args, limitMinutes = 10 }: Stage,
  { capture }: { readonly capture: boolean },
): Promise<Finished> {
  const started = Date.now();
  const told = capture ? 'pipe' : 'inherit';
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', told, told] });
  let interrupted = false;
  const interrupt = (signal: NodeJS.Signals) => {
    interrupted = true;
    child.kill(signal);
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.once(signal, interrupt);
  const limit = setTimeout(() => {
    say(`${name}: not ended after ${limitMinutes} minutes, so it is stopped`);
    child.kill('SIGTERM');
  }, limitMinutes * 60_000);
  return new Promise((resolve, reject) => {
    const output: Buffer[] = [];
    child.stdout?.on('data', (chunk: Buffer) => output.push(chunk));
    child.stderr?.on('data', (chunk: Buffer) => output.push(chunk));
    child.once('error', reject);
    child.once('close', (code) => {
      if (interrupted) process.exit(130);
      clearTimeout(limit);
      for (const signal of signals) process.removeListener(signal, interrupt);
      const seconds = ((Date.now() - started) / 1000).toFixed(1);
      resolve({ passed: code === 0, seconds, output: Buffer.concat(output).toString().trim() });
    });
  });
}

export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
