/**
 * `npm run bench -- recordings`: how fast a recording is moved, beside `curl -o f; sha256sum f; curl -T f` over the same
 * loopback, in turns. Ours checks the file's structure as well.
 */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { deliver } from '../activities/recording-delivery';
import { fetchToSpool } from '../activities/recording-fetch';
import { createSpool } from '../activities/spool';
import { print } from '../cli/terminal';
import type { RecordingToDeliver } from '../domain/recordings';
import { median } from './report';

const run = promisify(execFile);
const AIM = 0.6;
/** Of the simulator's MP3 in stereo. */
const BYTES_A_SECOND = 8_000;

export async function benchRecordings({ pairs, mebibytes }: { pairs: number; mebibytes: number }): Promise<void> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'outcall-bench-recordings-'));
  const durationMs = Math.round((mebibytes * 1024 * 1024 * 1000) / BYTES_A_SECOND);
  const serverFile = path.join(__dirname, 'file-server.ts');
  const server = spawn(process.execPath, ['--import', 'tsx', serverFile, String(durationMs)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const [url] = (await once(createInterface(server.stdout), 'line')) as [string];
    const curls: number[] = [];
    const ours: number[] = [];
    // The first of each warms up.
    for (let pair = 0; pair <= pairs; pair++) {
      const curlMs = await timed(() => moveByCurl(url, path.join(folder, 'f')));
      const oursMs = await timed(() => moveOurselves(url, durationMs, folder));
      if (pair === 0) continue;
      curls.push(curlMs);
      ours.push(oursMs);
    }
    for (const line of report({ pairs, mebibytes, curls, ours })) print(line);
  } finally {
    server.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAtMs = performance.now();
  await work();
  return performance.now() - startedAtMs;
}

async function moveByCurl(url: string, file: string): Promise<void> {
  await run('curl', ['-sf', '-o', file, url]);
  await run('sha256sum', [file]);
  await run('curl', ['-sf', '-T', file, `${url}/`]);
}

const recording: RecordingToDeliver = {
  recordingId: 'bench',
  callId: 'COLD_CALL_00000000000000000000000000',
  callControlId: null,
  format: 'mp3',
  businessId: '00000000-0000-0000-0000-000000000000',
  provider: 'telnyx',
  fromPhone: '+15551234567',
  toPhone: '+15559999999',
  metadata: {},
};

async function moveOurselves(url: string, durationMs: number, folder: string): Promise<void> {
  const { signal } = new AbortController();
  const spool = createSpool({ directory: path.join(folder, 'spool'), maxBytes: Number.MAX_SAFE_INTEGER });
  const wanted = { url, format: 'mp3', durationMillis: durationMs } as const;
  const settings = { spool, allowedHosts: [new URL(url).host] };
  const file = await fetchToSpool(wanted, settings, { onProgress: () => undefined, signal });
  const carriers = { channels: 'dual', duration_millis: durationMs } as const;
  await deliver({ recording, carriers, file }, { url, apiKey: null, signingSecret: null }, signal);
  await file.remove();
}

interface Measured {
  readonly pairs: number;
  readonly mebibytes: number;
  readonly curls: readonly number[];
  readonly ours: readonly number[];
}

function report({ pairs, mebibytes, curls, ours }: Measured): string[] {
  const rate = (times: readonly number[]): number => (mebibytes * 1000) / median(times);
  const each = curls.map((curlMs, nth) => curlMs / (ours[nth] ?? NaN));
  const ratio = rate(ours) / rate(curls);
  const range = `${Math.min(...each).toFixed(2)}–${Math.max(...each).toFixed(2)}`;
  return [
    '| | Outcall | curl, sha256sum, curl | ratio | pairs from–to | aim | met |',
    '|---|---:|---:|---:|---:|---|---|',
    `| a recording of ${mebibytes} MiB, fetched, checked and delivered | ${rate(ours).toFixed(0)} MiB/s | ` +
      `${rate(curls).toFixed(0)} MiB/s | ${ratio.toFixed(2)} | ${range} | ratio ≥ ${AIM} | ${ratio >= AIM ? 'yes' : '**no**'} |`,
    '',
    `Medians of ${pairs} alternating pairs, after one that does not count. ${os.cpus().length} CPUs, Node ${process.version}.`,
    'The server is a process of its own, the same for both. Only the ratio means anything.',
  ];
}
