/** Temporal's test server, whose time runs on at once while nobody works, and our workflows for it. */
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { bundleWorkflowCode, Runtime } from '@temporalio/worker';
import type { Logger, WorkflowBundle } from '@temporalio/worker';
import { searchAttributes } from '../../workflows/messages';

export interface SkippedTime {
  readonly env: TestWorkflowEnvironment;
  readonly workflowBundle: WorkflowBundle;
}

/** Once per test file: it installs the runtime of Temporal's SDK. Whoever starts it tears `env` down. */
export async function startSkippedTime(logger: Logger): Promise<SkippedTime> {
  Runtime.install({
    logger,
    telemetryOptions: { logging: { filter: { core: 'ERROR', other: 'ERROR' }, forward: {} } },
  });
  const workflowBundle = await bundleWorkflowCode({ workflowsPath: require.resolve('../../workflows'), logger });
  const path = process.env['TEMPORAL_TEST_SERVER_PATH'] ?? '';
  const env = await TestWorkflowEnvironment.createTimeSkipping({
    server: { executable: { type: 'existing-path', path } },
  });
  const keyword = 2;
  await env.connection.operatorService.addSearchAttributes({
    namespace: env.namespace ?? 'default',
    searchAttributes: Object.fromEntries(Object.values(searchAttributes).map(({ name }) => [name, keyword])),
  });
  return { env, workflowBundle };
}
