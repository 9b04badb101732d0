import { ApiProblem } from '../../../server/problems';
import type { ProblemOptions } from '../../../server/problems';

/** What a client is told about this; fails the test when there is nothing to tell. */
export function problemOf(attempt: () => unknown): ProblemOptions {
  try {
    attempt();
  } catch (error) {
    if (error instanceof ApiProblem) return error.options;
    throw error;
  }
  throw new Error('it was accepted');
}
