/** A thread that runs the ranges of seeds that it is sent. */
import { parentPort } from 'node:worker_threads';
import { runRange } from './batch';
import type { Range } from './batch';

// Thousands of errors are made on purpose; where each was made is of no interest: the replay of one seed shows it.
Error.stackTraceLimit = 0;

parentPort?.on('message', (range: Range) => {
  void runRange(range).then((batch) => parentPort?.postMessage(batch));
});
