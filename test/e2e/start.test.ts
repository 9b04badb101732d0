/** `npm start` as a process: what it prints works when pasted, it ends without a trace, and a second start goes on. */
import { createServer } from 'node:net';
import type { Server } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { StatusDocument } from '../../domain/status';
import { aDataDir, familyOf, launch, shell, startOutcall, stopRunning, survivorsOf } from '../support/terminal';
import type { Started } from '../support/terminal';
import { readStatus } from '../support/system';

/** Much longer than the 4 s it takes here, much shorter than a person's patience. */
const READY_WITHIN_MS = 20_000;

async function until(start: Started, callId: string, wanted: (document: StatusDocument) => boolean): Promise<void> {
  for (let waited = 0; !wanted(await readStatus(start, callId)); waited += 100) {
    if (waited > 30_000)
      throw new Error(`${callId} is not as wanted: ${JSON.stringify(await readStatus(start, callId))}`);
    await sleep(100);
  }
}

afterAll(stopRunning);

describe('two starts, one after the other, with one DATA_DIR', () => {
  const { dataDir, remove } = aDataDir();
  let first: Started;
  let second: Started;
  let readyAfterMs: number;
  let pasted: { readonly call_id: string; readonly links: Record<string, string> };
  let running: string;
  let family: readonly number[];
  let exitCode: number | null;

  beforeAll(async () => {
    const from = performance.now();
    first = await startOutcall({ DATA_DIR: dataDir, AGENT_WAIT_SECS: '8' });
    readyAfterMs = performance.now() - from;
    const [curl = ''] = /curl [^]*?'\{.*\}'/.exec(first.output()) ?? [];
    pasted = JSON.parse((await shell(curl)).stdout) as typeof pasted;
    await until(first, pasted.call_id, (document) => document.recording?.state === 'delivered');
    const { stdout } = await shell(curl.replace('+15559999999', '+15559999006'));
    running = (JSON.parse(stdout) as typeof pasted).call_id;
    await until(first, running, (document) => document.answered_at !== null);
    family = await familyOf(first.pid);
    exitCode = await first.stop('SIGINT');
    second = await startOutcall({ DATA_DIR: dataDir });
  }, 120_000);
  afterAll(async () => {
    await stopRunning();
    remove();
  });

  test(`it is ready within ${READY_WITHIN_MS / 1000} s`, () => {
    expect(readyAfterMs).toBeLessThan(READY_WITHIN_MS);
  });

  test('it prints where everything is', async () => {
    const addresses = [...first.output().matchAll(/http:\/\/127\.0\.0\.1:\d+/g)].map(([address]) => address);
    expect(new Set(addresses).size).toBe(3); // The API, the Temporal UI, the simulator.
    expect(first.output()).toMatch(/Temporal +127\.0\.0\.1:\d+ .*temporal\.db/);
    const answers = await Promise.all(
      [...second.output().matchAll(/(UI|simulated) +(http:\S+)/g)].map(([, , url = '']) => fetch(url)),
    );
    expect(answers.map(({ status }) => status)).not.toContain(500);
    expect(answers).toHaveLength(2);
  });

  test('the curl that it prints starts a call when pasted', () => {
    expect(pasted).toMatchObject({ call_id: expect.stringMatching(/^COLD_CALL_/) as string, status: 'initiated' });
  });

  test('Ctrl-C ends it with exit code 0', () => {
    expect(exitCode).toBe(0);
  });

  test('Ctrl-C leaves no process behind', async () => {
    // The launcher, Outcall, Temporal, at least.
    expect(family.length).toBeGreaterThanOrEqual(3);
    expect(await survivorsOf(family)).toEqual([]);
  });

  test('a call of the first start is known to the second', async () => {
    expect(await readStatus(second, pasted.call_id)).toMatchObject({
      call_id: pasted.call_id,
      status: 'ended',
      outcome: 'completed',
      recording: { state: 'delivered' },
    });
  });

  test('a call that was running at Ctrl-C is known, and ends', async () => {
    expect(await readStatus(second, running)).toMatchObject({ call_id: running, to_phone: '+15559999006' });
    await until(second, running, ({ status }) => status === 'ended');
  });
});

describe('a port that was asked for and is taken', () => {
  const { dataDir, remove } = aDataDir();
  let taken: Server;
  let port: number;

  beforeAll(async () => {
    taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const address = taken.address();
    port = typeof address === 'object' && address ? address.port : 0;
  });
  afterAll(async () => {
    await new Promise((resolve) => taken.close(resolve));
    remove();
  });

  test.each(['PORT', 'OUTCALL_SIMULATOR_PORT'])('ends the start with one line that names %s', async (variable) => {
    const start = launch(['start'], { DATA_DIR: dataDir, [variable]: `${port}` });
    await start.shows('in use');
    const family = await familyOf(start.pid);
    expect(await start.exited).toBe(1);
    expect(start.output()).toContain(`port ${port} is in use; set ${variable} to another one`);
    expect(start.output()).not.toMatch(/^ +at /m);
    expect(await survivorsOf(family)).toEqual([]);
  });
});
