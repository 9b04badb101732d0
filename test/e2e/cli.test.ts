/** The `outcall` command as a person and a script use it: what it prints where, and how it ends. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { agentCommands } from '../../cli/commands/agents';
import { callCommands } from '../../cli/commands/calls';
import { runCommands } from '../../cli/commands/run';
import { freePort } from '../../cli/programs/child';
import { aDataDir, launch, outcall, startOutcall, stopRunning } from '../support/terminal';
import type { Ran, Started } from '../support/terminal';
import type { StatusDocument } from '../../domain/status';

const ANSWERS = '+15550400007';
const BUSY = '+15550400001';
const STAYS = '+15550400006';
const CALL_ID = /^COLD_CALL_[0-9A-Z]{26}$/;

const { dataDir, remove } = aDataDir();
let start: Started;

beforeAll(async () => {
  start = await startOutcall({ DATA_DIR: dataDir, TELNYX_SIP_CONNECTION_ID: '2222222222222222222' });
}, 60_000);
afterAll(async () => {
  await stopRunning();
  remove();
});

const ask = (...args: string[]): Promise<Ran> => outcall(args, start.env);

/** What a script reads: standard output as one JSON object, or the test fails. */
function json({ stdout }: Pick<Ran, 'stdout'>): Partial<StatusDocument> & Record<string, unknown> {
  expect(stdout.trimEnd()).not.toContain('\n');
  return JSON.parse(stdout) as Record<string, unknown>;
}

async function untilEnded(callId: string): Promise<ReturnType<typeof json>> {
  for (;;) {
    const document = json(await ask('status', callId, '--json'));
    if (document.status === 'ended') return document;
  }
}

describe('help', () => {
  const commands = [...runCommands(() => undefined), ...callCommands(() => undefined), ...agentCommands()];

  test('outcall --help names every command and the exit codes', async () => {
    const { exitCode, stdout } = await outcall(['--help']);
    expect(exitCode).toBe(0);
    for (const command of commands) expect(stdout).toMatch(new RegExp(`^  ${command.name()} `, 'm'));
    expect(stdout).toMatch(/Exit codes: 0 done .* 3 the API cannot be reached .* 78/s);
  });

  test('the --help of every command has an example', () => {
    const withoutExample = commands.filter((command) => {
      let help = '';
      command.configureOutput({ writeOut: (text) => void (help += text) }).outputHelp();
      return !/Examples?:\n {2}.*(outcall|npm)\b.*/.test(help) || !help.includes(command.name());
    });
    expect(withoutExample.map((command) => command.name())).toEqual([]);
  });

  test('a command that there is not is answered with the one that was meant', async () => {
    const { exitCode, stdout, stderr } = await outcall(['cal']);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain('Did you mean call?');
  });
});

describe('agents', () => {
  test('call --agent rings the agent first; watching tells when they come and go', async () => {
    const { exitCode, stdout } = await ask('call', '+15550410000', '--agent', 'sip:ana@pbx.example.com', '--wait');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(
      /joined +agent is in the conference[^]*joined +the lead is in the conference[^]*ended +comp/,
    );
  });

  test('call --message leaves it on a machine', async () => {
    const { exitCode, stdout } = await ask('call', '+15550410020', '--message', 'Call us back.', '--wait');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/detected +machine[^]*message +left[^]*ended +voicemail by system/);
  });

  test('join rings a browser, mute and unmute say what is so now', async () => {
    const callId = (await ask('call', STAYS, '--no-record')).stdout.trim();
    const joined = json(await ask('join', callId, 'ana', '--json'));
    expect(joined).toMatchObject({ participant_sid: 'ana', status: 'ringing' });
    expect((await ask('join', callId, 'ana')).stdout).toBe(
      `ana is rung at sip:${String(joined['sip_username'])}@sip.telnyx.com\n`,
    );
    while (json(await ask('status', callId, '--json')).status !== 'in_progress');
    expect((await ask('mute', callId, 'ana')).stdout).toBe('ana is muted\n');
    expect((await ask('unmute', callId, 'ana')).stdout).toBe('ana is heard\n');
    const nobody = await ask('mute', callId, 'nobody');
    expect({ exitCode: nobody.exitCode, stdout: nobody.stdout }).toEqual({ exitCode: 1, stdout: '' });
    expect(nobody.stderr).toContain('participant_not_found');
    await ask('hangup', callId);
    await untilEnded(callId);
  });
});

