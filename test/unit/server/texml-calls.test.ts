import { gzipSync } from 'node:zlib';
import { BASE_PATH } from '../../../server/base-path';
import { texmlCallRoutes } from '../../../server/texml-calls';
import { parseTexml } from '../../../texml/reader';
import { CALL_ID, createFakeDirectory, PUBLIC_URL, startTexmlServer } from './texml-server';
import type { FakeDirectory, SendOptions, TexmlServer } from './texml-server';

let fake: FakeDirectory;
let server: TexmlServer;
beforeEach(async () => {
  fake = createFakeDirectory();
  server = await startTexmlServer(fake, texmlCallRoutes);
});
afterEach(() => server.stop());

const CALL_SID = 'v3:lead';
const USUAL = { AccountSid: 'account', CallSid: CALL_SID, From: '+15551234567', To: '+15559999999' };
const ask = (what: string, options: SendOptions = {}) =>
  server.send(`${server.call}/${what}`, { ...options, fields: { ...USUAL, ...options.fields } });
/** Where a document leads. */
const redirectIn = (texml: string): URL | null => {
  const found = parseTexml(texml).document?.children.find(
    (child) => typeof child !== 'string' && child.name === 'Redirect',
  );
  const [address] = typeof found === 'object' ? found.children : [];
  return typeof address === 'string' ? new URL(address) : null;
};

describe('a request for a document', () => {
  test('is an update of the call, and answered with its document', async () => {
    fake.said.instructions = { kind: 'document', texml: '<Response><Say>Hello</Say></Response>' };
    const answer = await ask('instructions/3?to=2', { fields: { Digits: '1' } });
    expect(answer).toMatchObject({ status: 200, text: '<Response><Say>Hello</Say></Response>' });
    expect(answer.type).toMatch(/^text\/xml\b/);
    expect(fake.asked).toEqual([
      {
        callId: CALL_ID,
        updateId: 'instructions/3',
        request: {
          number: 3,
          target: 2,
          base: `${PUBLIC_URL}${server.call}`,
          callSid: CALL_SID,
          fields: { ...USUAL, Digits: '1' },
          at: expect.stringMatching(/^\d{4}-.*Z$/) as unknown,
        },
      },
    ]);
  });

  test('by GET says the same', async () => {
    await ask('instructions/3?to=2', { method: 'GET', fields: { Digits: '1' } });
    expect(fake.asked[0]?.request).toMatchObject({ number: 3, target: 2, fields: { ...USUAL, Digits: '1' } });
    expect(fake.asked[0]?.request.fields).not.toHaveProperty('to');
  });

  test('that is repeated is the same update', async () => {
    await ask('instructions/3');
    await ask('instructions/3');
    expect(fake.asked.map(({ updateId }) => updateId)).toEqual(['instructions/3', 'instructions/3']);
  });

  test('for the last document again is another update each time', async () => {
    await ask('instructions/again');
    await ask('instructions/again');
    expect(new Set(fake.asked.map(({ updateId }) => updateId)).size).toBe(2);
    expect(fake.asked[0]?.request.number).toBe('again');
  });

  test('of a call that is over is told to hang up', async () => {
    fake.said.instructions = { kind: 'over' };
    expect((await ask('instructions/3')).text).toContain('<Response><Hangup/></Response>');
  });

  test('shows no field in the log', async () => {
    await ask('instructions/3', { fields: { Digits: '4111111111111111', SpeechResult: 'my card' } });
    const line = server.lines.join('\n');
    expect(line).toContain('"event":"texml.asked"');
    expect(line).not.toMatch(/4111|my card|5559999999/);
  });
});

