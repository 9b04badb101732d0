/** A reader of `multipart/form-data` (RFC 7578) that keeps nothing: parts are handed on piece by piece as they arrive. */

export interface PartSink {
  readonly write: (chunk: Buffer) => void;
  readonly end: () => void;
}

export interface PartHead {
  readonly name: string;
  readonly filename: string | null;
  readonly contentType: string | null;
}

/** Head of a part; more than this is not a head. */
const longestHeadBytes = 16_384;

/** The boundary that a content type names; null when it is no multipart form. */
export function boundaryOf(contentType: string | undefined): string | null {
  const found = /^multipart\/form-data;.*?boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType ?? '');
  return found?.[1] ?? found?.[2] ?? null;
}

/** Reads to the closing boundary. Throws when the stream ends before it or a part has no name. */
export async function readMultipart(
  stream: AsyncIterable<Buffer>,
  boundary: string,
  openPart: (head: PartHead) => PartSink,
): Promise<void> {
  const delimiter = Buffer.from(`\r\n--${boundary}`);
  // A line break before the first boundary makes it look like all others.
  const state: Reading = { pending: Buffer.from('\r\n'), sink: null, closed: false };
  for await (const chunk of stream) {
    if (state.closed) continue;
    state.pending = state.pending.length === 0 ? chunk : Buffer.concat([state.pending, chunk]);
    while (step(state, delimiter, openPart));
  }
  if (!state.closed) throw new Error('multipart: the stream ended before the closing boundary');
}

interface Reading {
  pending: Buffer;
  sink: PartSink | null;
  closed: boolean;
}

/** Reads on to the next boundary, if it is there; false when more has to arrive first, or nothing will follow. */
function step(state: Reading, delimiter: Buffer, openPart: (head: PartHead) => PartSink): boolean {
  const { pending, sink } = state;
  const at = pending.indexOf(delimiter);
  if (at < 0) {
    const sureBytes = Math.max(0, pending.length - delimiter.length + 1);
    sink?.write(pending.subarray(0, sureBytes));
    state.pending = pending.subarray(sureBytes);
    return false;
  }
  const after = pending.subarray(at + delimiter.length);
  const closes = after.subarray(0, 2).toString() === '--';
  const headEnd = closes ? 0 : after.indexOf('\r\n\r\n');
  if (headEnd < 0) {
    if (after.length > longestHeadBytes) throw new Error('multipart: the head of a part is too long');
    return false;
  }
  sink?.write(pending.subarray(0, at));
  sink?.end();
  state.closed = closes;
  state.sink = closes ? null : openPart(parseHead(after.subarray(0, headEnd).toString()));
  state.pending = after.subarray(closes ? 0 : headEnd + 4);
  return !closes;
}

function parseHead(text: string): PartHead {
  const disposition = /^content-disposition:(.*)$/im.exec(text)?.[1] ?? '';
  const name = /[;\s]name="([^"]*)"/i.exec(disposition)?.[1];
  if (name === undefined) throw new Error('multipart: a part has no name');
  return {
    name,
    filename: /[;\s]filename="([^"]*)"/i.exec(disposition)?.[1] ?? null,
    contentType: /^content-type:\s*(.*?)\s*$/im.exec(text)?.[1] ?? null,
  };
}
