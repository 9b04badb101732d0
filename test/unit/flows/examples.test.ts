/** Every example of flows/examples/ is right, and plays as its transcripts say; together they go through every step. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseFlow } from '../../../flows/language';
import { flow } from './command';

const FOLDER = 'flows/examples';
const EXAMPLES = readdirSync(FOLDER);
const nameOf = (file: string): string => file.replace('.yaml', '');

/** One file each: blocks that begin with the command, and go on with what it prints. */
const TRANSCRIPTS = 'test/unit/flows/transcripts';
const plays = readdirSync(TRANSCRIPTS).flatMap((file) =>
  readFileSync(path.join(TRANSCRIPTS, file), 'utf8')
    .split(/^(?=\$ )/m)
    .map((block) => {
      const [command = '', ...printed] = block.split('\n');
      return { example: file.replace('.txt', ''), command: command.slice(2), printed: printed.join('\n').trimEnd() };
    }),
);

/** `a --b "c d"` to its words. */
function wordsOf(command: string): readonly string[] {
  return [...command.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(
    ([, double, single, plain]) => double ?? single ?? plain ?? '',
  );
}

test('there are six examples, each with transcripts', () => {
  expect(EXAMPLES).toHaveLength(6);
  expect([...new Set(plays.map(({ example }) => example))].sort()).toEqual(EXAMPLES.map(nameOf).sort());
});

test.each(EXAMPLES)('%s has no finding', (file) => {
  expect(parseFlow(nameOf(file), readFileSync(path.join(FOLDER, file), 'utf8')).findings).toEqual([]);
});

test.each(plays)('$command', async ({ command, printed }) => {
  const [, , ...args] = wordsOf(command);
  const { stdout, stderr } = await flow(...args);
  expect(stderr).toBe('');
  expect(stdout.trimEnd()).toBe(printed);
});

test.each(EXAMPLES)('the transcripts of %s go through every step', (file) => {
  const { flow: read } = parseFlow(nameOf(file), readFileSync(path.join(FOLDER, file), 'utf8'));
  const visited = plays
    .filter(({ example }) => example === nameOf(file))
    .flatMap(({ printed }) => [...printed.matchAll(/goes to (.+)$/gm)].flatMap(([, names = '']) => names.split(', ')));
  const steps = read?.steps.map(({ name }) => name) ?? [];
  expect(steps.filter((name) => !visited.includes(name))).toEqual([]);
});
