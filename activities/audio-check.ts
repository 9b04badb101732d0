/**
 * Is a recording whole? Reads the structure of MP3 and WAV files as they stream by, keeping a few bytes: where each frame
 * or chunk begins, whether the last one ends where the file does, and how long all of it sounds.
 */
import type { RecordingFormat } from '../domain/call';

export interface AudioCheck {
  write(chunk: Buffer): void;
  /** To be called once, after the last byte. */
  end(): AudioVerdict;
}

export interface AudioVerdict {
  /** What is wrong with the file, in words that follow "it"; null when it is whole. */
  readonly problem: string | null;
  /** Null when the file does not tell. */
  readonly durationMs: number | null;
}

export function createAudioCheck(format: RecordingFormat): AudioCheck {
  return format === 'mp3' ? createMp3Check() : createWavCheck();
}

/** Walks from head to head. */
interface Walker {
  readonly write: (chunk: Buffer) => void;
  /** True when the last piece went beyond the end. */
  end(): boolean;
  readonly bytes: () => number;
}

interface Place {
  /** From the beginning of the file. */
  readonly offset: number;
  /** How many bytes are there; fewer than a head only at the end of the file, and zeros follow. */
  readonly leftBytes: number;
}

/** `sizeAt` tells how far the next head is, at least 1; it may read `headBytes`. */
function createWalker(headBytes: number, sizeAt: (bytes: Buffer, at: number, place: Place) => number): Walker {
  let seenBytes = 0;
  /** Bytes of the next head that came with the last chunk. */
  let pending: Buffer = Buffer.alloc(0);
  /** Bytes to come before the next head; only with nothing pending. */
  let toSkip = 0;
  return {
    bytes: () => seenBytes,
    write(chunk) {
      const bytes = pending.length > 0 ? Buffer.concat([pending, chunk]) : chunk;
      const start = seenBytes - pending.length;
      seenBytes += chunk.length;
      let at = toSkip;
      while (at + headBytes <= bytes.length) {
        at += sizeAt(bytes, at, { offset: start + at, leftBytes: bytes.length - at });
      }
      // A copy: the chunk belongs to the socket.
      pending = Buffer.from(bytes.subarray(at));
      toSkip = Math.max(0, at - bytes.length);
    },
    end() {
      const rest = Buffer.concat([pending, Buffer.alloc(headBytes)]);
      let at = toSkip;
      while (at < pending.length) {
        const leftBytes = pending.length - at;
        at += sizeAt(rest, at, { offset: seenBytes - leftBytes, leftBytes });
      }
      return at > pending.length;
    },
  };
}

/** Kilobits a second by index (ISO 11172-3 and 13818-3, layer III). */
const MPEG1_KBITS = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
const MPEG2_KBITS = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
const MPEG1_HERTZ = [44_100, 48_000, 32_000];
const MPEG1 = 3;
const MPEG2 = 2;
const LAYER_III = 1;

interface Frame {
  readonly bytes: number;
  readonly ms: number;
}

/** The MP3 frame whose header stands here; null when none does. */
function frameAt(bytes: Buffer, at: number): Frame | null {
  const [sync = 0, kind = 0, rates = 0] = [bytes[at], bytes[at + 1], bytes[at + 2]];
  const version = (kind >> 3) & 3;
  if (sync !== 0xff || kind < 0xe0 || version === 1 || ((kind >> 1) & 3) !== LAYER_III) return null;
  const kbits = (version === MPEG1 ? MPEG1_KBITS : MPEG2_KBITS)[rates >> 4] ?? 0;
  const divisor = version === MPEG1 ? 1 : version === MPEG2 ? 2 : 4;
  const hertz = (MPEG1_HERTZ[(rates >> 2) & 3] ?? 0) / divisor;
  if (kbits === 0 || hertz === 0) return null;
  const samples = version === MPEG1 ? 1152 : 576;
  return { bytes: Math.floor((samples * kbits * 125) / hertz) + ((rates >> 1) & 1), ms: (samples * 1000) / hertz };
}

