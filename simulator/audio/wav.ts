/** WAV: 16-bit PCM at 8 kHz, a tone on each side, chosen by the recording's id; a comment with the id at the end. */
import { hash } from '../mischief';
import type { AudioFile, AudioWish } from './audio';

const sampleRate = 8000;
const loudness = 12_000;

export function renderWav({ id, channels, durationMs }: AudioWish): Pick<AudioFile, 'sizeBytes' | 'chunks'> {
  const sides = channels === 'dual' ? 2 : 1;
  const samples = Math.max(1, Math.round((durationMs * sampleRate) / 1000));
  const dataBytes = samples * sides * 2;
  const comment = infoChunk(id);
  return {
    sizeBytes: 44 + dataBytes + comment.length,
    *chunks() {
      yield header({ sides, dataBytes, commentBytes: comment.length });
      const second = secondOf(tonesOf(id).slice(0, sides));
      for (let left = dataBytes; left > 0; left -= second.length) yield second.subarray(0, left);
      yield comment;
    },
  };
}

/** Left below 500 Hz, right above: whole hertz, so that a second of it repeats without a seam. */
function tonesOf(id: string): readonly number[] {
  const chosen = hash(id);
  return [300 + (chosen % 200), 600 + ((chosen >>> 8) % 300)];
}

function secondOf(tones: readonly number[]): Buffer {
  const bytes = Buffer.alloc(sampleRate * tones.length * 2);
  for (let at = 0; at < sampleRate; at += 1) {
    tones.forEach((hertz, side) => {
      const sample = Math.round(loudness * Math.sin((2 * Math.PI * hertz * at) / sampleRate));
      bytes.writeInt16LE(sample, (at * tones.length + side) * 2);
    });
  }
  return bytes;
}

interface HeaderWish {
  readonly sides: number;
  readonly dataBytes: number;
  readonly commentBytes: number;
}

function header({ sides, dataBytes, commentBytes }: HeaderWish): Buffer {
  const bytes = Buffer.alloc(44);
  bytes.write('RIFF', 0);
  bytes.writeUInt32LE(36 + dataBytes + commentBytes, 4);
  bytes.write('WAVEfmt ', 8);
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(1, 20);
  bytes.writeUInt16LE(sides, 22);
  bytes.writeUInt32LE(sampleRate, 24);
  bytes.writeUInt32LE(sampleRate * sides * 2, 28);
  bytes.writeUInt16LE(sides * 2, 32);
  bytes.writeUInt16LE(16, 34);
  bytes.write('data', 36);
  bytes.writeUInt32LE(dataBytes, 40);
  return bytes;
}

/** `LIST INFO ICMT`, padded to whole words. */
function infoChunk(id: string): Buffer {
  const text = Buffer.alloc(id.length + 2 - (id.length % 2));
  text.write(id, 'latin1');
  const bytes = Buffer.alloc(20);
  bytes.write('LIST', 0);
  bytes.writeUInt32LE(12 + text.length, 4);
  bytes.write('INFOICMT', 8);
  bytes.writeUInt32LE(text.length, 16);
  return Buffer.concat([bytes, text]);
}