describe('call', () => {
  test('prints the id alone on standard output, and what to do next beside it', async () => {
    const { exitCode, stdout, stderr } = await ask('call', BUSY);
    expect(exitCode).toBe(0);
    expect(stdout.trim()).toMatch(CALL_ID);
    expect(stderr).toContain(`watch it:  npm run outcall -- watch ${stdout.trim()}`);
    expect(stderr).toMatch(/its run: +http:\/\/127\.0\.0\.1:\d+\/namespaces\/outcall\/workflows\/COLD_CALL_/);
  });

  test('--json prints the answer of the API', async () => {
    const ran = await ask('call', BUSY, '--json', '--no-record', '--ring-timeout', '20');
    expect(ran.exitCode).toBe(0);
    expect(json(ran)).toMatchObject({ status: 'initiated', to_phone: BUSY });
  });

  test('--wait shows an answered call until its recording is delivered, and ends with 0', async () => {
    const { exitCode, stdout } = await ask('call', ANSWERS, '--wait');
    const steps = stdout.split('\n').map((line) => line.slice(14).split(' ')[0]);
    expect(steps).toEqual(expect.arrayContaining(['queued', 'dialing', 'answered', 'ended', 'recording']));
    expect(stdout).toMatch(/recording +delivered, \d+ bytes of mp3/);
    expect(exitCode).toBe(0);
  });

  test('--wait ends with 4 when the call was not answered', async () => {
    const { exitCode, stdout } = await ask('call', BUSY, '--wait');
    expect(stdout).toMatch(/ended +busy/);
    expect(exitCode).toBe(4);
  });

  test('--wait --json prints the last document and nothing else', async () => {
    const ran = await ask('call', BUSY, '--wait', '--json');
    expect(json(ran)).toMatchObject({ status: 'ended', outcome: 'busy' });
    expect(ran.exitCode).toBe(4);
  });

  test('--idempotency-key twice is one call', async () => {
    const first = await ask('call', BUSY, '--idempotency-key', 'order-17');
    const second = await ask('call', BUSY, '--idempotency-key', 'order-17');
    expect(second).toMatchObject({ exitCode: 0, stdout: first.stdout });
  });

  test('--idempotency-key with another number is refused', async () => {
    await ask('call', BUSY, '--idempotency-key', 'order-18');
    const { exitCode, stderr } = await ask('call', ANSWERS, '--idempotency-key', 'order-18');
    expect(exitCode).toBe(1);
    expect(stderr).toContain('422 idempotency_mismatch');
  });
});

describe('a call that is there', () => {
  let callId: string;
  beforeAll(async () => {
    callId = (await ask('call', STAYS)).stdout.trim();
  });

  test('status prints a table, --json the document', async () => {
    const table = await ask('status', callId);
    expect(table.stdout).toMatch(new RegExp(`^call_id +${callId}\nconference_id +${callId}\n`));
    expect(table.stdout).toMatch(/^to_phone +\+15550400006$/m);
    expect(table.stdout).toMatch(/^recording +state expected, .*format mp3/m);
    expect(table.stdout).not.toContain('{');
    expect(json(await ask('status', callId, '--json'))).toMatchObject({ call_id: callId, to_phone: STAYS });
  });

  test('hangup ends it, and once more does no harm', async () => {
    const hungUp = await ask('hangup', callId);
    expect(hungUp).toMatchObject({ exitCode: 0, stdout: expect.stringContaining(callId) as string });
    expect(await untilEnded(callId)).toMatchObject({ ended_by: 'api' });
    expect(json(await ask('hangup', callId, '--json'))).toMatchObject({ status: 'ended', ended_by: 'api' });
  });

  test('watch tells what happened, also afterwards', async () => {
    const ended = await untilEnded(callId);
    const { exitCode, stdout } = await ask('watch', callId);
    expect(stdout).toMatch(new RegExp(`ended +${String(ended.outcome)} by api`));
    expect(exitCode).toBe(ended.answered_at === null ? 4 : 0);
    expect(json(await ask('watch', callId, '--json'))).toMatchObject({ call_id: callId });
  });
});

