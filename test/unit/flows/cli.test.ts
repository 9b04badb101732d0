/** `outcall flow`: what it prints where, and how it ends. As a process it is run by docs.test.ts. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { outcall, shell } from '../../support/terminal';
import { flow } from './command';

const folder = mkdtempSync(path.join(os.tmpdir(), 'outcall-flow-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function aFile(name: string, text: string): string {
  const file = path.join(folder, name);
  writeFileSync(file, text);
  return file;
}

const right = aFile('right.yaml', 'steps: {a: {say: Hi}}');
const wrong = aFile('wrong.yaml', 'steps:\n  a: {say: Hi, then: bye}\n');
const doubtful = aFile('doubtful.yaml', 'variables: {x: y}\nsteps: {a: {say: Hi}}');
const lookup = aFile(
  'lookup.yaml',
  'variables: {id: , who: nobody}\nsteps: {a: {http: "https://a.example.com/{{id}}", save: {who: name}}, b: {say: "Hi {{who}}"}}',
);

test('lint is silent about what is right, and ends with 0', async () => {
  expect(await flow('lint', right)).toEqual({ exitCode: 0, stdout: '', stderr: '1 flow, 0 errors, 0 warnings\n' });
});

test('lint says file, line and column of what is wrong, and ends with 1', async () => {
  expect(await flow('lint', right, wrong)).toEqual({
    exitCode: 1,
    stdout: `${wrong}:2:22: error: expected the name of a step, found "bye"; add a step bye, or write hangup [unknown_step]\n`,
    stderr: '2 flows, 1 error, 0 warnings\n',
  });
});

test('lint --json prints one object, and a warning does not fail it', async () => {
  const { exitCode, stdout, stderr } = await flow('lint', doubtful, '--json');
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  expect(JSON.parse(stdout)).toMatchObject({
    files: [{ file: doubtful, findings: [{ code: 'unused_variable', severity: 'warning', line: 1, column: 13 }] }],
  });
});

test('- is standard input', async () => {
  const { exitCode, stdout } = await shell(`echo 'steps: {a: {sya: Hi}}' | node --import tsx cli/main.ts flow lint -`);
  expect(exitCode).toBe(1);
  expect(stdout).toMatch(/^stdin:1:13: error: .*; write say \[no_verb\]$/m);
});

test('a file that is not there is said in one line, and ends with 1', async () => {
  const stderr = "ENOENT: no such file or directory, open 'nowhere.yaml'\n";
  expect(await flow('run', 'nowhere.yaml')).toEqual({ exitCode: 1, stdout: '', stderr });
});

test('a flow with errors is neither played nor drawn', async () => {
  for (const command of ['run', 'graph']) {
    expect(await flow(command, wrong)).toMatchObject({
      exitCode: 1,
      stdout: '',
      stderr: expect.stringContaining('[unknown_step]') as string,
    });
  }
});

test('run wants the variables that have no default, and knows no others', async () => {
  expect(await flow('run', lookup, '--set', 'ID=1')).toEqual({
    exitCode: 2,
    stdout: '',
    stderr:
      'flow lookup has no variable ID; it has id, who\nflow lookup needs the variable id\nGive values with --set name=value.\n',
  });
});

test.each([
  [['--http', '200 {"name": "Ana"}'], 'Hi Ana', 'GET https://a.example.com/7 → 200'],
  [['--http', '500'], 'Hi nobody', 'GET https://a.example.com/7 → 500'],
  [[], 'Hi nobody', 'GET https://a.example.com/7 → no answer'],
])('run with %j hears “%s”', async (options, words, line) => {
  const { exitCode, stdout } = await flow('run', lookup, '--set', 'id=7', ...options);
  expect(exitCode).toBe(0);
  expect(stdout).toContain(words);
  expect(stdout).toContain(line);
});

test('run --json prints transcript and documents', async () => {
  const { stdout } = await flow('run', right, '--json');
  expect(JSON.parse(stdout)).toMatchObject({
    status: 'completed',
    transcript: expect.arrayContaining([{ at_ms: 1000, who: 'flow', does: 'goes to', text: 'a' }]) as unknown,
    documents: [{ number: 1, texml: expect.stringContaining('<Say>Hi</Say>') as string }],
  });
});

test('run --documents prints them after the transcript', async () => {
  expect((await flow('run', right, '--documents')).stdout).toContain(
    '\nDocument 1:\n<?xml version="1.0" encoding="UTF-8"?>\n',
  );
});

test('run of a call that nobody answers ends with 4', async () => {
  expect(await flow('run', right, '--answer', 'busy')).toMatchObject({ exitCode: 4 });
});

test.each([
  ['--set', 'id'],
  ['--at', 'soon'],
  ['--agent', 'asleep'],
  ['--press', 'x'],
])('run %s %s ends with 2', async (option, value) => {
  expect(await flow('run', right, option, value)).toMatchObject({ exitCode: 2 });
});

test('every command has a --help with an example', async () => {
  for (const command of [[], ['lint'], ['run'], ['graph']]) {
    const { exitCode, stdout } = await flow(...command, '--help');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/Examples?:\n {2}.*outcall flow/);
  }
});

test('bash completes them', async () => {
  const script = (await outcall(['completion', 'bash'])).stdout;
  const press = 'COMP_WORDS=(outcall flow "") COMP_CWORD=2; _outcall || true; echo "${COMPREPLY[*]}"';
  expect((await shell(`${script}\n${press}`)).stdout.trim()).toBe('lint run graph');
});
