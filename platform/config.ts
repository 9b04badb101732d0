/**
 * The configuration of a process: the environment read once, every problem reported together, and printed without its
 * secrets. The variables are in `config-table.ts`, what is wrong between two of them in `config-rules.ts`.
 */
import { readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { loadClientConfigProfile } from '@temporalio/envconfig';
import { parsePhoneNumberFromString } from 'libphonenumber-js';
import { maskPhone } from '../domain/phone-numbers';
import { Refusal, refuseLeftovers } from './config-parsers';
import type { InboundFlow } from './config-parsers';
import { problemsBetween, warningsFor } from './config-rules';
import { NAMES, TABLE } from './config-table';
import type { Name, Values, Variable } from './config-table';

/** Everything a process has to know, ready to use: no further checks are needed. */
export interface Config {
  /** NODE_ENV is production: what is safe only on a developer's machine was refused. */
  readonly production: boolean;
  /** Marks our legs at the carrier; `<namespace>@<host>` unless it was named. */
  readonly installation: string;
  readonly http: {
    readonly port: number;
    /** Without a slash at its end. */
    readonly publicUrl: string;
    /** Empty only with the simulator: the start makes one and prints it. */
    readonly apiKeys: readonly string[];
  };
  readonly carrier:
    | { readonly kind: 'simulator'; readonly port: number | null }
    | {
        readonly kind: 'telnyx';
        readonly apiKey: string;
        readonly baseUrl: string;
        readonly connectionId: string;
        /** Base64 of 32 bytes each. Empty only when signatures are not validated. */
        readonly publicKeys: readonly string[];
      };
  readonly validateSignature: boolean;
  readonly sip: {
    readonly connectionId: string | null;
    readonly username: string | null;
    readonly password: string | null;
  };
  readonly texml: { readonly accountSid: string | null; readonly applicationId: string | null };
  readonly flows: {
    /** Absolute. */
    readonly directory: string;
    /** Each number once. */
    readonly inbound: readonly InboundFlow[];
  };
  readonly callerIds: { readonly default: string; readonly all: readonly string[] };
  /** Countries (`US`) and prefixes (`+1876`), or everywhere. */
  readonly destinations: readonly string[] | '*';
  readonly agentWaitSecs: number;
  readonly voice: string;
  /** Null: whoever calls back is rejected. */
  readonly callBackMessage: string | null;
  readonly businessId: string;
  readonly recording: {
    readonly format: 'mp3' | 'wav';
    readonly notice: string;
    readonly retentionDays: number;
    /** How many one worker process moves at once. */
    readonly parallelism: number;
    readonly spoolMaxBytes: number;
    /** How many times shorter the waits of deliveries are: 1 but in tests. */
    readonly timeScale: number;
  };
  readonly webBackend: {
    readonly url: string;
    readonly apiKey: string | null;
    readonly signingSecret: string | null;
  } | null;
  readonly outboundAllowHosts: readonly string[];
  readonly temporal: {
    /** Null: start a dev server. Credentials and TLS are read by @temporalio/envconfig when connecting. */
    readonly address: string | null;
    readonly namespace: string;
    readonly taskQueue: string;
    readonly devPort: number;
    readonly devUiPort: number;
  };
  readonly redisUrl: string | null;
  /** Absolute. */
  readonly dataDir: string;
  readonly logLevel: NonNullable<Values['LOG_LEVEL']>;
  /** `host:port` where a process with workers shows its metrics; null: nowhere. */
  /** Path of a file; null: the workflows are compiled at each start. */
  readonly workflowBundle: string | null;
  readonly workerMetricsAddress: string | null;
}

export interface Problem {
  readonly name: string;
  /** Continues the name: "is not a whole number from 1 to 65535". */
  readonly problem: string;
  readonly fix: string;
}

/** The environment cannot be used. The message has one line for each problem and shows no secret. */
export class ConfigError extends Error {
  constructor(readonly problems: readonly Problem[]) {
    super(problems.map(({ name, problem, fix }) => `${name} ${problem}; ${fix}.`).join('\n'));
    this.name = 'ConfigError';
  }
}

export interface LoadOptions {
  /** Is told, one line each, what is allowed but probably not meant. */
  readonly warn: (line: string) => void;
}

/** Reads the environment. Throws a `ConfigError` with all problems. */
export function loadConfig(env: NodeJS.ProcessEnv, { warn }: LoadOptions): Config {
  const problems: Problem[] = [];
  const values = readValues(env, problems);
  const temporal = temporalProfile(env, problems);
  problems.push(...problemsBetween(values, env, problems));
  if (problems.length > 0) throw new ConfigError(problems);
  for (const line of warningsFor(values, env)) warn(line);
  return assemble(values, temporal);
}

/** The configuration as JSON, secrets reduced to "set" and phone numbers masked. */
export function describeConfig(config: Config): string {
  const shown = (name: string, value: unknown): unknown => {
    if (/^(apiKeys?|password|signingSecret|redisUrl)$/.test(name)) return isEmpty(value) ? 'unset' : 'set';
    return typeof value === 'string' && /^\+\d{7,15}$/.test(value) ? maskPhone(value) : value;
  };
  return JSON.stringify(config, shown, 2);
}

const isEmpty = (value: unknown) => value === null || (Array.isArray(value) && value.length === 0);

function readValues(env: NodeJS.ProcessEnv, problems: Problem[]): Values {
  const entries = NAMES.map((name) => {
    try {
      return [name, readValue(name, env)] as const;
    } catch (refusal) {
      if (!(refusal instanceof Refusal)) throw refusal;
      problems.push({ name, problem: refusal.problem, fix: refusal.fix });
      return [name, defaultOf(TABLE[name])] as const;
    }
  });
  return Object.fromEntries(entries) as unknown as Values;
}

const defaultOf = ({ parse, default: text }: Variable<unknown>) => (text === undefined ? null : parse(text));

/** Set but empty is unset: env files are full of `NAME=`. */
function readValue(name: Name, env: NodeJS.ProcessEnv): unknown {
  const variable: Variable<unknown> = TABLE[name];
  const direct = env[name]?.trim() ?? '';
  const given = direct === '' && variable.shown === 'secret' ? fromFile(name, env) : direct;
  if (given) refuseLeftovers(given);
  const text = given === '' ? variable.default : given;
  if (text === undefined) return null;
  try {
    return variable.parse(text);
  } catch (refusal) {
    // An address can hold a password, whatever the table says about it.
    if (!(refusal instanceof Refusal) || variable.shown !== 'plain' || text.includes('@')) throw refusal;
    throw new Refusal(`${refusal.problem} (it is ${JSON.stringify(text.slice(0, 60))})`, refusal.fix);
  }
}

/** Containers hand secrets over as files: NAME_FILE names one. */
function fromFile(name: Name, env: NodeJS.ProcessEnv): string {
  const path = env[`${name}_FILE`]?.trim();
  if (!path) return '';
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    throw new Refusal(
      `cannot be read from the file that ${name}_FILE names`,
      'name a file that exists and can be read',
    );
  }
}

