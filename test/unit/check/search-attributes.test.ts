/** A search attribute that a namespace does not have makes Temporal refuse every call that is started. */
import { readFileSync } from 'node:fs';
import { searchAttributes } from '../../../workflows/messages';

const names = Object.values(searchAttributes).map(({ name }) => name);

test.each([
  ['deploy/temporal/namespace.sh', /^keywords='([^']+)'/m],
  ['README.md', /^for name in ([^;]+); do\n {2}temporal operator search-attribute create/m],
])('%s makes the search attributes that calls are started with', (file, list) => {
  const made = list.exec(readFileSync(file, 'utf8'))?.[1];
  expect(made?.split(' ').sort()).toEqual([...names].sort());
});

test('all of them are of type Keyword, as they are made', () => {
  expect(new Set(Object.values(searchAttributes).map(({ type }) => type))).toEqual(new Set(['KEYWORD']));
});
