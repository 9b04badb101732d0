import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { Webhook } from 'standardwebhooks';
import { deliver } from '../../../activities/recording-delivery';
import type { WebBackend } from '../../../activities/recording-delivery';
import type { DeliveryFailure } from '../../../domain/delivery-failures';
import type { RecordingToDeliver } from '../../../domain/recordings';
import { boundaryOf, readMultipart } from '../../../simulator/multipart';
import type { PartHead } from '../../../simulator/multipart';
import { aLocalServer, answering, resetting } from '../platform/local-server';
import type { Answering, Asked } from '../platform/local-server';

const server = aLocalServer();
const audio = Buffer.concat([Buffer.from('ID3'), Buffer.alloc(50_000, 7)]);
const sha256 = createHash('sha256').update(audio).digest('hex');
const signingSecret = `whsec_${Buffer.alloc(24, 5).toString('base64')}`;
const file = {
  sizeBytes: audio.length,
  sha256,
  read: () => Readable.from([audio.subarray(0, 1000), audio.subarray(1000)]),
  remove: () => Promise.resolve(),
};

const recording: RecordingToDeliver = {
  recordingId: 'r1',
  callId: 'COLD_CALL_01JGZ0ABCDEFGHJKMNPQRSTV0X',
  callControlId: 'v3:abc',
  format: 'mp3',
  businessId: '6f1c2a34-0b5d-4e6f-8a7b-9c0d1e2f3a4b',
  provider: 'telnyx',
  fromPhone: '+15551234567',
  toPhone: '+15559999999',
  metadata: { name: 'Zoë “7”\r\n--boundary' },
};
const carriers = {
  channels: 'dual',
  duration_millis: 12_500,
  recording_started_at: '2026-01-05T12:00:00Z',
  recording_ended_at: '2026-01-05T12:00:12.5Z',
} as const;

function delivered(backend: Partial<WebBackend> = {}, changes: Partial<RecordingToDeliver> = {}): Promise<void> {
  const all = { url: server.url, apiKey: null, signingSecret: null, ...backend };
  return deliver({ recording: { ...recording, ...changes }, carriers, file }, all, new AbortController().signal);
}

/** The one request that was sent. */
function sent(): Asked {
  const [asked, ...more] = server.asked;
  if (!asked || more.length > 0) throw new Error(`${server.asked.length} requests were sent`);
  return asked;
}

interface Part extends PartHead {
  readonly body: Buffer;
}

/** Its parts, in the order they stand in the body. */
async function partsOf({ headers, body }: Asked): Promise<Part[]> {
  const parts: Part[] = [];
  await readMultipart(Readable.from([body]), boundaryOf(headers['content-type']) ?? '', (head) => {
    const chunks: Buffer[] = [];
    return { write: (chunk) => chunks.push(chunk), end: () => parts.push({ ...head, body: Buffer.concat(chunks) }) };
  });
  return parts;
}

async function partOf(asked: Asked, name: string): Promise<Part> {
  const part = (await partsOf(asked)).find((one) => one.name === name);
  if (!part) throw new Error(`no part is called ${name}`);
  return part;
}
const metadataOf = async (asked: Asked): Promise<string> => (await partOf(asked, 'metadata')).body.toString();

