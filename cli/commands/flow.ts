/** `outcall flow`: for people who write flows. What is right and wrong is decided in `flows/`. */
import path from 'node:path';
import { Command } from 'commander';
import type { Flow } from '../../flows/flow';
import { renderGraph } from '../../flows/graph';
import { parseFlow } from '../../flows/language';
import type { FlowReading } from '../../flows/language';
import { contentOf, lineFor, printFindings } from '../linting';
import { CommandFailure, print } from '../terminal';
import { flowRunCommand } from './flow-run';

/** `finish` is told the exit code. */
export function flowCommand(finish: (exitCode: number) => void): Command {
  const flow = new Command('flow')
    .description('check, play and draw call flows')
    .addHelpText(
      'after',
      '\nExamples:\n  outcall flow lint flows/*.yaml\n  outcall flow run survey.yaml --press 1\n  outcall flow graph survey.yaml',
    );
  for (const command of [lintCommand(finish), flowRunCommand(flowIn, finish), graphCommand()]) {
    flow.addCommand(command.exitOverride());
  }
  return flow;
}

function lintCommand(finish: (exitCode: number) => void): Command {
  return new Command('lint')
    .argument('<files...>', 'flows; - is standard input')
    .description('say what is wrong in flows, with line and column; ends with 1 when there is an error')
    .option('--json', 'print one JSON object: {files: [{file, findings}]}')
    .addHelpText(
      'after',
      '\nExamples:\n  outcall flow lint flows/*.yaml\n  cat survey.yaml | outcall flow lint - --json',
    )
    .action((files: string[], { json }: { json?: true }) => {
      const linted = files.map((file) => ({ file, findings: reading(file).findings }));
      finish(printFindings(linted, { what: 'flow', json: json === true }));
    });
}

function graphCommand(): Command {
  return new Command('graph')
    .argument('<file>', 'a flow; - is standard input')
    .description('draw a flow: prints a flowchart for Mermaid')
    .addHelpText('after', '\nExample:\n  outcall flow graph survey.yaml > survey.mmd')
    .action((file: string) => {
      print(renderGraph(flowIn(file)));
    });
}

function reading(file: string): FlowReading {
  return parseFlow(path.basename(file).replace(/\.ya?ml$/, ''), contentOf(file).toString('utf8'));
}

/** The flow of a file that has no errors; those that it has end the command. */
function flowIn(file: string): Flow {
  const { flow, findings } = reading(file);
  if (flow !== null) return flow;
  const errors = findings.filter(({ severity }) => severity === 'error');
  throw new CommandFailure(errors.map((finding) => lineFor(file, finding)).join('\n'));
}
