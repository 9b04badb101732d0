/**
 * A Redis server for development and tests: where to find the program, and running one that keeps nothing. REDIS_URL
 * set means that there is a server already, and none of this is needed.
 */
import { connect } from 'node:net';
import { acquire, executable, onPath } from './acquire';
import type { Way } from './acquire';
import { freePort, run, startChild, untilReady } from './child';
import type { Child, Say } from './child';

export interface RedisServer {
  readonly url: string;
  readonly pid: number;
  readonly exited: Child['exited'];
  stop(): Promise<void>;
}

/**
 * The path of `redis-server` or `valkey-server`: REDIS_SERVER_PATH, PATH, and as root on Debian the package. Where
 * that starts a service of its own, it listens on 6379 and ours elsewhere.
 */
export function findRedis({ env, say }: { readonly env: NodeJS.ProcessEnv; readonly say: Say }): Promise<string> {
  const given = env['REDIS_SERVER_PATH']?.trim();
  if (given) return executable(given);
  const ways: Way[] = [
    ...['redis-server', 'valkey-server'].map((name) => ({ what: `${name} on PATH`, attempt: () => onPath(name, env) })),
    { what: "Debian's package redis-server", attempt: () => fromDebian(env, say) },
  ];
  return acquire('A Redis server', ways, [
    'install it (Debian: apt-get install redis-server, macOS: brew install redis), or',
    'run one: docker run -p 6379:6379 redis:7, and set REDIS_URL=redis://127.0.0.1:6379.',
  ]);
}

async function fromDebian(env: NodeJS.ProcessEnv, say: Say): Promise<string> {
  if (process.getuid?.() !== 0) throw new Error('only root can install packages');
  await onPath('apt-get', env);
  say("Redis: installing Debian's package redis-server …");
  const quiet = { env: { ...env, DEBIAN_FRONTEND: 'noninteractive' }, timeoutMs: 300_000 };
  const aptGet = (...args: string[]) => run('apt-get', ['-qq', '-o', 'DPkg::Lock::Timeout=120', ...args], quiet);
  const install = () => aptGet('install', '-y', '--no-install-recommends', 'redis-server');
  await install().catch(async () => {
    // A fresh machine has no package lists, or ones that name versions which are gone.
    await aptGet('update');
    await install();
  });
  return onPath('redis-server', env);
}

/** Starts a Redis that writes nothing to disk, on the given port or a free one, and waits until it answers. */
export async function startRedis(options: {
  readonly path: string;
  readonly port?: number;
  readonly logFile: string;
}): Promise<RedisServer> {
  const port = options.port ?? (await freePort());
  const args = ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
  const child = await startChild({ name: 'Redis', command: options.path, args, logFile: options.logFile });
  await untilReady(child, () => ping(port), 10_000);
  return { url: `redis://127.0.0.1:${port}`, pid: child.pid, exited: child.exited, stop: () => child.stop() };
}

function ping(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', timeout: 1_000 });
    socket.once('connect', () => socket.write('PING\r\n'));
    socket.once('error', reject);
    socket.once('timeout', () => socket.destroy(new Error('no answer within 1 s')));
    socket.once('data', (answer) => {
      socket.destroy();
      if (answer.toString().startsWith('+PONG')) resolve();
      else reject(new Error(`answered ${answer.toString().trim()}`));
    });
  });
}
