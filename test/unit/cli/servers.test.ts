/** The real servers, started and stopped. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { freePort, startChild } from '../../../cli/programs/child';
import { findRedis, startRedis } from '../../../cli/programs/redis';
import { findTemporalCli, startTemporalDevServer } from '../../../cli/programs/temporal';
import type { DevServer } from '../../../cli/programs/temporal';
import { aFolder, aProgram, removeFakes } from './fake-programs';

const { env } = process;
const say = () => undefined;
let cliPath: string;
const started: DevServer[] = [];

beforeAll(async () => {
  cliPath = await findTemporalCli({ env, cacheDir: '.cache', say });
}, 300_000);

afterAll(async () => {
  await Promise.all(started.map((server) => server.stop()));
  removeFakes();
});

async function aServer(changes: Partial<Parameters<typeof startTemporalDevServer>[0]> = {}): Promise<DevServer> {
  const server = await startTemporalDevServer({
    cliPath,
    port: await freePort(),
    uiPort: null,
    dbFile: null,
    namespace: 'outcall-test',
    searchAttributes: [
      defineSearchAttributeKey('CallStatus', SearchAttributeType.KEYWORD),
      defineSearchAttributeKey('LeadKey', SearchAttributeType.KEYWORD),
    ],
    logFile: join(aFolder(), 'temporal.log'),
    say,
    ...changes,
  });
  started.push(server);
  return server;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe('the Temporal dev server', () => {
  test('keeps ended workflows for 45 days and knows the search attributes', async () => {
    const { address } = await aServer();
    const ask = (...args: string[]) =>
      execFileSync(cliPath, [...args, '--address', address, '--namespace', 'outcall-test', '--output', 'json'], {
        encoding: 'utf8',
      });
    expect(ask('operator', 'namespace', 'describe')).toContain(`"workflowExecutionRetentionTtl": "${45 * 86_400}s"`);
    expect(ask('operator', 'search-attribute', 'list')).toMatch(/CallStatus[\s\S]*LeadKey/);
  });

  test('ends by stop, and says that this was wanted', async () => {
    const server = await aServer();
    await server.stop();
    expect(await server.exited).toMatchObject({ code: 0, wanted: true });
    expect(isAlive(server.pid)).toBe(false);
  });

  test('is not started on a port that somebody uses', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    await expect(aServer({ port })).rejects.toThrow(`port ${port} is in use`);
    other.close();
  });

  test('is not started on a database that another one has open', async () => {
    const dbFile = join(aFolder(), 'temporal.db');
    const first = await aServer({ dbFile });
    await expect(aServer({ dbFile })).rejects.toThrow(`in use by process ${first.pid}`);
    await first.stop();
    const second = await aServer({ dbFile });
    expect(isAlive(second.pid)).toBe(true);
  });

  test('shows its last lines when it does not start', async () => {
    const broken = aProgram(join(aFolder(), 'temporal'), 'echo "database is malformed"; exit 3');
    await expect(aServer({ cliPath: broken })).rejects.toThrow(/ended with code 3[\s\S]*database is malformed/);
  });
});

test('Redis answers when it has started and is gone when it was stopped', async () => {
  const redis = await startRedis({ path: await findRedis({ env, say }), logFile: join(aFolder(), 'redis.log') });
  expect(redis.url).toMatch(/^redis:\/\/127\.0\.0\.1:\d+$/);
  await redis.stop();
  expect(isAlive(redis.pid)).toBe(false);
}, 300_000);

describe('a started program', () => {
  test('is killed when it does not end by itself', async () => {
    const stubborn = aProgram(join(aFolder(), 'stubborn'), 'trap "" TERM; echo up; while :; do sleep 0.1; done');
    const child = await startChild({ name: 'stubborn', command: stubborn, args: [], logFile: join(aFolder(), 'log') });
    await sleep(200);
    await child.stop(100);
    expect(await child.exited).toMatchObject({ signal: 'SIGKILL' });
  });

  test('that is not there is an error with its name', async () => {
    const starting = startChild({ name: 'Nothing', command: '/nowhere', args: [], logFile: join(aFolder(), 'log') });
    await expect(starting).rejects.toThrow('Nothing could not be started from /nowhere');
  });

  test('ends with its starter, also when that one is killed', async () => {
    const log = JSON.stringify(join(aFolder(), 'log'));
    const script = `require('./cli/programs/child').startChild({ name: 'sleep', command: 'sleep', args: ['60'], logFile: ${log} })
      .then((child) => console.log(child.pid))`;
    const starter = spawn(process.execPath, ['--import', 'tsx', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const pid = Number(
      await new Promise((resolve) =>
        starter.stdout.once('data', (line) => {
          resolve(String(line));
        }),
      ),
    );
    expect(isAlive(pid)).toBe(true);
    starter.kill('SIGKILL');
    for (let waits = 0; isAlive(pid) && waits < 50; waits += 1) await sleep(100);
    expect(isAlive(pid)).toBe(false);
  });
});
