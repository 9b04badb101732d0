import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fetchToSpool } from '../../../activities/recording-fetch';
import type { SpooledFile } from '../../../activities/recording-fetch';
import { createSpool } from '../../../activities/spool';
import type { RecordingFormat } from '../../../domain/call';
import type { DeliveryFailure } from '../../../domain/delivery-failures';
import { renderAudio } from '../../../simulator/audio/audio';
import { aLocalServer, answering, resetting } from '../platform/local-server';
import type { Answering } from '../platform/local-server';

const server = aLocalServer();
const spools = mkdtempSync(join(tmpdir(), 'outcall-spool-'));
/** Made by the code under test. */
const spoolDirectory = join(spools, 'spool');
const DURATION_MS = 20_000;
const audio = (format: RecordingFormat): Buffer =>
  Buffer.concat([
    ...renderAudio({ id: 'r1', format, channels: 'dual', durationMs: DURATION_MS, empty: false }).chunks(),
  ]);
const mp3 = audio('mp3');
const wav = audio('wav');

afterEach(async () => {
  await Promise.all(files.splice(0).map((file) => file.remove()));
  rmSync(spoolDirectory, { recursive: true, force: true });
});
afterAll(() => {
  rmSync(spools, { recursive: true });
});

interface Wanted {
  readonly url?: string;
  readonly format?: RecordingFormat;
  readonly allowedHosts?: readonly string[];
  readonly durationMillis?: number | null;
  readonly maxBytes?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (bytes: number) => void;
}

const files: SpooledFile[] = [];

async function fetched(wanted: Wanted = {}): Promise<SpooledFile> {
  const { format = 'mp3', durationMillis = DURATION_MS, maxBytes = 10_000_000, onProgress, signal } = wanted;
  const file = await fetchToSpool(
    { url: wanted.url ?? `${server.url}/recording?X-Amz-Signature=canary`, format, durationMillis },
    {
      spool: createSpool({ directory: spoolDirectory, maxBytes }),
      allowedHosts: wanted.allowedHosts ?? [server.host],
    },
    { onProgress: onProgress ?? (() => undefined), signal: signal ?? new AbortController().signal },
  );
  files.push(file);
  return file;
}

/** An answer of a recording, changed as said; a header that is empty is left out. */
function recording(body: Buffer = mp3, status = 200, changes: Record<string, string> = {}): Answering {
  const headers = { 'content-type': 'audio/mpeg', 'content-length': String(body.length), ...changes };
  return (response) => {
    response.writeHead(status, Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== '')));
    response.end(body);
  };
}

/** Announces all of it, and breaks the connection after a part. */
const cutAfter =
  (bytes: number): Answering =>
  (response) => {
    response.writeHead(200, { 'content-type': 'audio/mpeg', 'content-length': String(mp3.length) });
    response.write(mp3.subarray(0, bytes), () => response.socket?.destroy());
  };

const cutChunks: Answering = (response) => {
  response.writeHead(200, { 'content-type': 'audio/mpeg' });
  response.write(mp3.subarray(0, 1000), () => response.socket?.destroy());
};

const closeDelimited: Answering = (response) => {
  response.socket?.end(Buffer.concat([Buffer.from('HTTP/1.1 200 OK\r\ncontent-type: audio/mpeg\r\n\r\n'), mp3]));
};

/** The tag and half of the frames, which are all alike. */
function halfOf(whole: Buffer): Buffer {
  const sound = whole.indexOf(Buffer.from([0xff, 0xfb]));
  const frameBytes = 288;
  return whole.subarray(0, sound + Math.floor((whole.length - sound) / frameBytes / 2) * frameBytes);
}

async function bytesOf(file: SpooledFile): Promise<Buffer> {
  const pieces: Buffer[] = [];
  // A copy: a piece is good until the next one comes.
  for await (const piece of file.read()) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces);
}

describe('a recording that arrives whole', () => {
  test('can be read from the spool, byte for byte, as often as is wanted', async () => {
    server.answer = recording();
    const file = await fetched();
    expect((await bytesOf(file)).equals(mp3)).toBe(true);
    expect((await bytesOf(file)).equals(mp3)).toBe(true);
  });

  test('comes with its size and digest', async () => {
    server.answer = recording();
    const sha256 = createHash('sha256').update(mp3).digest('hex');
    const file = await fetched();
    expect(file).toMatchObject({ sizeBytes: mp3.length, sha256 });
  });

  test('tells how far it got', async () => {
    const heard: number[] = [];
    server.answer = recording();
    await fetched({ onProgress: (bytes) => heard.push(bytes) });
    expect(heard.at(-1)).toBe(mp3.length);
    expect(heard).toEqual(heard.toSorted((a, b) => a - b));
  });

  test('is asked for without our key, and not compressed', async () => {
    server.answer = recording();
    await fetched();
    expect(server.asked[0]?.headers).toMatchObject({ 'accept-encoding': 'identity' });
    expect(server.asked[0]?.headers).not.toHaveProperty('authorization');
  });

  test.each([
    'audio/mpeg',
    'audio/mp3',
    'application/octet-stream',
    'binary/octet-stream',
    'AUDIO/MPEG; charset=binary',
  ])('may be of the type %s', async (type) => {
    server.answer = recording(mp3, 200, { 'content-type': type });
    await expect(fetched()).resolves.toMatchObject({ sizeBytes: mp3.length });
  });

  test.each<[string, RecordingFormat, Buffer]>([
    ['MP3 without a tag', 'mp3', mp3.subarray(mp3.indexOf(Buffer.from([0xff, 0xfb])))],
    ['WAV', 'wav', wav],
  ])('may be %s', async (_name, format, body) => {
    server.answer = recording(body, 200, { 'content-type': 'audio/x-wav' });
    await expect(fetched({ format, durationMillis: null })).resolves.toMatchObject({ sizeBytes: body.length });
  });
});

