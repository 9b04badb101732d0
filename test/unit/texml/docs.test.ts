/** docs/texml.md is so, command by command; and every TeXML example in the docs is right. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseTexml } from '../../../texml/reader';
import { root, shell } from '../../support/terminal';

interface Block {
  readonly kind: string;
  readonly text: string;
  /** The paragraph before it. */
  readonly before: string;
}

function blocksIn(markdown: string): readonly Block[] {
  const blocks = markdown.matchAll(/((?:^.+\n)*)\n?^```(\w+)\n([^]*?)^```$/gm);
  return [...blocks].map(([, before = '', kind = '', text = '']) => ({ kind, text, before }));
}

const MARKDOWN = [
  'README.md',
  'simulator/README.md',
  ...readdirSync('docs', { recursive: true, encoding: 'utf8' }).map((file) => `docs/${file}`),
]
  .filter((file) => file.endsWith('.md'))
  .map((file) => ({ file, blocks: blocksIn(readFileSync(file, 'utf8')) }));
const EXAMPLES = MARKDOWN.flatMap(({ file, blocks }) =>
  blocks.filter(({ kind, text }) => kind === 'xml' && text.includes('<Response')).map(({ text }) => ({ file, text })),
);

test('there are examples in the docs', () => {
  expect(EXAMPLES.length).toBeGreaterThanOrEqual(2);
});

test.each(EXAMPLES)('an example in $file has no finding', ({ text }) => {
  expect(parseTexml(text)).toMatchObject({ findings: [] });
});

describe('docs/texml.md', () => {
  const blocks = MARKDOWN.find(({ file }) => file === 'docs/texml.md')?.blocks ?? [];
  const folder = mkdtempSync(path.join(os.tmpdir(), 'outcall-texml-'));
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  // "This is `menu.xml`:" names the block that follows.
  const NAMED = /This is `(\S+\.xml)`/;
  const files = blocks.flatMap(({ before, text }) => {
    const name = NAMED.exec(before)?.[1];
    return name ? [{ name, text }] : [];
  });
  for (const { name, text } of files) writeFileSync(path.join(folder, name), text);

  // What a command prints stands right below it.
  const commands = blocks.flatMap(({ kind, text }, index) => {
    const after = blocks.slice(index + 1);
    const end = after.findIndex(({ kind: of, before }) => !['xml', 'text'].includes(of) || NAMED.test(before));
    const shown = after.slice(0, end === -1 ? after.length : end).map((block) => block.text);
    return kind === 'sh' ? [{ command: text.trim(), shown }] : [];
  });

  test('shows every command of texml', () => {
    const shown = commands.map(({ command }) => /texml (\w+)/.exec(command)?.[1]);
    expect(shown).toEqual(expect.arrayContaining(['lint', 'run', 'fmt', 'convert', 'schema']));
  });

  test.each(commands)('$command prints what is shown', async ({ command, shown }) => {
    const here = command
      .replace('npm run outcall --', `node --import tsx cli/main.ts`)
      .replace(/\b(\w+\.xml)\b/, path.join(folder, '$1'));
    const { stdout, stderr } = await shell(`${here} || true`);
    const printed = (stdout + stderr).replaceAll(`${folder}${path.sep}`, '');
    for (const text of shown) expect(printed).toContain(text);
    expect(stderr).not.toMatch(/^ +at /m);
  });

  test('the TypeScript prints what is shown', async () => {
    const [program, output] = blocks.slice(blocks.findIndex(({ kind }) => kind === 'ts'));
    const file = path.join(folder, 'example.ts');
    writeFileSync(file, (program?.text ?? '').replaceAll(`'./texml/`, `'${root}/texml/`));
    expect((await shell(`node --import tsx ${file}`)).stdout).toBe(output?.text);
  });
});
