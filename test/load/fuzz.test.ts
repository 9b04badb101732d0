/**
 * Requests and webhooks that nobody would write, for a while: none is answered with a 5xx, the process lives, answers
 * quickly, and keeps its memory. A failure names the seed; FUZZ_SEED runs it again. With Redis, as where it matters:
 * without it, a list asks the calls themselves, for up to 1.5 s, and one of them is flooded here.
 */
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import path from 'node:path';
import fc from 'fast-check';
import { startRedis } from '../../cli/programs/redis';
import type { RedisServer } from '../../cli/programs/redis';
import { LEAD } from '../../domain/call';
import { encodeClientState } from '../../platform/telnyx/client-state';
import { createTexmlAddresses } from '../../platform/telnyx/texml-address';
import { INCOMING_PATHS } from '../../server/texml-incoming';
import { createSigner } from '../../simulator/webhooks';
import { API_KEY, startOutside } from '../support/outside';
import type { Outside } from '../support/outside';
import { COLLECTING, startPart } from '../support/processes';
import type { Part } from '../support/processes';
import { atScale } from '../support/scale';
import { BASE_PATH } from '../support/system';

const SECONDS = atScale({ quick: 4, ci: 60, full: 1_800 });
const SEED = Number(process.env['FUZZ_SEED'] ?? atScale({ quick: 1, ci: 2, full: Date.now() % 1e9 }));
const AT_ONCE = 4;
/** Of one answer, without the time in which the machine had no processor for it. */
const MOST_MS = 250;
/** So many that none of them asks too often. */
const KEYS = Array.from({ length: 100 }, (_, nth) => `fuzz-${nth}`);
const MOST_GROWTH_BYTES = 16 * 1024 * 1024;

let outside: Outside;
let redis: RedisServer;
let worker: Part;
let api: Part;
let callId: string;

beforeAll(async () => {
  outside = await startOutside({ seed: 13 });
  redis = await startRedis({
    path: process.env['REDIS_SERVER_PATH'] ?? 'redis-server',
    logFile: path.join(outside.dataDir, 'redis.log'),
  });
  const settings = { ...outside.env, REDIS_URL: redis.url };
  worker = await startPart(['work'], 'workers.running', { ...settings, AGENT_WAIT_SECS: '600' });
  const env = { ...settings, ...COLLECTING, COLD_CALL_API_KEYS: [API_KEY, ...KEYS].join() };
  api = await startPart(['serve'], 'api.listening', env);
  ({ call_id: callId } = await outside.request('POST', '/initiate', { to_phone: '+15550900006' }));
}, 120_000);
afterAll(async () => {
  await Promise.all([worker.kill(), api.kill()]);
  await redis.stop();
  await outside.stop();
});

interface Sent {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | null;
}

const NASTY = [
  '',
  ' ',
  '\u0000',
  '%00',
  '../..',
  '__proto__',
  '{{7*7}}',
  "' OR 1=1--",
  '\r\nx: y',
  '😀',
  'a'.repeat(5_000),
];
const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom(...NASTY));
/** What can stand in an address. */
const words = text.map((any) => Buffer.from(any).toString());
const value = fc.oneof(fc.jsonValue(), text, fc.constantFrom('+15550901006', '+15550902001', -1, 1e308, null, true));

const INITIATE = {
  to_phone: '+15550901000',
  from_phone: '+15551234567',
  record: true,
  ring_timeout_secs: 15,
  answering_machine: 'off',
  agent: { type: 'sip', uri: 'sip:ana@pbx.example.com' },
  metadata: { a: 1 },
};
const BODIES: readonly object[] = [
  INITIATE,
  { to_phone: '+15550901000', handler: { type: 'texml', texml: '<Response><Say>Hello</Say></Response>' } },
  { to_phone: '+15550901000', handler: { type: 'texml', flow: 'survey', variables: { name: 'Ana' } } },
  { to_phone: '+15550901000', handler: { type: 'texml', flow_source: 'steps:\n  a: { say: Hello }' } },
  { conference_id: 'COLD_CALL_00000000000000000000000000', client_id: 'ana' },
  { conference_id: 'COLD_CALL_00000000000000000000000000', participant_sid: 'lead', action: 'mute' },
  { state: 'dead_letter' },
];
/** A body that is nearly right: one field is something else, or there is one more. */
const nearly = (whole: object): fc.Arbitrary<string> =>
  fc
    .tuple(fc.oneof(fc.constantFrom(...Object.keys(whole)), text), value)
    .map(([key, other]) => JSON.stringify({ ...whole, [key]: other }));
const body = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...BODIES).chain(nearly) },
  { weight: 2, arbitrary: value.map((any) => JSON.stringify(any)) },
  { weight: 1, arbitrary: text },
);

