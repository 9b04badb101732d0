import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { freePort } from '../../../cli/programs/child';
import { findRedis, startRedis } from '../../../cli/programs/redis';
import type { RedisServer } from '../../../cli/programs/redis';
import { NOTHING_KNOWN } from '../../../domain/facts';
import { expectedRecording } from '../../../domain/recordings';
import type { RecordingStatus } from '../../../domain/recordings';
import { describeCall } from '../../../domain/status';
import type { CallStatus, StatusDocument } from '../../../domain/status';
import { createMemoryStatusStore, createRedisStatusStore } from '../../../platform/status-store';
import type { StatusStore } from '../../../platform/status-store';
import { aCall, at } from '../domain/a-call';

/** The document of a call of its own, changed as said. */
function aDocument(changes: Partial<StatusDocument> = {}): StatusDocument {
  const callId = `COLD_CALL_0${randomBytes(13).toString('hex').slice(1).toUpperCase()}`;
  const document = { ...describeCall(aCall({ callId }), NOTHING_KNOWN, { at: at(0), source: 'api' }), ...changes };
  return { ...document, recordings: document.recording ? [document.recording] : [] };
}
const delivered: RecordingStatus = { ...expectedRecording('mp3', 'r1'), state: 'delivered', size_bytes: 5_000 };
const keyOf = ({ call_id: callId }: StatusDocument): string => `cold_call_status:${callId}`;
const silent = (): void => undefined;

let started: RedisServer | null = null;
let directory = '';
let redisUrl = process.env['REDIS_URL'] ?? '';
/** A client of the test's own, to look behind the store's back. */
let redis: Redis;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'outcall-redis-'));
  if (redisUrl === '') {
    const path = await findRedis({ env: process.env, say: silent });
    started = await startRedis({ path, logFile: join(directory, 'redis.log') });
    redisUrl = started.url;
  }
  redis = new Redis(redisUrl);
}, 60_000);

afterAll(async () => {
  redis.disconnect();
  await started?.stop();
  rmSync(directory, { recursive: true });
});

const open: StatusStore[] = [];
afterEach(async () => {
  for (const store of open.splice(0)) await store.close();
});

async function aRedisStore(url = redisUrl): Promise<StatusStore> {
  const store = createRedisStatusStore(url, silent);
  open.push(store);
  await until(() => store.ping());
  return store;
}

async function aMemoryStore(): Promise<StatusStore> {
  const store = createMemoryStatusStore();
  open.push(store);
  return Promise.resolve(store);
}

