/** `outcall texml run`: plays a document of a file, without an account, a phone or a network, and prints what is heard. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { OfflineAnswer, OfflinePlay, OfflineResult } from '../../simulator/texml/offline';
import { CommandFailure, EXIT, print, printJson, remark } from '../terminal';

interface RunOptions {
  readonly press: readonly string[];
  readonly say: readonly string[];
  readonly answer: OfflineAnswer;
  readonly interrupt?: true;
  readonly fetch?: true;
  readonly from?: string;
  readonly to?: string;
  readonly json?: true;
}

/** As `simulator/texml/offline` knows them; that is loaded only when a document is played. */
const ANSWERS: Readonly<Record<OfflineAnswer, true>> = {
  person: true,
  machine: true,
  fax: true,
  busy: true,
  rejected: true,
  'no-answer': true,
};

const collect = (entry: string, before: readonly string[]): readonly string[] => [...before, entry];

function collectKeys(entry: string, before: readonly string[]): readonly string[] {
  if (/^[0-9*#w]*$/.test(entry)) return collect(entry, before);
  throw new InvalidArgumentError('Keys are 0 to 9, * and #; w waits half a second.');
}

export function texmlRunCommand(finish: (exitCode: number) => void): Command {
  return new Command('run')
    .description('play a TeXML file as Telnyx would, in the terminal, and print what is heard')
    .argument('<file>', 'the first document; relative addresses in it are files beside it')
    .option(
      '--press <keys>',
      'keys pressed where a document next asks for keys, "" for none; again for the one after',
      collectKeys,
      [],
    )
    .option('--say <words>', 'what is said where a document next listens; again for the one after', collect, [])
    .addOption(new Option('--answer <who>', 'who answers').choices(Object.keys(ANSWERS)).default('person'))
    .option('--interrupt', 'press while the prompts still play')
    .option('--fetch', 'fetch http and https addresses, with unsigned requests')
    .option('--from <number>', 'the calling number')
    .option('--to <number>', 'the called number')
    .option('--json', 'print the transcript as one JSON object')
    .addHelpText(
      'after',
      '\nExamples:\n  outcall texml run menu.xml --press 1\n  outcall texml run survey.xml --say yes --press 5 --press 2' +
        '\n  outcall texml run reminder.xml --answer machine --json | jq -r .transcript[].text',
    )
    .action(async (file: string, options: RunOptions) => {
      const { playOffline } = await import('../../simulator/texml/offline.js');
      const result = named(await playOffline(playOf(file, options)));
      if (options.json) printJson(result);
      else for (const line of readable(result)) print(line);
      if (result.problem !== null) remark(`The call was given up: ${result.problem}.`);
      finish(exitCodeOf(result));
    });
}

/** The same, with files called as the document calls them. */
function named(result: OfflineResult): OfflineResult {
  const lines = (transcript: OfflineResult['transcript']) =>
    transcript.map((line) => ({ ...line, text: line.text.replaceAll(beside, '') }));
  const dialed = result.dialed.map(({ to, transcript }) => ({ to, transcript: lines(transcript) }));
  return { ...result, dialed, transcript: lines(result.transcript) };
}

function exitCodeOf({ problem, status }: OfflineResult): number {
  if (problem !== null) return EXIT.failure;
  return status === 'completed' ? EXIT.ok : EXIT.notAnswered;
}

/** Stands for the folder of the file: an address that begins with it is a file there, and none leads out of it. */
const beside = 'beside://files/';

function playOf(file: string, options: RunOptions): OfflinePlay {
  const { press, say, answer, from, to } = options;
  const texml = contentOf(file);
  if (texml === null) throw new CommandFailure(`there is no file ${file}`, EXIT.usage);
  const folder = path.dirname(file);
  return {
    texml,
    answer,
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    base: `${beside}${encodeURIComponent(path.basename(file))}`,
    presses: press,
    says: say,
    interrupts: options.interrupt === true,
    fetch: (question) => {
      if (question.url.startsWith(beside)) return replyFromFile(folder, question.url);
      return options.fetch === true
        ? replyFromServer(question)
        : { status: null, error: 'not fetched; --fetch asks servers too' };
    },
  };
}

type Fetch = NonNullable<OfflinePlay['fetch']>;

/** `menu` is also `menu.xml`; what stands behind a `?` is for servers. */
function replyFromFile(folder: string, url: string): ReturnType<Fetch> {
  const name = decodeURIComponent(new URL(url).pathname.slice(1));
  const texml = contentOf(path.join(folder, name)) ?? contentOf(path.join(folder, `${name}.xml`));
  return texml === null ? { status: null, error: `there is no file ${name}` } : { status: 200, body: texml };
}

function contentOf(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}

async function replyFromServer({ url, method, fields }: Parameters<Fetch>[0]): Promise<Awaited<ReturnType<Fetch>>> {
  const form = new URLSearchParams(fields);
  const target = new URL(url);
  if (method === 'GET') for (const [key, value] of form) target.searchParams.append(key, value);
  const body = method === 'GET' ? null : form;
  const response = await fetch(target, { method, body, signal: AbortSignal.timeout(5000), redirect: 'manual' });
  return { status: response.status, body: await response.text() };
}

function readable({ transcript, dialed, status, duration_ms, recordings }: OfflineResult): readonly string[] {
  const others = dialed.flatMap(({ to, transcript: lines }) => ['', `On the call to ${to}:`, ...lines.map(lineOf)]);
  const recorded = recordings === 0 ? '' : `, ${recordings} recording${recordings === 1 ? '' : 's'}`;
  return [
    ...transcript.map(lineOf),
    ...others,
    '',
    `${status}, ${(duration_ms / 1000).toFixed(1)} s of talk${recorded}`,
  ];
}

const quoted = new Set(['says', 'presses']);

function lineOf({ at_ms, who, does, text }: OfflineResult['transcript'][number]): string {
  const shown = quoted.has(does) ? `“${text}”` : text;
  return `${timeOf(at_ms)}  ${who.padEnd(8)}  ${does} ${shown}`.trimEnd();
}

/** `1:02.5` */
function timeOf(ms: number): string {
  const seconds = (Math.floor(ms / 100) / 10) % 60;
  return `${Math.floor(ms / 60_000)}:${seconds.toFixed(1).padStart(4, '0')}`.padStart(8);
}
