/** Reads package-lock.json: versions with known holes that matter here do not come back by an update. */
import { readFileSync } from 'node:fs';

interface Lock {
  readonly packages: Readonly<Record<string, { readonly version?: string; readonly integrity?: string }>>;
}

const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as Lock;

function versionsOf(name: string): readonly string[] {
  const paths = Object.keys(packages).filter(
    (path) => path === `node_modules/${name}` || path.endsWith(`/node_modules/${name}`),
  );
  return paths.map((path) => packages[path]?.version ?? '0');
}

function isAtLeast(version: string, minimum: string): boolean {
  const [have, need] = [version, minimum].map((text) => text.split('.').map((part) => parseInt(part, 10)));
  for (const [index, wanted] of (need ?? []).entries()) {
    const found = have?.[index] ?? 0;
    if (found !== wanted) return found > wanted;
  }
  return true;
}

test.each([
  ['body-parser', '2.3.0'], // an invalid limit was no limit
  ['qs', '6.14.1'], // arrayLimit could be stepped around
  ['path-to-regexp', '8.4.0'], // slow regular expressions
  ['telnyx', '7.24.0'],
])('%s is installed, and at least %s everywhere', (name, minimum) => {
  const versions = versionsOf(name);
  expect(versions).not.toEqual([]);
  expect(versions.filter((version) => !isAtLeast(version, minimum))).toEqual([]);
});

test.each([
  ['undici', '7.18.2'],
  ['fast-xml-parser', '5.5.7'], // entity expansion
])('%s, where something brings it, is at least %s', (name, minimum) => {
  expect(versionsOf(name).filter((version) => !isAtLeast(version, minimum))).toEqual([]);
});

test('every package of the lock is pinned by its hash', () => {
  const loose = Object.entries(packages).filter(([path, { integrity }]) => path !== '' && integrity === undefined);
  expect(loose.map(([path]) => path)).toEqual([]);
});
