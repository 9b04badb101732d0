/**
 * Files for recordings on their way. A file has no name: it is unlinked as soon as it is open, so that it is gone with
 * the process, however that ends, and nobody else can open it. What stays within `maxBytes` is this process's share.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rm, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { kindOf, Undelivered } from './undelivered';

export interface SpoolSettings {
  /** Made when missing, readable by us alone. */
  readonly directory: string;
  readonly maxBytes: number;
}

export interface Spool {
  /** A file for exactly so many bytes. Throws `Undelivered` when there is no room, or no file can be made. */
  open(bytes: number): Promise<SpoolFile>;
}

export interface SpoolFile {
  readonly handle: FileHandle;
  /** Gives the room back. Twice is safe. */
  close(): Promise<void>;
}

/** Longer than opening and unlinking takes, however busy the machine is. */
const LEFT_OVER_AFTER_MS = 60_000;

export function createSpool({ directory, maxBytes }: SpoolSettings): Spool {
  let reservedBytes = 0;
  const isSwept = sweep(directory);
  return {
    async open(bytes) {
      await isSwept;
      if (reservedBytes + bytes > maxBytes) {
        const detail = `${bytes} bytes do not fit beside ${reservedBytes} in a spool of ${maxBytes} (SPOOL_MAX_BYTES)`;
        throw new Undelivered('spool_full', detail);
      }
      reservedBytes += bytes;
      let isOpen = true;
      const giveBack = (): void => {
        reservedBytes -= bytes;
        isOpen = false;
      };
      try {
        const handle = await openNameless(directory);
        return {
          handle,
          close: async () => {
            if (!isOpen) return;
            giveBack();
            await handle.close();
          },
        };
      } catch (error) {
        giveBack();
        throw unusable(error);
      }
    },
  };
}

/** A disk that is full, read-only or gone. */
export function unusable(error: unknown): Undelivered {
  return new Undelivered('spool_unusable', `the spool cannot be written (${kindOf(error)}); see DATA_DIR`);
}

async function openNameless(directory: string): Promise<FileHandle> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const file = path.join(directory, randomUUID());
  const handle = await open(file, 'wx+', 0o600);
  await rm(file, { force: true });
  return handle;
}

/** A process that died between opening and unlinking left an empty file behind. */
async function sweep(directory: string): Promise<void> {
  for (const name of await readdir(directory).catch(() => [])) {
    const file = path.join(directory, name);
    const changedMs = await stat(file).then(
      ({ mtimeMs }) => mtimeMs,
      () => Infinity,
    );
    if (Date.now() - changedMs > LEFT_OVER_AFTER_MS) await rm(file, { force: true }).catch(() => undefined);
  }
}