const ROUTES = [
  ['POST', '/initiate'],
  ['GET', '/calls'],
  ['GET', '/calls/*'],
  ['GET', '/calls/*/events'],
  ['POST', '/calls/*/hangup'],
  ['POST', '/end'],
  ['POST', '/webrtc-join'],
  ['POST', '/control/mute'],
  ['GET', '/conference-status/*'],
  ['GET', '/recordings'],
  ['GET', '/recordings/*'],
  ['POST', '/recordings/*/redeliver'],
  ['POST', '/recordings/redeliver'],
  ['GET', '/recordings/audit'],
  ['GET', '/flows'],
  ['POST', '/webhook/telnyx/call-status'],
] as const;
const TYPES = ['application/json', 'text/plain', 'application/json; charset=utf-16', ''];

const request: fc.Arbitrary<Sent> = fc
  .record({
    route: fc.constantFrom(...ROUTES),
    method: fc.constantFrom(null, null, null, 'PUT', 'DELETE', 'OPTIONS'),
    id: fc.oneof(words, fc.constantFrom('COLD_CALL_00000000000000000000000000', 'COLD_CALL_x')),
    query: fc.option(words),
    key: fc.constantFrom(...KEYS, 'nobodys'),
    idempotencyKey: fc.option(fc.string({ minLength: 1, maxLength: 300 })),
    type: fc.constantFrom(...TYPES, 'application/json', 'application/json'),
    body,
  })
  .map(({ route: [usual, path], method, id, query, key, idempotencyKey, type, body: given }) => {
    const isRead = (method ?? usual) === 'GET';
    const asked =
      query === null ? '' : `?${encodeURIComponent(query)}=${encodeURIComponent(query)}&limit=${query.length}`;
    return {
      method: method ?? usual,
      path: `${BASE_PATH}${path.replace('*', encodeURIComponent(id))}${asked}`,
      headers: {
        'x-api-key': key,
        'content-type': type,
        ...(idempotencyKey !== null && /^[\x21-\x7e]+$/.test(idempotencyKey) && { 'idempotency-key': idempotencyKey }),
      },
      body: isRead ? null : given,
    };
  });

const EVENTS = [
  'call.initiated',
  'call.answered',
  'call.hangup',
  'call.machine.premium.detection.ended',
  'call.machine.premium.greeting.ended',
  'call.speak.ended',
  'call.playback.ended',
  'call.recording.saved',
  'call.recording.error',
  'conference.participant.joined',
  'conference.participant.left',
  'conference.ended',
];
const webhook = (): fc.Arbitrary<Sent> => {
  const signer = createSigner(outside.simulator.signingKey);
  const installation = outside.env['OUTCALL_INSTALLATION'] ?? '';
  // Of a call that is live: what is said of it must not break it.
  const clientState = encodeClientState({ installation, callId, leg: LEAD });
  const payload = {
    call_control_id: 'v3:fuzz',
    call_leg_id: 'fuzz',
    call_session_id: 'fuzz',
    connection_id: outside.simulator.connectionId,
    client_state: clientState,
    hangup_cause: 'normal_clearing',
    result: 'human',
    conference_id: 'fuzz',
    recording_urls: { mp3: 'https://example.com/x.mp3' },
    status: 'completed',
  };
  return fc
    .record({
      event_type: fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...EVENTS) }, { weight: 1, arbitrary: text }),
      id: fc.oneof(fc.uuid(), text),
      occurred_at: fc.oneof(
        fc.date({ noInvalidDate: true }).map((at) => at.toISOString()),
        text,
      ),
      payload: fc
        .tuple(fc.constantFrom(...Object.keys(payload)), value)
        .map(([key, other]): object => ({ ...payload, [key]: other })),
    })
    .map((data) => {
      const signed = JSON.stringify({ data });
      const path = `${BASE_PATH}/webhook/telnyx/conference-status`;
      return { method: 'POST', path, headers: signer.headers(signed, Date.now()), body: signed };
    });
};

const TEXML_PATHS = [
  'instructions/1',
  'instructions/again',
  'status',
  'machine',
  'recordings',
  'recordings/steps',
  'wait',
];
/** Forms of TeXML calls, of which one field is something else. */
const form = (): fc.Arbitrary<Sent> => {
  const signer = createSigner(outside.simulator.signingKey);
  const base = createTexmlAddresses(BASE_PATH, outside.simulator.apiKey).base(callId);
  const fields = {
    CallSid: 'v3:fuzz',
    CallStatus: 'completed',
    Timestamp: new Date().toISOString(),
    AnsweredBy: 'machine_end_beep',
    RecordingStatus: 'completed',
    RecordingSid: 'fuzz',
    Digits: '1',
    To: '+15551234567',
  };
  const paths = [
    ...TEXML_PATHS.map((path) => `${base}/${path}`),
    ...Object.values(INCOMING_PATHS).map((path) => `${BASE_PATH}${path}`),
  ];
  return fc
    .record({
      path: fc.constantFrom(...paths),
      isGet: fc.boolean(),
      query: fc.constantFrom('', 'to=1', 'held=59', 'held=60', 'to=x&held=-1'),
      changed: fc.tuple(fc.oneof(fc.constantFrom(...Object.keys(fields)), words), words),
    })
    .map(({ path, isGet, query, changed: [key, other] }) => {
      const encoded = new URLSearchParams({ ...fields, [key]: other }).toString();
      const signed = isGet ? '' : encoded;
      return {
        method: isGet ? 'GET' : 'POST',
        path: `${path}?${isGet ? `${query}&${encoded}`.slice(0, 12_000) : query}`,
        headers: signer.headers(signed, Date.now(), 'application/x-www-form-urlencoded'),
        body: isGet ? null : signed,
      };
    });
};

