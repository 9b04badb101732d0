/** Compiles the workflows into a file, as WORKFLOW_BUNDLE names it: `node dist/worker/compile.js FILE`. */
import { writeFileSync } from 'node:fs';
import { createLogger } from '../platform/logger';
import { bundleWorkflows } from './workers';

async function compile(file: string): Promise<void> {
  const { code } = await bundleWorkflows(createLogger({ level: 'warn' }));
  writeFileSync(file, code);
}

void compile(process.argv[2] ?? 'workflow-bundle.js');
