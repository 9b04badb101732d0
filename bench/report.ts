/** The measurements as a Markdown table: medians of both sides, their ratio, and whether it is what was aimed at. */
import os from 'node:os';
import type { Cost } from './cost';
import type { Round } from './main';

interface Pair {
  readonly outcall: Round;
  readonly bare: Round;
}

interface Row {
  readonly what: string;
  readonly samples: (round: Round) => readonly number[];
  readonly unit: string;
  readonly aim: { readonly text: string; readonly met: (ratio: number, outcall: number) => boolean } | null;
}

const atMost = (limit: number): Row['aim'] => ({ text: `ratio ≤ ${limit}`, met: (ratio) => ratio <= limit });
const atLeast = (limit: number): Row['aim'] => ({ text: `ratio ≥ ${limit}`, met: (ratio) => ratio >= limit });
const fewer = (limit: number): Row['aim'] => ({ text: `≤ ${limit}`, met: (_ratio, outcall) => outcall <= limit });

function rowsFor(atOnce: number): readonly Row[] {
  const one = (read: (times: Round['times'][number]) => number) => (round: Round) => round.times.map(read);
  return [
    {
      what: '(a) webhook to its 200',
      samples: ({ times }) => times.flatMap(({ webhookMs }) => webhookMs),
      unit: 'ms',
      aim: atMost(1.3),
    },
    { what: '(b) `call.answered` to the next command', samples: one((t) => t.commandMs), unit: 'ms', aim: atMost(1.3) },
    { what: '(c) POST to the dial', samples: one((t) => t.dialMs), unit: 'ms', aim: atMost(1.3) },
    {
      what: `(d) calls per second, ${atOnce} at once`,
      samples: ({ throughput }) => [throughput.callsPerSecond],
      unit: '/s',
      aim: atLeast(0.7),
    },
    {
      what: '(d) requests to the carrier per call then',
      samples: ({ throughput }) => [throughput.requestsPerCall],
      unit: '',
      aim: null,
    },
    {
      what: '(d) CPU time of this process per call then',
      samples: ({ throughput }) => [throughput.cpuMsPerCall],
      unit: 'ms',
      aim: null,
    },
    { what: '(e) history events per call', samples: one((t) => t.cost.events), unit: '', aim: fewer(45) },
    { what: '(e) history bytes per call', samples: one((t) => t.cost.bytes), unit: 'B', aim: null },
    { what: '(e) Cloud actions per call', samples: one((t) => t.cost.actions), unit: '', aim: fewer(20) },
  ];
}

export function renderReport(pairs: readonly Pair[], amounts: { calls: number; atOnce: number }): string[] {
  const rows = rowsFor(amounts.atOnce).map((row) => renderRow(row, pairs));
  const misses = rows.filter(({ met }) => met === false).map(({ what }) => what);
  return [
    '| | Outcall | bare | ratio | pairs from–to | aim | met |',
    '|---|---:|---:|---:|---:|---|---|',
    ...rows.map(({ line }) => line),
    '',
    misses.length === 0 ? 'Every aim is met.' : `Missed: ${misses.join('; ')}.`,
    '',
    `Medians of ${pairs.length} alternating pairs, each of 3 calls alone and ${amounts.calls} calls ${amounts.atOnce} at once,`,
    `after one that does not count. ${os.cpus().length} CPUs, Node ${process.version}; API, worker, simulator and this`,
    'benchmark share one process, the Temporal dev server is another, its database in memory.',
    'Phones at once take 3 s of each call. Only the ratios mean anything. A call is over when its recording has been delivered; (e) adds up the call and its',
    'delivery. Cloud actions: start 1, signal 1, activity attempt 1, timer 1, upsert 1, child 2; no queries or heartbeats.',
    `Outcall's: ${describeCost(pairs, 'outcall')}.`,
    `bare's: ${describeCost(pairs, 'bare')}.`,
  ];
}

function renderRow(
  { what, samples, unit, aim }: Row,
  pairs: readonly Pair[],
): { what: string; line: string; met: boolean | null } {
  const outcall = median(pairs.flatMap((pair) => samples(pair.outcall)));
  const bare = median(pairs.flatMap((pair) => samples(pair.bare)));
  const ratio = outcall / bare;
  const each = pairs.map((pair) => median(samples(pair.outcall)) / median(samples(pair.bare)));
  const met = aim?.met(ratio, outcall) ?? null;
  const range = `${Math.min(...each).toFixed(2)}–${Math.max(...each).toFixed(2)}`;
  const verdict = met === null ? '' : met ? 'yes' : '**no**';
  const cells = [what, shown(outcall, unit), shown(bare, unit), ratio.toFixed(2), range, aim?.text ?? '', verdict];
  return { what, line: `| ${cells.join(' | ')} |`, met };
}

function shown(value: number, unit: string): string {
  return `${Number.isInteger(value) ? value : value.toFixed(1)} ${unit}`.trim();
}

function describeCost(pairs: readonly Pair[], side: keyof Pair): string {
  const costs: readonly Cost[] = pairs.flatMap((pair) => pair[side].times.map(({ cost }) => cost));
  const typical = [...costs].sort((one, other) => one.actions - other.actions)[Math.floor(costs.length / 2)];
  return Object.entries(typical?.made ?? {})
    .map(([name, count]) => `${name} ${count}`)
    .join(', ');
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  const middle = sorted.length / 2;
  const at = (index: number): number => sorted[index] ?? NaN;
  return sorted.length % 2 === 1 ? at(Math.floor(middle)) : (at(middle - 1) + at(middle)) / 2;
}
