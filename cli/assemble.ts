/** Puts the parts together from a configuration: the API with its dependencies, and the workers with theirs. */
import { createHmac } from 'node:crypto';
import path from 'node:path';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { Client, Connection, isRetryableError, makeGrpcRetryInterceptor } from '@temporalio/client';
import type { GrpcRetryOptions } from '@temporalio/client';
import type { WorkflowBundleOption } from '@temporalio/worker';
import { createActivities } from '../activities';
import { createOtherCalls } from '../activities/other-calls';
import type { TexmlSettings } from '../activities/texml-calls';
import { DAY_MS } from '../domain/time';
import { createSpool } from '../activities/spool';
import { ConfigError } from '../platform/config';
import type { Config } from '../platform/config';
import type { Logger } from '../platform/logger';
import { createMemoryStatusStore, createRedisStatusStore } from '../platform/status-store';
import type { StatusStore } from '../platform/status-store';
import { createBrowserAccess } from '../platform/telnyx/browser-access';
import type { BrowserAccess } from '../platform/telnyx/browser-access';
import { createTelnyxClient } from '../platform/telnyx/client';
import { createTexmlAddresses } from '../platform/telnyx/texml-address';
import type { TexmlAddresses } from '../platform/telnyx/texml-address';
import { createApp } from '../server/app';
import { createCallDirectory } from '../server/call-directory';
import { BASE_PATH } from '../server/base-path';
import { createFlowDirectory } from '../server/flow-directory';
import type { InitiateSettings } from '../server/initiate-request';
import { close, listen } from '../server/listen';
import { createRecordingDirectory } from '../server/recording-directory';
import { SOUND_PATHS } from '../server/sounds';
import { inboundScript } from '../server/texml-incoming';
import { bundleWorkflows, startWorkers } from '../worker/workers';
import type { Workers } from '../worker/workers';

/** The carrier as the parts need it, whether it is Telnyx or the simulator. */
export interface CarrierAccess {
  readonly apiKey: string;
  readonly baseUrl: string;
  readonly connectionId: string;
  /** Both are needed for TeXML calls. */
  readonly accountSid: string | null;
  readonly texmlApplicationId: string | null;
  /** Null: signatures are not checked. */
  readonly publicKeys: readonly string[] | null;
}

export interface Surroundings {
  readonly config: Config;
  readonly carrier: CarrierAccess;
  readonly temporalAddress: string;
  /** Where runs are shown; null when that is not known. */
  readonly temporalUiUrl: string | null;
  readonly statusStore: StatusStore;
  readonly log: Logger;
}

export interface Api {
  readonly port: number;
  /** Answers what is under way, then stops. */
  stop(): Promise<void>;
}

/** Telnyx itself, or what the environment says is Telnyx. */
export function accessTo({ texml, validateSignature }: Config, carrier: TelnyxCarrier): CarrierAccess {
  const { accountSid, applicationId: texmlApplicationId } = texml;
  return { ...carrier, accountSid, texmlApplicationId, publicKeys: validateSignature ? carrier.publicKeys : null };
}

type TelnyxCarrier = Extract<Config['carrier'], { kind: 'telnyx' }>;

export function createStatusStore(config: Config, log: Logger): StatusStore {
  if (config.redisUrl === null) return createMemoryStatusStore();
  return createRedisStatusStore(config.redisUrl, (problem) => {
    log.warn({ event: 'status_store.unavailable', reason: problem }, 'Redis cannot be reached; calls go on without it');
  });
}

/** The connection settings of the environment (address, TLS, API key), with the address that was decided on. */
function connectionOptions(address: string): { address: string } {
  const { connectionOptions: fromEnvironment } = loadClientConnectConfig({
    disableFile: !process.env['TEMPORAL_PROFILE'],
  });
  return { ...fromEnvironment, address };
}

/** The client's own waits grow to seconds, and go on beyond the deadline of a request. */
export const SHORT_RETRIES: GrpcRetryOptions = {
  delayFunction: () => 150,
  retryableDecider: (attempt, status) => attempt < 10 && isRetryableError(status),
};

