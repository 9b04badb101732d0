/** `outcall recordings`: where deliveries stand, which rest and why, trying again, and whether any is missing. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Command, Option } from 'commander';
import { z } from 'zod';
import { RISKS } from '../../domain/delivery';
import { RECORDING_STATES } from '../../domain/recordings';
import { createApiClient } from '../api-client';
import type { ApiClient } from '../api-client';
import { CommandFailure, EXIT, print, printJson, remark, renderTable, wholeNumber } from '../terminal';
import { withCommon } from './calls';
import type { Common } from './calls';

const SOME_RECORDING = 'f7315d3c-8197-4062-8140-08e6a432aa75';
/** How long an audit that was asked for is waited for. */
const AUDIT_SECONDS = 60;

/** What a list shows of a delivery; the API leaves the details out when it cannot have them in time. */
const delivery = z.looseObject({
  recording_id: z.string(),
  state: z.string(),
  call_id: z.string().optional(),
  attempts: z.number().optional(),
  next_attempt_at: z.string().nullish(),
  expires_at: z.string().optional(),
  at_risk: z.string().nullish(),
  last_error: z.string().nullish(),
});
type Delivery = z.infer<typeof delivery>;
const page = z.object({ recordings: z.array(delivery), next_cursor: z.string().nullable() });
const askedFor = z.object({ state: z.string(), asked: z.number() });
const lastAudit = z.object({
  swept_at: z.string().nullable(),
  audit: z
    .looseObject({ audited_at: z.string(), unaccounted: z.number(), unaccounted_ids: z.array(z.string()) })
    .nullable(),
});
type LastAudit = z.infer<typeof lastAudit>;

export function recordingsCommand(): Command {
  const command = new Command('recordings').description('deliveries of recordings: list, show, redeliver, audit');
  for (const sub of [listCommand(), showCommand(), redeliverCommand(), auditCommand()]) {
    command.addCommand(sub.exitOverride().showHelpAfterError('(outcall recordings --help shows all commands)'));
  }
  return command.addHelpText(
    'after',
    '\nWhen the web backend refused recordings, mend it and then:\n  outcall recordings list --state dead_letter' +
      '\n  outcall recordings redeliver --all-dead-letter\n  outcall recordings audit',
  );
}

interface ListOptions extends Common {
  readonly state?: string;
  readonly atRisk?: string;
  readonly limit: number;
}

function listCommand(): Command {
  return withCommon(new Command('list'))
    .description('list deliveries, the latest first; about a second late')
    .addOption(new Option('--state <state>', 'only those in this state').choices(RECORDING_STATES))
    .addOption(new Option('--at-risk <within>', 'only those whose copy the carrier deletes so soon').choices(RISKS))
    .option('--limit <number>', 'how many at most, 1 to 100', wholeNumber(1, 100), 20)
    .addHelpText(
      'after',
      '\nExamples:\n  outcall recordings list --state dead_letter' +
        '\n  outcall recordings list --at-risk 48h --json | jq -r .recordings[].recording_id',
    )
    .action(async ({ state, atRisk, limit, ...common }: ListOptions) => {
      const query = new URLSearchParams({
        limit: String(limit),
        ...(state !== undefined && { state }),
        ...(atRisk !== undefined && { at_risk: atRisk }),
      });
      const answer = await createApiClient(common).ask('GET', `/recordings?${query.toString()}`, page);
      if (common.json) {
        printJson(answer);
        return;
      }
      if (answer.recordings.length > 0) for (const line of table(answer.recordings)) print(line);
      else remark('there are no such recordings');
      if (answer.next_cursor !== null) remark('there are more; see --limit');
    });
}

function table(deliveries: readonly Delivery[]): string[] {
  const minute = (instant: string | null | undefined): string => (instant ?? '').slice(0, 16).replace('T', ' ');
  const rows = deliveries.map((one) => [
    one.recording_id,
    one.state,
    String(one.attempts ?? ''),
    minute(one.next_attempt_at),
    minute(one.expires_at) + (one.at_risk ? ` (within ${one.at_risk})` : ''),
    one.last_error ?? '',
  ]);
  return renderTable(['RECORDING', 'STATE', 'ATTEMPTS', 'NEXT (UTC)', 'EXPIRES (UTC)', 'LAST ERROR'], rows);
}

