/**
 * Everything on one machine: Temporal's dev server and the simulator where nothing else is configured, workers, API.
 * What `outcall start` and `outcall demo` run.
 */
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import type { Config } from '../platform/config';
import type { Logger } from '../platform/logger';
import { startSimulator } from '../simulator/server';
import type { Simulator } from '../simulator/server';
import { BASE_PATH } from '../server/base-path';
import { INCOMING_PATHS } from '../server/texml-incoming';
import { searchAttributes } from '../workflows/messages';
import { accessTo, compiledWorkflows, createStatusStore, startApi, startCallWorkers } from './assemble';
import type { CarrierAccess } from './assemble';
import { freePort } from './programs/child';
import type { Say } from './programs/child';
import { rememberStart } from './started-file';
import { findTemporalCli, startTemporalDevServer } from './programs/temporal';
import type { DevServer } from './programs/temporal';

export interface StackOptions {
  readonly config: Config;
  readonly log: Logger;
  readonly say: Say;
  /** Keep the dev server's database in DATA_DIR, or nothing at all. */
  readonly durable: boolean;
  /** Take other ports when the wanted ones are in use. */
  readonly anyPorts: boolean;
  readonly mischiefSeed?: number;
}

export interface Stack {
  /** Of the API. */
  readonly url: string;
  readonly apiKey: string;
  readonly config: Config;
  readonly temporal: { readonly address: string; readonly uiUrl: string | null; readonly databaseFile: string | null };
  /** Null with the real carrier. */
  readonly simulator: Simulator | null;
  /** Resolves, with a sentence, when a part ended that nobody stopped. */
  readonly broken: Promise<string>;
  /** Requests first, then workers, then the servers under them. Twice is safe. */
  stop(): Promise<void>;
}

/** Something to undo, newest first. */
type Undo = () => Promise<unknown>;

