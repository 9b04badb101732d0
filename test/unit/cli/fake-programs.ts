/** Folders with shell scripts that stand in for programs, removed by `removeFakes` after the tests. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const folders: string[] = [];

export function aFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'outcall-programs-'));
  folders.push(folder);
  return folder;
}

/** Writes an executable shell script and returns its path. */
export function aProgram(path: string, script: string): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

export function removeFakes(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}
