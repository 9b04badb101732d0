/**
 * Every environment variable that Outcall reads, in one table: name, parser, default, meaning, and whether its value
 * may be shown. `.env.example` is written from it, `config.ts` reads the environment by it.
 */
import * as parse from './config-parsers';
import type { Parser } from './config-parsers';

export interface Variable<T, Default extends string | undefined = string | undefined> {
  readonly section: string;
  readonly parse: Parser<T>;
  /** In the words of the environment; read by the same parser. Absent: the value is null when unset. */
  readonly default: Default;
  readonly meaning: string;
  /** How the value may be printed: as it is, only that it is set, or as a masked phone number. */
  readonly shown: 'plain' | 'secret' | 'phone';
}

/** Rows of one section, so that each row says only what is its own. */
const section =
  (name: string) =>
  <T, const Row extends { default?: string; shown?: 'secret' | 'phone' }>(
    parser: Parser<T>,
    meaning: string,
    row?: Row,
  ): Variable<T, Row extends { default: string } ? string : undefined> => ({
    section: name,
    parse: parser,
    meaning,
    shown: row?.shown ?? 'plain',
    default: row?.default as Row extends { default: string } ? string : undefined,
  });

const secret = { shown: 'secret' } as const;
const phone = parse.matching(
  /^\+[1-9][0-9]{6,14}$/,
  'is not a phone number in E.164 form',
  'write it like +15551234567',
);
const telnyxId = (fix: string) => parse.matching(/^\d{5,30}$/, 'is not an id (digits only)', fix);

export const CONNECTION_ID_HINT =
  'must be the id of a Call Control Application (Voice > Call Control Applications), not of a SIP connection';

const telnyx = section('Telnyx');
const agents = section("Agents' browsers and SIP");
const http = section('HTTP');
const calls = section('Calls');
const delivery = section('Recordings and your backend');
const temporal = section('Temporal');
const machine = section('This machine');

