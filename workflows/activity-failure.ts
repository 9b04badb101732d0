import { ActivityFailure } from '@temporalio/workflow';

/** Why an activity failed, in its own words. Anything else is a bug of ours: the task fails, and waits for a fix. */
export function activityFailure(error: unknown): string {
  if (!(error instanceof ActivityFailure)) throw error;
  return error.cause?.message ?? error.message;
}
