/** What the commands of `commands/run.ts` do. Apart from them: all of Temporal is loaded with it, about a second. */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { loadConfig } from '../platform/config';
import type { Config } from '../platform/config';
import { createLogger } from '../platform/logger';
import { BASE_PATH } from '../server/base-path';
import { startSimulator } from '../simulator/server';
import type { Simulator } from '../simulator/server';
import { installRuntime } from '../worker/workers';
import { createApiClient } from './api-client';
import { accessTo, compiledWorkflows, createStatusStore, startApi, startCallWorkers } from './assemble';
import type { Surroundings } from './assemble';
import { startStack } from './stack';
import type { Stack } from './stack';
import { CommandFailure, DEMO_NUMBER, EXIT, print, printJson, remark } from './terminal';
import { follow } from './timeline';

/** Everything on this machine, until it is told to stop. Resolves to the exit code. */
export async function runStart({ mischief }: { readonly mischief?: number }): Promise<number> {
  const config = readConfig();
  const log = createLogger({ level: config.logLevel });
  installRuntime(log, config.workerMetricsAddress);
  remark('Starting …');
  const stack = await startStack({
    config,
    log,
    say: remark,
    durable: true,
    anyPorts: false,
    ...(mischief !== undefined && { mischiefSeed: mischief }),
  }).catch(sayWhenTemporalIsAway(config.temporal.address));
  for (const line of banner(stack)) print(line);
  return untilStopped(stack);
}

/** One simulated call, shown live. Resolves to the exit code. */
export async function runDemo({ to, json }: { readonly to: string; readonly json?: true }): Promise<number> {
  const dataDir = mkdtempSync(path.join(os.tmpdir(), 'outcall-demo-'));
  // The demo shows the simulator, whatever carrier is configured.
  const env = { ...process.env, TELNYX_API_KEY: '', DATA_DIR: dataDir, REDIS_URL: '', DOMAIN: '', PUBLIC_URL: '' };
  const config = loadConfig(env, { warn: remark });
  // Log lines beside what it shows, and none of them unless they were asked for.
  const destination = { write: (line: string) => void process.stderr.write(line) };
  const log = createLogger({ level: process.env['LOG_LEVEL'] ? config.logLevel : 'error', destination });
  installRuntime(log);
  remark('Starting Temporal, the simulator, workers and the API for one call …');
  const stack = await startStack({ config, log, say: remark, durable: false, anyPorts: true });
  try {
    const api = createApiClient({ url: stack.url, apiKey: stack.apiKey });
    const started = await api.initiate({ to_phone: to });
    const quiet = (): void => undefined;
    const document = await follow(api, started.call_id, json ? quiet : print);
    if (json) printJson(document);
    return document.outcome === 'completed' && document.recording?.state === 'delivered' ? EXIT.ok : EXIT.notAnswered;
  } finally {
    await stack.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

/** The HTTP API, until it is told to stop. */
export async function runServe(): Promise<void> {
  await runPart('serve', async (surroundings) => {
    const api = await startApi(surroundings, '0.0.0.0');
    surroundings.log.info({ event: 'api.listening', port: api.port }, 'API listens');
    return { stopped: new Promise<never>(() => undefined), stop: () => api.stop() };
  });
}

/** The workers, until they are told to stop. */
export async function runWork(): Promise<void> {
  await runPart('work', async (surroundings) => {
    const workers = await startCallWorkers(
      surroundings,
      await compiledWorkflows(surroundings.config, surroundings.log),
    );
    surroundings.log.info({ event: 'workers.running' }, 'workers take work');
    return workers;
  });
}

export interface SimulatorOptions {
  readonly port: number;
  readonly webhookUrl: string;
  readonly mischief?: number;
  readonly json?: true;
}

/** The simulator alone, until it is told to stop. */
export async function runSimulator({ port, webhookUrl, mischief, json }: SimulatorOptions): Promise<void> {
  const simulator = await startSimulator({
    port,
    webhookUrl,
    quiet: json === true,
    ...(mischief !== undefined && { mischief: { seed: mischief } }),
  });
  const { url, apiBaseUrl, publicKey, apiKey, connectionId, accountSid, texmlApplicationId, webBackendUrl } = simulator;
  const facts = { url, apiBaseUrl, publicKey, apiKey, connectionId, accountSid, texmlApplicationId, webBackendUrl };
  if (json) printJson(facts);
  else for (const line of environmentFor(simulator)) print(line);
  await interrupted();
  await simulator.close();
}

/** The API or the workers, while they run. */
interface Running {
  readonly stopped: Promise<unknown>;
  stop(): Promise<void>;
}

/** Runs the API or the workers against the Temporal server and the carrier of the environment. */
async function runPart(part: 'serve' | 'work', start: (surroundings: Surroundings) => Promise<Running>): Promise<void> {
  const config = readConfig();
  const log = createLogger({ level: config.logLevel });
  const { address } = config.temporal;
  if (address === null)
    throw new CommandFailure('TEMPORAL_ADDRESS is not set; "outcall start" brings a server along', EXIT.configuration);
  if (config.carrier.kind !== 'telnyx') {
    const hint = 'set it, or point TELNYX_BASE_URL to an "outcall simulator" with the key that it prints';
    throw new CommandFailure(`Telnyx API key not configured: TELNYX_API_KEY is not set; ${hint}`, EXIT.configuration);
  }
  installRuntime(log, part === 'work' ? config.workerMetricsAddress : null);
  const statusStore = createStatusStore(config, log);
  const running = await start({
    config,
    carrier: accessTo(config, config.carrier),
    temporalAddress: address,
    temporalUiUrl: null,
    statusStore,
    log,
  }).catch(sayWhenTemporalIsAway(address));
  await Promise.race([interrupted(), running.stopped]);
  log.info({ event: 'process.stopping' }, 'finishing what is under way');
  await running.stop();
  await statusStore.close();
}

async function untilStopped(stack: Stack): Promise<number> {
  const broken = await Promise.race([stack.broken, interrupted()]);
  if (broken !== null) remark(broken);
  else remark('\nStopping: requests, workers, simulator, Temporal …');
  await stack.stop();
  return broken === null ? EXIT.ok : EXIT.failure;
}

/** Resolves with null at the first Ctrl-C or SIGTERM; a second one ends the process at once. */
function interrupted(): Promise<null> {
  return new Promise((resolve) => {
    let count = 0;
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => {
        count += 1;
        if (count > 1) process.exit(EXIT.interrupted);
        resolve(null);
      });
    }
  });
}