describe('what is sent', () => {
  beforeEach(() => {
    server.answer = answering(201, {});
  });

  test('goes to the address of recordings', async () => {
    await delivered();
    expect(sent()).toMatchObject({ method: 'POST', url: '/api/v1/recordings' });
  });

  test('has the metadata before the file', async () => {
    await delivered();
    expect((await partsOf(sent())).map(({ name }) => name)).toEqual(['metadata', 'file']);
  });

  test('has the audio, byte for byte', async () => {
    await delivered();
    expect((await partOf(sent(), 'file')).body.equals(audio)).toBe(true);
  });

  test.each([
    ['mp3', 'r1.mp3', 'audio/mpeg'],
    ['wav', 'r1.wav', 'audio/wav'],
  ] as const)('names an %s by its recording and its type', async (format, filename, contentType) => {
    await delivered({}, { format });
    expect(await partOf(sent(), 'file')).toMatchObject({ filename, contentType });
  });

  test('says how long it is', async () => {
    await delivered();
    const asked = sent();
    expect(asked.headers['content-length']).toBe(String(asked.body.length));
  });

  test('says all that is known of the recording', async () => {
    await delivered();
    expect(JSON.parse(await metadataOf(sent()))).toEqual({
      business_id: recording.businessId,
      call_id: recording.callId,
      call_sid: 'v3:abc',
      recording_sid: 'r1',
      recording_status: 'completed',
      recording_channels: 'dual',
      recording_duration_seconds: 12.5,
      recording_format: 'mp3',
      recording_started_at: '2026-01-05T12:00:00Z',
      recording_ended_at: '2026-01-05T12:00:12.5Z',
      telephony_provider: 'telnyx',
      from_phone: '+15551234567',
      to_phone: '+15559999999',
      size_bytes: audio.length,
      sha256,
      metadata: recording.metadata,
    });
  });

  test('has the same Idempotency-Key every time', async () => {
    await delivered();
    await delivered();
    const keys = server.asked.map(({ headers }) => headers['idempotency-key']);
    expect(keys).toEqual(['rec-r1-mp3', 'rec-r1-mp3']);
  });

  test('carries the key of the web-backend', async () => {
    await delivered({ apiKey: 'backend-key' });
    expect(sent().headers.authorization).toBe('Bearer backend-key');
  });

  test('carries neither key nor signature where none is configured', async () => {
    await delivered();
    const names = Object.keys(sent().headers);
    expect(names.filter((name) => name === 'authorization' || name.startsWith('webhook-'))).toEqual([]);
  });

  test('is signed so that the receiver’s library verifies the metadata', async () => {
    await delivered({ signingSecret });
    const asked = sent();
    const metadata = await metadataOf(asked);
    const headers = asked.headers as Record<string, string>;
    expect(new Webhook(signingSecret).verify(metadata, headers)).toEqual(JSON.parse(metadata));
  });

  test('is signed over the metadata: another one is not verified', async () => {
    await delivered({ signingSecret });
    const asked = sent();
    const metadata = (await metadataOf(asked)).replace('completed', 'forged');
    const headers = asked.headers as Record<string, string>;
    expect(() => new Webhook(signingSecret).verify(metadata, headers)).toThrow('No matching signature found');
  });
});

const same = { sha256, size_bytes: audio.length };
const other = { sha256: 'f'.repeat(64), size_bytes: audio.length };

test.each<[string, Answering]>([
  ['200', answering(200, {})],
  ['201', answering(201, {})],
  ['204', answering(204, '')],
  ['200 in HTML', answering(200, '<html>thanks</html>')],
  ['200 with this digest and size', answering(200, same)],
  ['201 with this digest', answering(201, { sha256 })],
  ['409 with this digest', answering(409, same)],
])('an answer of %s confirms the delivery', async (_name, answer) => {
  server.answer = answer;
  await expect(delivered()).resolves.toBeUndefined();
});

const cutAnswer: Answering = (response) => {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': '500' });
  response.write('{"sha256":"', () => response.socket?.destroy());
};

const endlessAnswer: Answering = (response) => {
  response.writeHead(200);
  const more = (): void => {
    if (!response.destroyed) response.write(Buffer.alloc(100_000), more);
  };
  more();
};

