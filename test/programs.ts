/**
 * The servers that tests run against, by the variables that tests read: TEMPORAL_CLI_PATH, TEMPORAL_TEST_SERVER_PATH
 * and REDIS_SERVER_PATH (unless there is a REDIS_URL). Also a jest `globalSetup`, which compiles the workflows for all
 * test files at once, as the file that WORKFLOW_BUNDLE names.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findRedis } from '../cli/programs/redis';
import { findTemporalCli, findTestServer } from '../cli/programs/temporal';
import { createLogger } from '../platform/logger';
import { bundleWorkflows } from '../worker/workers';

const cacheDir = join(__dirname, '../.cache');
const say = (line: string) => process.stderr.write(`${line}\n`);

/** Sets the variables in this process's environment. Rejects when one of the programs cannot be had. */
export async function provideTestPrograms(): Promise<void> {
  const { env } = process;
  env['TEMPORAL_CLI_PATH'] = await findTemporalCli({ env, cacheDir, say });
  env['TEMPORAL_TEST_SERVER_PATH'] = await findTestServer({ env, cacheDir, say });
  if (!env['REDIS_URL']) env['REDIS_SERVER_PATH'] = await findRedis({ env, say });
}

async function setUp(): Promise<void> {
  await provideTestPrograms();
  const folder = mkdtempSync(join(tmpdir(), 'outcall-workflows-'));
  process.once('exit', () => {
    rmSync(folder, { recursive: true, force: true });
  });
  const { code } = await bundleWorkflows(createLogger({ level: 'error' }));
  const path = join(folder, 'workflows.js');
  writeFileSync(path, code);
  process.env['WORKFLOW_BUNDLE'] = path;
}

// jest takes the default export of this file, so it is the one place that has one.
export default setUp;
