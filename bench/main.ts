/**
 * `npm run bench`: what Outcall costs beside the least that the same call can be in Temporal (`bare/`). Both run in one
 * process, on one Temporal server in memory and one simulator, in turns; only ratios of one run mean anything.
 */
import { Command } from 'commander';
import { print, remark, report, wholeNumber } from '../cli/terminal';
import { flowCommand } from './flow';
import { timeManyCalls, timeOneCall } from './measure';
import type { Throughput, Times } from './measure';
import { benchRecordings } from './recordings';
import { renderReport } from './report';
import type { Side } from './sides';
import { texmlCommand } from './texml';
import { withSides } from './with-sides';
import type { Bench } from './with-sides';

interface Amounts {
  readonly pairs: number;
  readonly calls: number;
}

/** What one side has shown in one of the pairs. */
export interface Round {
  readonly times: readonly Times[];
  readonly throughput: Throughput;
}

const AT_ONCE = 50;
const CALLS_ONE_BY_ONE = 3;
/** No further pair is begun when it would probably end later than this. */
const ENOUGH_MS = 200_000;
/** Whatever happens, it ends. */
const LIMIT_MS = 235_000;

function main(): Promise<void> {
  const command = new Command('bench')
    .description('compares calls of Outcall with bare Temporal workflows that send the same requests, in one run')
    .option('--pairs <n>', 'how often both are measured, in turns', wholeNumber(1, 7), 7)
    .option('--calls <n>', `calls for each throughput, ${AT_ONCE} of them at once`, wholeNumber(AT_ONCE, 100), AT_ONCE)
    .addHelpText(
      'after',
      '\nExamples:\n  npm run bench\n  npm run bench -- --pairs 2    (quick, and noisy)\n  npm run bench -- texml\n  npm run bench -- flow',
    )
    .enablePositionalOptions()
    .exitOverride()
    .action(run)
    .addCommand(texmlCommand())
    .addCommand(flowCommand());
  command
    .command('recordings')
    .description('compares moving a recording with curl, sha256sum and curl, in one run')
    .option('--pairs <n>', 'how often both are measured, in turns', wholeNumber(1, 50), 5)
    .option('--mebibytes <n>', 'size of the recording', wholeNumber(1, 4096), 512)
    .action(benchRecordings);
  return command.parseAsync().then(() => undefined);
}

async function run({ pairs, calls }: Amounts): Promise<void> {
  const startedAt = Date.now();
  const limit = setTimeout(() => {
    remark(`bench: not done within ${LIMIT_MS / 1000} seconds; fewer --pairs take less`);
    process.kill(process.pid, 'SIGTERM');
  }, LIMIT_MS);
  await withSides((bench) => measureAll(bench, { pairs, calls, startedAt })).finally(() => {
    clearTimeout(limit);
  });
}

async function measureAll(
  bench: Bench,
  { pairs, calls, startedAt }: Amounts & { readonly startedAt: number },
): Promise<void> {
  const { outcall, bare } = bench;
  // The first calls compile code and open connections.
  for (const side of [outcall, bare]) await measure(bench, side, AT_ONCE);
  const warmAt = Date.now();
  const rounds: { readonly outcall: Round; readonly bare: Round }[] = [];
  for (let pair = 1; pair <= pairs; pair++) {
    const onePairMs = (Date.now() - warmAt) / Math.max(1, pair - 1);
    if (Date.now() + onePairMs > startedAt + ENOUGH_MS) {
      remark(`${pair - 1} of ${pairs} pairs: there is no time for more`);
      break;
    }
    // Whoever comes second may find the machine in another state: they take turns.
    const first = pair % 2 === 1 ? outcall : bare;
    const one = await measure(bench, first, calls);
    const other = await measure(bench, first === outcall ? bare : outcall, calls);
    rounds.push(first === outcall ? { outcall: one, bare: other } : { outcall: other, bare: one });
    remark(`pair ${pair} of ${pairs}, ${Math.round((Date.now() - startedAt) / 1000)} s`);
  }
  for (const line of renderReport(rounds, { calls, atOnce: AT_ONCE })) print(line);
}

async function measure(bench: Bench, side: Side, calls: number): Promise<Round> {
  const times: Times[] = [];
  for (let call = 0; call < CALLS_ONE_BY_ONE; call++) times.push(await timeOneCall(bench, side));
  return { times, throughput: await timeManyCalls(bench, side, { calls, atOnce: AT_ONCE }) };
}

void main().catch((error: unknown) => {
  process.exitCode = report(error);
});
