/** The `outcall` command. Each command lives in `commands/`; here is only what they are called. */
import { existsSync } from 'node:fs';
import { Command } from 'commander';
import { agentCommands } from './commands/agents';
import { callCommands } from './commands/calls';
import { completionCommand } from './commands/completion';
import { flowCommand } from './commands/flow';
import { listCommands } from './commands/list';
import { recordingsCommand } from './commands/recordings';
import { runCommands } from './commands/run';
import { texmlCommand } from './commands/texml';
import { endWithReader, report } from './terminal';

const EXIT_CODES = `
Exit codes: 0 done · 1 failed · 2 wrong usage · 3 the API cannot be reached · 4 the call was not answered ·
            78 the configuration cannot be used · 130 interrupted`;

async function main(): Promise<number> {
  if (existsSync('.env')) process.loadEnvFile('.env');
  const program = new Command('outcall')
    .description('Outbound calls that cannot be lost: every call a Temporal workflow, Telnyx underneath.')
    .addHelpText('after', EXIT_CODES)
    .showSuggestionAfterError()
    .exitOverride();
  let exitCode = 0;
  const finish = (code: number): void => {
    exitCode = code;
  };
  const commands = [
    ...runCommands(finish),
    ...callCommands(finish),
    ...agentCommands(),
    ...listCommands(),
    recordingsCommand(),
    texmlCommand(finish),
    flowCommand(finish),
    completionCommand(program),
  ];
  for (const command of commands) {
    program.addCommand(command.exitOverride().showHelpAfterError('(outcall --help shows all commands)'));
  }
  try {
    await program.parseAsync();
    return exitCode;
  } catch (error) {
    return report(error);
  }
}

endWithReader();
void main().then((exitCode) => {
  process.exitCode = exitCode;
  // After a failed start something may be left that keeps Node alive: Temporal's runtime ends only with a worker.
  setTimeout(() => process.exit(), 500).unref();
});
