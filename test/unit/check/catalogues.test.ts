/** The catalogues of what can fail are whole, and the tests that they name are there. */
import { existsSync, readFileSync } from 'node:fs';

const NUMBERED = [
  { file: 'docs/faults.md', letter: 'F', count: 89 },
  { file: 'docs/security.md', letter: 'S', count: 46 },
];
const CATALOGUES = [...NUMBERED.map(({ file }) => file), 'docs/recordings.md'];

const rowsOf = (file: string): readonly string[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| '));
const firstCell = (row: string): string => row.split('|')[1]?.trim() ?? '';

/** Row numbers; `F70–F77` stands for all of them. */
function numbersIn(cell: string, letter: string): readonly number[] {
  return [...cell.matchAll(new RegExp(`${letter}(\\d\\d)(?:–${letter}(\\d\\d))?`, 'g'))].flatMap(([, from, to]) => {
    const first = Number(from);
    return Array.from({ length: Number(to ?? from) - first + 1 }, (_, nth) => first + nth);
  });
}

test.each(NUMBERED)('$file has each row once', ({ file, letter, count }) => {
  const numbers = rowsOf(file).flatMap((row) => numbersIn(firstCell(row), letter));
  expect(numbers.sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, nth) => nth + 1));
});

const named = CATALOGUES.flatMap((file) =>
  rowsOf(file).flatMap((row) =>
    [...row.matchAll(/`((?:test|simulation)\/[^`]+)`(?: "([^"]+)")?/g)].map(([, path = '', text = '']) => ({
      what: `${file}: ${firstCell(row)}`,
      path,
      text,
    })),
  ),
);

test.each(named)('$what: $path has "$text"', ({ path, text }) => {
  expect(existsSync(path) ? readFileSync(path, 'utf8') : `no ${path}`).toContain(text);
});
