/** Commands that run something until they are told to stop: start, demo, serve, work, simulator. */
import { Command } from 'commander';
import { BASE_PATH } from '../../server/base-path';
import type { SimulatorOptions } from '../running';
import { DEMO_NUMBER, wholeNumber } from '../terminal';

type Finish = (exitCode: number) => void;

/** Loaded when one of them runs: the others, and --help, are to be there at once. */
const running = () => import('../running.js');

const parseSeed = wholeNumber(0, Number.MAX_SAFE_INTEGER);

export function runCommands(finish: Finish): Command[] {
  return [startCommand(finish), demoCommand(finish), serveCommand(), workCommand(), simulatorCommand()];
}

function startCommand(finish: Finish): Command {
  return new Command('start')
    .description(
      'run everything on this machine: Temporal, workers, API, and the simulator when there is no TELNYX_API_KEY',
    )
    .option('--mischief <seed>', 'let the simulator delay, repeat, reorder and drop webhooks by this seed', parseSeed)
    .addHelpText('after', '\nExamples:\n  npm start\n  PORT=9000 npm start\n  npm run outcall -- start --mischief 7')
    .action(async (options: { mischief?: number }) => {
      finish(await (await running()).runStart(options));
    });
}

function demoCommand(finish: Finish): Command {
  return new Command('demo')
    .description('run everything for one simulated call, show it live, and stop')
    .option(
      '--to <number>',
      'the number to call; its last three digits decide what the simulated phone does',
      DEMO_NUMBER,
    )
    .option('--json', 'print the final status document only')
    .addHelpText('after', '\nExamples:\n  npm run demo\n  npm run demo -- --to +15555550001    (busy)')
    .action(async (options: { to: string; json?: true }) => {
      finish(await (await running()).runDemo(options));
    });
}

function serveCommand(): Command {
  return new Command('serve')
    .description('run the HTTP API only (needs TEMPORAL_ADDRESS and the carrier’s settings)')
    .addHelpText('after', '\nExample:\n  TEMPORAL_ADDRESS=temporal:7233 REDIS_URL=redis://redis outcall serve')
    .action(async () => {
      await (await running()).runServe();
    });
}

function workCommand(): Command {
  return new Command('work')
    .description('run the workers only (needs TEMPORAL_ADDRESS and the carrier’s settings)')
    .addHelpText('after', '\nExample:\n  TEMPORAL_ADDRESS=temporal:7233 outcall work')
    .action(async () => {
      await (await running()).runWork();
    });
}

function simulatorCommand(): Command {
  return new Command('simulator')
    .description('run the simulator of Telnyx alone; its README has the table of phones')
    .option('--port <port>', 'where it listens, on loopback; 0 takes any free one', wholeNumber(0, 65_535), 4010)
    .option(
      '--webhook-url <url>',
      'where its webhooks go',
      `http://127.0.0.1:8000${BASE_PATH}/webhook/telnyx/call-status`,
    )
    .option('--mischief <seed>', 'delay, repeat, reorder and drop webhooks by this seed', parseSeed)
    .option('--json', 'print where it is as one JSON object')
    .addHelpText('after', '\nExample:\n  outcall simulator --port 4010 --mischief 7')
    .action(async (options: SimulatorOptions) => {
      await (await running()).runSimulator(options);
    });
}