/** Tags of ID3 before (id3.org: ID3v2.3, section 3.1) and behind the audio; 0 when none stands here. */
function tagBytesAt(bytes: Buffer, at: number): number {
  const name = bytes.toString('latin1', at, at + 3);
  if (name === 'TAG') return 128;
  if (name !== 'ID3') return 0;
  const seven = (index: number): number => (bytes[at + index] ?? 0) & 0x7f;
  const hasFooter = ((bytes[at + 5] ?? 0) & 0x10) !== 0;
  return ((seven(6) << 21) | (seven(7) << 14) | (seven(8) << 7) | seven(9)) + (hasFooter ? 20 : 10);
}

/** Of a file that is joined from pieces, some bytes may belong to no frame. */
const STRAY_SHARE = 0.05;

const FRAME_HEAD_BYTES = 4;

function createMp3Check(): AudioCheck {
  let durationMs = 0;
  let frames = 0;
  let strayBytes = 0;
  const walker = createWalker(10, (bytes, at, { leftBytes }) => {
    const frame = frameAt(bytes, at);
    if (frame) {
      frames += 1;
      durationMs += frame.ms;
      return frame.bytes;
    }
    const tagBytes = tagBytesAt(bytes, at);
    if (tagBytes === 0) strayBytes += 1;
    // The beginning of a header, and the end of the file.
    if (leftBytes < FRAME_HEAD_BYTES && bytes[at] === 0xff) return FRAME_HEAD_BYTES;
    return Math.max(1, tagBytes);
  });
  return {
    write: walker.write,
    end() {
      const isCut = walker.end();
      if (frames === 0 || strayBytes > walker.bytes() * STRAY_SHARE) return { problem: 'is no MP3', durationMs: null };
      return { problem: isCut ? 'ends in the middle of a frame' : null, durationMs };
    },
  };
}

/** A writer that could not go back to the beginning leaves this for a length. */
const UNKNOWN_LENGTH = 0xffffffff;
const RIFF_HEAD_BYTES = 12;

function createWavCheck(): AudioCheck {
  let declaredBytes: number | null = null;
  let bytesPerSecond = 0;
  let data: { readonly offset: number; readonly bytes: number } | null = null;
  const walker = createWalker(20, (bytes, at, { offset }) => {
    const name = bytes.toString('latin1', at, at + 4);
    const size = bytes.readUInt32LE(at + 4);
    if (offset === 0) {
      const isWave = name === 'RIFF' && bytes.toString('latin1', at + 8, at + 12) === 'WAVE';
      declaredBytes = isWave ? size : null;
      return isWave ? RIFF_HEAD_BYTES : Infinity;
    }
    if (name === 'fmt ') bytesPerSecond = bytes.readUInt32LE(at + 16);
    if (name === 'data') data ??= { offset: offset + 8, bytes: size };
    // Chunks begin at even offsets.
    return size === UNKNOWN_LENGTH ? Infinity : 8 + size + (size % 2);
  });
  return {
    write: walker.write,
    end() {
      walker.end();
      const total = walker.bytes();
      if (declaredBytes === null) return { problem: 'is no WAV', durationMs: null };
      if (data === null || bytesPerSecond === 0) return { problem: 'is a WAV without sound', durationMs: null };
      const isOpenEnded = declaredBytes === UNKNOWN_LENGTH || data.bytes === UNKNOWN_LENGTH;
      const soundBytes = isOpenEnded ? total - data.offset : data.bytes;
      const isWhole = isOpenEnded || declaredBytes + 8 === total;
      const problem = isWhole ? null : `says that it has ${declaredBytes + 8} bytes, and has ${total}`;
      return { problem, durationMs: (soundBytes * 1000) / bytesPerSecond };
    },
  };
}
