/**
 * The audio of a recording: real files, different on each side, different for each recording. Nothing is kept; a file is
 * made again, byte for byte the same, whenever it is read.
 */
import { createHash } from 'node:crypto';
import { renderMp3 } from './mp3';
import { renderWav } from './wav';

export interface AudioWish {
  /** The recording's id; it is in the file, so no two files are equal. */
  readonly id: string;
  readonly format: 'mp3' | 'wav';
  readonly channels: 'single' | 'dual';
  readonly durationMs: number;
  /** A file of 0 bytes. */
  readonly empty: boolean;
}

export interface AudioFile {
  readonly sizeBytes: number;
  readonly contentType: string;
  /** The file in pieces of at most some 64 kB. */
  chunks(): Iterable<Uint8Array>;
}

export function renderAudio(wish: AudioWish): AudioFile {
  const contentType = wish.format === 'mp3' ? 'audio/mpeg' : 'audio/wav';
  if (wish.empty) return { sizeBytes: 0, contentType, chunks: () => [] };
  return { contentType, ...(wish.format === 'mp3' ? renderMp3(wish) : renderWav(wish)) };
}

/** Lowercase hex. */
export function sha256Of(file: AudioFile): string {
  const digest = createHash('sha256');
  for (const chunk of file.chunks()) digest.update(chunk);
  return digest.digest('hex');
}