export async function startStack(options: StackOptions): Promise<Stack> {
  const undo: Undo[] = [];
  let stopping: Promise<void> | null = null;
  const stop = (): Promise<void> => (stopping ??= undoAll(undo));
  try {
    return await assembleStack(options, undo, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function assembleStack(options: StackOptions, undo: Undo[], stop: Stack['stop']): Promise<Stack> {
  const { log, say, durable } = options;
  const port = await choosePort('PORT', options.config.http.port, options);
  const [temporal, simulator, workflowBundle] = await allOrFirstFailure([
    startTemporal(options, undo),
    startCarrier(options, port, undo),
    compiledWorkflows(options.config, log),
  ]);
  const config = completed(options.config, port, simulator);
  const carrier = access(config, simulator);
  const statusStore = createStatusStore(config, log);
  undo.push(() => statusStore.close());
  const surroundings = {
    config,
    carrier,
    statusStore,
    log,
    temporalAddress: temporal.address,
    temporalUiUrl: temporal.uiUrl,
  };
  const workers = await startCallWorkers(surroundings, workflowBundle);
  undo.push(() => workers.stop());
  const api = await startApi(surroundings, simulator ? '127.0.0.1' : '0.0.0.0');
  undo.push(() => api.stop());
  const url = `http://127.0.0.1:${api.port}`;
  const apiKey = config.http.apiKeys[0] ?? '';
  if (durable) {
    const forget = rememberStart(config.dataDir, { url, apiKey });
    undo.push(() => {
      forget();
      return Promise.resolve();
    });
  }
  const broken = Promise.race([
    workers.stopped.then(
      () => 'the workers stopped',
      (error: unknown) => `the workers failed: ${String(error)}`,
    ),
    ...(temporal.server ? [temporal.server.exited.then((exit) => exit.description)] : []),
  ]);
  const databaseFile = temporal.server && durable ? databaseOf(config) : null;
  say('');
  return { url, apiKey, config, temporal: { ...temporal, databaseFile }, simulator, broken, stop };
}

async function startTemporal(
  options: StackOptions,
  undo: Undo[],
): Promise<{ address: string; uiUrl: string | null; server: DevServer | null }> {
  const { config, say, durable } = options;
  const { address, namespace, devPort, devUiPort } = config.temporal;
  if (address !== null) {
    say(`Temporal: using ${address} (TEMPORAL_ADDRESS).`);
    return { address, uiUrl: null, server: null };
  }
  const cliPath = await findTemporalCli({ env: process.env, cacheDir: path.resolve('.cache'), say });
  const server = await startTemporalDevServer({
    cliPath,
    port: await choosePort('TEMPORAL_DEV_PORT', devPort, options),
    uiPort: await choosePort('TEMPORAL_DEV_UI_PORT', devUiPort, options),
    dbFile: durable ? databaseOf(config) : null,
    namespace,
    searchAttributes: Object.values(searchAttributes),
    logFile: path.join(config.dataDir, 'temporal.log'),
    say,
  });
  undo.push(() => server.stop());
  return { address: server.address, uiUrl: server.uiUrl, server };
}

async function startCarrier(options: StackOptions, port: number, undo: Undo[]): Promise<Simulator | null> {
  const { carrier } = options.config;
  const { mischiefSeed } = options;
  if (carrier.kind !== 'simulator') return null;
  const api = `http://127.0.0.1:${port}${BASE_PATH}`;
  const simulator = await startSimulator({
    port: carrier.port === null ? 0 : await choosePort('OUTCALL_SIMULATOR_PORT', carrier.port, options),
    webhookUrl: `${api}/webhook/telnyx/call-status`,
    texmlUrls: { voice: `${api}${INCOMING_PATHS.voice}`, status: `${api}${INCOMING_PATHS.status}` },
    quiet: true,
    ...(mischiefSeed !== undefined && { mischief: { seed: mischiefSeed } }),
  });
  undo.push(() => simulator.close());
  return simulator;
}

/** With the simulator, what is not configured is what the simulator offers. */
function completed(config: Config, port: number, simulator: Simulator | null): Config {
  const http = { ...config.http, port };
  if (!simulator) return { ...config, http };
  const url = `http://127.0.0.1:${port}`;
  const apiKeys = http.apiKeys.length > 0 ? http.apiKeys : [`dev_${randomBytes(16).toString('hex')}`];
  return {
    ...config,
    http: { ...http, apiKeys, publicUrl: port === config.http.port ? http.publicUrl : url },
    webBackend: config.webBackend ?? { url: simulator.webBackendUrl, apiKey: null, signingSecret: null },
    outboundAllowHosts: [...config.outboundAllowHosts, new URL(simulator.url).host],
  };
}

function access(config: Config, simulator: Simulator | null): CarrierAccess {
  if (config.carrier.kind === 'telnyx') return accessTo(config, config.carrier);
  if (!simulator) throw new Error('the simulator was not started');
  const { apiKey, apiBaseUrl: baseUrl, connectionId, publicKey, accountSid, texmlApplicationId } = simulator;
  const publicKeys = config.validateSignature ? [publicKey] : null;
  return { apiKey, baseUrl, connectionId, accountSid, texmlApplicationId, publicKeys };
}

/** The wanted port, or another one when nobody named it and it is taken. */
async function choosePort(name: string, wanted: number, { anyPorts }: StackOptions): Promise<number> {
  const port = await freePort(wanted);
  if (port === wanted) return port;
  if (anyPorts || process.env[name] === undefined) return port;
  throw new Error(`port ${wanted} is in use; set ${name} to another one`);
}

const databaseOf = (config: Config): string => path.join(config.dataDir, 'temporal.db');

async function undoAll(undo: Undo[]): Promise<void> {
  for (let last = undo.pop(); last; last = undo.pop()) await last().catch(() => undefined);
}

/** Like Promise.all, but waits for all before it rejects, so that nothing starts after the clean-up. */
async function allOrFirstFailure<T extends readonly unknown[]>(promises: {
  [K in keyof T]: Promise<T[K]>;
}): Promise<{ -readonly [K in keyof T]: T[K] }> {
  await Promise.allSettled(promises);
  return Promise.all(promises);
}
