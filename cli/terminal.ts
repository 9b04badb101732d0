/** What every command shares: exit codes, output for people or programs, and errors in one line that says what to do. */
import { CommanderError, InvalidArgumentError } from 'commander';

/** Documented in `outcall --help` and in the README. */
export const EXIT = {
  ok: 0,
  failure: 1,
  usage: 2,
  unreachable: 3,
  notAnswered: 4,
  configuration: 78,
  interrupted: 130,
} as const;

/** A number of the simulator's that answers, talks for a while and hangs up. */
export const DEMO_NUMBER = '+15559999999';

/** Ends the command with a line on standard error and an exit code. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure';
  constructor(
    message: string,
    readonly exitCode: number = EXIT.failure,
  ) {
    super(message);
  }
}

export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Progress and remarks: never on standard output, where programs read. */
export function remark(line: string): void {
  process.stderr.write(`${line}\n`);
}

export function printJson(value: unknown): void {
  print(JSON.stringify(value));
}

/** Ends well when who reads has had enough, as in `outcall tail … | head`. */
export function endWithReader(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(EXIT.ok);
  });
}

/** Columns as wide as their widest cell, under their heads. */
export function renderTable(heads: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const all = [heads, ...rows];
  const widths = heads.map((_head, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  return all.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

/** Reads a number of a flag; what commander says of a bad one names the flag. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It is a whole number from ${min} to ${max}.`);
  };
}

/** The exit code for whatever ended a command, after telling the person. */
export function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  if (error instanceof CommandFailure) {
    remark(error.message);
    return error.exitCode;
  }
  if (error instanceof Error && error.name === 'ConfigError') {
    remark(`The configuration cannot be used:\n${error.message}`);
    return EXIT.configuration;
  }
  remark(describe(error));
  return EXIT.failure;
}

/** Where it happened helps with mistakes of ours only. A port in use, or a program that is missing, says what to do. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if ('code' in error && error.code === 'EADDRINUSE' && 'port' in error) {
    return `port ${String(error.port)} of this machine is in use; stop what uses it or choose another one`;
  }
  const isOurMistake = /^(Type|Reference|Range|Syntax|Assertion)Error$/.test(error.name);
  return isOurMistake ? (error.stack ?? error.message) : error.message;
}
