/** Redis is a copy: written for readers, lost without consequence. On a real server. */
import { isSettled } from '../../domain/status';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Redis } from 'ioredis';
import { startRedis } from '../../cli/programs/redis';
import type { RedisServer } from '../../cli/programs/redis';
import { hasEnded, startSystem, stopSystems } from '../support/system';
import type { System } from '../support/system';

describe('with Redis', () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'outcall-redis-'));
  let server: RedisServer;
  let redis: Redis;
  let system: System;

  beforeAll(async () => {
    server = await startRedis({
      path: process.env['REDIS_SERVER_PATH'] ?? 'redis-server',
      logFile: path.join(folder, 'redis.log'),
    });
    redis = new Redis(server.url, { lazyConnect: true, retryStrategy: () => null });
    redis.on('error', () => undefined);
    system = await startSystem({ env: { REDIS_URL: server.url, AGENT_WAIT_SECS: '20' } });
  });
  afterAll(async () => {
    await stopSystems();
    redis.disconnect();
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test('the document under cold_call_status:<call_id> is the one of the API, with 7 days to live', async () => {
    const callId = await system.call({ to_phone: '+15550300007' });
    const document = await system.until(callId, isSettled);
    const key = `cold_call_status:${callId}`;
    expect(JSON.parse((await redis.get(key)) ?? 'null')).toEqual(document);
    expect(await redis.ttl(key)).toBeGreaterThan(7 * 24 * 3600 - 60);
  });

  test('FLUSHALL in the middle of a call changes nothing', async () => {
    const callId = await system.call({ to_phone: '+15550301000' });
    await system.until(callId, ({ answered_at }) => answered_at !== null);
    await redis.flushall();
    expect(await system.status(callId)).toMatchObject({ call_id: callId, status: 'answered' });
    expect(await system.until(callId, isSettled)).toMatchObject({
      outcome: 'completed',
      recording: { state: 'delivered' },
    });
    await redis.flushall();
    // Nobody writes any more: what is read now comes from Temporal alone.
    expect(await system.status(callId)).toMatchObject({ outcome: 'completed', recording: { state: 'delivered' } });
  });

  test('something else at the key does no harm', async () => {
    const callId = await system.call({ to_phone: '+15550302000' });
    await redis.del(`cold_call_status:${callId}`);
    await redis.set(`cold_call_status:${callId}`, 'not ours');
    expect(await system.until(callId, isSettled)).toMatchObject({ outcome: 'completed' });
  });

  test('a Redis that is killed in the middle of a call changes nothing', async () => {
    const callId = await system.call({ to_phone: '+15550303000' });
    await system.until(callId, ({ answered_at }) => answered_at !== null);
    process.kill(server.pid, 'SIGKILL');
    await server.exited;
    expect(await system.until(callId, hasEnded)).toMatchObject({ outcome: 'completed', ended_by: 'lead' });
    const next = await system.call({ to_phone: '+15550304007' });
    expect(await system.until(next, hasEnded)).toMatchObject({ outcome: 'completed' });
    expect((await system.request('GET', '/readyz')).body).toMatchObject({ status: 'degraded' });
  }, 90_000);
});