test.each<[string, Answering, DeliveryFailure]>([
  ['202', answering(202, same), 'web_backend_undecided'],
  ['206', answering(206, same), 'web_backend_unconfirmed'],
  ['200 with another digest', answering(200, other), 'web_backend_unconfirmed'],
  ['201 with another size', answering(201, { size_bytes: 1 }), 'web_backend_unconfirmed'],
  ['409 with another digest', answering(409, other), 'web_backend_refuses'],
  ['409 without a digest', answering(409, {}), 'web_backend_refuses'],
  ['409 in HTML', answering(409, '<html>conflict</html>'), 'web_backend_refuses'],
  ['400', answering(400, same), 'web_backend_refuses'],
  ['401', answering(401, {}), 'web_backend_credentials'],
  ['404', answering(404, {}), 'web_backend_refuses'],
  ['410', answering(410, {}), 'web_backend_gone'],
  ['413', answering(413, {}), 'web_backend_refuses'],
  ['429', answering(429, {}), 'web_backend_busy'],
  ['500', answering(500, same), 'web_backend_failing'],
  ['503', answering(503, {}), 'web_backend_failing'],
  ['301', answering(301, '', { location: '/elsewhere' }), 'web_backend_redirects'],
  ['307', answering(307, '', { location: '/elsewhere' }), 'web_backend_redirects'],
  ['a reset', resetting, 'web_backend_unreachable'],
  ['200, cut in the middle', cutAnswer, 'web_backend_unconfirmed'],
  ['200 without an end', endlessAnswer, 'web_backend_unconfirmed'],
])('an answer of %s confirms nothing', async (_name, answer, failure) => {
  server.answer = answer;
  await expect(delivered()).rejects.toMatchObject({ failure });
});

test('a 200 that comes before the last byte was sent confirms nothing', async () => {
  const early = createServer((_request, response) => response.writeHead(200).end('{}'));
  await new Promise<void>((resolve) => early.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(early.address() as AddressInfo).port}`;
  const held = { ...file, read: () => Readable.from(slowly(audio)) };
  const backend = { url, apiKey: null, signingSecret: null };
  const sending = deliver({ recording, carriers, file: held }, backend, new AbortController().signal);
  await expect(sending).rejects.toMatchObject({ failure: 'web_backend_unconfirmed' });
  early.closeAllConnections();
  await new Promise((resolve) => early.close(resolve));
});

async function* slowly(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes.subarray(0, 1);
  await new Promise((resolve) => setTimeout(resolve, 300));
  yield bytes.subarray(1);
}

test.each([
  ['7', 7_000],
  ['soon', null],
])('Retry-After: %s is %p ms', async (header, retryAfterMs) => {
  server.answer = answering(503, {}, { 'retry-after': header });
  await expect(delivered()).rejects.toMatchObject({ retryAfterMs });
});

test('what is told of a failure holds neither key nor address', async () => {
  const failures = [resetting, answering(500, 'backend-key')].map(async (answer) => {
    server.answer = answer;
    return String(await delivered({ apiKey: 'backend-key' }).catch((error: unknown) => error));
  });
  for (const told of await Promise.all(failures)) expect(told).not.toMatch(/backend-key|127\.0\.0\.1/);
});

test('an empty recording is delivered as such', async () => {
  server.answer = answering(201, {});
  const empty = { ...file, sizeBytes: 0, read: () => Readable.from([]), sha256: createHash('sha256').digest('hex') };
  const backend = { url: server.url, apiKey: null, signingSecret: null };
  await deliver({ recording, carriers, file: empty }, backend, new AbortController().signal);
  expect(JSON.parse(await metadataOf(sent()))).toMatchObject({ size_bytes: 0, empty: true });
  expect((await partOf(sent(), 'file')).body).toHaveLength(0);
});

test.each([301, 302, 303, 307, 308])('a redirect %s is not followed', async (status) => {
  server.answer = answering(status, '', { location: `${server.url}/elsewhere` });
  await delivered({ apiKey: 'backend-key' }).catch(() => undefined);
  expect(server.asked.map(({ url }) => url)).toEqual(['/api/v1/recordings']);
});

test('a web-backend that is not there is told from one that refuses', async () => {
  await expect(delivered({ url: 'http://127.0.0.1:1' })).rejects.toMatchObject({ failure: 'web_backend_unreachable' });
});

test('a delivery that is cancelled ends', async () => {
  const cancel = new AbortController();
  server.answer = () => {
    cancel.abort();
  };
  const backend = { url: server.url, apiKey: null, signingSecret: null };
  await expect(deliver({ recording, carriers, file }, backend, cancel.signal)).rejects.toMatchObject({
    failure: 'web_backend_unreachable',
  });
});