/** Honest headers, other bytes. */
const lying = (body: Buffer): Answering => recording(body);

const broken: [string, Answering, DeliveryFailure, RegExp][] = [
  ['of nothing', cutAfter(0), 'file_cut', /cut after 0 bytes/],
  ['cut after a byte', cutAfter(1), 'file_cut', /cut after/],
  ['cut in the middle', cutAfter(mp3.length / 2), 'file_cut', /cut after/],
  ['cut before its last byte', cutAfter(mp3.length - 1), 'file_cut', /cut after/],
  ['in chunks, cut', cutChunks, 'file_unexpected', /how many bytes/],
  ['that ends with its connection', closeDelimited, 'file_unexpected', /how many bytes/],
  ['that is compressed', recording(mp3, 200, { 'content-encoding': 'br' }), 'file_unexpected', /how many bytes/],
  ['of HTML', recording(Buffer.from('<html>'), 200, { 'content-type': 'text/html' }), 'file_unexpected', /no audio/],
  ['of XML, as S3 answers errors', recording(mp3, 200, { 'content-type': 'application/xml' }), 'file_unexpected', /no/],
  ['of JSON', recording(mp3, 200, { 'content-type': 'application/json' }), 'file_unexpected', /no audio/],
  ['without a type', recording(mp3, 200, { 'content-type': '' }), 'file_unexpected', /no audio/],
  [
    'of a type that only begins like audio',
    recording(mp3, 200, { 'content-type': 'audio/mpegurl' }),
    'file_unexpected',
    /no/,
  ],
  ['of HTML that says it is audio', lying(Buffer.from('<html>nothing here</html>')), 'file_damaged', /no MP3/],
  ['of WAV that says it is MP3', lying(wav), 'file_damaged', /no MP3/],
  ['of one byte', lying(Buffer.from([0xff])), 'file_damaged', /no MP3/],
  ['cut where it was stored', lying(mp3.subarray(0, mp3.length - 1)), 'file_damaged', /middle of a frame/],
  ['of half of the sound', lying(halfOf(mp3)), 'file_damaged', /sounds for 10\d\d\d ms, the carrier says 20000/],
  ['204', recording(Buffer.alloc(0), 204), 'storage_refused', /answered 204/],
  ['206', recording(mp3, 206), 'storage_refused', /answered 206/],
  ['403, the URL has expired', recording(mp3, 403), 'storage_refused', /answered 403/],
  ['404', recording(mp3, 404), 'storage_refused', /answered 404/],
  ['503', recording(mp3, 503), 'storage_refused', /answered 503/],
  ['302 that leads nowhere', recording(mp3, 302), 'storage_refused', /answered 302/],
  ['that is a reset', resetting, 'storage_unreachable', /cannot be reached \(ECONNRESET\)/],
];

test.each(broken)('an answer %s is no recording', async (_name, answer, failure, message) => {
  server.answer = answer;
  const expected = { failure, message: expect.stringMatching(message) as string };
  await expect(fetched()).rejects.toMatchObject(expected);
});

test.each(broken)('an answer %s leaves nothing in the spool', async (_name, answer) => {
  server.answer = answer;
  await fetched().catch(() => undefined);
  expect(existsSync(spoolDirectory) ? readdirSync(spoolDirectory) : []).toEqual([]);
});

test.each(broken)('an answer %s is told without the signed URL', async (_name, answer) => {
  server.answer = answer;
  const failure: unknown = await fetched().catch((error: unknown) => error);
  expect(String(failure)).not.toContain('canary');
});

