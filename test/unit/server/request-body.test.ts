import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import express from 'express';
import { createLogger } from '../../../platform/logger';
import { close, listen } from '../../../server/listen';
import { problemHandler } from '../../../server/problems';
import { parseJson, parseJsonBody, rawBody } from '../../../server/request-body';

const app = express();
app.post('/', rawBody('64kb'), (request, response) => {
  response.json({ read: parseJsonBody(request) });
});
const logged: string[] = [];
app.use(problemHandler(createLogger({ level: 'error', destination: { write: (line) => void logged.push(line) } })));

let url = '';
let server: Awaited<ReturnType<typeof listen>>;
beforeAll(async () => {
  server = await listen(app, 0, '127.0.0.1');
  url = `http://127.0.0.1:${port()}/`;
});
afterAll(() => {
  const closed = close(server);
  server.closeAllConnections();
  return closed;
});
const port = (): number => {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
};

interface Answer {
  readonly status: number;
  readonly type: string | null;
  readonly body: { readonly read?: unknown; readonly code?: string };
}

async function post(body: RequestInit['body'], headers: Record<string, string> = {}): Promise<Answer> {
  const json = { 'content-type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers: { ...json, ...headers }, body: body ?? null });
  return {
    status: response.status,
    type: response.headers.get('content-type'),
    body: (await response.json()) as Answer['body'],
  };
}

/** What `fetch` would not send: the answer to these bytes. */
function raw(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port(), '127.0.0.1', () => socket.write(text));
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk.toString();
      if (answer.includes('\r\n\r\n')) socket.destroy();
    });
    socket.on('close', () => {
      resolve(answer);
    });
    socket.on('error', reject);
  });
}

const nested = (depth: number, inside = ''): string => '['.repeat(depth) + inside + ']'.repeat(depth);

test.each<[string, RequestInit['body'], unknown]>([
  ['an object', '{"a":1}', { a: 1 }],
  ['a byte order mark before it', '\ufeff{"a":1}', { a: 1 }],
  ['text', '"x"', 'x'],
  ['null', 'null', null],
  ['a list', '[]', []],
  ['letters of all scripts', '{"a":"é📞"}', { a: 'é📞' }],
  ['half a character, escaped', '"\\ud800"', '\ud800'],
  ['the last of two equal keys', '{"a":1,"a":2}', { a: 2 }],
])('%s is read', async (_name, body, read) => {
  expect(await post(body)).toMatchObject({ status: 200, body: { read } });
});

test('64 KiB are read', async () => {
  const body = JSON.stringify('x'.repeat(65_536 - 2));
  expect(await post(body)).toMatchObject({ status: 200 });
});

test.each([
  'application/json',
  'application/json; charset=utf-8',
  'APPLICATION/JSON;charset="UTF-8"',
  'application/json;charset=utf8',
])('%s is a type of JSON', async (type) => {
  expect(await post('{}', { 'content-type': type })).toMatchObject({ status: 200 });
});

const chain = Array.from({ length: 1_000 }, () => 'gzip').join(',');

