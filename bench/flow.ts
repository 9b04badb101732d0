/**
 * `npm run bench -- flow`: from Telnyx's request for a document to the document, beside a bare Temporal update behind the
 * same Express, on one Temporal server and one simulator, in turns. Only the ratios mean anything.
 */
import os from 'node:os';
import { Command } from 'commander';
import { print, remark, wholeNumber } from '../cli/terminal';
import { allOver } from './measure';
import { median } from './report';
import { DOCUMENTS } from './sides';
import type { Side } from './sides';
import { withSides } from './with-sides';
import type { Bench } from './with-sides';

/** Each measured by itself: somebody alone on the line, and a busy minute. */
const AT_ONCE = [1, 10] as const;
const AIM = 1.3;
/** A key is pressed 50 ms after its prompt. */
const PHONE_SPEED = 10;

type AtOnce = (typeof AT_ONCE)[number];
interface Pair {
  readonly outcall: readonly number[];
  readonly bare: readonly number[];
}

export function flowCommand(): Command {
  return new Command('flow')
    .description('compares the time from a callback to its document with a bare Temporal update, in one run')
    .option('--pairs <n>', 'how often both are measured, in turns', wholeNumber(1, 50), 7)
    .addHelpText('after', '\nExample:\n  npm run bench -- flow')
    .exitOverride()
    .action(({ pairs }: { pairs: number }) => benchFlow(pairs));
}

const benchFlow = (pairs: number): Promise<void> =>
  withSides(async (bench) => {
    bench.simulator.changeSettings({ phoneSpeed: PHONE_SPEED });
    const measured = new Map<AtOnce, Pair[]>(AT_ONCE.map((atOnce) => [atOnce, []]));
    // The first of each compiles code and opens connections.
    for (let pair = 0; pair <= pairs; pair++) {
      for (const atOnce of AT_ONCE) {
        const one = await measurePair(bench, { atOnce, oursFirst: pair % 2 === 0 });
        if (pair > 0) measured.get(atOnce)?.push(one);
      }
      if (pair > 0) remark(`pair ${pair} of ${pairs}`);
    }
    for (const line of report(measured, pairs)) print(line);
  });

/** Whoever comes second may find the machine in another state: they take turns. */
async function measurePair(
  bench: Bench,
  { atOnce, oursFirst }: { readonly atOnce: number; readonly oursFirst: boolean },
): Promise<Pair> {
  const measure = (side: Side): Promise<readonly number[]> => timeDocuments(bench, { side, atOnce });
  const first = oursFirst ? await measure(bench.outcall) : null;
  const bare = await measure(bench.bare);
  return { outcall: first ?? (await measure(bench.outcall)), bare };
}

/** In milliseconds, of every document of these calls. */
async function timeDocuments(
  { temporal, traffic }: Bench,
  { side, atOnce }: { readonly side: Side; readonly atOnce: number },
): Promise<readonly number[]> {
  traffic.clear();
  await Promise.all(Array.from({ length: atOnce }, () => side.startFlow()));
  await allOver(temporal);
  const { documents } = traffic;
  if (documents.length !== atOnce * DOCUMENTS)
    throw new Error(`${side.name}: ${documents.length} documents instead of ${atOnce * DOCUMENTS}`);
  return documents.map(({ sentAtMs, answeredAtMs }) => (answeredAtMs ?? Infinity) - sentAtMs);
}

function report(measured: ReadonlyMap<AtOnce, readonly Pair[]>, pairs: number): readonly string[] {
  return [
    '| | Outcall | bare | ratio | pairs from–to | aim | met |',
    '|---|---:|---:|---:|---:|---|---|',
    ...[...measured].map(([atOnce, all]) => renderRow(atOnce, all)),
    '',
    `Medians of ${pairs} alternating pairs of ${DOCUMENTS} documents a call, after one that does not count. ${os.cpus().length} CPUs, Node ${process.version};`,
    'API, worker, simulator and this benchmark share one process, the Temporal dev server is another, its database in memory.',
    'Outcall checks signatures and addresses, runs the flow and keeps its position. Only the ratios mean anything.',
  ];
}

function renderRow(atOnce: AtOnce, pairs: readonly Pair[]): string {
  const of = (side: keyof Pair): number => median(pairs.flatMap((pair) => pair[side]));
  const each = pairs.map(({ outcall, bare }) => median(outcall) / median(bare));
  const ratio = of('outcall') / of('bare');
  const cells = [
    `callback to document, ${atOnce === 1 ? 'one call' : `${atOnce} calls at once`}`,
    `${of('outcall').toFixed(1)} ms`,
    `${of('bare').toFixed(1)} ms`,
    ratio.toFixed(2),
    `${Math.min(...each).toFixed(2)}–${Math.max(...each).toFixed(2)}`,
    `ratio ≤ ${AIM}`,
    ratio <= AIM ? 'yes' : '**no**',
  ];
  return `| ${cells.join(' | ')} |`;
}
