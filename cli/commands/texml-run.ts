/** `outcall texml run`: plays a document of a file, without an account, a phone or a network, and prints what is heard. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Command } from 'commander';
import type { OfflinePlay } from '../../simulator/texml/offline';
import { exitCodeOf, phoneOf, readable, withLines, withPhone } from '../offline';
import type { PhoneOptions, Played } from '../offline';
import { CommandFailure, EXIT, print, printJson, remark } from '../terminal';

interface RunOptions extends PhoneOptions {
  readonly fetch?: true;
  readonly json?: true;
}

export function texmlRunCommand(finish: (exitCode: number) => void): Command {
  const command = new Command('run')
    .description('play a TeXML file as Telnyx would, in the terminal, and print what is heard')
    .argument('<file>', 'the first document; relative addresses in it are files beside it');
  return withPhone(command, 'document')
    .option('--fetch', 'fetch http and https addresses, with unsigned requests')
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
function named(result: Played): Played {
  return withLines(result, (lines) => lines.map((line) => ({ ...line, text: line.text.replaceAll(beside, '') })));
}

/** Stands for the folder of the file: an address that begins with it is a file there, and none leads out of it. */
const beside = 'beside://files/';

function playOf(file: string, options: RunOptions): OfflinePlay {
  const texml = contentOf(file);
  if (texml === null) throw new CommandFailure(`there is no file ${file}`, EXIT.usage);
  const folder = path.dirname(file);
  return {
    ...phoneOf(options),
    texml,
    base: `${beside}${encodeURIComponent(path.basename(file))}`,
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