export const TABLE = {
  TELNYX_API_KEY: telnyx(
    parse.key,
    'API key (portal: Keys & Credentials > API Keys). Unset: calls go to the built-in simulator.',
    secret,
  ),
  TELNYX_CONNECTION_ID: telnyx(
    telnyxId(CONNECTION_ID_HINT),
    `What dials: ${CONNECTION_ID_HINT}. Required with an API key.`,
  ),
  TELNYX_PHONE_NUMBER: telnyx(
    phone,
    'The number that calls come from (portal: Numbers > My Numbers). Required with an API key; +15551234567 with the simulator.',
    { shown: 'phone' },
  ),
  OUTCALL_CALLER_IDS: telnyx(
    parse.list(phone),
    'More numbers of the account that calls may come from, comma separated.',
    { default: '', shown: 'phone' },
  ),
  TELNYX_PUBLIC_KEY: telnyx(
    parse.list(parse.publicKey),
    'Verifies webhooks (portal: Keys & Credentials > Public Key). Several, comma separated, while a key is replaced. Required with an API key.',
    { default: '' },
  ),
  TELNYX_VALIDATE_SIGNATURE: telnyx(
    parse.flag,
    'Whether webhooks must be signed. False lets anybody forge events; refused in production.',
    { default: 'True' },
  ),
  TELNYX_BASE_URL: telnyx(parse.httpUrl, 'Where the Telnyx API is.', { default: 'https://api.telnyx.com/v2' }),
  TELNYX_ACCOUNT_SID: telnyx(
    parse.key,
    'Account SID, for TeXML calls: the id of your account (portal: profile icon > Account Settings).',
  ),
  TELNYX_TEXML_APPLICATION_ID: telnyx(
    telnyxId('copy it from the portal: Voice > TeXML Applications'),
    'The TeXML application (portal: Voice > TeXML Applications), for TeXML calls.',
  ),

  TELNYX_SIP_CONNECTION_ID: agents(
    telnyxId('copy it from the portal: Voice > SIP Trunking'),
    "The credential connection that agents' browsers log in to (portal: Voice > SIP Trunking).",
  ),
  TELNYX_SIP_USERNAME: agents(
    parse.key,
    'Without TELNYX_SIP_CONNECTION_ID, agents are rung at this user of sip.telnyx.com.',
  ),
  TELNYX_SIP_PASSWORD: agents(parse.key, 'The password of TELNYX_SIP_USERNAME.', secret),
  AGENT_WAIT_SECS: agents(
    parse.integer({ min: 1, max: 600 }),
    'How long an answered lead waits for an agent before an apology ends the call, in seconds.',
    { default: '30' },
  ),

  DOMAIN: http(
    parse.domain,
    'The host name under which Telnyx reaches this server, without https://. Required with an API key, unless PUBLIC_URL is set.',
  ),
  PUBLIC_URL: http(
    parse.httpUrl,
    'The address under which Telnyx reaches this server. Unset: https://DOMAIN, with the simulator http://127.0.0.1:PORT.',
  ),
  PORT: http(parse.port, 'The port that this server listens on.', { default: '8000' }),
  COLD_CALL_API_KEYS: http(
    parse.list(parse.key),
    'Keys that clients send as X-API-Key, comma separated. Required with an API key of Telnyx; with the simulator one is made and printed.',
    { default: '', shown: 'secret' },
  ),

  ALLOWED_DESTINATIONS: calls(
    parse.list(parse.destination),
    'What may be called: countries (US) and prefixes (+1876), comma separated, or * for everywhere. Unset: the country of TELNYX_PHONE_NUMBER.',
  ),
  RECORDING_NOTICE: calls(
    parse.text({ max: 500 }),
    'Spoken before the recording of calls with record "announce" starts.',
    { default: 'This call is recorded.' },
  ),
  CALL_BACK_MESSAGE: calls(
    parse.text({ max: 500 }),
    'Spoken to people who call one of your numbers back. Unset: their calls are rejected.',
  ),
  FLOWS_DIR: calls(
    parse.text({ max: 4096 }),
    'The folder of flows: NAME.yaml is the flow NAME. Read anew when a file changes. Unset: the examples.',
  ),
  INBOUND_FLOWS: calls(
    parse.list(parse.inboundFlow),
    'Which flow answers a call to which number of the TeXML application, comma separated: +15551234567=after-hours. Other calls to it are rejected.',
    { default: '', shown: 'phone' },
  ),
  VOICE: calls(
    parse.matching(/^\S{1,200}$/, 'is not the name of a voice', 'write for example female or AWS.Polly.Joanna'),
    "Telnyx's name of the voice for spoken text.",
    { default: 'female' },
  ),
  OUTCALL_INSTALLATION: calls(
    parse.matching(
      /^[\w.@:-]{1,100}$/,
      'has characters other than letters, digits and _ . @ : -',
      'choose a short name',
    ),
    'Marks the legs of this installation, so that several can share a Telnyx account. Unset: <namespace>@<host of PUBLIC_URL>.',
  ),

  COLD_CALL_BUSINESS_ID: delivery(
    parse.matching(
      /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i,
      'is not a UUID',
      'write it like 6f1c2a34-0b5d-4e6f-8a7b-9c0d1e2f3a4b',
    ),
    "Your backend's id of the business, sent with every recording. Required with an API key; all zeros with the simulator.",
  ),
  WEB_BACKEND_URL: delivery(
    parse.httpUrl,
    'Where recordings are delivered: POST <this>/api/v1/recordings. Unset: they stay with Telnyx.',
  ),
  WEB_BACKEND_API_KEY: delivery(parse.key, 'Sent to the backend as a bearer token.', secret),
  WEB_BACKEND_SIGNING_SECRET: delivery(
    parse.signingSecret,
    'Signs deliveries, and requests to the servers of TeXML calls, by Standard Webhooks, base64 of 24 to 64 bytes.',
    secret,
  ),
  RECORDING_FORMAT: delivery(parse.oneOf('mp3', 'wav'), 'Audio format of recordings, mp3 or wav.', { default: 'mp3' }),
  RECORDING_RETENTION_DAYS: delivery(
    parse.integer({ min: 1, max: 3650 }),
    'How long Telnyx keeps a recording, in days: deliveries are tried until then, and people are warned before. Telnyx publishes no figure; ask for yours.',
    { default: '30' },
  ),
  RECORDING_PARALLELISM: delivery(
    parse.integer({ min: 1, max: 64 }),
    'How many recordings one worker process moves at once.',
    { default: '8' },
  ),
  SPOOL_MAX_BYTES: delivery(
    parse.integer({ min: 1_000_000, max: Number.MAX_SAFE_INTEGER }),
    'How much disk recordings on their way may take in one worker process; the largest recording has to fit.',
    { default: '8000000000' },
  ),
  OUTBOUND_ALLOW_HOSTS: delivery(
    parse.list(parse.hostAndPort),
    "host:port list that recordings may be fetched from besides Telnyx's own storage, and documents of TeXML calls by http or from addresses that are not public.",
    { default: '' },
  ),

  TEMPORAL_ADDRESS: temporal(
    parse.matching(/^\S+:\d{1,5}$/, 'is not host:port', 'write for example 127.0.0.1:7233'),
    'The Temporal server. Unset: a dev server is started, its database in DATA_DIR.',
  ),
  TEMPORAL_NAMESPACE: temporal(parse.key, 'The namespace. Unset: default, with the dev server outcall.'),
  TEMPORAL_TASK_QUEUE: temporal(parse.key, 'The task queue of workers.', { default: 'outcall' }),
  TEMPORAL_API_KEY: temporal(
    parse.key,
    'API key of Temporal Cloud. TEMPORAL_TLS_* and TEMPORAL_PROFILE are read as well.',
    secret,
  ),
  TEMPORAL_DEV_PORT: temporal(parse.port, 'The port of the dev server.', { default: '7233' }),
  TEMPORAL_DEV_UI_PORT: temporal(parse.port, "The port of the dev server's web UI.", { default: '8233' }),
  TEMPORAL_CLI_PATH: temporal(
    parse.text({ max: 4096 }),
    'The Temporal CLI, which is also the dev server. Unset: looked for, else installed to .cache.',
  ),

  REDIS_URL: machine(
    parse.redisUrl,
    'Where status documents are kept, redis:// or rediss://. Unset: in memory, for one process.',
    secret,
  ),
  DATA_DIR: machine(parse.text({ max: 4096 }), 'Where databases and logs of started servers are kept.', {
    default: './data',
  }),
  LOG_LEVEL: machine(
    parse.oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'),
    'The least severe log lines that are written.',
    { default: 'info' },
  ),
  OUTCALL_SIMULATOR_PORT: machine(parse.port, 'The port of the built-in simulator. Unset: any free one.'),
  WORKFLOW_BUNDLE: machine(
    parse.file,
    'The compiled workflows, a file that npm run build made of the same version. Unset: compiled at each start of workers, in 1 to 2 seconds.',
  ),
  WORKER_METRICS_ADDRESS: machine(
    parse.hostAndPort,
    'Where a process with workers shows its metrics to Prometheus, for example 127.0.0.1:9464. Unset: nowhere.',
  ),
  TEST_TIME_SCALE: machine(
    parse.integer({ min: 1, max: 100_000 }),
    'For tests: how many times shorter the waits of deliveries are. Refused in production.',
    { default: '1' },
  ),
  NODE_ENV: machine(
    parse.text({ max: 50 }),
    'With production, settings that are only safe on a developer machine are refused.',
  ),
} satisfies Record<string, Variable<unknown>>;

export type Name = keyof typeof TABLE;

/** What the table makes of an environment: null for what is unset and has no default. */
export type Values = {
  readonly [N in Name]: (typeof TABLE)[N] extends Variable<infer T, infer D>
    ? undefined extends D
      ? T | null
      : T
    : never;
};

/** Names, in the table's order. */
export const NAMES = Object.keys(TABLE) as readonly Name[];

/** The text of `.env.example`: everything commented out, so that a copy of it changes nothing. */
export function renderEnvExample(): string {
  const lines = [
    '# Written from platform/config-table.ts by `npm run env-example`. Copy to .env and set what you need: nothing is',
    '# needed for calls to the simulator. A secret NAME can also be read from the file that NAME_FILE names.',
  ];
  let current = '';
  for (const name of NAMES) {
    const variable: Variable<unknown> = TABLE[name];
    if (variable.section !== current) lines.push('', `# --- ${variable.section} ---`);
    current = variable.section;
    lines.push(
      '',
      `# ${variable.meaning}${variable.shown === 'secret' ? ' (secret)' : ''}`,
      `# ${name}=${variable.default ?? ''}`,
    );
  }
  return `${lines.join('\n')}\n`;
}
