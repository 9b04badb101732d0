/** Commands that speak to a running Outcall: call, watch, status, hangup. */
import { Command, Option } from 'commander';
import type { StatusDocument } from '../../domain/status';
import { createApiClient } from '../api-client';
import type { ApiClient } from '../api-client';
import { EXIT, print, printJson, remark, wholeNumber } from '../terminal';
import { DELIVERY_PATIENCE_SECONDS, follow } from '../timeline';
import { addVariable, handlerOf } from './handler';
import type { Variables } from './handler';

type Finish = (exitCode: number) => void;

const SHOW_LIVE = `show the call live until its recording is delivered, at most ${DELIVERY_PATIENCE_SECONDS} s after its end`;
const SOME_CALL = 'COLD_CALL_01M7YXKW0XRN315VDM8Q7PX1X0';

export interface Common {
  readonly url?: string;
  readonly apiKey?: string;
  readonly json?: true;
}

export function callCommands(finish: Finish): Command[] {
  return [callCommand(finish), watchCommand(finish), statusCommand(), hangupCommand()];
}

/** Options of every command that speaks to an API. */
export function withCommon(command: Command): Command {
  return command
    .option('--url <url>', 'of the API (default: OUTCALL_URL, or the one started on this machine)')
    .option('--api-key <key>', 'of the API (default: COLD_CALL_API_KEYS, or that of the one started on this machine)')
    .option('--json', 'print JSON and nothing else on standard output');
}

interface CallOptions extends Common {
  readonly from?: string;
  readonly handler?: string;
  readonly set?: Variables;
  readonly agent?: string;
  readonly leadFirst?: true;
  readonly machine?: string;
  readonly message?: string;
  readonly record: boolean;
  readonly announce?: true;
  readonly ringTimeout?: number;
  readonly timeLimit?: number;
  readonly idempotencyKey?: string;
  readonly wait?: true;
}

function callCommand(finish: Finish): Command {
  return withCommon(new Command('call').argument('<number>', 'whom to call, E.164'))
    .description('start a call')
    .option('--from <number>', 'caller id; one of the account’s numbers')
    .option('--handler <what>', 'what to follow: a flow’s name, flow.yaml, document.xml, or https://…')
    .option('--set <name=value>', 'a variable of the flow; again for another one', addVariable)
    .option('--agent <who>', 'who is rung first: a client_id, a number, or a sip: address')
    .option('--lead-first', 'ring the agent only when the call is answered')
    .addOption(new Option('--machine <what>', 'what to do with a machine').choices(['off', 'hang_up', 'connect']))
    .option('--message <text-or-url>', 'leave this message when a machine answers')
    .option('--no-record', 'do not record')
    .option('--announce', 'say that it is recorded, and record only then')
    .option('--ring-timeout <seconds>', 'how long it may ring, 15 to 600 (default: 30)', wholeNumber(15, 600))
    .option('--time-limit <seconds>', 'how long it may last, 30 to 14000 (default: 3600)', wholeNumber(30, 14_000))
    .option('--idempotency-key <key>', 'the same key never starts a second call')
    .option('--wait', `${SHOW_LIVE}; exit 4 when it was not answered`)
    .addHelpText(
      'after',
      '\nExamples:\n  outcall call +15559999999 --wait\n  outcall call +15559999999 --agent +15550100006 --machine hang_up' +
        '\n  outcall call +15559999999 --handler appointment.yaml --set name=Ana --wait' +
        '\n  outcall call +15559999999 --json | jq -r .call_id',
    )
    .action(async (number: string, options: CallOptions) => {
      const api = createApiClient(options);
      const body = {
        to_phone: number,
        record: options.announce ? 'announce' : options.record,
        ...(options.handler !== undefined && { handler: handlerOf(options.handler, options.set) }),
        ...(options.agent !== undefined && { agent: agentOf(options.agent) }),
        ...(options.leadFirst && { dial_order: 'lead_first' }),
        ...((options.message ?? options.machine) !== undefined && { answering_machine: machineOf(options) }),
        ...(options.from !== undefined && { from_phone: options.from }),
        ...(options.ringTimeout !== undefined && { ring_timeout_secs: options.ringTimeout }),
        ...(options.timeLimit !== undefined && { time_limit_secs: options.timeLimit }),
      };
      const started = await api.initiate(body, options.idempotencyKey);
      if (options.wait) finish(await watch(api, started.call_id, options));
      else if (options.json) printJson(started);
      else {
        print(started.call_id);
        remark(`watch it:  npm run outcall -- watch ${started.call_id}`);
        if (started.links.run !== null) remark(`its run:   ${started.links.run}`);
      }
    });
}

function agentOf(who: string): object {
  if (who.startsWith('+')) return { type: 'phone', number: who };
  return /^sips?:/.test(who) ? { type: 'sip', uri: who } : { type: 'webrtc', client_id: who };
}

function machineOf({ machine, message }: CallOptions): unknown {
  if (message === undefined) return machine;
  return { leave_message: /^https?:/.test(message) ? { play: message } : { say: message } };
}

function watchCommand(finish: Finish): Command {
  return withCommon(new Command('watch').argument('<call_id>'))
    .description(`${SHOW_LIVE}; exit 4 when it was not answered`)
    .addHelpText('after', `\nExample:\n  outcall watch ${SOME_CALL}`)
    .action(async (callId: string, options: Common) => {
      finish(await watch(createApiClient(options), callId, options));
    });
}

function statusCommand(): Command {
  return withCommon(new Command('status').argument('<call_id>'))
    .description('print the status document of a call')
    .addHelpText(
      'after',
      `\nExamples:\n  outcall status ${SOME_CALL}\n  outcall status ${SOME_CALL} --json | jq .recording`,
    )
    .action(async (callId: string, options: Common) => {
      show(await createApiClient(options).status(callId), options);
    });
}

function hangupCommand(): Command {
  return withCommon(new Command('hangup').argument('<call_id>'))
    .description('end a call, whatever it is doing')
    .addHelpText('after', `\nExample:\n  outcall hangup ${SOME_CALL}`)
    .action(async (callId: string, options: Common) => {
      const document = await createApiClient(options).hangUp(callId);
      show(document, options);
      if (document.status !== 'ended') remark(`it is being ended:  npm run outcall -- watch ${callId}`);
    });
}

async function watch(api: ApiClient, callId: string, { json }: Common): Promise<number> {
  const tell = (line: string): void => {
    if (!json) print(line);
  };
  const document = await follow(api, callId, tell);
  if (json) printJson(document);
  return document.answered_at === null ? EXIT.notAnswered : EXIT.ok;
}

function show(document: StatusDocument, { json }: Common): void {
  if (json) {
    printJson(document);
    return;
  }
  for (const [name, value] of Object.entries(document)) {
    if (name === 'recordings' || name === 'conference_sid') continue;
    for (const [line, text] of linesOf(value).entries()) print(`${(line === 0 ? name : '').padEnd(18)} ${text}`);
  }
}

/** What is null is left out; each of several has a line. */
function linesOf(value: unknown): readonly string[] {
  if (value === null) return [];
  if (Array.isArray(value)) return value.flatMap((one: unknown) => linesOf(one));
  if (typeof value !== 'object') return [typeof value === 'string' ? value : JSON.stringify(value)];
  const parts = Object.entries(value).filter(([, part]) => part !== null);
  return parts.length === 0 ? [] : [parts.map(([name, part]) => `${name} ${linesOf(part).join(' ')}`).join(', ')];
}
