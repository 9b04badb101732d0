/** Slow lines: bytes handed on at no more than a rate, whatever the size of the pieces. */
import { setTimeout as wait } from 'node:timers/promises';

/** Timers are coarse, so that it sleeps only when it is ahead by more than this. */
const AHEAD_MS = 20;

export async function* paced<T extends Uint8Array>(
  chunks: Iterable<T> | AsyncIterable<T>,
  bytesPerSecond: number,
): AsyncGenerator<T> {
  const startedAt = performance.now();
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    const aheadMs = (bytes * 1000) / bytesPerSecond - (performance.now() - startedAt);
    if (aheadMs > AHEAD_MS) await wait(aheadMs, undefined, { ref: false });
    yield chunk;
  }
}
