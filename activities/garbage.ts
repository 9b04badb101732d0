/**
 * Node's buffers lie outside of V8's heap, and V8 lets about 64 MiB of them pile up before it looks which are needed. A
 * file that streams through at full speed would always reach that; so whoever moves much asks for a look earlier.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as (options: { readonly type: 'minor' }) => void;
// Not for the contexts of workflows, which are made later.
setFlagsFromString('--no-expose-gc');

const PILE_BYTES = 8 * 1024 * 1024;

/** To be told of every buffer that was used once. A look takes about a millisecond. */
export function createPileWatch(): (bytes: number) => void {
  let pileBytes = 0;
  return (bytes) => {
    pileBytes += bytes;
    if (pileBytes < PILE_BYTES) return;
    pileBytes = 0;
    collect({ type: 'minor' });
  };
}
