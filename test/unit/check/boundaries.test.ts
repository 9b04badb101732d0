/** Plants one violation of each boundary in a tree of its own: a rule that no longer sees is worse than none. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

/** File, what it imports, and the rule that has to object. */
const PLANTED: readonly (readonly [file: string, imported: string, rule: string])[] = [
  ['domain/planted.ts', '../platform/target', 'domain-stays-in-its-lane'],
  ['texml/planted.ts', '../workflows/target', 'texml-stays-in-its-lane'],
  ['flows/planted.ts', '../workflows/target', 'flows-stays-in-its-lane'],
  ['workflows/planted.ts', '../activities/target', 'workflows-stays-in-its-lane'],
  ['activities/planted.ts', '../workflows/target', 'activities-stays-in-its-lane'],
  ['platform/planted.ts', '../server/target', 'platform-stays-in-its-lane'],
  ['server/planted.ts', '../workflows/target', 'server-stays-in-its-lane'],
  ['worker/planted.ts', '../server/target', 'worker-stays-in-its-lane'],
  ['simulator/planted.ts', '../domain/target', 'simulator-stays-in-its-lane'],
  ['simulation/planted.ts', '../server/target', 'simulation-stays-in-its-lane'],
  ['server/planted-types.ts', '../activities/target', 'types-from-activities-only-in-workflows'],
  ['workflows/planted-node.ts', 'node:fs', 'pure-folders-touch-no-node'],
  ['cli/planted-test.ts', '../test/target', 'no-test-code-outside-test'],
  ['platform/circle-other.ts', './circle', 'no-cycles'],
];

const repository = resolve('.');
let tree: string;

beforeAll(() => {
  tree = mkdtempSync(join(tmpdir(), 'outcall-boundaries-'));
  const write = (file: string, text: string) => {
    mkdirSync(join(tree, dirname(file)), { recursive: true });
    writeFileSync(join(tree, file), text);
  };
  for (const folder of ['domain', 'platform', 'workflows', 'activities', 'server', 'test']) {
    write(`${folder}/target.ts`, 'export const value = 1;\nexport type Value = number;\n');
  }
  write('platform/circle.ts', "export * from './circle-other';\n");
  for (const [file, imported] of PLANTED) {
    const words = file.endsWith('-types.ts') ? 'import type * as target' : 'import * as target';
    write(file, `${words} from '${imported}';\nexport type Planted = typeof target;\nexport { target };\n`);
  }
  copyFileSync('tsconfig.json', join(tree, 'tsconfig.json'));
});

afterAll(() => {
  rmSync(tree, { recursive: true, force: true });
});

/** What dependency-cruiser objects to in the planted tree: "file: rule". */
function objections(): readonly string[] {
  const program = join(repository, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
  const config = join(repository, '.dependency-cruiser.cjs');
  const { stdout } = spawnSync(process.execPath, [program, '--config', config, '--output-type', 'json', '.'], {
    cwd: tree,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  const { summary } = JSON.parse(stdout) as { summary: { violations: { from: string; rule: { name: string } }[] } };
  return summary.violations.map(({ from, rule }) => `${from}: ${rule.name}`);
}

test('every boundary objects to the violation planted for it', () => {
  expect(objections()).toEqual(expect.arrayContaining(PLANTED.map(([file, , rule]) => `${file}: ${rule}`)));
});

test('no boundary is without a planted violation', () => {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- a CommonJS configuration without types
  const { forbidden } = require('../../../.dependency-cruiser.cjs') as { forbidden: { name: string }[] };
  const planted = new Set(PLANTED.map(([, , rule]) => rule));
  expect(forbidden.map(({ name }) => name).filter((name) => !planted.has(name))).toEqual([]);
});
