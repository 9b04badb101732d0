/** What commands share that play a call in the terminal: the phone at its other end, and the transcript. */
import { Option, InvalidArgumentError } from 'commander';
import type { Command } from 'commander';
import type { OfflineAnswer, OfflineResult } from '../simulator/texml/offline';
import { EXIT } from './terminal';

export interface PhoneOptions {
  readonly press: readonly string[];
  readonly say: readonly string[];
  readonly answer: OfflineAnswer;
  readonly interrupt?: true;
  readonly from?: string;
  readonly to?: string;
}

/** As `simulator/texml/offline` knows them; that is loaded only when something is played. */
const ANSWERS: Readonly<Record<OfflineAnswer, true>> = {
  person: true,
  machine: true,
  fax: true,
  busy: true,
  rejected: true,
  'no-answer': true,
};

/** For an option that may be given several times. */
export const collect = (entry: string, before: readonly string[]): readonly string[] => [...before, entry];

function collectKeys(entry: string, before: readonly string[]): readonly string[] {
  if (/^[0-9*#w]*$/.test(entry)) return collect(entry, before);
  throw new InvalidArgumentError('Keys are 0 to 9, * and #; w waits half a second.');
}

/** `what` asks and listens: a document, a flow. */
export function withPhone(command: Command, what: string): Command {
  return command
    .option(
      '--press <keys>',
      `keys pressed where a ${what} next asks for keys, "" for none; again for the one after`,
      collectKeys,
      [],
    )
    .option('--say <words>', `what is said where a ${what} next listens; again for the one after`, collect, [])
    .addOption(new Option('--answer <who>', 'who answers').choices(Object.keys(ANSWERS)).default('person'))
    .option('--interrupt', 'press while the prompts still play')
    .option('--from <number>', 'the calling number')
    .option('--to <number>', 'the called number');
}

export function phoneOf({ press, say, answer, interrupt, from, to }: PhoneOptions) {
  return {
    answer,
    presses: press,
    says: say,
    interrupts: interrupt === true,
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
  };
}

/** One line of a transcript. `who` may also be ours: the flow that is played. */
export interface Line extends Omit<OfflineResult['transcript'][number], 'who'> {
  readonly who: string;
}

/** What came of a play, with whatever lines. */
export interface Played extends Omit<OfflineResult, 'transcript' | 'dialed'> {
  readonly transcript: readonly Line[];
  readonly dialed: readonly { readonly to: string; readonly transcript: readonly Line[] }[];
}

/** The same, with other lines in its transcripts. */
export function withLines(result: Played, change: (lines: readonly Line[]) => readonly Line[]): Played {
  const dialed = result.dialed.map(({ to, transcript }) => ({ to, transcript: change(transcript) }));
  return { ...result, dialed, transcript: change(result.transcript) };
}

export function exitCodeOf({ problem, status }: Played): number {
  if (problem !== null) return EXIT.failure;
  return status === 'completed' ? EXIT.ok : EXIT.notAnswered;
}

export function readable({ transcript, dialed, status, duration_ms, recordings }: Played): readonly string[] {
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

function lineOf({ at_ms, who, does, text }: Line): string {
  const shown = quoted.has(does) ? `“${text}”` : text;
  return `${timeOf(at_ms)}  ${who.padEnd(8)}  ${does} ${shown}`.trimEnd();
}

/** `1:02.5` */
function timeOf(ms: number): string {
  const seconds = (Math.floor(ms / 100) / 10) % 60;
  return `${Math.floor(ms / 60_000)}:${seconds.toFixed(1).padStart(4, '0')}`.padStart(8);
}
