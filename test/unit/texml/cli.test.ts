/** `outcall texml`: what it prints where, and how it ends. As a process it is run by docs.test.ts, too. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { texmlCommand } from '../../../cli/commands/texml';
import { report } from '../../../cli/terminal';
import { outcall, shell } from '../../support/terminal';
import type { Ran } from '../../support/terminal';

const folder = mkdtempSync(path.join(os.tmpdir(), 'outcall-texml-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** `outcall texml …` in this process, which takes a hundredth of the time of a new one. */
async function texml(...args: readonly string[]): Promise<Ran> {
  const ran = { exitCode: 0, stdout: '', stderr: '' };
  const write = (stream: 'stdout' | 'stderr') =>
    jest.spyOn(process[stream], 'write').mockImplementation((text) => {
      ran[stream] += String(text);
      return true;
    });
  const spies = [write('stdout'), write('stderr')];
  const command = texmlCommand((exitCode) => (ran.exitCode = exitCode));
  try {
    await command.exitOverride().parseAsync(args, { from: 'user' });
  } catch (error) {
    ran.exitCode = report(error);
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
  return ran;
}

function aFile(name: string, text: string): string {
  const file = path.join(folder, name);
  writeFileSync(file, text);
  return file;
}

const right = aFile('right.xml', '<Response><Say>Hi</Say></Response>');
const wrong = aFile('wrong.xml', '<Response>\n  <Pause length="0"/>\n</Response>');
const doubtful = aFile('doubtful.xml', '<Response><Dial>sip:a@example.com</Dial></Response>');

test('lint is silent about what is right, and ends with 0', async () => {
  expect(await texml('lint', right)).toEqual({
    exitCode: 0,
    stdout: '',
    stderr: '1 document, 0 errors, 0 warnings\n',
  });
});

test('lint says file, line and column of what is wrong, and ends with 1', async () => {
  expect(await texml('lint', right, wrong)).toEqual({
    exitCode: 1,
    stdout: `${wrong}:2:10: error: expected a whole number from 1 to 180, found "0"; write "1" [bad_value]\n`,
    stderr: '2 documents, 1 error, 0 warnings\n',
  });
});

test('lint --json prints one object, and a warning does not fail it', async () => {
  const { exitCode, stdout, stderr } = await texml('lint', doubtful, '--json');
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  expect(JSON.parse(stdout)).toMatchObject({
    files: [{ file: doubtful, findings: [{ code: 'bare_sip', severity: 'warning', line: 1, column: 11 }] }],
  });
});

test('- is standard input', async () => {
  const { exitCode, stdout } = await shell(
    `echo '<Response><Sya/></Response>' | node --import tsx cli/main.ts texml lint -`,
  );
  expect(exitCode).toBe(1);
  expect(stdout).toBe('stdin:1:11: error: expected a verb in Response, found "Sya"; write <Say> [unknown_verb]\n');
});

test('a file that is not there is said in one line, and ends with 1', async () => {
  expect(await texml('lint', 'nowhere.xml')).toEqual({
    exitCode: 1,
    stdout: '',
    stderr: "ENOENT: no such file or directory, open 'nowhere.xml'\n",
  });
});

test('a flag that there is not ends with 2', async () => {
  const { exitCode, stderr } = await texml('lint', right, '--jsno');
  expect(exitCode).toBe(2);
  expect(stderr).toContain('--json');
});

test('fmt prints, and with --write changes the file', async () => {
  const file = aFile('dial.xml', '<Response><!-- us --><Dial>sip:a@example.com</Dial></Response>');
  const formatted =
    '<?xml version="1.0" encoding="UTF-8"?>\n<Response>\n  <!-- us -->\n  <Dial>\n    <Sip>sip:a@example.com</Sip>\n  </Dial>\n</Response>\n';
  expect(await texml('fmt', file)).toEqual({ exitCode: 0, stdout: formatted, stderr: '' });
  expect(await texml('fmt', '--write', file)).toMatchObject({ exitCode: 0, stdout: '' });
  expect(readFileSync(file, 'utf8')).toBe(formatted);
});

test('fmt leaves a file alone that is no XML', async () => {
  const file = aFile('broken.xml', '<Response><Say>');
  const { exitCode, stderr } = await texml('fmt', '--write', file);
  expect(exitCode).toBe(1);
  expect(stderr).toBe(`${file}:1:11: error: not well-formed: unclosed tag: Say; close it [not_well_formed]\n`);
  expect(readFileSync(file, 'utf8')).toBe('<Response><Say>');
});

test('convert ends with 0 when nothing is left to do, and with 1 when something is', async () => {
  const done = aFile('done.xml', '<Response><Pay currency="usd"/></Response>');
  const todo = aFile('todo.xml', '<Response><Echo/></Response>');
  expect(await texml('convert', done)).toMatchObject({
    exitCode: 0,
    stderr: expect.stringContaining('done: ') as string,
  });
  const { exitCode, stdout } = await texml('convert', todo, '--json');
  expect(exitCode).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({ changes: [{ kind: 'todo', line: 1, column: 11 }] });
});

test('schema prints a JSON schema', async () => {
  const { stdout } = await texml('schema');
  expect(JSON.parse(stdout)).toMatchObject({ $ref: '#/$defs/Response' });
});

test('every command has a --help with an example', async () => {
  for (const command of [[], ['lint'], ['fmt'], ['convert'], ['schema']]) {
    const { exitCode, stdout } = await texml(...command, '--help');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/Examples?:\n {2}.*outcall texml/);
  }
});

describe('completion in bash', () => {
  let script: string;
  beforeAll(async () => {
    script = (await outcall(['completion', 'bash'])).stdout;
  });

  test.each([
    [['outcall', 'tex'], 'texml'],
    [['outcall', 'texml', ''], 'lint fmt convert schema run'],
    [['outcall', 'texml', 'fmt', 'menu.xml', '--w'], '--write'],
    [['outcall', 'list', '--status', 'q'], 'queued'],
  ])('of %j is %s', async (typed, expected) => {
    const words = typed.map((word) => `"${word}"`).join(' ');
    const press = `COMP_WORDS=(${words}) COMP_CWORD=${typed.length - 1}; _outcall || true; echo "\${COMPREPLY[*]}"`;
    expect((await shell(`${script}\n${press}`)).stdout.trim()).toBe(expected);
  });
});
