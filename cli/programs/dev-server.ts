/**
 * Temporal's dev server as this project needs it: one namespace with its search attributes, kept in a file or in
 * memory, ready when `startTemporalDevServer` resolves. Finding the program is `temporal.ts`.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { SearchAttributeType } from '@temporalio/common';
import { RUNS_KEPT_DAYS } from '../../domain/recordings';
import { freePort, isAlive, reason, run, startChild, untilReady } from './child';
import type { Exit, Say } from './child';

export interface DevServerOptions {
  readonly cliPath: string;
  readonly port: number;
  /** Null for no web UI. */
  readonly uiPort: number | null;
  /** Null keeps everything in memory: 2 to 3 times faster, as a file is synced at every step. */
  readonly dbFile: string | null;
  readonly namespace: string;
  /** As `defineSearchAttributeKey` of @temporalio/common makes them. */
  readonly searchAttributes: readonly { readonly name: string; readonly type: SearchAttributeType }[];
  /**
   * How long ended workflows are kept, in days. An idempotency key answers, and a recording can be asked for, as
   * long as this. @default RUNS_KEPT_DAYS
   */
  readonly retentionDays?: number;
  readonly logFile: string;
  readonly say: Say;
}

export interface DevServer {
  readonly address: string;
  readonly uiUrl: string | null;
  readonly pid: number;
  /** Resolves when the server has ended, whoever ended it. */
  readonly exited: Promise<Exit>;
  stop(): Promise<void>;
}

/**
 * With its default of 20 queue polls a second the dev server, which has one history shard, holds every task back by up
 * to 50 ms; far higher limits cost throughput. Partitions of 1 and the new matcher make priorities and fairness exact.
 */
const DYNAMIC_CONFIG = [
  'history.transferProcessorMaxPollRPS=100',
  'history.timerProcessorMaxPollRPS=100',
  'history.visibilityProcessorMaxPollRPS=100',
  'matching.numTaskqueueReadPartitions=1',
  'matching.numTaskqueueWritePartitions=1',
  'matching.useNewMatcher=true',
  'matching.enableFairness=true',
  'system.enableActivityEagerExecution=true',
];

const TYPE_NAMES: Readonly<Record<SearchAttributeType, string>> = {
  TEXT: 'Text',
  KEYWORD: 'Keyword',
  INT: 'Int',
  DOUBLE: 'Double',
  BOOL: 'Bool',
  DATETIME: 'Datetime',
  KEYWORD_LIST: 'KeywordList',
};

/** Starts the dev server and waits until calls can be run on it. Rejects with the server's last lines when it fails. */
export async function startTemporalDevServer(options: DevServerOptions): Promise<DevServer> {
  const { cliPath, port, uiPort, dbFile, namespace, logFile, say } = options;
  for (const wanted of uiPort === null ? [port] : [port, uiPort]) {
    if ((await freePort(wanted)) !== wanted) throw new Error(`Temporal dev server: port ${wanted} is in use`);
  }
  if (dbFile !== null) {
    mkdirSync(dirname(dbFile), { recursive: true });
    await stopLeftover(dbFile, say);
  }
  const address = `127.0.0.1:${port}`;
  const env = withoutTemporalSettings(process.env);
  const name = 'Temporal dev server';
  const child = await startChild({ name, command: cliPath, args: serverArguments(options), logFile, env });
  if (dbFile !== null) writeOwner(dbFile, child.pid);
  void child.exited.then(() => {
    if (dbFile !== null) rmSync(ownerFile(dbFile), { force: true });
  });

  const ask = (...args: string[]) =>
    run(cliPath, [...args, '--address', address, '--namespace', namespace, '--command-timeout', '5s'], { env });
  const query = options.searchAttributes.map((attribute) => `${attribute.name} IS NULL`).join(' AND ');
  // Counting by the attributes asks for all that a start needs: the namespace, its attributes and the visibility store.
  await untilReady(
    child,
    () => ask('workflow', 'count', ...(query ? ['--query', query] : [])).then(() => undefined),
    30_000,
  );
  await setRetention(ask, (options.retentionDays ?? RUNS_KEPT_DAYS) * 24).catch(async (cause: unknown) => {
    await child.stop();
    throw cause;
  });
  const uiUrl = uiPort === null ? null : `http://127.0.0.1:${uiPort}`;
  return { address, uiUrl, pid: child.pid, exited: child.exited, stop: () => child.stop() };
}

function serverArguments({ port, uiPort, dbFile, namespace, searchAttributes }: DevServerOptions): string[] {
  return [
    ...['server', 'start-dev', '--ip', '127.0.0.1', '--port', `${port}`, '--namespace', namespace],
    ...(uiPort === null ? ['--headless'] : ['--ui-port', `${uiPort}`]),
    ...(dbFile === null ? [] : ['--db-filename', dbFile]),
    ...['--log-level', 'error'],
    ...searchAttributes.flatMap(({ name, type }) => ['--search-attribute', `${name}=${TYPE_NAMES[type]}`]),
    ...DYNAMIC_CONFIG.flatMap((setting) => ['--dynamic-config-value', setting]),
  ];
}

/** `start-dev` gives its namespaces one day and has no option for it. */
async function setRetention(ask: (...args: string[]) => Promise<string>, hours: number): Promise<void> {
  await ask('operator', 'namespace', 'update', '--retention', `${hours}h`);
  const described = await ask('operator', 'namespace', 'describe', '--output', 'json');
  if (!described.includes(`"${hours * 3600}s"`)) {
    throw new Error(`Temporal dev server: the namespace's retention is not ${hours} hours after setting it`);
  }
}

/** TEMPORAL_ADDRESS, API key or TLS of another server would also be read by the CLI when it talks to this one. */
function withoutTemporalSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(env).filter(([name]) => !name.startsWith('TEMPORAL_'));
  return { ...Object.fromEntries(kept), TEMPORAL_CONFIG_FILE: '/dev/null' };
}

/*
 * A start that was killed leaves its server behind, and a second server on the same SQLite file would spoil it. So who
 * runs a file is written beside it: a server whose owner is gone is stopped, one whose owner lives is left alone.
 */
const ownerFile = (dbFile: string) => `${dbFile}.pid`;

function writeOwner(dbFile: string, server: number): void {
  writeFileSync(ownerFile(dbFile), JSON.stringify({ server, owner: process.pid }));
}

async function stopLeftover(dbFile: string, say: Say): Promise<void> {
  let known: { server: number; owner: number };
  try {
    known = JSON.parse(readFileSync(ownerFile(dbFile), 'utf8')) as typeof known;
  } catch {
    return; // No file: nobody, or somebody who ended in order.
  }
  if (!(await runsOn(known.server, dbFile))) return;
  if (isAlive(known.owner)) {
    throw new Error(
      `Temporal dev server: ${dbFile} is in use by process ${known.server}, started by process ${known.owner}. ` +
        'Stop that one, or give this one another DATA_DIR.',
    );
  }
  say(`Temporal: stopping the dev server that an earlier start left behind (process ${known.server}).`);
  process.kill(known.server, 'SIGTERM');
  for (let waits = 0; isAlive(known.server); waits += 1) {
    if (waits === 100) throw new Error(`Temporal dev server: process ${known.server} does not end; it holds ${dbFile}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Process ids are used again, so the command line has to name our file. */
async function runsOn(pid: number, dbFile: string): Promise<boolean> {
  if (!isAlive(pid)) return false;
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(dbFile);
  } catch {
    const args = await run('ps', ['-o', 'args=', '-p', `${pid}`]).catch(reason);
    return args.includes(`--db-filename ${dbFile}`);
  }
}
