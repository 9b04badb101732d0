/**
 * What makes an environment unusable, or doubtful, although each variable alone reads well: combinations, what the real
 * carrier and production need, and names that nobody reads.
 */
import type { Problem } from './config';
import { isLoopback } from './config-parsers';
import { CONNECTION_ID_HINT, NAMES, TABLE } from './config-table';
import type { Name, Values } from './config-table';

interface Rule {
  readonly name: Name;
  readonly broken: (settings: Settings) => boolean;
  readonly problem: string;
  readonly fix: string;
}

interface Settings extends Values {
  /** A Telnyx API key was given, be it a good one or not. */
  readonly real: boolean;
  readonly production: boolean;
}

function settingsOf(values: Values, env: NodeJS.ProcessEnv): Settings {
  const real = wasGiven('TELNYX_API_KEY', env) || wasGiven('TELNYX_API_KEY_FILE', env);
  return { ...values, real, production: values.NODE_ENV === 'production' };
}

const wasGiven = (name: string, env: NodeJS.ProcessEnv) => Boolean(env[name]?.trim());

const key = 'copy it from the Telnyx portal: Keys & Credentials > API Keys';

/** One row a cause. Variables that were refused already are not complained about again. */
const RULES: readonly Rule[] = [
  {
    name: 'TELNYX_API_KEY',
    broken: (v) => v.production && !v.real,
    problem: 'is missing: Telnyx API key not configured, and production does not simulate',
    fix: key,
  },
  {
    name: 'TELNYX_CONNECTION_ID',
    broken: (v) => v.real && v.TELNYX_CONNECTION_ID === null,
    problem: 'is missing',
    fix: `it ${CONNECTION_ID_HINT}`,
  },
  {
    name: 'TELNYX_CONNECTION_ID',
    broken: (v) => v.TELNYX_CONNECTION_ID !== null && v.TELNYX_CONNECTION_ID === v.TELNYX_SIP_CONNECTION_ID,
    problem: 'is the same as TELNYX_SIP_CONNECTION_ID',
    fix: `it ${CONNECTION_ID_HINT}`,
  },
  {
    name: 'TELNYX_PHONE_NUMBER',
    broken: (v) => v.real && v.TELNYX_PHONE_NUMBER === null,
    problem: 'is missing',
    fix: 'copy one from the Telnyx portal: Numbers > My Numbers',
  },
  {
    name: 'TELNYX_PUBLIC_KEY',
    broken: (v) => v.real && v.TELNYX_VALIDATE_SIGNATURE && v.TELNYX_PUBLIC_KEY.length === 0,
    problem: 'is missing, so no webhook can be verified',
    fix: 'copy it from the Telnyx portal: Keys & Credentials > Public Key',
  },
  {
    name: 'TELNYX_VALIDATE_SIGNATURE',
    broken: (v) => v.production && !v.TELNYX_VALIDATE_SIGNATURE,
    problem: 'is off in production, where anybody could then forge events',
    fix: 'remove it',
  },
  {
    name: 'TELNYX_BASE_URL',
    broken: (v) => v.production && v.TELNYX_BASE_URL.startsWith('http:'),
    problem: 'is http in production, which would send the API key in the clear',
    fix: 'use https',
  },
  {
    name: 'TELNYX_BASE_URL',
    broken: (v) => /^https:\/\/api\.telnyx\.com$/.test(v.TELNYX_BASE_URL),
    problem: 'has no version',
    fix: 'write https://api.telnyx.com/v2',
  },
  {
    name: 'TELNYX_SIP_USERNAME',
    broken: (v) => v.TELNYX_SIP_PASSWORD !== null && v.TELNYX_SIP_USERNAME === null,
    problem: 'is missing beside TELNYX_SIP_PASSWORD: Telnyx SIP credentials not configured',
    fix: 'set both or neither (portal: Voice > SIP Trunking > Authentication)',
  },
  {
    name: 'DOMAIN',
    broken: (v) => v.real && v.DOMAIN === null && v.PUBLIC_URL === null,
    problem: 'is missing',
    fix: 'write the host name under which Telnyx reaches this server, or set PUBLIC_URL',
  },
  {
    name: 'COLD_CALL_API_KEYS',
    broken: (v) => v.real && v.COLD_CALL_API_KEYS.length === 0,
    problem: 'is missing, and with a real carrier calls cost money',
    fix: 'make one: openssl rand -hex 24',
  },
  {
    name: 'COLD_CALL_BUSINESS_ID',
    broken: (v) => v.real && v.COLD_CALL_BUSINESS_ID === null,
    problem: 'is missing',
    fix: "write your backend's UUID of the business",
  },
  {
    name: 'INBOUND_FLOWS',
    broken: (v) => new Set(v.INBOUND_FLOWS.map(({ number }) => number)).size < v.INBOUND_FLOWS.length,
    problem: 'names a number twice',
    fix: 'leave one flow for each number',
  },
  {
    name: 'OUTBOUND_ALLOW_HOSTS',
    broken: (v) => v.production && v.OUTBOUND_ALLOW_HOSTS.some(isLoopback),
    problem: 'names this machine, which is refused in production',
    fix: 'remove that entry',
  },
  {
    name: 'TEST_TIME_SCALE',
    broken: (v) => v.production && v.TEST_TIME_SCALE !== 1,
    problem: 'shortens the waits of deliveries, which is for tests',
    fix: 'remove it',
  },
  {
    name: 'WEB_BACKEND_URL',
    broken: (v) =>
      v.WEB_BACKEND_URL === null && (v.WEB_BACKEND_API_KEY !== null || v.WEB_BACKEND_SIGNING_SECRET !== null),
    problem: 'is missing beside its key or signing secret',
    fix: 'set it, or remove the others',
  },
];

