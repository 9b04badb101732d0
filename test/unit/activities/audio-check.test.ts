import fc from 'fast-check';
import { createAudioCheck } from '../../../activities/audio-check';
import type { AudioVerdict } from '../../../activities/audio-check';
import type { RecordingFormat } from '../../../domain/call';
import { renderAudio } from '../../../simulator/audio/audio';

const DURATION_MS = 1_500;
const FORMATS = ['mp3', 'wav'] as const;

function audio(format: RecordingFormat, channels: 'single' | 'dual' = 'dual'): Buffer {
  return Buffer.concat([
    ...renderAudio({ id: 'r1', format, channels, durationMs: DURATION_MS, empty: false }).chunks(),
  ]);
}

/** In pieces of these sizes, over and over. */
function checked(format: RecordingFormat, bytes: Buffer, pieces: readonly number[] = [bytes.length]): AudioVerdict {
  const check = createAudioCheck(format);
  for (let at = 0, nth = 0; at < bytes.length; nth++) {
    const size = pieces[nth % pieces.length] ?? 1;
    check.write(bytes.subarray(at, at + size));
    at += size;
  }
  return check.end();
}

test.each(FORMATS.flatMap((format) => [[format, 'single'] as const, [format, 'dual'] as const]))(
  'a whole %s of %s channels is whole, and as long as it sounds',
  (format, channels) => {
    const { problem, durationMs } = checked(format, audio(format, channels));
    expect(problem).toBeNull();
    expect(Math.abs((durationMs ?? 0) - DURATION_MS)).toBeLessThan(40);
  },
);

test.each(FORMATS)('%s reads the same, however it is cut into pieces', (format) => {
  const bytes = audio(format);
  const whole = checked(format, bytes);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 20 }), (pieces) => {
      expect(checked(format, bytes, pieces)).toEqual(whole);
    }),
    { numRuns: 50 },
  );
});

test.each(FORMATS)('%s is not whole without its last bytes, however many', (format) => {
  const bytes = audio(format);
  // Frames of MP3 are alike, so at the border of one only the length tells; that is compared elsewhere.
  const frameBytes = 288;
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: bytes.length - 1 }).filter((cut) => format === 'wav' || cut % frameBytes !== 0),
      (cut) => {
        expect(checked(format, bytes.subarray(0, bytes.length - cut)).problem).not.toBeNull();
      },
    ),
    { numRuns: 1000 },
  );
});

const id3v1 = Buffer.concat([Buffer.from('TAG'), Buffer.alloc(125)]);
const streamed = Buffer.from(audio('wav'));
streamed.writeUInt32LE(0xffffffff, 4);
streamed.writeUInt32LE(0xffffffff, 40);

test.each<[string, RecordingFormat, Buffer]>([
  ['MP3 with a tag at its end', 'mp3', Buffer.concat([audio('mp3'), id3v1])],
  ['MP3 joined from two files', 'mp3', Buffer.concat([audio('mp3'), audio('mp3')])],
  ['WAV of a writer that could not go back to its head', 'wav', streamed],
])('%s is whole', (_name, format, bytes) => {
  expect(checked(format, bytes).problem).toBeNull();
});

test.each<[string, RecordingFormat, Buffer]>([
  ['nothing', 'mp3', Buffer.alloc(0)],
  ['nothing', 'wav', Buffer.alloc(0)],
  ['WAV', 'mp3', audio('wav')],
  ['MP3', 'wav', audio('mp3')],
  ['HTML', 'mp3', Buffer.from(`<html>${' '.repeat(5000)}</html>`)],
  ['a head without sound', 'wav', audio('wav').subarray(0, 36)],
  ['zeros', 'mp3', Buffer.alloc(10_000)],
  ['zeros', 'wav', Buffer.alloc(10_000)],
])('%s is no %s', (_name, format, bytes) => {
  expect(checked(format, bytes).problem).not.toBeNull();
});

test('bytes of any kind are read to their end', () => {
  fc.assert(
    fc.property(fc.constantFrom(...FORMATS), fc.uint8Array({ maxLength: 5000 }), (format, bytes) => {
      expect(() => checked(format, Buffer.from(bytes), [64])).not.toThrow();
    }),
    { numRuns: 300 },
  );
});
