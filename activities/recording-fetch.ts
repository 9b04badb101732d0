/**
 * Downloads a recording into a spool file. The URL is the carrier's signed one: it is never logged, and our API key is
 * never sent to it.
 */
import { createHash, randomUUID } from 'node:crypto';
import { open, mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { ApplicationFailure } from '@temporalio/common';
import type { RecordingFormat } from '../domain/call';

export interface FetchSettings {
  /** Where spool files live; made when missing, readable by us alone. */
  readonly spoolDirectory: string;
  /** `host:port` pairs that may be fetched from besides the carrier's storage. Plain http and loopback only by this. */
  readonly allowedHosts: readonly string[];
}

export interface SpooledFile {
  readonly path: string;
  readonly sizeBytes: number;
  /** Lowercase hex. */
  readonly sha256: string;
  remove(): Promise<void>;
}

export interface Watching {
  /** Told the bytes so far, so that a worker that died is noticed. */
  readonly heartbeat: (bytes: number) => void;
  readonly signal: AbortSignal;
}

/** Where Telnyx keeps recordings (developers.telnyx.com: Storing call recordings; its own storage is Amazon's S3). */
const CARRIER_STORAGE = ['.telnyx.com', '.amazonaws.com', '.storage.googleapis.com'];
const AUDIO_TYPES = /^(audio\/(mpeg|mp3|wav|x-wav|wave)|(application|binary)\/octet-stream)\b/i;

export async function fetchToSpool(
  url: string,
  format: RecordingFormat,
  { spoolDirectory, allowedHosts }: FetchSettings,
  watching: Watching,
): Promise<SpooledFile> {
  const address = allowedAddress(url, allowedHosts);
  const response = await fetch(address, {
    redirect: 'manual',
    headers: { 'accept-encoding': 'identity' },
    signal: watching.signal,
  }).catch((error: unknown) => {
    // The error's own message may hold the signed URL.
    throw broken(`storage cannot be reached (${error instanceof Error ? error.name : 'unknown'})`);
  });
  const problem = headerProblem(response);
  if (problem !== null) {
    // Otherwise the connection stays open until the garbage collector finds it.
    await response.body?.cancel();
    throw broken(problem);
  }
  const announcedBytes = announcedLength(response);
  await mkdir(spoolDirectory, { recursive: true, mode: 0o700 });
  const file = path.join(spoolDirectory, randomUUID());
  const remove = (): Promise<void> => rm(file, { force: true });
  try {
    const { sizeBytes, sha256, head } = await store(response, file, watching);
    if (sizeBytes !== announcedBytes) throw broken(`${sizeBytes} of ${announcedBytes} bytes arrived`);
    if (!looksLike(format, head)) throw broken(`what arrived is no ${format}`);
    return { path: file, sizeBytes, sha256, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

function allowedAddress(url: string, allowedHosts: readonly string[]): URL {
  const address = URL.canParse(url) ? new URL(url) : null;
  const host = address?.hostname ?? '';
  // `URL.host` leaves the default port out; the list always names one.
  const usual = address?.protocol === 'https:' ? '443' : '80';
  const port = address?.port === '' ? usual : address?.port;
  const listed = allowedHosts.includes(`${host}:${port}`);
  const carriers =
    address?.protocol === 'https:' && port === '443' && CARRIER_STORAGE.some((suffix) => host.endsWith(suffix));
  if (address?.username === '' && address.password === '' && (listed || carriers)) return address;
  throw broken(`recordings are not fetched from ${host || 'there'}; OUTBOUND_ALLOW_HOSTS would allow it`);
}

/** Why this answer is no recording, as far as its headers tell. */
function headerProblem(response: Response): string | null {
  if (response.status !== 200) return `storage answered ${response.status}`;
  if (!AUDIO_TYPES.test(response.headers.get('content-type') ?? ''))
    return 'storage answered something that is no audio';
  // A body that ends with its connection could be cut without anybody noticing.
  if (response.headers.has('content-encoding') || !Number.isSafeInteger(announcedLength(response))) {
    return 'storage did not say how many bytes to expect';
  }
  return null;
}

function announcedLength({ headers }: Response): number {
  return Number(headers.get('content-length') ?? Number.NaN);
}

async function store(
  response: Response,
  file: string,
  { heartbeat }: Watching,
): Promise<{ sizeBytes: number; sha256: string; head: Buffer }> {
  const hash = createHash('sha256');
  const handle = await open(file, 'wx', 0o600);
  let sizeBytes = 0;
  let head = Buffer.alloc(0);
  try {
    for await (const chunk of response.body ?? []) {
      const bytes = Buffer.from(chunk);
      if (head.length < 12) head = Buffer.concat([head, bytes.subarray(0, 12)]);
      hash.update(bytes);
      await handle.writeFile(bytes);
      sizeBytes += bytes.length;
      heartbeat(sizeBytes);
    }
    await handle.sync();
  } catch (error) {
    throw broken(`the download was cut after ${sizeBytes} bytes (${error instanceof Error ? error.name : 'unknown'})`);
  } finally {
    await handle.close();
  }
  return { sizeBytes, sha256: hash.digest('hex'), head };
}

function looksLike(format: RecordingFormat, head: Buffer): boolean {
  if (format === 'wav') return head.toString('latin1', 0, 4) === 'RIFF' && head.toString('latin1', 8, 12) === 'WAVE';
  const frameSync = head.length > 1 && head.readUInt16BE(0) >= 0xffe0;
  return head.toString('latin1', 0, 3) === 'ID3' || frameSync;
}

function broken(message: string): ApplicationFailure {
  return ApplicationFailure.create({ type: 'recording_fetch_failed', message });
}
