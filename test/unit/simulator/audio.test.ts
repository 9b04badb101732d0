import { renderAudio, sha256Of } from '../../../simulator/audio/audio';
import type { AudioWish } from '../../../simulator/audio/audio';

const aRecording = (more: Partial<AudioWish> = {}): AudioWish => ({
  id: '276969da-cda6-4cc4-8873-dff177e7c946',
  format: 'wav',
  channels: 'dual',
  durationMs: 2500,
  empty: false,
  ...more,
});

const bytesOf = (wish: AudioWish): Buffer => Buffer.concat([...renderAudio(wish).chunks()]);

const all: readonly Partial<AudioWish>[] = [
  { format: 'wav', channels: 'dual' },
  { format: 'wav', channels: 'single' },
  { format: 'mp3', channels: 'dual' },
  { format: 'mp3', channels: 'single' },
  { empty: true },
];

describe('audio', () => {
  it.each(all)('of %j is as long as it says, every time', (wish) => {
    const file = renderAudio(aRecording(wish));
    expect(bytesOf(aRecording(wish))).toHaveLength(file.sizeBytes);
    expect(sha256Of(file)).toBe(sha256Of(file));
  });

  it.each(all.slice(0, 4))('of %j differs from recording to recording', (wish) => {
    const digest = (id: string) => sha256Of(renderAudio(aRecording({ ...wish, id })));
    expect(digest('276969da-cda6-4cc4-8873-dff177e7c946')).not.toBe(digest('276969da-cda6-4cc4-8873-dff177e7c947'));
  });
});

describe('a WAV file', () => {
  it('is 16-bit PCM at 8 kHz with the channels asked for, and of the length asked for', () => {
    const bytes = bytesOf(aRecording());
    expect([bytes.toString('latin1', 0, 4), bytes.toString('latin1', 8, 16)]).toEqual(['RIFF', 'WAVEfmt ']);
    expect(bytes.readUInt32LE(4)).toBe(bytes.length - 8);
    expect([bytes.readUInt16LE(20), bytes.readUInt16LE(22), bytes.readUInt32LE(24), bytes.readUInt16LE(34)]).toEqual([
      1, 2, 8000, 16,
    ]);
    expect(bytes.readUInt32LE(40)).toBe(2.5 * 8000 * 4);
  });

  it('has another tone on each side', () => {
    const bytes = bytesOf(aRecording());
    const crossings = (side: number): number => {
      const samples = Array.from({ length: 8000 }, (_, at) => bytes.readInt16LE(44 + (at * 2 + side) * 2));
      return samples.filter((sample, at) => sample >= 0 && (samples[at - 1] ?? 0) < 0).length;
    };
    expect(crossings(0)).toBeLessThan(500);
    expect(crossings(1)).toBeGreaterThan(590);
  });
});

describe('an MP3 file', () => {
  const bitRates = [0, 32, 40, 48, 56, 64];

  /** Walks the frames behind the ID3 tag as a decoder does. */
  function framesOf(bytes: Buffer): Buffer[] {
    const tagSize = [6, 7, 8, 9].reduce((size, at) => size * 128 + (bytes[at] ?? 0), 0);
    const frames: Buffer[] = [];
    for (let at = 10 + tagSize; at < bytes.length;) {
      const header = bytes.readUInt32BE(at);
      // Sync, MPEG-1, Layer III, no CRC, 32 kHz (ISO 11172-3, 2.4.1.3).
      expect([header >>> 17, (header >>> 10) & 3]).toEqual([0x7ffd, 2]);
      const size = (144 * 1000 * (bitRates[(header >>> 12) & 15] ?? 0)) / 32_000;
      frames.push(bytes.subarray(at, at + size));
      at += size;
    }
    return frames;
  }

  const bitsAt = (bytes: Buffer, from: number, length: number): number =>
    Array.from({ length }, (_, at) => ((bytes[(from + at) >> 3] ?? 0) >> (7 - ((from + at) & 7))) & 1).reduce(
      (value, bit) => value * 2 + bit,
      0,
    );

  it.each([
    ['dual', 0b00],
    ['single', 0b11],
  ] as const)(
    'with %s channels is nothing but whole frames of mode %d, as many as the length needs',
    (channels, mode) => {
      const frames = framesOf(bytesOf(aRecording({ format: 'mp3', channels })));
      expect(frames).toHaveLength(Math.ceil(2500 / 36));
      expect(new Set(frames.map((frame) => (frame[3] ?? 0) >> 6))).toEqual(new Set([mode]));
    },
  );

  it('borrows no bits from one frame to the next', () => {
    const frames = framesOf(bytesOf(aRecording({ format: 'mp3' })));
    expect(new Set(frames.map((frame) => bitsAt(frame, 32, 9)))).toEqual(new Set([0]));
  });

  it('has another sound on each side', () => {
    const frame = framesOf(bytesOf(aRecording({ format: 'mp3' })))[0] ?? Buffer.alloc(0);
    // Side information of two channels: 20 bits, then 59 a granule and channel; it begins with the number of bits used.
    const [left = 0, right = 0] = [0, 1].map((channel) => bitsAt(frame, 32 + 20 + channel * 59, 12));
    const start = (4 + 32) * 8;
    const spectrum = (from: number, length: number) =>
      Array.from({ length }, (_, at) => bitsAt(frame, from + at, 1)).join('');
    expect(Math.min(left, right)).toBeGreaterThan(50);
    expect(spectrum(start, left)).not.toBe(spectrum(start + left, right));
  });

  it('carries its recording id in a tag', () => {
    const wish = aRecording({ format: 'mp3' });
    expect(bytesOf(wish).toString('latin1', 0, 90)).toMatch(new RegExp(`^ID3.*recording_id\0${wish.id}`, 's'));
  });
});