describe('a redirect', () => {
  const to = (location: string): Answering => answering(302, '', { location });

  test('to an allowed host is followed, without credentials', async () => {
    server.answer = (response, asked) => {
      if (asked.url === '/moved') recording()(response, asked);
      else to('/moved')(response, asked);
    };
    await fetched();
    expect(server.asked.map(({ url }) => url)).toEqual(['/recording?X-Amz-Signature=canary', '/moved']);
    expect(server.asked[1]?.headers).not.toHaveProperty('authorization');
  });

  test.each(['http://169.254.169.254/latest/meta-data', 'http://127.0.0.1:1/', 'file:///etc/passwd', 'http://[::1]/'])(
    'to %s is refused',
    async (location) => {
      server.answer = to(location);
      await expect(fetched()).rejects.toMatchObject({ failure: 'storage_not_allowed' });
    },
  );

  test('is followed twice and no more', async () => {
    server.answer = to('/again');
    await expect(fetched()).rejects.toMatchObject({ failure: 'storage_refused' });
    expect(server.asked).toHaveLength(3);
  });
});

test('a recording that does not fit into the spool waits, and is not read', async () => {
  server.answer = recording();
  await expect(fetched({ maxBytes: mp3.length - 1 })).rejects.toMatchObject({ failure: 'spool_full' });
});

test('a disk that is full is told as such', async () => {
  server.answer = recording();
  // Linux’s device that is always full.
  const handle = await open('/dev/full', 'r+');
  const spool = { open: () => Promise.resolve({ handle, close: () => handle.close() }) };
  const wanted = { url: `${server.url}/recording`, format: 'mp3', durationMillis: DURATION_MS } as const;
  const watching = { onProgress: () => undefined, signal: new AbortController().signal };
  await expect(fetchToSpool(wanted, { spool, allowedHosts: [server.host] }, watching)).rejects.toMatchObject({
    failure: 'spool_unusable',
    message: expect.stringContaining('ENOSPC') as string,
  });
});

test('an empty recording is handed on as such', async () => {
  server.answer = recording(Buffer.alloc(0));
  const file = await fetched();
  expect(file.sizeBytes).toBe(0);
});

test('an answer that is refused for its headers is not listened to any longer', async () => {
  let refusedAt = Infinity;
  const closedAt = new Promise<number>((resolve) => {
    server.answer = (response) => {
      response.writeHead(200, { 'content-type': 'text/html' });
      response.write('<html>');
      response.on('close', () => {
        resolve(Date.now());
      });
    };
  });
  await fetched().catch(() => (refusedAt = Date.now()));
  // Without our doing, the garbage collector closes it, whenever that is.
  expect((await closedAt) - refusedAt).toBeLessThan(200);
});

test('a fetch that is cancelled ends, and leaves nothing in the spool', async () => {
  const cancel = new AbortController();
  server.answer = (response) => {
    response.writeHead(200, { 'content-type': 'audio/mpeg', 'content-length': String(mp3.length) });
    response.write(mp3.subarray(0, 10));
  };
  const fetching = fetched({
    signal: cancel.signal,
    onProgress: () => {
      cancel.abort();
    },
  });
  await expect(fetching).rejects.toMatchObject({ message: expect.stringMatching(/cut after 10 bytes/) as string });
  expect(readdirSync(spoolDirectory)).toEqual([]);
});

describe('an address', () => {
  test.each([
    ['a host that is not listed', 'https://evil.test/r.mp3'],
    ['this machine, not listed', 'http://127.0.0.1:1/r.mp3'],
    ['this machine by another spelling', 'http://2130706433:1/r.mp3'],
    ['this machine in IPv6', 'http://[::ffff:127.0.0.1]:1/r.mp3'],
    ['the cloud’s metadata', 'http://169.254.169.254/latest/meta-data'],
    ['a file', 'file:///etc/passwd'],
    ['data', 'data:audio/mpeg;base64,SUQz'],
    ['the carrier’s storage without TLS', 'http://bucket.s3.amazonaws.com/r.mp3'],
    ['the carrier’s storage at another port', 'https://bucket.s3.amazonaws.com:8443/r.mp3'],
    ['a name that begins like the carrier’s', 'https://s3.amazonaws.com.evil.test/r.mp3'],
    ['a name that ends like the carrier’s', 'https://eviltelnyx.com/r.mp3'],
    ['a user that looks like the carrier', 'https://s3.amazonaws.com@evil.test/r.mp3'],
    ['a user at the carrier’s', 'https://user@bucket.s3.amazonaws.com/r.mp3'],
    ['a password at the carrier’s', 'https://:password@bucket.s3.amazonaws.com/r.mp3'],
    ['no address', 'recording.mp3'],
    ['nothing', ''],
  ])('of %s is refused before anything is sent', async (_name, url) => {
    await expect(fetched({ url })).rejects.toMatchObject({
      message: expect.stringMatching(/^recordings are not fetched from/) as string,
    });
  });

  test.each(['user@', ':password@', 'user:password@'])(
    'with credentials (%s) is refused, listed or not',
    async (who) => {
      server.answer = recording();
      await fetched({ url: `http://${who}${server.host}/r.mp3` }).catch(() => undefined);
      expect(server.asked).toEqual([]);
    },
  );

  test('of a listed host at another port is refused', async () => {
    server.answer = recording();
    const allowedHosts = ['127.0.0.1:1'];
    await fetched({ allowedHosts }).catch(() => undefined);
    expect(server.asked).toEqual([]);
  });
});