/** The SDK's two connections each have their own words for a server that does not answer. */
function sayWhenTemporalIsAway(address: string | null): (error: unknown) => never {
  return (error) => {
    const isAway =
      error instanceof Error &&
      (error.name === 'TransportError' || error.message.includes('connect before the deadline'));
    if (!isAway) throw error;
    throw new CommandFailure(`Temporal cannot be reached at ${address ?? 'its dev server'}; see TEMPORAL_ADDRESS`);
  };
}

function banner({ url, apiKey, config, temporal, simulator }: Stack): string[] {
  const carrier = simulator
    ? `Telnyx     simulated       ${simulator.url}   (set TELNYX_API_KEY for the real one)`
    : 'Telnyx     the real one: calls ring real phones';
  return [
    'Outcall is ready.',
    `  API        ${url}${BASE_PATH}   key ${simulator ? apiKey : 'from COLD_CALL_API_KEYS'}`,
    `  Temporal   ${temporal.address}  ${temporal.uiUrl ? `UI ${temporal.uiUrl}` : ''}   ${temporal.databaseFile ?? ''}`,
    `  ${carrier}`,
    `  Status     ${config.redisUrl === null ? 'in memory       (set REDIS_URL to share it)' : 'Redis'}`,
    '',
    'Try:',
    `  curl -X POST ${url}${BASE_PATH}/initiate \\`,
    `    -H "X-API-Key: ${simulator ? apiKey : '$KEY'}" -H "Content-Type: application/json" \\`,
    `    -d '{"to_phone": "${DEMO_NUMBER}"}'`,
    `or in another terminal:  npm run outcall -- call ${DEMO_NUMBER} --wait`,
    'Ctrl-C stops everything.',
  ];
}

function environmentFor(simulator: Simulator): string[] {
  return [
    `TELNYX_API_KEY=${simulator.apiKey}`,
    `TELNYX_BASE_URL=${simulator.apiBaseUrl}`,
    `TELNYX_CONNECTION_ID=${simulator.connectionId}`,
    `TELNYX_ACCOUNT_SID=${simulator.accountSid}`,
    `TELNYX_TEXML_APPLICATION_ID=${simulator.texmlApplicationId}`,
    `TELNYX_PUBLIC_KEY=${simulator.publicKey}`,
    `WEB_BACKEND_URL=${simulator.webBackendUrl}`,
    `OUTBOUND_ALLOW_HOSTS=${new URL(simulator.url).host}`,
  ];
}

function readConfig(): Config {
  return loadConfig(process.env, { warn: remark });
}