describe('a request that is answered late', () => {
  beforeEach(() => {
    fake.said.instructions = { kind: 'late' };
  });

  test('is held: the carrier pauses, and comes again with all that it said', async () => {
    const { status, text } = await ask('instructions/3?to=2', { fields: { Digits: '1#', SpeechResult: 'é & <yes>' } });
    expect(status).toBe(200);
    expect(parseTexml(text)).toMatchObject({ findings: [] });
    expect(text).toContain('<Pause length="1"/>');
    const next = redirectIn(text);
    expect(next?.origin).toBe(PUBLIC_URL);
    await server.send(`${next?.pathname ?? ''}${next?.search ?? ''}`, { fields: USUAL });
    const [first, second] = fake.asked;
    expect({ ...second?.request, at: '' }).toEqual({ ...first?.request, at: '' });
  });

  test('carries nothing that comes again anyhow', async () => {
    const next = redirectIn((await ask('instructions/3', { fields: { Digits: '1' } })).text);
    expect([...(next?.searchParams.keys() ?? [])].sort()).toEqual(['Digits', 'held']);
  });

  test('counts how often it was held', async () => {
    expect(redirectIn((await ask('instructions/3?held=7')).text)?.searchParams.get('held')).toBe('8');
  });

  test('is held by GET as well', async () => {
    const next = redirectIn((await ask('instructions/3?to=1&held=7', { method: 'GET', fields: { Digits: '9' } })).text);
    expect(next?.search).toBe('?to=1&held=8&Digits=9');
  });

  test('keeps what was pressed when what was said is too long for an address', async () => {
    const fields = { SpeechResult: 'é'.repeat(5_000), Digits: '12' };
    const next = redirectIn((await ask('instructions/3', { fields })).text);
    expect(next?.searchParams.get('Digits')).toBe('12');
    expect(next?.href.length).toBeLessThan(7_000);
  });

  test('ends with an apology after 60 times', async () => {
    const { text } = await ask('instructions/3?held=60');
    expect(text).toMatch(/<Say>.*<\/Say><Hangup\/>/);
    expect(redirectIn(text)).toBeNull();
  });
});

const STATUS = { CallStatus: 'in-progress', Timestamp: new Date().toISOString() };

describe('a callback', () => {
  test('is told to the call, and answered with no document that could be played', async () => {
    expect(await ask('status', { fields: STATUS })).toMatchObject({ status: 200, text: '{"status":"ok"}' });
    expect(fake.told).toMatchObject([{ callId: CALL_ID, event: { kind: 'answered', source: 'webhook' } }]);
  });

  test.each([
    ['machine', { AnsweredBy: 'machine_end_beep' }, ['machineDetected', 'greetingEnded']],
    ['recordings', { RecordingSid: 'r', RecordingStatus: 'completed' }, ['recordingSaved']],
    ['recordings/steps', { RecordingSid: 'r', RecordingStatus: 'completed' }, ['stepRecorded']],
    ['status', { CallStatus: 'exploded' }, []],
  ])('at %s with %j says %j', async (path, fields, kinds) => {
    expect((await ask(path, { fields })).status).toBe(200);
    expect(fake.told.map(({ event }) => event.kind)).toEqual(kinds);
  });

  test('that comes again, by GET or POST, is told once', async () => {
    await ask('status', { fields: STATUS });
    await ask('status', { fields: STATUS });
    await ask('status', { method: 'GET', fields: STATUS });
    expect(fake.told).toHaveLength(1);
  });

  test('of other content is another event', async () => {
    await ask('status', { fields: STATUS });
    await ask('status', { fields: { CallStatus: 'completed' } });
    expect(new Set(fake.told.map(({ eventId }) => eventId)).size).toBe(2);
  });

  test('of a call that is over is answered all the same', async () => {
    fake.said.isOver = true;
    expect((await ask('status', { fields: STATUS })).status).toBe(200);
    expect(server.lines.join('\n')).toContain('"ignored":"call_over"');
  });
});

test('people who wait hear the hold music, over and over', async () => {
  const { text } = await ask('wait');
  expect(text).toContain(`<Response><Play loop="0">${PUBLIC_URL}${BASE_PATH}/sounds/hold.wav</Play></Response>`);
});