interface Seen {
  readonly sent: Sent;
  readonly status: number;
  /** From the request to the answer. */
  readonly ms: number;
  /** Without what is the machine's. */
  readonly oursMs: number;
}

/**
 * How long the API's main thread, and this one that asks it, have been ready to run and had to wait for a processor, so far
 * (Linux: sched-stats; elsewhere nothing is excused). Slowness of the API cannot hide in it: work, garbage collection and
 * waiting for others do not count, and while the API keeps us waiting we are not ready to run.
 */
function starvedMs(): number {
  const files = [api.pid, process.pid].map((pid) => `/proc/${pid}/schedstat`).filter((file) => existsSync(file));
  return files.reduce((sum, file) => sum + Number(readFileSync(file, 'utf8').split(' ')[1]) / 1e6, 0);
}

async function send({ method, path, headers, body: given }: Sent): Promise<Omit<Seen, 'sent'>> {
  const [startedMs, starvedBeforeMs] = [performance.now(), starvedMs()];
  const stop = new AbortController();
  const answer = await fetch(`${outside.url}${path}`, { method, headers, body: given, signal: stop.signal });
  const ms = performance.now() - startedMs;
  const oursMs = ms - (starvedMs() - starvedBeforeMs);
  if (answer.headers.get('content-type')?.startsWith('text/event-stream')) stop.abort();
  else await answer.arrayBuffer();
  return { status: answer.status, ms, oursMs };
}

/** What the API keeps, garbage apart. */
async function keptBytes(): Promise<number> {
  process.kill(api.pid, 'SIGUSR2');
  await sleep(1_000);
  const metrics = await (await fetch(`${outside.url}/metrics`)).text();
  const read = (name: string): number => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(metrics)?.[1]);
  return read('nodejs_heap_size_used_bytes') + read('nodejs_external_memory_bytes');
}

interface Tally {
  answers: number;
  slowestMs: number;
  slowestOursMs: number;
  /** Answered with a 5xx, or late. */
  readonly bad: Seen[];
}

function note(tally: Tally, seen: Seen): void {
  const { status, ms, oursMs } = seen;
  tally.answers += 1;
  tally.slowestMs = Math.max(tally.slowestMs, ms);
  tally.slowestOursMs = Math.max(tally.slowestOursMs, oursMs);
  if ((status >= 500 && status !== 501) || oursMs > MOST_MS) tally.bad.push(seen);
}

/** Sends until the time is over. */
async function fuzz(tally: Tally): Promise<void> {
  const endsAtMs = Date.now() + SECONDS * 1000;
  for (let round = 0; Date.now() < endsAtMs; round++) {
    const batch = fc.sample(fc.oneof(request, webhook(), form()), { seed: SEED + round, numRuns: 200 });
    const one = async (): Promise<void> => {
      for (let sent = batch.pop(); sent !== undefined; sent = batch.pop()) note(tally, { sent, ...(await send(sent)) });
    };
    await Promise.all(Array.from({ length: AT_ONCE }, one));
  }
}

test(
  `nothing that is sent for ${SECONDS} s (seed ${SEED}) is answered with a 5xx, late, or with memory that is not given back`,
  async () => {
    const tally: Tally = { answers: 0, slowestMs: 0, slowestOursMs: 0, bad: [] };
    await fuzz(tally);
    const before = await keptBytes();
    await fuzz(tally);
    const growth = (await keptBytes()) - before;
    const [slowest, ours] = [tally.slowestMs, tally.slowestOursMs].map(Math.round);
    process.stderr.write(
      `${tally.answers} answers in ${2 * SECONDS} s; the slowest took ${slowest} ms, ${ours} ms without waiting for a processor; memory ${Math.round(growth / 1024 / 1024)} MiB more\n`,
    );
    expect(tally.bad.slice(0, 3)).toEqual([]);
    expect(api.isDead()).toBe(false);
    expect(growth).toBeLessThan(MOST_GROWTH_BYTES);
    const { status } = await outside.request('POST', `/calls/${callId}/hangup`);
    expect(status).not.toBeUndefined();
  },
  SECONDS * 4_000 + 60_000,
);

test('an answer of an API that stood still is late', async () => {
  const asked: Sent = {
    method: 'GET',
    path: `${BASE_PATH}/calls/${callId}`,
    headers: { 'x-api-key': API_KEY },
    body: null,
  };
  process.kill(api.pid, 'SIGSTOP');
  const answered = send(asked);
  await sleep(MOST_MS + 50);
  process.kill(api.pid, 'SIGCONT');
  expect((await answered).oursMs).toBeGreaterThan(MOST_MS);
});
