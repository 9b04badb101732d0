/**
 * `npm run check`: whether a change may be committed, yes or no, without running the program. Prints one line for each
 * stage, and all that a stage said only when it failed.
 */
import { runStage, say } from './stage';
import type { Stage } from './stage';

const bin = (path: string) => `node_modules/${path}`;

/** The longest first: two run at a time. */
const STAGES: readonly Stage[] = [
  { name: 'eslint', args: [bin('eslint/bin/eslint.js'), '--max-warnings', '0', '.'] },
  { name: 'types', args: [bin('typescript/bin/tsc'), '--noEmit'] },
  {
    name: 'boundaries',
    args: [bin('dependency-cruiser/bin/dependency-cruise.mjs'), '--config', '.dependency-cruiser.cjs', '.'],
  },
  { name: 'unused code', args: [bin('knip/bin/knip.js')] },
  { name: 'format', args: [bin('prettier/bin/prettier.cjs'), '--check', '--log-level', 'warn', '.'] },
  // That the boundaries are still seen, that dependencies are not older than their known holes, and the like.
  {
    name: 'the checks themselves',
    args: [bin('jest/bin/jest.js'), '--selectProjects', 'unit', '--', 'test/unit/check/'],
  },
];

/** Resolves to the names of the stages that failed. */
async function check(): Promise<readonly string[]> {
  const waiting = [...STAGES];
  const failed: string[] = [];
  const work = async () => {
    for (let stage = waiting.shift(); stage; stage = waiting.shift()) {
      const { passed, seconds, output } = await runStage(stage, { capture: true });
      say(`${passed ? 'ok    ' : 'FAILED'} ${stage.name} (${seconds} s)`);
      if (passed) continue;
      failed.push(stage.name);
      say(`${output}\n`);
    }
  };
  await Promise.all([work(), work()]);
  return failed;
}

void check().then((failed) => {
  say(failed.length === 0 ? 'check: yes' : `check: no (${failed.join(', ')})`);
  process.exitCode = failed.length === 0 ? 0 : 1;
});
