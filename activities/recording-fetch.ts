/**
 * Downloads a recording into the spool and checks that it is whole. The address is the carrier's signed one: it is never
 * logged, and our API key is never sent to it.
 */
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { RecordingFormat } from '../domain/call';
import { isListed } from '../platform/outbound-url';
import { createAudioCheck } from './audio-check';
import type { AudioVerdict } from './audio-check';
import { createPileWatch } from './garbage';
import { send } from './outbound';
import { unusable } from './spool';
import type { Spool, SpoolFile } from './spool';
import { kindOf, Undelivered } from './undelivered';

export interface FetchSettings {
  readonly spool: Spool;
  /** `host:port` pairs that may be fetched from besides the carrier's storage. Plain http and loopback only by this. */
  readonly allowedHosts: readonly string[];
}

export interface Wanted {
  /** Fresh: it dies within minutes. */
  readonly url: string;
  readonly format: RecordingFormat;
  /** What the carrier says of its length; null when it does not. */
  readonly durationMillis: number | null;
}

export interface SpooledFile {
  readonly sizeBytes: number;
  /** Lowercase hex. */
  readonly sha256: string;
  /** The file from its beginning, as often as is wanted. Each piece is good until the next one is asked for. */
  read(): AsyncIterable<Buffer>;
  /** Twice is safe. */
  remove(): Promise<void>;
}

export interface Watching {
  /** Told the bytes so far, with each piece. */
  readonly onProgress: (bytes: number) => void;
  readonly signal: AbortSignal;
}

/** Where Telnyx keeps recordings (developers.telnyx.com: Storing call recordings; its own storage is Amazon's S3). */
const CARRIER_STORAGE = [
  /(^|\.)telnyx\.com$/,
  /(^|\.)s3([.-][a-z0-9-]+)*\.amazonaws\.com$/,
  /(^|\.)storage\.googleapis\.com$/,
];
const AUDIO_TYPES = /^(audio\/(mpeg|mp3|wav|x-wav|wave)|(application|binary)\/octet-stream)\b/i;
const REDIRECTS = [301, 302, 303, 307, 308];
const MOST_HOPS = 2;
const READ_BYTES = 256 * 1024;

/** The file, whole and checked. Throws `Undelivered`; then nothing of it is left. */
export async function fetchToSpool(
  wanted: Wanted,
  { spool, allowedHosts }: FetchSettings,
  watching: Watching,
): Promise<SpooledFile> {
  const response = await open(wanted.url, allowedHosts, watching.signal);
  let file: SpoolFile | null = null;
  try {
    const announcedBytes = announcedLength(response);
    file = await spool.open(announcedBytes);
    const stored = await store(response, file, wanted.format, watching);
    refuseBroken(stored, announcedBytes, wanted.durationMillis);
    return spooled(file, stored);
  } catch (error) {
    await file?.close();
    throw error;
  } finally {
    // Otherwise the connection of an answer that is not read stays open.
    response.destroy();
  }
}

function spooled(file: SpoolFile, { sizeBytes, sha256 }: Stored): SpooledFile {
  return {
    sizeBytes,
    sha256,
    read: () => piecesOf(file, sizeBytes),
    remove: () => file.close(),
  };
}

