import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fetchToSpool } from '../../../activities/recording-fetch';
import type { SpooledFile } from '../../../activities/recording-fetch';
import type { RecordingFormat } from '../../../domain/call';
import { aLocalServer, resetting } from '../platform/local-server';
import type { Answering } from '../platform/local-server';

const server = aLocalServer();
const spools = mkdtempSync(join(tmpdir(), 'outcall-spool-'));
/** Made by the code under test. */
const spoolDirectory = join(spools, 'spool');
const mp3 = Buffer.concat([Buffer.from('ID3'), Buffer.alloc(100_000, 7)]);
const wav = Buffer.concat([Buffer.from('RIFF\0\0\0\0WAVEfmt '), Buffer.alloc(5_000, 7)]);

afterEach(() => {
  rmSync(spoolDirectory, { recursive: true, force: true });
});
afterAll(() => {
  rmSync(spools, { recursive: true });
});

interface Wanted {
  readonly url?: string;
  readonly format?: RecordingFormat;
  readonly allowedHosts?: readonly string[];
  readonly signal?: AbortSignal;
  readonly heartbeat?: (bytes: number) => void;
}

function fetched({ url, format = 'mp3', allowedHosts, signal, heartbeat }: Wanted = {}): Promise<SpooledFile> {
  return fetchToSpool(
    url ?? `${server.url}/recording?X-Amz-Signature=canary`,
    format,
    { spoolDirectory, allowedHosts: allowedHosts ?? [server.host] },
    { heartbeat: heartbeat ?? (() => undefined), signal: signal ?? new AbortController().signal },
  );
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

describe('a recording that arrives whole', () => {
  test('is in the spool, byte for byte', async () => {
    server.answer = recording();
    const file = await fetched();
    expect(readFileSync(file.path).equals(mp3)).toBe(true);
  });

  test('comes with its size and digest', async () => {
    server.answer = recording();
    const sha256 = createHash('sha256').update(mp3).digest('hex');
    await expect(fetched()).resolves.toMatchObject({ sizeBytes: mp3.length, sha256 });
  });

  test('can be read by us alone', async () => {
    server.answer = recording();
    const file = await fetched();
    expect(statSync(file.path).mode & 0o777).toBe(0o600);
    expect(statSync(spoolDirectory).mode & 0o777).toBe(0o700);
  });

  test('is gone from the spool when it is removed, and removing it twice is safe', async () => {
    server.answer = recording();
    const file = await fetched();
    await file.remove();
    await file.remove();
    expect(existsSync(file.path)).toBe(false);
  });

  test('tells how far it got', async () => {
    const heard: number[] = [];
    server.answer = recording();
    await fetched({ heartbeat: (bytes) => heard.push(bytes) });
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
    ['MP3 without a tag', 'mp3', Buffer.from([0xff, 0xfb, 0x90, 0x64, 0, 0])],
    ['WAV', 'wav', wav],
  ])('may be %s', async (_name, format, body) => {
    server.answer = recording(body, 200, { 'content-type': 'audio/x-wav' });
    await expect(fetched({ format })).resolves.toMatchObject({ sizeBytes: body.length });
  });
});

const broken: [string, Answering, RegExp][] = [
  ['of nothing', cutAfter(0), /cut after 0 bytes|cannot be reached/],
  ['cut after a byte', cutAfter(1), /cut after/],
  ['cut in the middle', cutAfter(mp3.length / 2), /cut after/],
  ['cut before its last byte', cutAfter(mp3.length - 1), /cut after/],
  ['without a length', recording(mp3, 200, { 'content-length': '' }), /how many bytes/],
  ['that is compressed', recording(mp3, 200, { 'content-encoding': 'br' }), /how many bytes/],
  ['of HTML', recording(Buffer.from('<html>'), 200, { 'content-type': 'text/html' }), /no audio/],
  ['of XML, as S3 answers errors', recording(mp3, 200, { 'content-type': 'application/xml' }), /no audio/],
  ['of JSON', recording(mp3, 200, { 'content-type': 'application/json' }), /no audio/],
  ['without a type', recording(mp3, 200, { 'content-type': '' }), /no audio/],
  ['of a type that only begins like audio', recording(mp3, 200, { 'content-type': 'audio/mpegurl' }), /no audio/],
  ['of HTML that says it is audio', recording(Buffer.from('<html>nothing here</html>')), /no mp3/],
  ['of WAV that says it is MP3', recording(wav), /no mp3/],
  ['of no bytes', recording(Buffer.alloc(0)), /no mp3/],
  ['of one byte', recording(Buffer.from([0xff])), /no mp3/],
  ['204', recording(Buffer.alloc(0), 204), /answered 204/],
  ['206', recording(mp3, 206), /answered 206/],
  ['403, the URL has expired', recording(mp3, 403), /answered 403/],
  ['404', recording(mp3, 404), /answered 404/],
  ['503', recording(mp3, 503), /answered 503/],
  ['that is a reset', resetting, /cannot be reached/],
  ...[301, 302, 303, 307, 308].map((status): [string, Answering, RegExp] => [
    `${status}`,
    recording(mp3, status, { location: '/elsewhere' }),
    new RegExp(`answered ${status}`),
  ]),
];

test.each(broken)('an answer %s is no recording', async (_name, answer, message) => {
  server.answer = answer;
  await expect(fetched()).rejects.toMatchObject({
    type: 'recording_fetch_failed',
    message: expect.stringMatching(message) as string,
  });
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

test('a redirect is not followed', async () => {
  server.answer = recording(mp3, 302, { location: '/elsewhere' });
  await fetched().catch(() => undefined);
  expect(server.asked.map(({ url }) => url)).toEqual(['/recording?X-Amz-Signature=canary']);
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
    heartbeat: () => {
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