/** Problems that several variables make together, without those of variables that are refused anyhow. */
export function problemsBetween(values: Values, env: NodeJS.ProcessEnv, known: readonly Problem[]): Problem[] {
  const settings = settingsOf(values, env);
  const refused = new Set(known.map(({ name }) => name));
  const twice = NAMES.filter(
    (name) => TABLE[name].shown === 'secret' && env[name]?.trim() && env[`${name}_FILE`]?.trim(),
  );
  return [
    ...RULES.filter(({ name, broken }) => !refused.has(name) && broken(settings)).map(({ name, problem, fix }) => ({
      name,
      problem,
      fix,
    })),
    ...twice.map((name) => ({ name, problem: `is set, and so is ${name}_FILE`, fix: 'remove one of them' })),
  ];
}

/** What is allowed but probably not meant, one line each. */
export function warningsFor(values: Values, env: NodeJS.ProcessEnv): string[] {
  const { real, production } = settingsOf(values, env);
  const lines: string[] = [];
  if (!real && (values.TELNYX_CONNECTION_ID !== null || values.TELNYX_PHONE_NUMBER !== null)) {
    lines.push('Telnyx API key not configured: calls go to the simulator although other TELNYX_ variables are set.');
  }
  if (!values.TELNYX_VALIDATE_SIGNATURE) {
    lines.push('TELNYX_VALIDATE_SIGNATURE is off: anybody who knows the address can forge events of calls.');
  }
  if (values.ALLOWED_DESTINATIONS?.includes('+1')) {
    lines.push(
      'ALLOWED_DESTINATIONS has +1, which is some 25 countries and territories; US is the United States alone.',
    );
  }
  if (real && values.WEB_BACKEND_URL === null) {
    lines.push('WEB_BACKEND_URL is not set: recordings stay with Telnyx and are delivered nowhere.');
  }
  if (real && values.PUBLIC_URL !== null && isLoopback(new URL(values.PUBLIC_URL).hostname)) {
    lines.push('PUBLIC_URL is this machine: Telnyx itself cannot reach it with webhooks.');
  }
  if (
    production &&
    !['TEMPORAL_ADDRESS', 'TEMPORAL_PROFILE', 'TEMPORAL_CONFIG_FILE'].some((name) => wasGiven(name, env))
  ) {
    lines.push('TEMPORAL_ADDRESS is not set: a dev server of Temporal is started, which is not made for production.');
  }
  return [...lines, ...unknownNames(env)];
}

const PREFIXES = /^(TELNYX|COLD_CALL|OUTCALL|TEMPORAL|WEB_BACKEND)_/;
/** Read by @temporalio/envconfig, or by our tests. */
const READ_ELSEWHERE =
  /^(OUTCALL_URL|TEMPORAL_(CONFIG_FILE|PROFILE|CODEC_(AUTH|ENDPOINT)|GRPC_META_\w+|TLS|TLS_\w+|TEST_SERVER_PATH))$/;

function unknownNames(env: NodeJS.ProcessEnv): string[] {
  const known = new Set<string>(
    NAMES.flatMap((name) => (TABLE[name].shown === 'secret' ? [name, `${name}_FILE`] : [name])),
  );
  return Object.keys(env)
    .filter((name) => PREFIXES.test(name) && !known.has(name) && !READ_ELSEWHERE.test(name))
    .map((name) => {
      const [nearest] = [...known].sort((a, b) => distance(a, name) - distance(b, name));
      const meant = nearest !== undefined && distance(nearest, name) <= 4 ? `; did you mean ${nearest}?` : '';
      return `${name} is set, but nothing reads it${meant || '.'}`;
    });
}

/** How many letters to insert, remove or replace to get from one word to the other (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, letter] of Array.from(a).entries()) {
    const next = [i + 1];
    for (const [j, other] of Array.from(b).entries()) {
      const replaced = (row[j] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
