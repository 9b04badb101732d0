/** MP3: an ID3v2.3 tag that names the recording, then one frame over and over. */
import type { AudioFile, AudioWish } from './audio';
import { frameMs, monoFrame, stereoFrame } from './mp3-frames';

/** Frames written at once. */
const framesPerChunk = 200;

export function renderMp3({ id, channels, durationMs }: AudioWish): Pick<AudioFile, 'sizeBytes' | 'chunks'> {
  const tag = idTag(id);
  const frame = channels === 'dual' ? stereoFrame : monoFrame;
  const frames = Math.max(1, Math.ceil(durationMs / frameMs));
  return {
    sizeBytes: tag.length + frames * frame.length,
    *chunks() {
      yield tag;
      for (let left = frames; left > 0; left -= framesPerChunk) {
        yield Buffer.alloc(Math.min(left, framesPerChunk) * frame.length, frame);
      }
    },
  };
}

/** A tag with one TXXX frame, "recording_id" (id3.org: ID3v2.3, sections 3.1, 3.3 and 4.2.2). */
function idTag(id: string): Buffer {
  const text = Buffer.from(`\0recording_id\0${id}`, 'latin1');
  const frame = Buffer.concat([Buffer.from('TXXX'), uint32(text.length), Buffer.from([0, 0]), text]);
  return Buffer.concat([Buffer.from('ID3'), Buffer.from([3, 0, 0]), syncSafe(frame.length), frame]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** Seven bits a byte, so that no size looks like the start of a frame. */
const syncSafe = (value: number): Buffer => Buffer.from([21, 14, 7, 0].map((shift) => (value >> shift) & 0x7f));
