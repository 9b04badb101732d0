/** Temporal's test server, whose time runs on at once while nobody works. */
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { Runtime } from '@temporalio/worker';
import type { Logger } from '@temporalio/worker';
import { searchAttributes } from '../../workflows/messages';

/** Once per test file: it installs the runtime of Temporal's SDK. Whoever starts it tears it down. */
export async function startSkippedTime(logger: Logger): Promise<TestWorkflowEnvironment> {
  Runtime.install({
    logger,
    telemetryOptions: { logging: { filter: { core: 'ERROR', other: 'ERROR' }, forward: {} } },
  });
  const path = process.env['TEMPORAL_TEST_SERVER_PATH'] ?? '';
  const env = await TestWorkflowEnvironment.createTimeSkipping({
    server: { executable: { type: 'existing-path', path } },
  });
  const keyword = 2;
  await env.connection.operatorService.addSearchAttributes({
    namespace: env.namespace ?? 'default',
    searchAttributes: Object.fromEntries(Object.values(searchAttributes).map(({ name }) => [name, keyword])),
  });
  return env;
}
