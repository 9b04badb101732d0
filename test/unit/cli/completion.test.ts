/** The scripts of `outcall completion`: the one for bash run by bash, the others read. */
import { execFileSync } from 'node:child_process';
import { Command } from 'commander';
import { callCommands } from '../../../cli/commands/calls';
import { completionCommand } from '../../../cli/commands/completion';
import { listCommands } from '../../../cli/commands/list';

const program = new Command('outcall');
for (const command of [...callCommands(() => undefined), ...listCommands(), completionCommand(program)]) {
  program.addCommand(command);
}

function scriptFor(shell: string): string {
  const write = jest.spyOn(process.stdout, 'write').mockReturnValue(true);
  program.parse(['completion', shell], { from: 'user' });
  const script = write.mock.calls.map(([text]) => String(text)).join('');
  write.mockRestore();
  return script;
}

/** What bash offers after these words; the last one is being typed. */
function offered(...words: readonly string[]): string[] {
  const line = words.map((word) => `'${word}'`).join(' ');
  const typing = `COMP_WORDS=(outcall ${line}); COMP_CWORD=${words.length}; _outcall; echo "\${COMPREPLY[*]}"`;
  const printed = execFileSync('bash', ['-c', `${scriptFor('bash')}\n${typing}`], { encoding: 'utf8' });
  return printed.split(/\s+/).filter(Boolean);
}

test.each([
  [['st'], ['status']],
  [['list', '--st'], ['--status']],
  [
    ['list', '--limit', '5', '--status', ''],
    ['queued', 'dialing', 'ringing', 'answered', 'in_progress', 'ended'],
  ],
  [['list', '--outcome', 'b'], ['busy']],
  [['call', '--from', ''], []],
  [
    ['completion', ''],
    ['bash', 'zsh', 'fish'],
  ],
])('bash completes %j to %j', (words, expected) => {
  expect(offered(...words)).toEqual(expected);
});

test.each(['bash', 'zsh', 'fish'])('the script for %s knows every command', (shell) => {
  const script = scriptFor(shell);
  for (const { name } of program.commands.map((command) => ({ name: command.name() }))) expect(script).toContain(name);
});

test('zsh and fish are told which options take a value, and which words are arguments', () => {
  expect(scriptFor('zsh')).toContain(`'--limit[how many at most, 1 to 100]:value:()'`);
  expect(scriptFor('zsh')).toContain(`':argument:(bash zsh fish)'`);
  expect(scriptFor('fish')).toContain(`-l limit -d 'how many at most, 1 to 100' -x`);
  expect(scriptFor('fish')).toContain(`-n '__fish_seen_subcommand_from completion' -a 'bash zsh fish'`);
});
