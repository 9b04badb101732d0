/** Commands that only ask a running Outcall are there at once: what runs one is loaded by the commands that do. */
import { run } from '../../../cli/programs/child';

/** The folders of ours, and the packages, that a command line has loaded when it ends. */
async function loadedBy(...args: readonly string[]): Promise<ReadonlySet<string>> {
  const script = `
    const all = () => Object.keys(require.cache).map((file) => require('node:path').relative('.', file));
    process.on('exit', () => { process.exitCode = 0; console.log('LOADED' + JSON.stringify(all())); });
    process.argv.push(...${JSON.stringify(args)});
    require('./cli/main.ts');`;
  const printed = await run(process.execPath, ['--import', 'tsx', '--eval', script], {
    env: { ...process.env, TEMPORAL_ADDRESS: '' },
    timeoutMs: 30_000,
  });
  const files = JSON.parse(printed.split('LOADED')[1] ?? '') as string[];
  return new Set(files.map((file) => /^(?:node_modules\/)?((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? ''));
}

test.each([
  ['--help'],
  ['start', '--help'],
  ['status', 'nobody', '--url', 'http://127.0.0.1:9'],
  ['completion', 'bash'],
])('outcall %s loads neither Temporal nor the API nor the simulator', async (...args) => {
  const loaded = await loadedBy(...args);
  expect([...loaded]).toEqual(expect.arrayContaining(['cli', 'commander']));
  const heavy = ['@temporalio/worker', '@temporalio/client', 'express', 'worker', 'simulator', 'activities'];
  expect(heavy.filter((name) => loaded.has(name))).toEqual([]);
});

test('what would be loaded is seen: work loads the worker', async () => {
  expect([...(await loadedBy('work'))]).toEqual(expect.arrayContaining(['@temporalio/worker', 'worker']));
});
