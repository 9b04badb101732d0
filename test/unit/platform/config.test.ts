import { readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { ConfigError, describeConfig, loadConfig } from '../../../platform/config';
import { NAMES, renderEnvExample, TABLE } from '../../../platform/config-table';

const publicKey = Buffer.alloc(32, 7).toString('base64');
const otherKey = Buffer.alloc(32, 9).toString('base64');

/** An environment with which calls go to Telnyx, changed as said; undefined removes a variable. */
function real(changes: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  return {
    TELNYX_API_KEY: 'KEY0123456789_canary',
    TELNYX_CONNECTION_ID: '1234567890123456789',
    TELNYX_PHONE_NUMBER: '+12025550123',
    TELNYX_PUBLIC_KEY: publicKey,
    DOMAIN: 'calls.acme.test',
    COLD_CALL_API_KEYS: 'client-key-one,client-key-two',
    COLD_CALL_BUSINESS_ID: '6f1c2a34-0b5d-4e6f-8a7b-9c0d1e2f3a4b',
    WEB_BACKEND_URL: 'https://backend.acme.test',
    ...changes,
  };
}

function load(env: NodeJS.ProcessEnv) {
  const warnings: string[] = [];
  const config = loadConfig(env, { warn: (line) => warnings.push(line) });
  return { config, warnings };
}

function refusal(env: NodeJS.ProcessEnv): ConfigError {
  try {
    load(env);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('the environment was accepted');
}

describe('refused environments', () => {
  const production = { NODE_ENV: 'production' };
  test.each<[string, NodeJS.ProcessEnv, string, RegExp]>([
    [
      'no connection',
      { TELNYX_CONNECTION_ID: undefined },
      'TELNYX_CONNECTION_ID',
      /Call Control Applications\), not of a SIP/,
    ],
    ['a connection of spaces', { TELNYX_CONNECTION_ID: '  ' }, 'TELNYX_CONNECTION_ID', /is missing/],
    ['a connection by name', { TELNYX_CONNECTION_ID: 'my app' }, 'TELNYX_CONNECTION_ID', /not of a SIP connection/],
    [
      'the SIP connection twice',
      { TELNYX_SIP_CONNECTION_ID: '1234567890123456789' },
      'TELNYX_CONNECTION_ID',
      /the same/,
    ],
    ['no number', { TELNYX_PHONE_NUMBER: undefined }, 'TELNYX_PHONE_NUMBER', /is missing/],
    ['a national number', { TELNYX_PHONE_NUMBER: '2025550123' }, 'TELNYX_PHONE_NUMBER', /E\.164/],
    ['no public key', { TELNYX_PUBLIC_KEY: undefined }, 'TELNYX_PUBLIC_KEY', /Keys & Credentials > Public Key/],
    [
      'a public key of 31 bytes',
      { TELNYX_PUBLIC_KEY: Buffer.alloc(31).toString('base64') },
      'TELNYX_PUBLIC_KEY',
      /31 bytes/,
    ],
    ['a public key in hex', { TELNYX_PUBLIC_KEY: 'ab'.repeat(32) }, 'TELNYX_PUBLIC_KEY', /in hex/],
    ['a public key in PEM', { TELNYX_PUBLIC_KEY: '-----BEGIN PUBLIC KEY-----' }, 'TELNYX_PUBLIC_KEY', /PEM/],
    ['a public key that is no base64', { TELNYX_PUBLIC_KEY: 'not a key' }, 'TELNYX_PUBLIC_KEY', /not base64/],
    ['the sample API key', { TELNYX_API_KEY: 'KEYxxxxxxxxxxxx' }, 'TELNYX_API_KEY', /placeholder/],
    ['a quoted API key', { TELNYX_API_KEY: '"KEY0123456789"' }, 'TELNYX_API_KEY', /quotes/],
    ['an API key with a line break', { TELNYX_API_KEY: 'KEY01234\n56789' }, 'TELNYX_API_KEY', /line break/],
    ['a sample key among others', { COLD_CALL_API_KEYS: 'k1,your_api_key' }, 'COLD_CALL_API_KEYS', /placeholder/],
    ['the sample domain', { DOMAIN: 'your-domain.com' }, 'DOMAIN', /placeholder/],
    ['a domain with a scheme', { DOMAIN: 'https://acme.test' }, 'DOMAIN', /scheme/],
    ['a domain with a path', { DOMAIN: 'acme.test/calls' }, 'DOMAIN', /path/],
    ['no domain', { DOMAIN: undefined }, 'DOMAIN', /is missing/],
    ['a port in words', { PORT: 'abc' }, 'PORT', /\(it is "abc"\)/],
    ['a port too high', { PORT: '99999' }, 'PORT', /from 1 to 65535/],
    ['a negative port', { PORT: '-1' }, 'PORT', /from 1 to 65535/],
    ['a base URL by ftp', { TELNYX_BASE_URL: 'ftp://api.telnyx.com/v2' }, 'TELNYX_BASE_URL', /begins with/],
    ['a base URL without scheme', { TELNYX_BASE_URL: 'api.telnyx.com/v2' }, 'TELNYX_BASE_URL', /begins with/],
    ['a base URL with a password', { TELNYX_BASE_URL: 'https://me:pw@api.telnyx.com' }, 'TELNYX_BASE_URL', /password/],
    ['a base URL without version', { TELNYX_BASE_URL: 'https://api.telnyx.com' }, 'TELNYX_BASE_URL', /version/],
    ['http in production', { ...production, TELNYX_BASE_URL: 'http://api.telnyx.com/v2' }, 'TELNYX_BASE_URL', /clear/],
    ['validation maybe', { TELNYX_VALIDATE_SIGNATURE: 'maybe' }, 'TELNYX_VALIDATE_SIGNATURE', /True nor False/],
    [
      'no validation in production',
      { ...production, TELNYX_VALIDATE_SIGNATURE: 'False' },
      'TELNYX_VALIDATE_SIGNATURE',
      /forge/,
    ],
    [
      'loopback in production',
      { ...production, OUTBOUND_ALLOW_HOSTS: '127.0.0.1:4010' },
      'OUTBOUND_ALLOW_HOSTS',
      /production/,
    ],
    ['a host without port', { OUTBOUND_ALLOW_HOSTS: 'storage.acme.test' }, 'OUTBOUND_ALLOW_HOSTS', /host:port/],
    [
      'no API key in production',
      { ...production, TELNYX_API_KEY: undefined },
      'TELNYX_API_KEY',
      /Telnyx API key not configured/,
    ],
    ['no keys for clients', { COLD_CALL_API_KEYS: ' , ' }, 'COLD_CALL_API_KEYS', /is missing/],
    ['a business that is no UUID', { COLD_CALL_BUSINESS_ID: 'acme' }, 'COLD_CALL_BUSINESS_ID', /UUID/],
    [
      'a SIP password alone',
      { TELNYX_SIP_PASSWORD: 'pw' },
      'TELNYX_SIP_USERNAME',
      /Telnyx SIP credentials not configured/,
    ],
    ['a backend key alone', { WEB_BACKEND_URL: '', WEB_BACKEND_API_KEY: 'k' }, 'WEB_BACKEND_URL', /beside its key/],
    [
      'a short signing secret',
      { WEB_BACKEND_SIGNING_SECRET: 'whsec_abcd' },
      'WEB_BACKEND_SIGNING_SECRET',
      /24 to 64 bytes/,
    ],
    ['a number without a flow', { INBOUND_FLOWS: '+12025550123' }, 'INBOUND_FLOWS', /number=flow/],
    ['a flow by its path', { INBOUND_FLOWS: '+12025550123=../x' }, 'INBOUND_FLOWS', /number=flow/],
    ['a number with two flows', { INBOUND_FLOWS: '+12025550123=a,+12025550123=b' }, 'INBOUND_FLOWS', /twice/],
    ['a destination by name', { ALLOWED_DESTINATIONS: 'Germany' }, 'ALLOWED_DESTINATIONS', /country \(US\)/],
    ['workflows that are not there', { WORKFLOW_BUNDLE: '/nowhere.js' }, 'WORKFLOW_BUNDLE', /cannot be read/],
    ['a secret twice', { TELNYX_API_KEY_FILE: '/etc/hostname' }, 'TELNYX_API_KEY', /TELNYX_API_KEY_FILE/],
    [
      'a missing Temporal profile',
      { TEMPORAL_CONFIG_FILE: '/nowhere.toml', TEMPORAL_PROFILE: 'x' },
      'TEMPORAL_PROFILE',
      /cannot be read/,
    ],
  ])('%s is refused by name', (_what, changes, name, problem) => {
    const { problems, message } = refusal(real(changes));
    expect(problems.map((each) => each.name)).toEqual([name]);
    expect(message).toMatch(problem);
  });

  test('all problems are told together, one line each', () => {
    const error = refusal({ TELNYX_API_KEY: 'KEY0123456789', PORT: '0', VOICE: 'two words' });
    expect(error.message.split('\n')).toHaveLength(error.problems.length);
    expect(error.problems.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['PORT', 'VOICE', 'TELNYX_CONNECTION_ID', 'DOMAIN', 'COLD_CALL_API_KEYS']),
    );
  });

  test('no refusal repeats a secret', () => {
    const secrets = NAMES.filter((name) => TABLE[name].shown === 'secret');
    const { message } = refusal(real(Object.fromEntries(secrets.map((name) => [name, '"canary value"']))));
    expect(message).not.toContain('canary');
  });
});

