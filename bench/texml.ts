/**
 * `npm run bench -- texml`: writing and reading TeXML beside what people use otherwise, on the same documents, in one
 * process and in turns, in processor time. Only the ratios mean anything.
 */
import os from 'node:os';
import { isDeepStrictEqual } from 'node:util';
import { Command } from 'commander';
import { print, wholeNumber } from '../cli/terminal';
import { parseTexml } from '../texml/reader';
import { median } from './report';
import { READERS, WRITERS } from './texml-sides';

/** A menu of one block as servers answer it, and one of thirty. */
const BLOCKS = [1, 30] as const;
/** How long one measurement of one side takes. */
const SAMPLE_MS = 15;

interface Comparison {
  readonly what: string;
  readonly ours: () => unknown;
  readonly theirs: () => unknown;
  /** At least this many times as fast, or no aim. */
  readonly aim: number | null;
}

export function texmlCommand(): Command {
  return new Command('texml')
    .description('compares writing and reading TeXML with twilio, xmlbuilder2, fast-xml-builder and fast-xml-parser')
    .option('--pairs <n>', 'how often both sides are measured, in turns', wholeNumber(1, 999), 41)
    .addHelpText('after', '\nExample:\n  npm run bench -- texml')
    .exitOverride()
    .action(({ pairs }: { pairs: number }) => {
      for (const line of report(pairs)) print(line);
    });
}

function comparisons(blocks: number): readonly Comparison[] {
  const size = `${blocks === 1 ? 'short' : 'long'} document`;
  const text = WRITERS.outcall(blocks);
  const writing = (['twilio', 'xmlbuilder2', 'fast-xml-builder'] as const).map((name) => ({
    what: `writing a ${size}, beside ${name}`,
    ours: () => WRITERS.outcall(blocks),
    theirs: () => WRITERS[name](blocks),
    aim: name === 'fast-xml-builder' ? null : 3,
  }));
  const reading = [
    ['outcall', 'fast-xml-parser', 1],
    // Not the same work: one knows afterwards that the document is right, the other not even that it is XML.
    ['outcall, checked', 'fast-xml-parser', null],
    ['outcall, checked', 'fast-xml-parser, validating', 1],
  ] as const;
  return [
    ...writing,
    ...reading.map(([ours, theirs, aim]) => ({
      what: `reading a ${size}${ours === 'outcall' ? '' : ' and checking it'}, beside ${theirs}`,
      ours: () => READERS[ours](text),
      theirs: () => READERS[theirs](text),
      aim,
    })),
  ];
}

function report(pairs: number): readonly string[] {
  for (const blocks of BLOCKS) refuseDifferentDocuments(blocks);
  const rows = BLOCKS.flatMap((blocks) => comparisons(blocks)).map((comparison) => compare(comparison, pairs));
  const misses = rows.filter(({ met }) => met === false).map(({ what }) => what);
  return [
    '| | Outcall | other | times as fast | pairs from–to | aim | met |',
    '|---|---:|---:|---:|---:|---|---|',
    ...rows.map(({ line }) => line),
    '',
    misses.length === 0 ? 'Every aim is met.' : `Missed: ${misses.join('; ')}.`,
    '',
    `Processor time, medians of ${pairs} alternating pairs, ${SAMPLE_MS} ms for each side, after one that does not count. ${os.cpus().length} CPUs,`,
    `Node ${process.version}. A document is short with ${elementsIn(1)} elements, long with ${elementsIn(30)}. Writing includes making the library’s objects.`,
  ];
}

/** All libraries have to have written the same. */
function refuseDifferentDocuments(blocks: number): void {
  const { document } = parseTexml(WRITERS.outcall(blocks));
  for (const [name, write] of Object.entries(WRITERS)) {
    if (document && isDeepStrictEqual(parseTexml(write(blocks)).document, document)) continue;
    throw new Error(`${name} writes another document:\n${write(blocks)}`);
  }
}

function elementsIn(blocks: number): number {
  return WRITERS.outcall(blocks).match(/<[A-Z]/g)?.length ?? 0;
}

function compare(
  { what, ours, theirs, aim }: Comparison,
  pairs: number,
): { what: string; line: string; met: boolean | null } {
  const repeats = { ours: repeatsFor(ours), theirs: repeatsFor(theirs) };
  const measured = Array.from({ length: pairs + 1 }, (_, pair) => {
    // Whoever comes second may find the machine in another state: they take turns.
    const first = pair % 2 === 0 ? microseconds(ours, repeats.ours) : null;
    const theirsTook = microseconds(theirs, repeats.theirs);
    return { ours: first ?? microseconds(ours, repeats.ours), theirs: theirsTook };
  }).slice(1);
  const ratios = measured.map((pair) => pair.theirs / pair.ours);
  const ratio = median(ratios);
  const met = aim === null ? null : ratio >= aim;
  const cells = [
    what,
    `${median(measured.map((pair) => pair.ours)).toFixed(1)} µs`,
    `${median(measured.map((pair) => pair.theirs)).toFixed(1)} µs`,
    ratio.toFixed(2),
    `${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)}`,
    aim === null ? '' : `≥ ${aim}`,
    met === null ? '' : met ? 'yes' : '**no**',
  ];
  return { what, line: `| ${cells.join(' | ')} |`, met };
}

/** As often as it takes to fill a measurement, found out while the code gets warm. */
function repeatsFor(work: () => unknown): number {
  let repeats = 1;
  while (microseconds(work, repeats) * repeats < SAMPLE_MS * 1_000) repeats *= 2;
  return repeats;
}

/** Of the processor's time: what else runs on the machine does not count. */
function microseconds(work: () => unknown, repeats: number): number {
  const before = process.cpuUsage();
  for (let repeat = 0; repeat < repeats; repeat++) work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / repeats;
}
