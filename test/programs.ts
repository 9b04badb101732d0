/**
 * The servers that tests run against, by the variables that tests read: TEMPORAL_CLI_PATH, TEMPORAL_TEST_SERVER_PATH
 * and REDIS_SERVER_PATH (unless there is a REDIS_URL). Also a jest `globalSetup`, for a jest started by hand.
 */
import { join } from 'node:path';
import { findRedis } from '../cli/programs/redis';
import { findTemporalCli, findTestServer } from '../cli/programs/temporal';

const cacheDir = join(__dirname, '../.cache');
const say = (line: string) => process.stderr.write(`${line}\n`);

/** Sets the variables in this process's environment. Rejects when one of the programs cannot be had. */
export async function provideTestPrograms(): Promise<void> {
  const { env } = process;
  env['TEMPORAL_CLI_PATH'] = await findTemporalCli({ env, cacheDir, say });
  env['TEMPORAL_TEST_SERVER_PATH'] = await findTestServer({ env, cacheDir, say });
  if (!env['REDIS_URL']) env['REDIS_SERVER_PATH'] = await findRedis({ env, say });
}

// jest takes the default export of this file, so it is the one place that has one.
export default provideTestPrograms;
