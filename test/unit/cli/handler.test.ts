import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { addVariable, handlerOf } from '../../../cli/commands/handler';
import { CommandFailure } from '../../../cli/terminal';

const folder = mkdtempSync(path.join(os.tmpdir(), 'outcall-handlers-'));
const fileOf = (name: string): string => path.join(folder, name);
beforeAll(() => {
  for (const name of ['a.yaml', 'b.yml', 'c.xml', 'd.texml']) writeFileSync(fileOf(name), `text of ${name}`);
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

test.each([
  ['https://flows.acme.com/x.xml', { url: 'https://flows.acme.com/x.xml' }],
  ['reminder', { flow: 'reminder' }],
  [fileOf('a.yaml'), { flow_source: 'text of a.yaml' }],
  [fileOf('b.yml'), { flow_source: 'text of b.yml' }],
  [fileOf('c.xml'), { texml: 'text of c.xml' }],
  [fileOf('d.texml'), { texml: 'text of d.texml' }],
])('%s is %j', (what, handler) => {
  expect(handlerOf(what, undefined)).toEqual({ type: 'texml', ...handler });
});

test('variables go with it', () => {
  const variables = addVariable('b=2=3', addVariable('a='));
  expect(handlerOf('reminder', variables)).toEqual({ type: 'texml', flow: 'reminder', variables: { a: '', b: '2=3' } });
});

test.each(['name', '=value', ''])('%j is no variable', (text) => {
  expect(() => addVariable(text)).toThrow('name=value');
});

test('a file that is not there is said to be so', () => {
  expect(() => handlerOf(fileOf('nowhere.yaml'), undefined)).toThrow(CommandFailure);
});
