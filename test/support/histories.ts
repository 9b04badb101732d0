/** Histories of real runs, replayed on the code as it is: the proof that a deploy ends no live call. */
import { Worker } from '@temporalio/worker';
import type { System } from './system';
import { compiledWorkflows } from './workflow-bundle';

/** Replays every run of the system; returns what did not replay, with the reason. */
export async function replayAll(system: System): Promise<string[]> {
  return system.withTemporal(async ({ workflow }) => {
    const histories = workflow.list({ query: 'ExecutionStatus != "Terminated"' }).intoHistories({ concurrency: 4 });
    const failures: string[] = [];
    const workflowBundle = compiledWorkflows();
    for await (const { workflowId, error } of Worker.runReplayHistories({ workflowBundle }, histories)) {
      if (error) failures.push(`${workflowId}: ${error.message}`);
    }
    return failures;
  });
}
