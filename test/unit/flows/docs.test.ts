/** docs/flows.md is so: its flows, its commands and its tables. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseFlow } from '../../../flows/language';
import { renderTables } from '../../../flows/reference';
import { shell } from '../../support/terminal';

const chapter = readFileSync('docs/flows.md', 'utf8');
const blocks = [...chapter.matchAll(/((?:^.+\n)*)\n?^```(\w+)\n([^]*?)^```$/gm)].map(
  ([, before = '', kind = '', text = '']) => ({ before, kind, text }),
);

const folder = mkdtempSync(path.join(os.tmpdir(), 'outcall-flows-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

// "This is `reminder.yaml`:" names the block that follows.
for (const { before, text } of blocks) {
  const name = /This is `(\S+\.yaml)`/.exec(before)?.[1];
  if (name !== undefined) writeFileSync(path.join(folder, name), text);
}

// What a command prints stands right below it.
const commands = blocks.flatMap(({ kind, text }, index) => {
  return kind === 'sh' ? [{ command: text.trim(), shown: blocks[index + 1]?.text ?? '' }] : [];
});

test('shows every command of flow', () => {
  const shown = commands.map(({ command }) => /flow (\w+)/.exec(command)?.[1]);
  expect(shown).toEqual(expect.arrayContaining(['lint', 'run', 'graph']));
});

test.each(commands)('$command prints what is shown', async ({ command, shown }) => {
  const here = command
    .replace('npm run outcall --', 'node --import tsx cli/main.ts')
    .replace(/\b(\w+\.yaml)\b/, path.join(folder, '$1'));
  const { stdout, stderr } = await shell(`${here} || true`);
  expect((stdout + stderr).replaceAll(`${folder}${path.sep}`, '').trim()).toBe(shown.trim());
});

test('flows in YAML have no finding', () => {
  const flows = blocks.filter(({ kind }) => kind === 'yaml');
  expect(flows.length).toBeGreaterThan(0);
  for (const { text } of flows) expect(parseFlow('docs', text).findings).toEqual([]);
});

/** Prettier aligns columns. */
const unaligned = (text: string): string => text.replace(/ +/g, ' ').replace(/-{3,}/g, '---');

test.each(Object.entries(renderTables()))('the table of %s is that of the code', (_name, expected) => {
  expect(unaligned(chapter)).toContain(unaligned(expected));
});