interface TemporalProfile {
  readonly address: string | null;
  readonly namespace: string | null;
}

/** A profile of ~/.config/temporalio counts only when the environment points to it: `npm start` stays on this machine. */
function temporalProfile(env: NodeJS.ProcessEnv, problems: Problem[]): TemporalProfile {
  const set = Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value?.trim() ? [[name, value.trim()] as const] : [])),
  );
  const pointed = ['TEMPORAL_ADDRESS', 'TEMPORAL_PROFILE', 'TEMPORAL_CONFIG_FILE'].filter((name) => name in set);
  const [first] = pointed;
  if (first === undefined) return { address: null, namespace: set['TEMPORAL_NAMESPACE'] ?? null };
  try {
    const profile = loadClientConfigProfile({
      overrideEnvVars: set,
      disableFile: pointed.length === 1 && first === 'TEMPORAL_ADDRESS',
    });
    return { address: profile.address ?? null, namespace: profile.namespace ?? null };
  } catch (cause) {
    const what = cause instanceof Error ? cause.message : String(cause);
    problems.push({
      name: first,
      problem: `leads to Temporal settings that cannot be read: ${what}`,
      fix: 'correct the file or the name',
    });
    return { address: null, namespace: null };
  }
}

function assemble(values: Values, profile: TemporalProfile): Config {
  const namespace = profile.namespace ?? (profile.address === null ? 'outcall' : 'default');
  const publicUrl =
    values.PUBLIC_URL ?? (values.DOMAIN === null ? `http://127.0.0.1:${values.PORT}` : `https://${values.DOMAIN}`);
  const callerId = values.TELNYX_PHONE_NUMBER ?? '+15551234567';
  return {
    production: isProduction(values),
    installation: values.OUTCALL_INSTALLATION ?? `${namespace}@${new URL(publicUrl).host}`,
    http: { port: values.PORT, publicUrl, apiKeys: values.COLD_CALL_API_KEYS },
    carrier: carrier(values),
    validateSignature: values.TELNYX_VALIDATE_SIGNATURE,
    sip: {
      connectionId: values.TELNYX_SIP_CONNECTION_ID,
      username: values.TELNYX_SIP_USERNAME,
      password: values.TELNYX_SIP_PASSWORD,
    },
    texml: { accountSid: values.TELNYX_ACCOUNT_SID, applicationId: values.TELNYX_TEXML_APPLICATION_ID },
    flows: { directory: flowsDirectory(values.FLOWS_DIR), inbound: values.INBOUND_FLOWS },
    callerIds: { default: callerId, all: [...new Set([callerId, ...values.OUTCALL_CALLER_IDS])] },
    destinations: destinations(values.ALLOWED_DESTINATIONS, callerId),
    agentWaitSecs: values.AGENT_WAIT_SECS,
    voice: values.VOICE,
    callBackMessage: values.CALL_BACK_MESSAGE,
    businessId: values.COLD_CALL_BUSINESS_ID ?? '00000000-0000-0000-0000-000000000000',
    recording: {
      format: values.RECORDING_FORMAT,
      notice: values.RECORDING_NOTICE,
      retentionDays: values.RECORDING_RETENTION_DAYS,
      parallelism: values.RECORDING_PARALLELISM,
      spoolMaxBytes: values.SPOOL_MAX_BYTES,
      timeScale: values.TEST_TIME_SCALE,
    },
    webBackend:
      values.WEB_BACKEND_URL === null
        ? null
        : {
            url: values.WEB_BACKEND_URL,
            apiKey: values.WEB_BACKEND_API_KEY,
            signingSecret: values.WEB_BACKEND_SIGNING_SECRET,
          },
    outboundAllowHosts: values.OUTBOUND_ALLOW_HOSTS,
    temporal: {
      address: profile.address,
      namespace,
      taskQueue: values.TEMPORAL_TASK_QUEUE,
      devPort: values.TEMPORAL_DEV_PORT,
      devUiPort: values.TEMPORAL_DEV_UI_PORT,
    },
    redisUrl: values.REDIS_URL,
    dataDir: resolve(values.DATA_DIR),
    logLevel: values.LOG_LEVEL,
    workflowBundle: values.WORKFLOW_BUNDLE,
    workerMetricsAddress: values.WORKER_METRICS_ADDRESS,
  };
}

