/** `outcall texml run` as a program: what it prints, where, and how it ends. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { aTexmlServer } from '../../support/texml-server';
import { outcall } from '../../support/terminal';

const folder = mkdtempSync(join(tmpdir(), 'outcall-texml-'));
const files: Readonly<Record<string, string>> = {
  'menu.xml': '<Response><Gather numDigits="1" action="/choice"><Say>Press 1.</Say></Gather></Response>',
  'choice.xml': '<Response><Say>You chose.</Say></Response>',
  'outside.xml': '<Response><Redirect>../../etc/passwd</Redirect></Response>',
  'broken.xml': '<Response><Say>Hello</Response>',
};

beforeAll(() => {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const run = (name: string, ...args: string[]) => outcall(['texml', 'run', join(folder, name), ...args]);

/** Without the times, which have tests of their own. */
const lines = (stdout: string): readonly string[] => stdout.split('\n').map((line) => line.slice(10).trim());

test('the transcript of a menu shows what is said, pressed and fetched from the file beside it', async () => {
  const { exitCode, stdout, stderr } = await run('menu.xml', '--press', '1');
  expect(lines(stdout).slice(0, 7)).toEqual([
    'carrier   calls +15550100006',
    'phone     answers',
    'document  says “Press 1.”',
    'phone     presses “1”',
    'carrier   fetches POST choice Digits=1 → 200',
    'document  says “You chose.”',
    'document  hangs up it came to its end',
  ]);
  expect([exitCode, stderr]).toEqual([0, '']);
});

test('--json prints one object, whose problem is null when all went well', async () => {
  const { stdout } = await run('menu.xml', '--press', '1', '--json');
  expect(JSON.parse(stdout)).toMatchObject({ status: 'completed', problem: null, recordings: 0 });
});

test.each([
  ['broken.xml', [], 1, 'the document was refused'],
  ['outside.xml', [], 1, 'no instructions could be had'],
  ['missing.xml', [], 2, 'there is no file'],
  ['menu.xml', ['--answer', 'busy'], 4, ''],
  ['menu.xml', ['--press', '1a'], 2, 'Keys are 0 to 9'],
  ['menu.xml', ['--answer', 'nobody'], 2, 'Allowed choices are person'],
  ['menu.xml', ['--to', '555'], 1, 'valid number in +E164 format'],
])('%s with %j ends with %d and says on standard error: %s', async (name, args, exitCode, said) => {
  const ran = await run(name, ...args);
  expect([ran.exitCode, ran.stderr]).toEqual([exitCode, expect.stringContaining(said)]);
});

test('a server is asked only with --fetch', async () => {
  const server = await aTexmlServer(() => '<Response><Say>From the server</Say></Response>');
  writeFileSync(join(folder, 'server.xml'), `<Response><Redirect>${server.url}/next</Redirect></Response>`);
  const without = await run('server.xml');
  expect([server.requests.length, without.stdout]).toEqual([0, expect.stringContaining('not fetched; --fetch')]);
  const asked = await run('server.xml', '--fetch');
  expect([server.of('/next')[0]?.fields['To'], asked.stdout]).toEqual([
    '+15550100006',
    expect.stringContaining('From the server'),
  ]);
  await server.close();
});

test('the help has examples', async () => {
  const { exitCode, stdout } = await outcall(['texml', 'run', '--help']);
  expect([exitCode, stdout]).toEqual([0, expect.stringMatching(/Examples:\n {2}outcall texml run/)]);
});
