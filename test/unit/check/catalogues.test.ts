/** The catalogues of faults and of security are whole, and the tests that they name are there. */
import { existsSync, readFileSync } from 'node:fs';

const CATALOGUES = [
  { file: 'docs/faults.md', letter: 'F', count: 89 },
  { file: 'docs/security.md', letter: 'S', count: 46 },
];

/** Row numbers; `F70–F77` stands for all of them. */
function numbersIn(cell: string, letter: string): readonly number[] {
  return [...cell.matchAll(new RegExp(`${letter}(\\d\\d)(?:–${letter}(\\d\\d))?`, 'g'))].flatMap(([, from, to]) => {
    const first = Number(from);
    return Array.from({ length: Number(to ?? from) - first + 1 }, (_, nth) => first + nth);
  });
}

describe.each(CATALOGUES)('$file', ({ file, letter, count }) => {
  const rows = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => new RegExp(`^\\| ${letter}\\d\\d`).test(line));

  test('has each row once', () => {
    const numbers = rows.flatMap((row) => numbersIn(row.split('|')[1] ?? '', letter));
    expect(numbers.sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, nth) => nth + 1));
  });

  test.each(rows.map((row) => [/\w\d\d(–\w\d\d)?/.exec(row)?.[0] ?? '', row]))(
    '%s names tests that are there',
    (_, row) => {
      const named = [...row.matchAll(/`((?:test|simulation)\/[^`]+)`(?: "([^"]+)")?/g)];
      for (const [, path = '', text = ''] of named) {
        expect(existsSync(path) ? readFileSync(path, 'utf8') : `no ${path}`).toContain(text);
      }
    },
  );
});