test.each<[string, RequestInit['body'], Record<string, string>, number, string]>([
  ['nothing', '', {}, 400, 'invalid_json'],
  ['half an object', '{"a":', {}, 400, 'invalid_json'],
  ['NaN', '{"a":NaN}', {}, 400, 'invalid_json'],
  ['single quotes', "{'a':1}", {}, 400, 'invalid_json'],
  ['a trailing comma', '{"a":1,}', {}, 400, 'invalid_json'],
  ['two values', '{}{}', {}, 400, 'invalid_json'],
  ['bytes that are not UTF-8', new Uint8Array([0x22, 0xff, 0xfe, 0x22]), {}, 400, 'invalid_json'],
  ['UTF-16', new Uint8Array(Buffer.from('\ufeff{}', 'utf16le')), {}, 400, 'invalid_json'],
  ['33 lists in each other', nested(33), {}, 400, 'invalid_json'],
  ['33 lists around a number', nested(33, '1'), {}, 400, 'invalid_json'],
  ['33 objects in each other', '{"a":'.repeat(32) + '{}' + '}'.repeat(32), {}, 400, 'invalid_json'],
  ['30,000 lists in each other', nested(30_000), {}, 400, 'invalid_json'],
  ['64 KiB and a byte', JSON.stringify('x'.repeat(65_536 - 1)), {}, 413, 'payload_too_large'],
  ['text', '{}', { 'content-type': 'text/plain' }, 415, 'unsupported_media_type'],
  ['XML', '<a/>', { 'content-type': 'application/xml' }, 415, 'unsupported_media_type'],
  ['a form', 'a=1', { 'content-type': 'application/x-www-form-urlencoded' }, 415, 'unsupported_media_type'],
  ['a multipart form', '--x--', { 'content-type': 'multipart/form-data; boundary=x' }, 415, 'unsupported_media_type'],
  ['a type that begins like JSON', '{}', { 'content-type': 'application/jsonp' }, 415, 'unsupported_media_type'],
  ['UTF-7', '{}', { 'content-type': 'application/json; charset=utf-7' }, 415, 'unsupported_media_type'],
  ['UTF-16, declared', '{}', { 'content-type': 'application/json; charset=utf-16' }, 415, 'unsupported_media_type'],
  [
    'a gzip bomb',
    new Uint8Array(gzipSync(Buffer.alloc(5_000_000, 32))),
    { 'content-encoding': 'gzip' },
    415,
    'unsupported_media_type',
  ],
  ['brotli', '{}', { 'content-encoding': 'br' }, 415, 'unsupported_media_type'],
  ['an unknown encoding', '{}', { 'content-encoding': 'bogus' }, 415, 'unsupported_media_type'],
  ['a thousand encodings', '{}', { 'content-encoding': chain }, 415, 'unsupported_media_type'],
])('a body of %s is refused', async (_name, body, headers, status, code) => {
  expect(await post(body, headers)).toMatchObject({
    status,
    type: expect.stringMatching(/^application\/problem\+json/) as string,
    body: { code },
  });
});

test.each([nested(32), nested(32, ''), '{"a":'.repeat(31) + '[1]' + '}'.repeat(31)])(
  '32 levels are read: case %#',
  async (body) => {
    expect(await post(body)).toMatchObject({ status: 200 });
  },
);

test('without a type a body is refused', async () => {
  const answer = await raw('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}');
  expect(answer).toMatch(/^HTTP\/1\.1 415 /);
});

const HEAD = 'POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n';

test('a body in pieces is refused when together they are too long', async () => {
  const piece = `4000\r\n${'x'.repeat(0x4000)}\r\n`;
  const answer = await raw(`${HEAD}Transfer-Encoding: chunked\r\n\r\n${piece.repeat(5)}0\r\n\r\n`);
  expect(answer).toMatch(/^HTTP\/1\.1 413 /);
});

test('a body of two lengths is refused', async () => {
  const answer = await raw(`${HEAD}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}`);
  expect(answer).toMatch(/^HTTP\/1\.1 400 /);
});

test.each([
  ['is announced to be too long', `${HEAD}Content-Length: 100000000\r\n\r\n{`],
  ['has no end', `${HEAD}Transfer-Encoding: chunked\r\n\r\n11170\r\n${'x'.repeat(0x11170)}\r\n`],
])('a body that %s is refused before it has arrived', async (_what, request) => {
  expect(await raw(request)).toMatch(/^HTTP\/1\.1 413 /);
});

// It takes as long as the limit.
if (['ci', 'full'].includes(process.env['TEST_SCALE'] ?? '')) {
  test('a body that stops half-way is waited for 15 seconds', async () => {
    const started = Date.now();
    expect(await raw(`${HEAD}Content-Length: 9\r\n\r\n{"a"`)).toMatch(/^HTTP\/1\.1 408 /);
    expect(Date.now() - started).toBeLessThan(17_500);
  });
}

test('nothing that a client sends is logged as an error of ours', () => {
  expect(logged).toEqual([]);
});

test('the depth of a body is measured without recursion', () => {
  const deep = Buffer.from(nested(1_000_000));
  expect(() => parseJson(deep)).toThrow('the body is');
});
