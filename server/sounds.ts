/**
 * What the carrier fetches to play to people who wait: a ringback tone for agents, a quiet chord for leads. Made here,
 * so that nothing has to be licensed or kept.
 */
import { Router } from 'express';
import { onlyMethods } from './methods';

const RATE = 8_000;
const PEAK = 6_000;

interface Note {
  readonly hertz: readonly number[];
  readonly seconds: number;
}

const silence = (seconds: number): Note => ({ hertz: [], seconds });

/** The ringing tone of North America: 440 and 480 Hz, 2 s in 6 (ITU-T E.180). */
const RINGBACK: readonly Note[] = [{ hertz: [440, 480], seconds: 2 }, silence(4)];
/** A slow broken chord. */
const HOLD: readonly Note[] = [
  ...[261.6, 329.6, 392, 523.3].map((hertz) => ({ hertz: [hertz], seconds: 0.6 })),
  silence(1.6),
];

export const SOUND_PATHS = { ringback: '/sounds/ringback.wav', hold: '/sounds/hold.wav' } as const;

export function soundRoutes(): Router {
  const router = Router();
  for (const [path, notes] of [
    [SOUND_PATHS.ringback, RINGBACK],
    [SOUND_PATHS.hold, HOLD],
  ] as const) {
    const wav = renderWav(notes);
    router
      .route(path)
      .get((_request, response) => {
        response.set('Cache-Control', 'public, max-age=86400').type('audio/wav').send(wav);
      })
      .all(onlyMethods('GET', 'HEAD'));
  }
  return router;
}

/** 16 bit PCM, mono; each note fades in and out, so that nothing clicks. */
function renderWav(notes: readonly Note[]): Buffer {
  const samples = Buffer.concat(notes.map(renderNote));
  const header = Buffer.alloc(44);
  header.write('RIFF', 0);
  header.writeUInt32LE(36 + samples.length, 4);
  header.write('WAVEfmt ', 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(RATE, 24);
  header.writeUInt32LE(RATE * 2, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36);
  header.writeUInt32LE(samples.length, 40);
  return Buffer.concat([header, samples]);
}

function renderNote({ hertz, seconds }: Note): Buffer {
  const count = Math.round(seconds * RATE);
  const samples = Buffer.alloc(count * 2);
  for (let i = 0; i < count; i++) {
    const fade = Math.min(1, i / 400, (count - i) / 400);
    const wave = hertz.reduce((sum, one) => sum + Math.sin((2 * Math.PI * one * i) / RATE), 0);
    samples.writeInt16LE(Math.round((PEAK * fade * wave) / Math.max(1, hertz.length)), i * 2);
  }
  return samples;
}
