/** `outcall completion`: what a shell needs to complete commands, their options and the words that those take. */
import { Argument, Command } from 'commander';
import { print } from '../terminal';

const SHELLS = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof SHELLS)[number];

interface Completable {
  readonly name: string;
  readonly description: string;
  /** What may stand behind it besides flags; empty when that is anything. */
  readonly words: readonly string[];
  readonly flags: readonly {
    readonly name: string;
    readonly description: string;
    readonly takesValue: boolean;
    /** What its value may be; empty when that is anything. */
    readonly choices: readonly string[];
  }[];
}

/** Reads the commands off the program when it runs, so there is nothing to keep up to date. */
export function completionCommand(program: Command): Command {
  return new Command('completion')
    .description('print a completion script for a shell')
    .addArgument(new Argument('<shell>').choices(SHELLS))
    .addHelpText(
      'after',
      '\nFor a command "outcall" of its own:  alias outcall="npm run --silent outcall --"' +
        '\n\nExamples:\n  source <(outcall completion bash)\n  outcall completion zsh > ~/.zfunc/_outcall' +
        '\n  outcall completion fish > ~/.config/fish/completions/outcall.fish',
    )
    .action((shell: Shell) => {
      print(SCRIPTS[shell](program.name(), program.commands.map(describe)));
    });
}

/** Of a command that has commands of its own, those are its words, and their flags are its flags. */
function describe(command: Command): Completable {
  const { commands } = command;
  const all = (commands.length > 0 ? commands : [command]).flatMap((one) => one.createHelp().visibleOptions(one));
  const flags = [...new Map(all.map((option) => [option.long, option])).values()];
  const choices = command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []);
  return {
    name: command.name(),
    description: firstWords(command.description()),
    words: [...commands.map((one) => one.name()), ...choices],
    flags: flags.flatMap(({ long, description, required, argChoices }) =>
      long
        ? [{ name: long, description: firstWords(description), takesValue: required, choices: argChoices ?? [] }]
        : [],
    ),
  };
}

/** Short, and nothing in it that a shell would read. */
function firstWords(text: string): string {
  return (text.split(/[;:(]/)[0] ?? '').replace(/[^\w ,.+-]/g, '').trim();
}

const SCRIPTS: Readonly<Record<Shell, (program: string, commands: readonly Completable[]) => string>> = {
  bash: (program, commands) => {
    const choices = commands.flatMap(({ name, flags }) =>
      flags
        .filter(({ takesValue }) => takesValue)
        .map((flag) => `    ${name}/${flag.name}) words="${flag.choices.join(' ')}" ;;`),
    );
    const others = commands.map(({ name, words, flags }) => {
      return `    ${name}/*) words="${words.join(' ')}" flags="${flags.map((flag) => flag.name).join(' ')}" ;;`;
    });
    return `_${program}() {
  local words="" flags="" current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}"
  if [ "$COMP_CWORD" -eq 1 ]; then previous=""; fi
  case "\${COMP_WORDS[1]}/$previous" in
    */"") words="${commands.map(({ name }) => name).join(' ')}" ;;
${[...choices, ...others].join('\n')}
  esac
  if [ -n "$flags" ]; then
    if [ -z "$words" ] || [[ "$current" == -* ]]; then words="$flags"; elif [ "$COMP_CWORD" -gt 2 ]; then words=""; fi
  fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _${program} ${program}`;
  },
  zsh: (program, commands) => {
    const cases = commands.map(({ name, flags, words }) => {
      const specs = flags.map(({ name: flag, description, takesValue, choices }) => {
        return `'${flag}[${description}]${takesValue ? `:value:(${choices.join(' ')})` : ''}'`;
      });
      return `    ${name}) _arguments ${specs.join(' ')} ':argument:(${words.join(' ')})' ;;`;
    });
    return `#compdef ${program}
_${program}() {
  local -a commands
  commands=(${commands.map(({ name, description }) => `'${name}:${description}'`).join(' ')})
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  shift words
  (( CURRENT-- ))
  case "$words[1]" in
${cases.join('\n')}
  esac
}
# Found by its name it is to complete at once; sourced it is to be known.
if [[ "$funcstack[1]" == _${program} ]]; then _${program} "$@"; else compdef _${program} ${program}; fi`;
  },
  fish: (program, commands) =>
    [
      `complete -c ${program} -f`,
      ...commands.flatMap(({ name, description, words, flags }) => [
        `complete -c ${program} -n __fish_use_subcommand -a ${name} -d '${description}'`,
        ...(words.length > 0
          ? [`complete -c ${program} -n '__fish_seen_subcommand_from ${name}' -a '${words.join(' ')}'`]
          : []),
        ...flags.map(({ name: flag, description: about, takesValue, choices }) => {
          const value = takesValue ? ` -x -a '${choices.join(' ')}'` : '';
          return `complete -c ${program} -n '__fish_seen_subcommand_from ${name}' -l ${flag.slice(2)} -d '${about}'${value}`;
        }),
      ]),
    ].join('\n'),
};
