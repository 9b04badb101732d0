/**
 * Flows as files: `NAME.yaml` in one folder is the flow NAME. A file is read each time it is asked for, so that a flow can
 * be mended without a restart; calls keep the version they began with. Synchronous: the files are small, few, and of this
 * machine.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { parseFlow } from '../flows/language';
import type { Flow } from '../flows/flow';
import type { FlowFinding } from '../flows/findings';

export const FLOW_NAME = /^[a-z0-9_-]{1,64}$/;
const EXTENSION = '.yaml';

export interface FlowFile {
  readonly name: string;
  /** The first 16 hex digits of the SHA-256 of its text. */
  readonly version: string;
  /** Null when there is an error among the findings. */
  readonly flow: Flow | null;
  readonly findings: readonly FlowFinding[];
}

export interface FlowDirectory {
  /** Null when there is no such file, or it may not be read. Never throws, whatever the name. */
  find(name: string): FlowFile | null;
  /** All of them, by name. Empty when there is no such folder. */
  list(): readonly FlowFile[];
}

/** A flow's text as a file has it, or a request. */
export function readFlow(name: string, text: string): FlowFile {
  return { name, version: versionOf(text), ...parseFlow(name, text) };
}

export function createFlowDirectory(root: string): FlowDirectory {
  const known = new Map<string, FlowFile>();
  const find: FlowDirectory['find'] = (name) => {
    const text = FLOW_NAME.test(name) ? textIn(root, `${name}${EXTENSION}`) : null;
    if (text === null) return null;
    const before = known.get(name);
    if (before?.version === versionOf(text)) return before;
    const file = readFlow(name, text);
    known.set(name, file);
    return file;
  };
  return { find, list: () => namesIn(root).flatMap((name) => find(name) ?? []) };
}

/** Null when there is no such file, or a link leads out of the folder. */
function textIn(root: string, name: string): string | null {
  try {
    const file = realpathSync(path.join(root, name));
    return path.dirname(file) === realpathSync(root) ? readFileSync(file, 'utf8') : null;
  } catch {
    return null;
  }
}

function namesIn(root: string): readonly string[] {
  try {
    return readdirSync(root)
      .filter((name) => name.endsWith(EXTENSION))
      .map((name) => name.slice(0, -EXTENSION.length))
      .sort();
  } catch {
    return [];
  }
}

const versionOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16);