describe('mistakes', () => {
  interface Mistake {
    readonly name: string;
    readonly args: readonly string[];
    readonly env?: () => Record<string, string>;
    readonly exitCode: number;
    readonly says: readonly string[];
    /** How many lines may be printed. @default 1 */
    readonly lines?: number;
  }
  let nowhere: string;
  beforeAll(async () => {
    nowhere = `http://127.0.0.1:${await freePort()}`;
  });

  const MISTAKES: readonly Mistake[] = [
    {
      name: 'a wrong key',
      args: ['call', BUSY, '--api-key', 'wrong'],
      exitCode: 1,
      says: ['401 unauthorized', '--api-key', 'COLD_CALL_API_KEYS'],
      lines: 2,
    },
    {
      name: 'no API at the address',
      args: ['call', BUSY],
      env: () => ({ OUTCALL_URL: nowhere }),
      exitCode: 3,
      says: ['no Outcall answers at', 'npm start', '--url'],
    },
    {
      name: 'watching where no API is',
      args: ['watch', 'COLD_CALL_X'],
      env: () => ({ OUTCALL_URL: nowhere }),
      exitCode: 3,
      says: ['no Outcall answers at'],
    },
    { name: 'a bad number', args: ['call', '5559'], exitCode: 1, says: ['to_phone must be E.164'], lines: 2 },
    {
      name: 'a bad caller id',
      args: ['call', BUSY, '--from', '+15550009999'],
      exitCode: 1,
      says: ['from_phone'],
      lines: 2,
    },
    {
      name: 'a country that is not allowed',
      args: ['call', '+442071838750'],
      exitCode: 1,
      says: ['ALLOWED_DESTINATIONS'],
      lines: 2,
    },
    { name: 'an unknown call', args: ['status', 'COLD_CALL_NONE'], exitCode: 1, says: ['404 call_not_found'] },
    {
      name: 'a flag without its number',
      args: ['call', BUSY, '--ring-timeout', 'abc'],
      exitCode: 2,
      says: ['--ring-timeout', '15 to 600'],
      lines: 2,
    },
    { name: 'no number at all', args: ['call'], exitCode: 2, says: ["missing required argument 'number'"], lines: 2 },
    {
      name: 'serve without Temporal',
      args: ['serve'],
      exitCode: 78,
      says: ['TEMPORAL_ADDRESS is not set'],
    },
    { name: 'work without Temporal', args: ['work'], exitCode: 78, says: ['TEMPORAL_ADDRESS is not set'] },
    {
      name: 'serve without a carrier',
      args: ['serve'],
      env: () => ({ TEMPORAL_ADDRESS: '127.0.0.1:7233' }),
      exitCode: 78,
      says: ['Telnyx API key not configured'],
    },
    {
      name: 'half a configuration',
      args: ['start'],
      env: () => ({ TELNYX_API_KEY: 'KEY0123456789', TELNYX_CONNECTION_ID: '123456789' }),
      exitCode: 78,
      says: ['TELNYX_PHONE_NUMBER is missing', 'TELNYX_PUBLIC_KEY is missing', 'COLD_CALL_API_KEYS is missing'],
      lines: 6,
    },
    {
      name: 'the SIP connection’s id where the application’s belongs',
      args: ['start'],
      env: () => ({ TELNYX_CONNECTION_ID: '123456789', TELNYX_SIP_CONNECTION_ID: '123456789' }),
      exitCode: 78,
      says: ['Call Control Application', 'not of a SIP connection'],
      lines: 2,
    },
  ];

  test.each(MISTAKES)(
    '$name: exit $exitCode, and what to do, in few words',
    async ({ args, env, exitCode, says, lines = 1 }) => {
      const ran = await outcall(args, { ...start.env, ...env?.() });
      expect(ran).toMatchObject({ exitCode, stdout: '' });
      for (const words of says) expect(ran.stderr).toContain(words);
      expect(ran.stderr).not.toMatch(/^ +at /m);
      expect(ran.stderr.trimEnd().split('\n').length).toBeLessThanOrEqual(lines);
    },
  );

  test('something else at the address is told from an Outcall', async () => {
    const other = createServer((_request, response) => response.end('<html>'));
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    const { exitCode, stderr } = await ask('status', 'COLD_CALL_X', '--url', `http://127.0.0.1:${port}`);
    other.close();
    expect({ exitCode, stderr }).toEqual({
      exitCode: 1,
      stderr: `what answers at http://127.0.0.1:${port} is not Outcall; name the right one with --url\n`,
    });
  });
});

describe('flows', () => {
  test('call --handler --set calls somebody with an example; watching tells that it plays', async () => {
    const handler = ['--handler', 'appointment-reminder', '--set', 'name=Ana', '--set', 'time=tomorrow at nine'];
    const { exitCode, stdout } = await ask('call', '+15550410060', ...handler, '--wait');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(
      /answered[^]*following +the first document has been fetched[^]*ended +completed[^]*recording +delivered/,
    );
  });
});

describe('simulator', () => {
  test('--json prints one JSON object, and SIGTERM ends it with 0', async () => {
    const simulator = launch(['simulator', '--json', '--port', '0'], {});
    await simulator.shows('}\n');
    const said = json({ stdout: simulator.output() });
    expect(Object.keys(said)).toEqual([
      ...['url', 'apiBaseUrl', 'publicKey', 'apiKey', 'connectionId', 'accountSid', 'texmlApplicationId'],
      'webBackendUrl',
    ]);
    expect((await fetch(`${String(said['url'])}/_simulator/`)).status).toBe(200);
    expect(await simulator.stop('SIGTERM')).toBe(0);
  });
});

describe('demo', () => {
  test('--json prints the last document and nothing else, also when a log is wanted', async () => {
    // The usual one is for the demo of the README, which may run at the same time.
    const PORT = `${await freePort()}`;
    // And it compiles its workflows by itself, as everybody's first one does.
    const env = { LOG_LEVEL: 'info', PORT, WORKFLOW_BUNDLE: '' };
    const ran = await outcall(['demo', '--json', '--to', ANSWERS], env);
    expect(ran.stderr).toContain('Telnyx outbound call created: call_control_id=');
    expect(json(ran)).toMatchObject({ outcome: 'completed', recording: { state: 'delivered' } });
    expect(ran.exitCode).toBe(0);
  });
});
