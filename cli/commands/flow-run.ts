/** `outcall flow run`: plays a flow of a file, without an account, a phone or a network, and prints what is heard. */
import { Command, InvalidArgumentError, Option } from 'commander';
import { completeVariables } from '../../flows/flow';
import type { Flow } from '../../flows/flow';
import { AGENTS, createFlowPlay } from '../flow-play';
import type { AgentAnswer, FlowPlay, PlayedDocument } from '../flow-play';
import { collect, exitCodeOf, phoneOf, readable, withPhone } from '../offline';
import type { PhoneOptions, Played } from '../offline';
import { CommandFailure, EXIT, print, printJson, remark } from '../terminal';

interface RunOptions extends PhoneOptions {
  readonly set: Readonly<Record<string, string>>;
  readonly at?: number;
  readonly http: readonly string[];
  readonly agent: AgentAnswer;
  readonly fetch?: true;
  readonly documents?: true;
  readonly json?: true;
}

/** `flowIn` reads a file. */
export function flowRunCommand(flowIn: (file: string) => Flow, finish: (exitCode: number) => void): Command {
  const command = new Command('run')
    .description('play a flow as Outcall and Telnyx would, in the terminal, and print what is heard')
    .argument('<file>', 'the flow; - is standard input');
  return withPhone(command, 'step')
    .option('--set <name=value>', 'value of a variable; again for others', collectVariable, {})
    .option('--at <time>', 'when the call takes place, as 2026-11-28T22:00Z (default: now)', timeIn)
    .option(
      '--http <answer>',
      `what a server of an http step answers: '200 {"a": 1}'; again for the one after`,
      collect,
      [],
    )
    .addOption(
      new Option('--agent <what>', 'what the browser of an agent does').choices(Object.keys(AGENTS)).default('answers'),
    )
    .option('--fetch', 'ask the servers of http steps')
    .option('--documents', 'print the TeXML documents, too')
    .option('--json', 'print transcript and documents as one JSON object')
    .addHelpText(
      'after',
      '\nExamples:\n  outcall flow run reminder.yaml --set name=Ana --press 1\n  outcall flow run survey.yaml --say "very good" --press 5' +
        `\n  outcall flow run lookup.yaml --http '200 {"balance": 12}'\n  outcall flow run after-hours.yaml --at 2026-11-28T22:00Z` +
        '\n  outcall flow run voicemail-drop.yaml --answer machine --documents',
    )
    .action(async (file: string, options: RunOptions) => {
      const play = createFlowPlay(settingsOf(flowIn(file), options));
      const { playOffline } = await import('../../simulator/texml/offline.js');
      const result = play.told(await playOffline({ ...phoneOf(options), ...(await play.start()) }));
      show(result, play, options);
      finish(exitCodeOf(result));
    });
}

function settingsOf(flow: Flow, options: RunOptions): Parameters<typeof createFlowPlay>[0] {
  const completed = completeVariables(flow, options.set);
  if (completed.kind === 'incomplete') {
    const problems = completed.problems.map(({ message }) => message).join('\n');
    throw new CommandFailure(`${problems}\nGive values with --set name=value.`, EXIT.usage);
  }
  const { answer, agent, at, http, fetch, from, to } = options;
  return {
    script: { kind: 'flow', flow, variables: completed.variables },
    answer,
    agent,
    nowMs: at ?? Date.now(),
    answers: http,
    fetches: fetch === true,
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
  };
}

function collectVariable(entry: string, before: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const [, name, value] = /^([^=]+)=([^]*)$/.exec(entry) ?? [];
  if (name === undefined || value === undefined) throw new InvalidArgumentError('It is written name=value.');
  return { ...before, [name]: value };
}

function timeIn(text: string): number {
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) throw new InvalidArgumentError('It is written 2026-11-28T22:00Z.');
  return ms;
}

function show(result: Played, { documents }: FlowPlay, options: RunOptions): void {
  if (options.json) printJson({ ...result, documents: documents() });
  else for (const line of readable(result)) print(line);
  if (options.documents && !options.json) for (const document of documents()) print(printable(document));
  if (result.problem !== null) remark(`The call was given up: ${result.problem}.`);
}

const printable = ({ number, texml }: PlayedDocument): string => `\nDocument ${number}:\n${texml.trimEnd()}`;
