/** Saved histories of every kind of call replay on the code as it is; on a changed twin of it, none does. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { DefaultLogger, Runtime, Worker, bundleWorkflowCode } from '@temporalio/worker';
import type { WorkflowBundle, WorkflowBundleOption } from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import { compiledWorkflows } from '../support/workflow-bundle';

const FOLDER = path.join(__dirname, '../replay/histories');
const FILES = readdirSync(FOLDER).filter((file) => file.endsWith('.json'));
const logger = new DefaultLogger('ERROR', () => undefined);

describe('saved histories', () => {
  let twin: WorkflowBundle;

  beforeAll(async () => {
    Runtime.install({ logger });
    twin = await bundleWorkflowCode({ workflowsPath: require.resolve('./changed-twin'), logger });
  }, 60_000);

  const replay = (file: string, workflowBundle: WorkflowBundleOption): Promise<void> =>
    Worker.runReplayHistory({ workflowBundle }, JSON.parse(readFileSync(path.join(FOLDER, file), 'utf8')));

  test('there is one of every kind of call', () => {
    expect(FILES.length).toBeGreaterThanOrEqual(45);
  });

  test.each(FILES)('%s replays', async (file) => {
    await expect(replay(file, compiledWorkflows())).resolves.toBeUndefined();
  });

  test.each(FILES)('%s does not replay on changed code', async (file) => {
    await expect(replay(file, twin)).rejects.toThrow(DeterminismViolationError);
  });
});
