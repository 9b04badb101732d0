import type { WorkflowBundlePath } from '@temporalio/worker';

/** Our workflows, compiled once for all test files by `test/programs.ts`. */
export function compiledWorkflows(): WorkflowBundlePath {
  return { codePath: process.env['WORKFLOW_BUNDLE'] ?? '' };
}