/** One buffer for the whole file: a new one for each piece would pile up faster than garbage is collected. */
async function* piecesOf({ handle }: SpoolFile, sizeBytes: number): AsyncGenerator<Buffer> {
  const buffer = Buffer.allocUnsafeSlow(READ_BYTES);
  for (let at = 0; at < sizeBytes;) {
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, at);
    if (bytesRead === 0) throw new Error('the spool file ended early');
    at += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

/** The answer that holds the file. Each hop of a redirect is checked like the first address. */
async function open(url: string, allowedHosts: readonly string[], signal: AbortSignal): Promise<IncomingMessage> {
  let address = storageAddress(url, allowedHosts);
  for (let hops = 0; ; hops++) {
    const { response } = await send(address, {
      headers: { 'accept-encoding': 'identity' },
      publicOnly: !isListed(address, allowedHosts),
      signal,
    }).catch((error: unknown) => {
      const kind = kindOf(error);
      const failure = kind === 'NOT_PUBLIC' ? 'storage_not_allowed' : 'storage_unreachable';
      throw new Undelivered(failure, `storage cannot be reached (${kind})`);
    });
    const status = response.statusCode ?? 0;
    if (status === 200) return response;
    response.destroy();
    const { location } = response.headers;
    if (!REDIRECTS.includes(status) || location === undefined || hops === MOST_HOPS) {
      throw new Undelivered('storage_refused', `storage answered ${status}`);
    }
    const { href } = address;
    address = storageAddress(URL.canParse(location, href) ? new URL(location, href).href : '', allowedHosts);
  }
}

/** Throws unless recordings may be fetched from there. */
function storageAddress(text: string, allowedHosts: readonly string[]): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  const host = url?.hostname ?? '';
  const isCarriers =
    url?.protocol === 'https:' && url.port === '' && CARRIER_STORAGE.some((pattern) => pattern.test(host));
  if (url?.username === '' && url.password === '' && (isCarriers || isListed(url, allowedHosts))) return url;
  const detail = `recordings are not fetched from ${host || 'there'}; OUTBOUND_ALLOW_HOSTS would allow it`;
  throw new Undelivered('storage_not_allowed', detail);
}

/** The length of what follows, if its headers are those of a recording. */
function announcedLength({ headers }: IncomingMessage): number {
  if (!AUDIO_TYPES.test(headers['content-type'] ?? '')) {
    throw new Undelivered('file_unexpected', 'storage answered something that is no audio');
  }
  const length = Number(headers['content-length'] ?? Number.NaN);
  // A body that ends with its connection could be cut without anybody noticing.
  if ('content-encoding' in headers || !Number.isSafeInteger(length)) {
    throw new Undelivered('file_unexpected', 'storage did not say how many bytes to expect');
  }
  return length;
}

interface Stored {
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly audio: AudioVerdict;
}

async function store(
  response: IncomingMessage,
  { handle }: SpoolFile,
  format: RecordingFormat,
  { onProgress }: Watching,
): Promise<Stored> {
  const hash = createHash('sha256');
  const check = createAudioCheck(format);
  const used = createPileWatch();
  let sizeBytes = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      hash.update(chunk);
      check.write(chunk);
      await handle.writeFile(chunk).catch((error: unknown) => {
        throw unusable(error);
      });
      sizeBytes += chunk.length;
      used(chunk.length);
      onProgress(sizeBytes);
    }
  } catch (error) {
    if (error instanceof Undelivered) throw error;
    throw new Undelivered('file_cut', `the download was cut after ${sizeBytes} bytes (${kindOf(error)})`);
  }
  return { sizeBytes, sha256: hash.digest('hex'), audio: check.end() };
}

function refuseBroken({ sizeBytes, audio }: Stored, announcedBytes: number, durationMillis: number | null): void {
  if (sizeBytes !== announcedBytes) {
    throw new Undelivered('file_cut', `${sizeBytes} of ${announcedBytes} bytes arrived`);
  }
  // Whether a recording may be empty is decided by who knows how often it was.
  if (sizeBytes === 0) return;
  if (audio.problem !== null) throw new Undelivered('file_damaged', `what arrived ${audio.problem}`);
  const offMs = Math.abs((audio.durationMs ?? 0) - (durationMillis ?? 0));
  if (durationMillis === null || durationMillis === 0 || audio.durationMs === null) return;
  if (offMs > Math.max(2_000, durationMillis * 0.02)) {
    const detail = `what arrived sounds for ${Math.round(audio.durationMs)} ms, the carrier says ${durationMillis}`;
    throw new Undelivered('file_damaged', detail);
  }
}