export async function startApi(surroundings: Surroundings, host: string): Promise<Api> {
  const { config, carrier, temporalAddress, temporalUiUrl, statusStore, log } = surroundings;
  const { namespace, taskQueue } = config.temporal;
  const browsers = browserAccess(surroundings);
  const initiate = initiateSettings(surroundings, browsers);
  checkInboundFlows(config, initiate);
  const connection = await Connection.connect({
    ...connectionOptions(temporalAddress),
    interceptors: [makeGrpcRetryInterceptor(SHORT_RETRIES)],
  });
  const client = new Client({ connection, namespace });
  const app = createApp({
    browsers,
    directory: createCallDirectory({ client, taskQueue, leadKey: leadKeyOf(carrier.apiKey) }),
    recordings: createRecordingDirectory({ client, installation: config.installation }),
    statusStore,
    apiKeys: config.http.apiKeys,
    initiate,
    inboundFlows: config.flows.inbound,
    publicUrl: config.http.publicUrl,
    texmlAddresses: texmlAddressesOf(surroundings),
    sipUsername: config.sip.connectionId === null ? config.sip.username : null,
    runUrl: (callId) => temporalUiUrl && `${temporalUiUrl}/namespaces/${namespace}/workflows/${callId}`,
    publicKeys: carrier.publicKeys,
    installation: config.installation,
    callBacks: {
      connectionId: carrier.connectionId,
      numbers: config.callerIds.all,
      message: config.callBackMessage,
    },
    log,
  });
  const server = await listen(app, config.http.port, host);
  return {
    port: config.http.port,
    stop: async () => {
      await close(server);
      await connection.close();
    },
  };
}

function initiateSettings({ config, carrier }: Surroundings, browsers: BrowserAccess | null): InitiateSettings {
  return {
    callerIds: config.callerIds,
    destinations: config.destinations,
    recordingFormat: config.recording.format,
    recordingNotice: config.recording.notice,
    browsersConfigured: browsers !== null,
    agentWaitSeconds: config.agentWaitSecs,
    businessId: config.businessId,
    flows: createFlowDirectory(config.flows.directory),
    allowedHosts: config.outboundAllowHosts,
    account: { accountSid: carrier.accountSid, texmlApplicationId: carrier.texmlApplicationId },
  };
}

/** Throws a ConfigError when a flow is not there or cannot answer: better now than when somebody calls. */
function checkInboundFlows({ flows }: Config, initiate: InitiateSettings): void {
  const problems = flows.inbound.flatMap((inbound) => {
    try {
      inboundScript(inbound, initiate);
      return [];
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return [
        { name: 'INBOUND_FLOWS', problem: `names the flow ${inbound.flow}: ${reason}`, fix: 'mend or remove it' },
      ];
    }
  });
  if (problems.length > 0) throw new ConfigError(problems);
}

function texmlOf({ accountSid, texmlApplicationId }: CarrierAccess): TexmlSettings['texml'] {
  return accountSid === null || texmlApplicationId === null ? null : { accountSid, applicationId: texmlApplicationId };
}

function texmlAddressesOf({ config, carrier }: Surroundings): TexmlAddresses {
  return createTexmlAddresses(`${config.http.publicUrl}${BASE_PATH}`, carrier.apiKey);
}

function browserAccess({ config, carrier }: Surroundings): BrowserAccess | null {
  const { connectionId: sipConnectionId, username: sipUsername } = config.sip;
  return createBrowserAccess({ telnyx: createTelnyxClient(carrier), sipConnectionId, sipUsername });
}

export async function compiledWorkflows({ workflowBundle }: Config, log: Logger): Promise<WorkflowBundleOption> {
  return workflowBundle === null ? bundleWorkflows(log) : { codePath: workflowBundle };
}

export function startCallWorkers(surroundings: Surroundings, workflowBundle: WorkflowBundleOption): Promise<Workers> {
  const { config, carrier, temporalAddress, statusStore, log } = surroundings;
  const { parallelism, retentionDays, spoolMaxBytes: maxBytes, timeScale } = config.recording;
  const spool = createSpool({ directory: path.join(config.dataDir, 'spool'), maxBytes });
  const activities = createActivities({
    browsers: browserAccess(surroundings),
    soundUrl: (sound) => `${config.http.publicUrl}${BASE_PATH}${SOUND_PATHS[sound]}`,
    voice: config.voice,
    telnyx: createTelnyxClient(carrier),
    texml: texmlOf(carrier),
    addresses: texmlAddressesOf(surroundings),
    otherCallsTo: createOtherCalls(leadKeyOf(carrier.apiKey)),
    allowedHosts: config.outboundAllowHosts,
    signingSecret: config.webBackend?.signingSecret ?? null,
    destinations: config.destinations,
    installation: config.installation,
    connectionId: carrier.connectionId,
    businessId: config.businessId,
    publicUrl: config.http.publicUrl,
    statusStore,
    fetching: { spool, allowedHosts: config.outboundAllowHosts },
    webBackend: config.webBackend,
    parallelism,
    policy: { retentionMs: retentionDays * DAY_MS, timeScale },
  });
  const { namespace, taskQueue } = config.temporal;
  return startWorkers({
    connection: connectionOptions(temporalAddress),
    namespace,
    taskQueue,
    activities,
    recordingParallelism: parallelism,
    installation: config.installation,
    statusStore,
    workflowBundle,
    log,
  });
}

/** Keyed with a secret of the account, so that nobody can try numbers against the search attribute. */
function leadKeyOf(secret: string): (number: string) => string {
  return (number) => createHmac('sha256', secret).update(`lead/${number}`).digest('hex').slice(0, 32);
}