/** The examples are next to the program, be it TypeScript or compiled to `dist`. */
function flowsDirectory(named: string | null): string {
  const folder = resolve(__dirname, '..');
  return resolve(named ?? join(basename(folder) === 'dist' ? dirname(folder) : folder, 'flows/examples'));
}

const isProduction = (values: Values) => values.NODE_ENV === 'production';

function carrier(values: Values): Config['carrier'] {
  if (values.TELNYX_API_KEY === null || values.TELNYX_CONNECTION_ID === null) {
    return { kind: 'simulator', port: values.OUTCALL_SIMULATOR_PORT };
  }
  return {
    kind: 'telnyx',
    apiKey: values.TELNYX_API_KEY,
    baseUrl: values.TELNYX_BASE_URL,
    connectionId: values.TELNYX_CONNECTION_ID,
    publicKeys: values.TELNYX_PUBLIC_KEY,
  };
}

/** Numbers that start with +1 and belong to no country we know, such as +1555…, count as numbers of the US. */
function destinations(allowed: readonly string[] | null, callerId: string): Config['destinations'] {
  if (allowed?.includes('*')) return '*';
  if (allowed && allowed.length > 0) return allowed;
  const home = parsePhoneNumberFromString(callerId);
  return [home?.country ?? (callerId.startsWith('+1') ? 'US' : `+${home?.countryCallingCode ?? callerId.slice(1)}`)];
}