describe('accepted environments', () => {
  test('nothing set means the simulator on this machine', () => {
    const { config, warnings } = load({});
    expect(config).toMatchObject({
      carrier: { kind: 'simulator', port: null },
      http: { port: 8000, publicUrl: 'http://127.0.0.1:8000', apiKeys: [] },
      callerIds: { default: '+15551234567' },
      destinations: ['US'],
      temporal: { address: null, namespace: 'outcall', taskQueue: 'outcall' },
      webBackend: null,
    });
    expect(warnings).toEqual([]);
  });

  test('an API key means Telnyx, with everything it needs', () => {
    const { config, warnings } = load(
      real({ TELNYX_PUBLIC_KEY: `${publicKey}, ${otherKey}`, NODE_ENV: 'production', TEMPORAL_ADDRESS: 't:7233' }),
    );
    expect(config).toMatchObject({
      production: true,
      carrier: { kind: 'telnyx', baseUrl: 'https://api.telnyx.com/v2', publicKeys: [publicKey, otherKey] },
      http: { publicUrl: 'https://calls.acme.test', apiKeys: ['client-key-one', 'client-key-two'] },
      temporal: { address: 't:7233', namespace: 'default' },
      installation: 'default@calls.acme.test',
      destinations: ['US'],
    });
    expect(warnings).toEqual([]);
  });

  test.each<[NodeJS.ProcessEnv, object]>([
    [{ TELNYX_BASE_URL: 'https://api.telnyx.com/v2/' }, { carrier: { baseUrl: 'https://api.telnyx.com/v2' } }],
    [{ TELNYX_VALIDATE_SIGNATURE: 'TRUE' }, { validateSignature: true }],
    [{ TELNYX_VALIDATE_SIGNATURE: '0', TELNYX_PUBLIC_KEY: '' }, { validateSignature: false }],
    [{ ALLOWED_DESTINATIONS: 'us,+1876' }, { destinations: ['US', '+1876'] }],
    [{ ALLOWED_DESTINATIONS: '*' }, { destinations: '*' }],
    [{ TELNYX_PHONE_NUMBER: '+442071234567' }, { destinations: ['GB'] }],
    [
      { INBOUND_FLOWS: '+12025550123=after-hours, +12025550124 = support' },
      {
        flows: {
          inbound: [
            { number: '+12025550123', flow: 'after-hours' },
            { number: '+12025550124', flow: 'support' },
          ],
        },
      },
    ],
    [{ FLOWS_DIR: '/srv/flows' }, { flows: { directory: '/srv/flows' } }],
    [{}, { flows: { directory: resolve('flows/examples') } }],
    [{ OUTCALL_CALLER_IDS: '+12025550124' }, { callerIds: { all: ['+12025550123', '+12025550124'] } }],
    [{ RECORDING_FORMAT: 'wav' }, { recording: { format: 'wav' } }],
    [{ PUBLIC_URL: 'https://acme.test/calls/' }, { http: { publicUrl: 'https://acme.test/calls' } }],
    [{ TELNYX_API_KEY: ' KEY0123456789\n' }, { carrier: { apiKey: 'KEY0123456789' } }],
  ])('%j is read', (changes, expected) => {
    expect(load(real(changes)).config).toMatchObject(expected);
  });

  test('a secret is read from the file that its _FILE variable names', () => {
    const file = join(tmpdir(), `outcall-secret-${process.pid}`);
    writeFileSync(file, 'KEY_from_file\n');
    const { config, warnings } = load(real({ TELNYX_API_KEY: undefined, TELNYX_API_KEY_FILE: file }));
    expect(config.carrier).toMatchObject({ apiKey: 'KEY_from_file' });
    expect(warnings).toEqual([]);
  });

  test.each<[NodeJS.ProcessEnv, RegExp]>([
    [{ TELNYX_CONECTION_ID: '1' }, /TELNYX_CONECTION_ID .* did you mean TELNYX_CONNECTION_ID\?/],
    [{ TELNYX_VALIDATE_SIGNATURE: 'False' }, /anybody .* can forge/],
    [{ ALLOWED_DESTINATIONS: '+1' }, /25 countries/],
    [{ TELNYX_API_KEY: '' }, /Telnyx API key not configured/],
  ])('%j is warned about', (changes, warning) => {
    expect(load(real(changes)).warnings.join('\n')).toMatch(warning);
  });

  test('what @temporalio/envconfig reads is not called unknown', () => {
    expect(load({ TEMPORAL_TLS_SERVER_NAME: 'x', TEMPORAL_GRPC_META_TEAM: 'y' }).warnings).toEqual([]);
  });
});

describe('printing', () => {
  test('a configuration prints no secret and no phone number', () => {
    const secrets = NAMES.filter((name) => TABLE[name].shown === 'secret');
    const special = {
      REDIS_URL: 'redis://:canary@r:6379',
      WEB_BACKEND_SIGNING_SECRET: Buffer.alloc(24).toString('base64'),
    };
    const env = real({
      ...Object.fromEntries(secrets.map((name) => [name, 'canary'])),
      ...special,
      TELNYX_SIP_USERNAME: 'user',
    });
    const printed = describeConfig(load(env).config);
    expect(printed).not.toMatch(/canary|2025550123/);
    expect(printed).not.toContain(special.WEB_BACKEND_SIGNING_SECRET);
    expect(printed).toContain('"apiKey": "set"');
  });

  test('.env.example is what the table says (npm run env-example)', () => {
    expect(readFileSync('.env.example', 'utf8')).toBe(renderEnvExample());
  });
});
