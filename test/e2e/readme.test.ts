/** What README.md shows is so: its commands run, its answers have those fields, its files and variables exist. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import type { StatusDocument } from '../../domain/status';
import { NAMES } from '../../platform/config-table';
import { searchAttributes } from '../../workflows/messages';
import { aDataDir, provideCurl, root, shell, startOutcall, stopRunning } from '../support/terminal';
import type { Ran, Started } from '../support/terminal';

const README = readFileSync(path.join(root, 'README.md'), 'utf8');

/** The fenced blocks of one kind, in order. */
function blocks(kind: string): readonly string[] {
  return [...README.matchAll(new RegExp(`^\`\`\`${kind}\n([^]*?)^\`\`\``, 'gm'))].map(([, text = '']) => text);
}

/** One entry a command: a line without its remark, or several lines that belong together. */
function commandsIn(block: string): readonly string[] {
  const whole = block.replace(/\\\n/g, '\\\0').replace(/^for [^]*?^done$/gm, (loop) => loop.replace(/\n/g, '\0'));
  return whole
    .split('\n')
    .map((line) =>
      line
        .replace(/ +# .*$/, '')
        .replaceAll('\0', '\n')
        .trim(),
    )
    .filter(Boolean);
}

const COMMANDS = blocks('sh').flatMap(commandsIn);

/** Not run as they stand, with the reason. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  'npm start': 'what all others are run against',
  'npm test': 'what runs this',
  'export API=http://127.0.0.1:8000/aicallgo/api/v1/cold-call': 'set to the API that is run here',
  'export KEY=dev_…': 'set to the key that was printed',
  'export CALL=COLD_CALL_…': 'set to the call_id of the answer',
};
const HERE = COMMANDS.filter((command) => !(command in ELSEWHERE));
const INITIATE = HERE.find((command) => command.includes('/initiate')) ?? '';
const STATUS = HERE.find((command) => command.startsWith('curl $API/calls/$CALL')) ?? '';

describe('README.md', () => {
  const { dataDir, remove } = aDataDir();
  let start: Started;
  const results = new Map<string, Ran>();

  beforeAll(async () => {
    await provideCurl();
    start = await startOutcall({ DATA_DIR: dataDir, TELNYX_SIP_CONNECTION_ID: '2222222222222222222' });
    const api = `${start.url}/aicallgo/api/v1/cold-call`;
    const [, temporal = ''] = /Temporal +(\S+)/.exec(start.output()) ?? [];
    // Another namespace of the same server: in that of the start, the search attributes are there already.
    const cli = `temporal() { "$TEMPORAL_CLI_PATH" "$@" --address ${temporal} --namespace temporal-system; }\n`;
    let call = '';
    const paste = (command: string): Promise<Ran> =>
      shell(cli + command.replaceAll('http://127.0.0.1:8000', start.url), {
        ...start.env,
        API: api,
        KEY: start.apiKey,
        CALL: call,
      });
    for (const command of HERE) {
      // Each is pasted into a shell of its own, so the variable is kept here.
      const inner = /^export CALL=\$\((.+)\)$/.exec(command)?.[1];
      const ran = await paste(inner ?? command);
      results.set(command, ran);
      if (inner !== undefined) call = ran.stdout.trim();
      // A person, and a browser, take a moment to answer.
      if (inner !== undefined || command.includes('/webrtc-join')) await sleep(3_000);
      if (command !== INITIATE) continue;
      call = (JSON.parse(ran.stdout) as StatusDocument).call_id;
      // "Eight seconds later".
      await sleep(8_000);
    }
  }, 180_000);
  afterAll(async () => {
    await stopRunning();
    remove();
  });

  test('shows the commands that people need first', () => {
    expect(COMMANDS).toEqual(expect.arrayContaining(['npm start', 'npm test', 'npm run demo']));
    expect([INITIATE, STATUS]).not.toContain('');
    expect(HERE.length).toBeGreaterThanOrEqual(8);
  });

  test.each(HERE)('%s', (command) => {
    const { exitCode, stderr, stdout } = results.get(command) ?? { exitCode: -1, stderr: '', stdout: '' };
    expect({ exitCode, said: exitCode === 0 ? '' : stdout + stderr }).toEqual({ exitCode: 0, said: '' });
    // curl is content with any answer.
    expect(stdout).not.toMatch(/"code":/);
  });

  test('the demo prints the steps that are shown', () => {
    const steps = (text: string): readonly string[] =>
      text
        .split('\n')
        .filter((line) => /^\d\d:/.test(line))
        .map((line) => line.slice(14).replace(/COLD_CALL_\w+|[0-9a-f]{12}…|\d+(?= bytes| s$)/g, '…'));
    const [shown = ''] = blocks('text');
    expect(steps(results.get('npm run demo')?.stdout ?? '')).toEqual(
      expect.arrayContaining(steps(shown).filter((step) => /answered|joined|ended|delivered/.test(step))),
    );
  });

  test('the answer to a call has the fields that are shown', () => {
    const [shown = '{}'] = blocks('json');
    expect(Object.keys(JSON.parse(results.get(INITIATE)?.stdout ?? '{}') as object)).toEqual(
      Object.keys(JSON.parse(shown) as object),
    );
  });

  test('the status of that call is the one that is shown', () => {
    const shown = JSON.parse(blocks('json')[1] ?? '{}') as StatusDocument;
    const answer = JSON.parse(results.get(STATUS)?.stdout ?? '{}') as StatusDocument;
    const { status, outcome, duration_secs, hangup_cause, ended_by } = shown;
    expect(answer).toMatchObject({ status, outcome, duration_secs, hangup_cause, ended_by });
    expect(Object.keys(answer)).toEqual(expect.arrayContaining(Object.keys(shown)));
    expect(Object.keys(answer.recording ?? {})).toEqual(Object.keys(shown.recording ?? {}));
    expect(answer.recording?.state).toBe('delivered');
  });

  test.each(blocks('sql').flatMap((block) => block.trim().split('\n')))(
    'Temporal takes the query %s',
    async (query) => {
      const [, address = ''] = /Temporal +(\S+)/.exec(start.output()) ?? [];
      const connection = await Connection.connect({ address });
      const client = new Client({ connection, namespace: 'outcall' });
      await expect(client.workflow.count(query)).resolves.toMatchObject({ count: expect.any(Number) as number });
      await connection.close();
    },
  );

  test.each(['/docs', '/openapi.json', '/healthz', '/readyz'])(
    '%s is named, and answers without a key',
    async (route) => {
      expect(README).toContain(route);
      expect((await fetch(`${start.url}${route}`)).status).toBe(200);
    },
  );

  test('every search attribute is named', () => {
    const named = COMMANDS.find((command) => command.includes('search-attribute')) ?? '';
    for (const { name } of Object.values(searchAttributes)) expect(named).toMatch(new RegExp(`\\b${name}\\b`));
  });

  test('every file and folder that is named exists', () => {
    const named = [...README.matchAll(/`((?:[\w.-]+\/)+(?:[\w.-]+\.\w+)?|\.env\.example)`|\]\((?!http)([^)]+)\)/g)]
      .map(([, inCode, link]) => inCode ?? link ?? '')
      .filter(Boolean);
    expect(named.length).toBeGreaterThan(15);
    expect(named.filter((name) => !existsSync(path.join(root, name)))).toEqual([]);
  });

  test('every variable that is named is one of the table', () => {
    const named = [...README.matchAll(/\b[A-Z]{2,}(?:_[A-Z]+)+\b/g)].map(([name]) => name);
    const others = ['COLD_CALL', 'TEST_SCALE'];
    const known: readonly string[] = [...NAMES, ...others];
    expect([...new Set(named)].filter((name) => !known.includes(name))).toEqual([]);
  });
});