describe('what is no request of the carrier’s is refused', () => {
  const manyFields = Array.from({ length: 201 }, (_, i) => `F${i}=1`).join('&');
  test.each<[string, string, SendOptions, number, string]>([
    ['unsigned', 'instructions/1', { isSigned: false }, 401, 'invalid_signature'],
    ['unsigned, by GET', 'instructions/1', { isSigned: false, method: 'GET' }, 401, 'invalid_signature'],
    ['an unsigned callback', 'status', { isSigned: false }, 401, 'invalid_signature'],
    ['unsigned hold music', 'wait', { isSigned: false }, 401, 'invalid_signature'],
    ['document 0', 'instructions/0', {}, 404, 'not_found'],
    ['document -1', 'instructions/-1', {}, 404, 'not_found'],
    ['document 1e9', 'instructions/1e9', {}, 404, 'not_found'],
    ['document 10,001', 'instructions/10001', {}, 404, 'not_found'],
    ['no document', 'instructions/', {}, 404, 'not_found'],
    ['half a percent sign', 'instructions/%zz', {}, 400, 'malformed_request'],
    ['target 100', 'instructions/1?to=100', {}, 400, 'invalid_form'],
    ['a target of words', 'instructions/1?to=../../x', {}, 400, 'invalid_form'],
    ['a count of words', 'instructions/1?held=NaN', {}, 400, 'invalid_form'],
    ['a form without a leg', 'instructions/1', { body: 'Digits=1' }, 400, 'invalid_form'],
    ['an empty form', 'instructions/1', { body: '' }, 400, 'invalid_form'],
    ['201 fields', 'status', { body: manyFields }, 400, 'invalid_form'],
    ['bytes that are no text', 'status', { body: new Uint8Array([0x41, 0x3d, 0xff, 0xfe]) }, 401, 'invalid_signature'],
    ['JSON', 'status', { headers: { 'content-type': 'application/json' } }, 415, 'unsupported_media_type'],
    [
      'a form that is zipped',
      'status',
      { body: gzipSync('CallSid=x'), headers: { 'content-encoding': 'gzip' } },
      415,
      'unsupported_media_type',
    ],
    ['64 KiB and one', 'status', { body: 'x'.repeat(65_537) }, 413, 'payload_too_large'],
    ['PUT', 'status', { method: 'PUT' }, 405, 'method_not_allowed'],
  ])('%s: %s', async (_name, path, options, status, code) => {
    const answer = await server.send(`${server.call}/${path}`, options);
    expect({ status: answer.status, ...(JSON.parse(answer.text) as object) }).toMatchObject({ status, code });
    expect([...fake.asked, ...fake.told]).toEqual([]);
  });

  test.each([
    ['another mark', (call: string) => call.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'))],
    ['no mark', (call: string) => call.replace(/\/[^/]+$/, '')],
    ['another call', (call: string) => call.replace(CALL_ID, `${CALL_ID.slice(0, -1)}Y`)],
    ['an id that is none', (call: string) => call.replace(CALL_ID, '..%2F..%2Fetc%2Fpasswd')],
  ])('%s: 404, whatever is signed', async (_name, change) => {
    expect((await server.send(`${change(server.call)}/instructions/1`, { fields: USUAL })).status).toBe(404);
    expect(fake.asked).toEqual([]);
  });

  test('a signed body does not speak for the query of a GET', async () => {
    const other = await server.send(`${server.call}/status`, { fields: { ...USUAL, ...STATUS } });
    expect(other.status).toBe(200);
    expect((await server.send(`${server.call}/status?CallSid=x`, { method: 'GET', isSigned: false })).status).toBe(401);
  });
});

test.each(['__proto__', 'constructor', 'prototype', 'a\r\nb', 'x'.repeat(200)])(
  'a field called %j is no field',
  async (name) => {
    await ask('instructions/1', { body: `CallSid=x&${encodeURIComponent(name)}=1` });
    expect(fake.asked[0]?.request.fields).toEqual({ CallSid: 'x' });
    expect({}).not.toHaveProperty('1');
  },
);

test('of a field that is there twice the first counts', async () => {
  await ask('instructions/1', { body: 'CallSid=x&Digits=1&Digits=2' });
  expect(fake.asked[0]?.request.fields).toEqual({ CallSid: 'x', Digits: '1' });
});
