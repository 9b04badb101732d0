/** `outcall list` and `outcall tail`: which calls there are, and what happens to one, as the API tells it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Command, Option } from 'commander';
import { OUTCOMES } from '../../domain/outcome';
import { CALL_STATUSES } from '../../domain/status';
import type { StatusDocument } from '../../domain/status';
import { createApiClient } from '../api-client';
import type { ApiClient } from '../api-client';
import { CommandFailure, EXIT, print, printJson, remark, renderTable, wholeNumber } from '../terminal';

interface Common {
  readonly url?: string;
  readonly apiKey?: string;
  readonly json?: true;
}

interface ListOptions extends Common {
  readonly status?: string;
  readonly outcome?: string;
  readonly limit: number;
}

export function listCommands(): Command[] {
  return [listCommand(), tailCommand()];
}

function withCommon(command: Command): Command {
  return command
    .option('--url <url>', 'of the API (default: OUTCALL_URL, or the one started on this machine)')
    .option('--api-key <key>', 'of the API (default: COLD_CALL_API_KEYS, or that of the one started on this machine)');
}

function listCommand(): Command {
  return withCommon(new Command('list'))
    .description('list calls: those that run, then the latest that ended; about a second late')
    .addOption(new Option('--status <status>', 'only calls of this status').choices(CALL_STATUSES))
    .addOption(new Option('--outcome <outcome>', 'only calls that ended like this').choices(OUTCOMES))
    .option('--limit <number>', 'how many at most, 1 to 100', wholeNumber(1, 100), 20)
    .option('--json', 'print the page as one JSON object')
    .addHelpText(
      'after',
      '\nExamples:\n  outcall list --status in_progress\n  outcall list --outcome failed --json | jq -r .calls[].call_id',
    )
    .action(async ({ status, outcome, limit, ...common }: ListOptions) => {
      const query = new URLSearchParams({
        limit: String(limit),
        ...(status !== undefined && { status }),
        ...(outcome !== undefined && { outcome }),
      });
      const page = await createApiClient(common).list(query);
      if (common.json) {
        printJson(page);
        return;
      }
      for (const line of table(page.calls)) print(line);
      if (page.calls.length === 0) remark(query.size > 1 ? 'there are no such calls' : 'there are no calls yet');
      if (page.next_cursor !== null) remark('there are more; see --limit, --status and --outcome');
    });
}

function table(calls: readonly StatusDocument[]): string[] {
  if (calls.length === 0) return [];
  const rows = calls.map((call) => [
    call.call_id,
    call.status,
    call.outcome ?? '',
    call.to_phone,
    call.created_at.slice(0, 19).replace('T', ' '),
    call.duration_secs === null ? '' : `${call.duration_secs} s`,
    call.recording?.state ?? '',
  ]);
  return renderTable(['CALL', 'STATUS', 'OUTCOME', 'TO', 'CREATED (UTC)', 'TALKED', 'RECORDING'], rows);
}

/** An API that restarts is back within this many tries, a second apart. */
const TRIES = 15;

function tailCommand(): Command {
  return withCommon(new Command('tail').argument('<call_id>'))
    .description('print what becomes known of a call, from its start, live, until it ends')
    .option('--json', 'print each event as one line of JSON')
    .addHelpText('after', '\nExample:\n  outcall tail COLD_CALL_01M7YXKW0XRN315VDM8Q7PX1X0')
    .action(async (callId: string, common: Common) => {
      await tail(createApiClient(common), callId, (event) => {
        if (common.json) printJson(event);
        else print(`${event.at.slice(11, 23)}  ${event.type.padEnd(18)} ${event.role ?? ''}`.trimEnd());
      });
    });
}

interface CallEvent {
  readonly seq: number;
  readonly type: string;
  readonly at: string;
  readonly role: string | null;
}

/** Tells every event once, up to `end`, coming back after the last one it heard when the connection breaks. */
async function tail(api: ApiClient, callId: string, tell: (event: CallEvent) => void): Promise<void> {
  let heard = 0;
  for (let tries = 1; tries <= TRIES; tries++) {
    try {
      for await (const event of eventsIn(await api.events(callId, heard))) {
        tell(event);
        if (event.type === 'end') return;
        heard = event.seq;
        tries = 1;
      }
    } catch (error) {
      const isRefused = error instanceof CommandFailure && error.exitCode !== EXIT.unreachable;
      if (isRefused || (heard === 0 && error instanceof CommandFailure)) throw error;
    }
    await sleep(1_000);
  }
  throw new CommandFailure(`the events of ${callId} cannot be read any more`, EXIT.unreachable);
}

/** The data of each event; comments and fields that repeat it are skipped. */
async function* eventsIn(chunks: AsyncIterable<string>): AsyncGenerator<CallEvent> {
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.startsWith('data: ')) yield JSON.parse(line.slice(6)) as CallEvent;
  }
}