function showCommand(): Command {
  return withCommon(new Command('show').argument('<recording_id>'))
    .description('print where the delivery of a recording stands')
    .addHelpText('after', `\nExample:\n  outcall recordings show ${SOME_RECORDING}`)
    .action(async (recordingId: string, common: Common) => {
      const api = createApiClient(common);
      show(await api.ask('GET', `/recordings/${encodeURIComponent(recordingId)}`, delivery), common);
    });
}

function show(one: object, { json }: Common): void {
  if (json) {
    printJson(one);
    return;
  }
  for (const [name, value] of Object.entries(one)) {
    if (value !== null)
      print(`${name.padEnd(18)} ${typeof value === 'object' ? JSON.stringify(value) : String(value)}`);
  }
}

function redeliverCommand(): Command {
  return withCommon(new Command('redeliver').argument('[recording_id]'))
    .description('try to deliver again now: one recording, or all in the dead-letter queue')
    .option('--all-dead-letter', 'all that the web backend refused')
    .option('--all-quarantined', 'all whose file was broken')
    .addHelpText(
      'after',
      `\nExamples:\n  outcall recordings redeliver ${SOME_RECORDING}\n  outcall recordings redeliver --all-dead-letter`,
    )
    .action(
      async (
        recordingId: string | undefined,
        options: Common & { readonly allDeadLetter?: true; readonly allQuarantined?: true },
      ) => {
        const states = [
          ...(options.allDeadLetter ? ['dead_letter'] : []),
          ...(options.allQuarantined ? ['quarantined'] : []),
        ];
        if (states.length + (recordingId === undefined ? 0 : 1) !== 1) {
          throw new CommandFailure('name one recording, or --all-dead-letter, or --all-quarantined', EXIT.usage);
        }
        const api = createApiClient(options);
        if (recordingId !== undefined) await redeliverOne(api, recordingId, options);
        else await redeliverAll(api, states[0] ?? '', options);
      },
    );
}

async function redeliverOne(api: ApiClient, recordingId: string, { json }: Common): Promise<void> {
  const answer = await api.ask('POST', `/recordings/${encodeURIComponent(recordingId)}/redeliver`, delivery);
  if (json) printJson(answer);
  else {
    print(`${recordingId} is tried again`);
    remark(`see what came of it:  npm run outcall -- recordings show ${recordingId}`);
  }
}

async function redeliverAll(api: ApiClient, state: string, { json }: Common): Promise<void> {
  const answer = await api.ask('POST', '/recordings/redeliver', askedFor, { state });
  if (json) printJson(answer);
  else {
    print(`${answer.asked} recordings are tried again`);
    remark(`see which are left:  npm run outcall -- recordings list --state ${state}`);
  }
}

function auditCommand(): Command {
  return withCommon(new Command('audit'))
    .description('compare all recordings of the carrier with the deliveries, now; exit 1 when one had none')
    .option('--last', 'show the last audit instead, which is at most a day old')
    .addHelpText('after', '\nExample:\n  outcall recordings audit --json | jq .audit.unaccounted')
    .action(async ({ last, ...common }: Common & { readonly last?: true }) => {
      const api = createApiClient(common);
      const answer = last ? await api.ask('GET', '/recordings/audit', lastAudit) : await freshAudit(api);
      if (common.json) printJson(answer);
      else if (answer.audit === null) remark('there has been no audit yet');
      else show(answer.audit, {});
      const missing = answer.audit?.unaccounted ?? 0;
      if (missing > 0)
        throw new CommandFailure(`${missing} recordings had no delivery; they have been started where possible`);
    });
}

/** The carrier may take its time; an audit of many recordings does. */
async function freshAudit(api: ApiClient): Promise<LastAudit> {
  // By the last one's time, not by a clock: those of this machine and of the workers may differ.
  const { audit: before } = await api.ask('GET', '/recordings/audit', lastAudit);
  await api.ask('POST', '/recordings/audit', z.object({}));
  for (let waited = 0; waited < AUDIT_SECONDS; waited++) {
    const answer = await api.ask('GET', '/recordings/audit', lastAudit);
    if (answer.audit !== null && answer.audit.audited_at !== before?.audited_at) return answer;
    await sleep(1_000);
  }
  throw new CommandFailure(`the audit is not done after ${AUDIT_SECONDS} s; see it later with --last`);
}