/** Tries until it works, for two seconds. */
async function until(attempt: () => Promise<void>): Promise<void> {
  for (let left = 100; ; left--) {
    try {
      await attempt();
      return;
    } catch (error) {
      if (left === 0) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

describe.each<[string, () => Promise<StatusStore>]>([
  ['in memory', aMemoryStore],
  ['in Redis', aRedisStore],
])('a store %s', (_name, aStore) => {
  test('has no document of a call that nobody saved', async () => {
    const store = await aStore();
    await expect(store.get(aDocument().call_id)).resolves.toBeNull();
  });

  test('returns what was saved', async () => {
    const [store, document] = [await aStore(), aDocument()];
    await store.save(document);
    await expect(store.get(document.call_id)).resolves.toEqual(document);
  });

  test('keeps calls apart', async () => {
    const [store, document] = [await aStore(), aDocument()];
    await store.save(document);
    await store.save(aDocument());
    await expect(store.get(document.call_id)).resolves.toEqual(document);
  });

  test('moves a document forward', async () => {
    const [store, document] = [await aStore(), aDocument()];
    const later = { ...document, status: 'ringing', updated_at: at(5) } as const;
    await store.save(document);
    await store.save(later);
    await expect(store.get(document.call_id)).resolves.toEqual(later);
  });

  test.each<[string, Partial<StatusDocument>]>([
    ['of an earlier status', { status: 'dialing', updated_at: at(99) }],
    ['of the same status, made earlier', { updated_at: at(4), participant_count: 7 }],
  ])('is not changed by a write %s that comes late', async (_which, late) => {
    const [store, document] = [await aStore(), aDocument({ status: 'ringing', updated_at: at(5) })];
    await store.save(document);
    await store.save({ ...document, ...late });
    await expect(store.get(document.call_id)).resolves.toEqual(document);
  });

  test('adds the state of a recording to its call', async () => {
    const [store, document] = [await aStore(), aDocument()];
    await store.save(document);
    await store.saveRecording(document.call_id, delivered);
    await expect(store.get(document.call_id)).resolves.toEqual({
      ...document,
      recording: delivered,
      recordings: [delivered],
    });
  });

  test('keeps the state of a recording when its call is saved again', async () => {
    const [store, document] = [await aStore(), aDocument()];
    await store.save(document);
    await store.saveRecording(document.call_id, delivered);
    await store.save({ ...document, status: 'ended', updated_at: at(9) });
    await expect(store.get(document.call_id)).resolves.toMatchObject({ status: 'ended', recording: delivered });
  });

  test('makes no document of a recording alone', async () => {
    const [store, document] = [await aStore(), aDocument()];
    await store.saveRecording(document.call_id, delivered);
    await expect(store.get(document.call_id)).resolves.toBeNull();
  });

  test('can be reached', async () => {
    const store = await aStore();
    await expect(store.ping()).resolves.toBeUndefined();
  });

  test('loses nothing that writers know when they write at once', async () => {
    const [store, document] = [await aStore(), aDocument({ recording: expectedRecording('mp3', 'r1') })];
    await store.save(document);
    const statuses: CallStatus[] = ['answered', 'dialing', 'ended', 'ringing', 'in_progress'];
    await Promise.all([
      ...statuses.map((status) => store.save({ ...document, status })),
      store.saveRecording(document.call_id, delivered),
    ]);
    await expect(store.get(document.call_id)).resolves.toMatchObject({ status: 'ended', recording: delivered });
  });
});

describe('a store in Redis', () => {
  const SEVEN_DAYS = 7 * 24 * 3600;

  test('keeps the document where users read it', async () => {
    const [store, document] = [await aRedisStore(), aDocument()];
    await store.save(document);
    expect(JSON.parse((await redis.get(keyOf(document))) ?? '')).toEqual(document);
  });

  test.each<[string, (store: StatusStore, document: StatusDocument) => Promise<void>]>([
    ['first', (store, document) => store.save(document)],
    ['second', (store, document) => store.save({ ...document, status: 'ended' })],
    ['late', (store, document) => store.save({ ...document, updated_at: at(-9) })],
    ['recording’s', (store, document) => store.saveRecording(document.call_id, delivered)],
  ])('forgets the document of a settled call seven days after its %s write', async (which, write) => {
    const [store, document] = [await aRedisStore(), aDocument({ status: 'ended', recording: null })];
    if (which !== 'first') await store.save(document);
    if (which !== 'first') await redis.expire(keyOf(document), 60);
    await write(store, document);
    const ttl = await redis.ttl(keyOf(document));
    expect(ttl).toBeGreaterThan(SEVEN_DAYS - 60);
    expect(ttl).toBeLessThanOrEqual(SEVEN_DAYS);
  });

  test.each<[string, Partial<StatusDocument>]>([
    ['a running call', {}],
    ['a call whose recording is still on its way', { status: 'ended' }],
  ])('forgets the document of %s after two minutes, so that readers ask Temporal', async (_what, differs) => {
    const [store, document] = [await aRedisStore(), aDocument(differs)];
    await store.save(document);
    expect(await redis.ttl(keyOf(document))).toBeLessThanOrEqual(120);
  });

  const garbage = ['', 'garbage', '{"half":', 'null', '7', '[]', '{}', '"text"', '\u0000\u00ff'];

  test.each(garbage)('reads %j at a document’s key as none', async (text) => {
    const [store, document] = [await aRedisStore(), aDocument()];
    await redis.set(keyOf(document), text);
    await expect(store.get(document.call_id)).resolves.toBeNull();
  });

  test.each(garbage)('writes over %j at a document’s key', async (text) => {
    const [store, document] = [await aRedisStore(), aDocument()];
    await redis.set(keyOf(document), text);
    await store.save(document);
    await expect(store.get(document.call_id)).resolves.toEqual(document);
  });

  test('loses nothing that writers of several processes know', async () => {
    const document = aDocument({ recording: expectedRecording('mp3', 'r1') });
    const [one, two, three, four] = await Promise.all([aRedisStore(), aRedisStore(), aRedisStore(), aRedisStore()]);
    await one.save(document);
    await Promise.all([
      one.save({ ...document, status: 'ended' }),
      two.save({ ...document, status: 'ringing' }),
      three.save({ ...document, status: 'answered' }),
      four.saveRecording(document.call_id, delivered),
    ]);
    await expect(one.get(document.call_id)).resolves.toMatchObject({ status: 'ended', recording: delivered });
  });
});

describe('a Redis that cannot be used', () => {
  const sockets: Socket[] = [];
  const servers: Server[] = [];
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
  });

  /** Takes connections and never says a word. */
  async function aMuteServer(): Promise<string> {
    const server = createServer((socket) => sockets.push(socket)).listen(0, '127.0.0.1');
    servers.push(server);
    await new Promise((resolve) => server.once('listening', resolve));
    return `redis://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }
  const nobody = async (): Promise<string> => `redis://127.0.0.1:${await freePort()}`;

  const uses: [string, (store: StatusStore) => Promise<unknown>][] = [
    ['get', (store) => store.get(aDocument().call_id)],
    ['save', (store) => store.save(aDocument())],
    ['saveRecording', (store) => store.saveRecording(aDocument().call_id, delivered)],
    ['ping', (store) => store.ping()],
  ];
  const troubles: [string, () => Promise<string>][] = [
    ['is not there', nobody],
    ['never answers', aMuteServer],
  ];
  const cases = troubles.flatMap(([trouble, url]) => uses.map(([use, does]) => [trouble, use, url, does] as const));

  test.each(cases)('because it %s makes %s fail within a second', async (_trouble, _use, url, does) => {
    const store = createRedisStatusStore(await url(), silent);
    open.push(store);
    const asked = Date.now();
    await expect(does(store)).rejects.toThrow();
    expect(Date.now() - asked).toBeLessThan(1_000);
  });

  test.each(uses)('because it stopped answering makes %s fail within a second', async (_use, does) => {
    const store = await aRedisStore();
    await redis.client('PAUSE', 600, 'ALL');
    const asked = Date.now();
    try {
      await expect(does(store)).rejects.toThrow();
      expect(Date.now() - asked).toBeLessThan(1_000);
    } finally {
      await redis.ping();
    }
  });

  test('is used again when it is back', async () => {
    const path = await findRedis({ env: process.env, say: silent });
    const port = await freePort();
    const first = await startRedis({ path, port, logFile: join(directory, 'first.log') });
    const store = await aRedisStore(first.url);
    await first.stop();
    await expect(store.ping()).rejects.toThrow();
    const second = await startRedis({ path, port, logFile: join(directory, 'second.log') });
    await expect(until(() => store.ping())).resolves.toBeUndefined();
    await second.stop();
  });

  test('is complained about once, not with every attempt to reach it', async () => {
    const said: string[] = [];
    const store = createRedisStatusStore(await nobody(), (problem) => said.push(problem));
    open.push(store);
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(said).toHaveLength(1);
  });
});
