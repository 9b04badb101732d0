/** What commands that look for mistakes in files share: reading them, and saying what is wrong where. */
import { readFileSync } from 'node:fs';
import { CommandFailure, EXIT, print, printJson, remark } from './terminal';

export const STANDARD_INPUT = '-';

/** What every finding has, whatever it is about. */
export interface Finding {
  readonly line: number;
  readonly column: number;
  readonly severity: 'error' | 'warning';
  readonly code: string;
  readonly message: string;
  readonly suggestion: string | null;
}

export function contentOf(file: string): Buffer {
  try {
    return readFileSync(file === STANDARD_INPUT ? 0 : file);
  } catch (error) {
    // "ENOENT: no such file or directory, open 'menu.xml'"
    throw new CommandFailure(String(error).replace(/^Error: /, ''));
  }
}

/** `menu.xml:4:11: error: expected …; write "5" [bad_value]`: a form that editors know how to follow. */
export function lineFor(file: string, { line, column, severity, code, message, suggestion }: Finding): string {
  const advice = suggestion === null ? '' : `; ${suggestion}`;
  return `${shown(file)}:${line}:${column}: ${severity}: ${message}${advice} [${code}]`;
}

export function shown(file: string): string {
  return file === STANDARD_INPUT ? 'stdin' : file;
}

/** Prints all findings and a count of them, or one JSON object. Gives back the exit code: 1 when there is an error. */
export function printFindings(
  linted: readonly { readonly file: string; readonly findings: readonly Finding[] }[],
  { what, json }: { readonly what: string; readonly json: boolean },
): number {
  const all = linted.flatMap(({ findings }) => findings);
  const errors = all.filter(({ severity }) => severity === 'error').length;
  if (json) printJson({ files: linted });
  else {
    for (const { file, findings } of linted) for (const finding of findings) print(lineFor(file, finding));
    const counts = [counted(linted.length, what), counted(errors, 'error'), counted(all.length - errors, 'warning')];
    remark(counts.join(', '));
  }
  return errors > 0 ? EXIT.failure : EXIT.ok;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
