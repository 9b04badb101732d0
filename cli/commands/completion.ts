/** `outcall completion`: what a shell needs to complete commands, their options and the words that those take. */
import { Argument, Command } from 'commander';
import { print } from '../terminal';

const SHELLS = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof SHELLS)[number];

interface Completable {
  /** With that of the command around it: `texml lint`. */
  readonly name: string;
  /** What may follow instead of a flag. */
  readonly words: readonly string[];
  readonly description: string;
  readonly flags: readonly {
    readonly name: string;
    readonly description: string;
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
      '\nExamples:\n  source <(outcall completion bash)\n  outcall completion zsh > ~/.zfunc/_outcall' +
        '\n  outcall completion fish > ~/.config/fish/completions/outcall.fish',
    )
    .action((shell: Shell) => {
      print(
        SCRIPTS[shell](
          program.name(),
          program.commands.flatMap((command) => describe(command)),
        ),
      );
    });
}

/** The command, and those inside of it. */
function describe(command: Command, around = ''): Completable[] {
  const flags = command.createHelp().visibleOptions(command);
  const name = `${around}${command.name()}`;
  const inside = command.commands.map((one) => one.name());
  return [
    {
      name,
      words: name === 'completion' ? SHELLS : inside,
      description: firstWords(command.description()),
      flags: flags.flatMap(({ long, description, argChoices }) =>
        long ? [{ name: long, description: firstWords(description), choices: argChoices ?? [] }] : [],
      ),
    },
    ...command.commands.flatMap((one) => describe(one, `${name} `)),
  ];
}

/** Short, and nothing in it that a shell would read. */
function firstWords(text: string): string {
  return (text.split(/[;:(]/)[0] ?? '').replace(/[^\w ,.+-]/g, '').trim();
}

const SCRIPTS: Readonly<Record<Shell, (program: string, commands: readonly Completable[]) => string>> = {
  bash: (program, commands) => {
    const choices = commands.flatMap(({ name, flags }) =>
      flags
        .filter((flag) => flag.choices.length > 0)
        .map((flag) => `    "${name}"/${flag.name}) words="${flag.choices.join(' ')}" ;;`),
    );
    const words = commands.map((command) => `    "${command.name}"/*) words="${wordsOf(command)}" ;;`);
    const inner = commands.filter(isInner).map(({ name }) => `"${name}"`);
    return `_${program}() {
  local words command="\${COMP_WORDS[1]}" current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}"
  if [ "$COMP_CWORD" -eq 1 ]; then previous=""; fi
  if [ "$COMP_CWORD" -gt 2 ]; then
    case "$command \${COMP_WORDS[2]}" in
      ${inner.join('|')}) command="$command \${COMP_WORDS[2]}" ;;
    esac
  fi
  case "$command/$previous" in
    */"") words="${commands
      .filter((command) => !isInner(command))
      .map(({ name }) => name)
      .join(' ')}" ;;
${[...choices, ...words].join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _${program} ${program}`;
  },
  zsh: (program, commands) => {
    const outer = commands.filter((command) => !isInner(command));
    const cases = outer.map(({ name, words, flags }) => {
      const inside = commands
        .filter((command) => command.name.startsWith(`${name} `))
        .flatMap((command) => command.flags);
      const specs = [...flags, ...inside].map(({ name: flag, description, choices }) => {
        return `'${flag}[${description}]${choices.length > 0 ? `:word:(${choices.join(' ')})` : ''}'`;
      });
      const first = words.length > 0 ? [`'1:word:(${words.join(' ')})'`, `'*:file:_files'`] : [];
      return `    ${name}) _arguments ${[...first, ...new Set(specs)].join(' ')} ;;`;
    });
    return `#compdef ${program}
_${program}() {
  local -a commands
  commands=(${outer.map(({ name, description }) => `'${name}:${description}'`).join(' ')})
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
compdef _${program} ${program}`;
  },
  fish: (program, commands) =>
    [
      `complete -c ${program} -f`,
      ...commands.flatMap((command) => {
        const { name, description, words, flags } = command;
        const seen = name.split(' ').map((word) => `__fish_seen_subcommand_from ${word}`);
        const within = `complete -c ${program} -n '${seen.join('; and ')}'`;
        return [
          ...(isInner(command)
            ? [`${within} -F`]
            : [`complete -c ${program} -n __fish_use_subcommand -a ${name} -d '${description}'`]),
          ...(words.length > 0 ? [`${within} -a '${words.join(' ')}'`] : []),
          ...flags.map(({ name: flag, description: about, choices }) => {
            const after = choices.length > 0 ? ` -x -a '${choices.join(' ')}'` : '';
            return `${within} -l ${flag.slice(2)} -d '${about}'${after}`;
          }),
        ];
      }),
    ].join('\n'),
};

/** `texml lint` is inside of `texml`. */
function isInner({ name }: Completable): boolean {
  return name.includes(' ');
}

function wordsOf({ words, flags }: Completable): string {
  return [...words, ...flags.map((flag) => flag.name)].join(' ');
}
