/** What `outcall start` leaves for commands in other terminals, so that they find it: its address and its key. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';

const started = z.object({ url: z.string(), apiKey: z.string() });
export type Started = z.infer<typeof started>;

/** Readable by us alone. Returns how to take it back. */
export function rememberStart(dataDir: string, { url, apiKey }: Started): () => void {
  mkdirSync(dataDir, { recursive: true });
  writeFileSync(fileIn(dataDir), JSON.stringify({ url, apiKey }), { mode: 0o600 });
  return () => {
    rmSync(fileIn(dataDir), { force: true });
  };
}

/** Null when nothing was started here. */
export function readStart(dataDir: string): Started | null {
  try {
    return started.parse(JSON.parse(readFileSync(fileIn(dataDir), 'utf8')));
  } catch {
    return null;
  }
}

const fileIn = (dataDir: string): string => path.join(dataDir, 'started.json');
