/**
 * Where recordings are fetched from: addresses that carry their own permission and die, like the presigned ones of the
 * store behind Telnyx. No key is asked for.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import { renderAudio, sha256Of } from './audio/audio';
import type { AudioFile } from './audio/audio';
import { durationMs } from './carrier/recordings';
import type { AudioFormat, Recording } from './carrier/world';
import { sendThroughFault } from './http';
import type { Faults } from './faults';

export interface Storage {
  urlOf(file: { recordingId: string; format: AudioFormat; expiresAtMs: number }): string;
  serve(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void>;
  /** Size and digest of a recording that is ready; null of any other. */
  describe(recording: Recording): { readonly size_bytes: number; readonly sha256: string } | null;
}

export interface StorageDeps {
  /** Origin of the addresses; known only once the server listens. */
  readonly origin: () => string;
  readonly secret: string;
  readonly now: () => number;
  readonly recording: (id: string) => Recording | undefined;
  readonly faults: Faults;
}

export function createStorage({ origin, secret, now, recording, faults }: StorageDeps): Storage {
  const described = new Map<string, { size_bytes: number; sha256: string }>();
  const tokenOf = (path: string, expires: string): string =>
    createHmac('sha256', secret).update(`${path} ${expires}`).digest('hex');
  return {
    urlOf({ recordingId, format, expiresAtMs }) {
      const path = `/storage/recordings/${recordingId}.${format}`;
      const expires = String(Math.floor(expiresAtMs / 1000));
      return `${origin()}${path}?expires=${expires}&token=${tokenOf(path, expires)}`;
    },
    async serve(request, response, url) {
      const expires = url.searchParams.get('expires') ?? '';
      const token = url.searchParams.get('token') ?? '';
      if (!sameText(token, tokenOf(url.pathname, expires))) {
        sendXml(response, 403, 'SignatureDoesNotMatch', 'The request signature we calculated does not match');
        return;
      }
      if (now() >= Number(expires) * 1000) {
        sendXml(response, 403, 'AccessDenied', 'Request has expired');
        return;
      }
      const id = /^\/storage\/recordings\/([^/.]+)\./.exec(url.pathname)?.[1] ?? '';
      const found = recording(id);
      if (found?.state !== 'completed') sendXml(response, 404, 'NoSuchKey', 'The specified key does not exist.');
      else await sendFile(request, response, { file: fileOf(found), faults });
    },
    describe(of) {
      if (of.state !== 'completed') return null;
      const known = described.get(of.id);
      if (known !== undefined) return known;
      const file = fileOf(of);
      const description = { size_bytes: file.sizeBytes, sha256: sha256Of(file) };
      described.set(of.id, description);
      return description;
    },
  };
}

const sameText = (one: string, other: string): boolean =>
  one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other));

const fileOf = (recording: Recording): AudioFile =>
  renderAudio({
    id: recording.id,
    format: recording.format,
    channels: recording.channels,
    durationMs: durationMs(recording),
    empty: recording.leg.phone.recording === 'empty',
  });

interface Sending {
  readonly file: AudioFile;
  readonly faults: Faults;
}

async function sendFile(request: IncomingMessage, response: ServerResponse, { file, faults }: Sending): Promise<void> {
  const fault = faults.take('download');
  const cutsShort = fault !== null && 'applied' in fault && fault.applied && fault.kind !== 'status';
  if (fault !== null && !cutsShort && fault.kind !== 'delay') {
    await sendThroughFault(response, fault, null);
    return;
  }
  response.writeHead(200, { 'content-type': file.contentType, 'content-length': file.sizeBytes });
  if (request.method === 'HEAD') response.end();
  else if (cutsShort) sendHalf(response, file, fault.kind === 'reset');
  else await pipeline(Readable.from(file.chunks()), response);
}

/** Half the file; then the connection is reset, or falls silent. */
function sendHalf(response: ServerResponse, file: AudioFile, reset: boolean): void {
  const whole = Buffer.concat([...file.chunks()]);
  response.write(whole.subarray(0, whole.length >> 1), () => {
    if (reset) response.socket?.resetAndDestroy();
  });
}

function sendXml(response: ServerResponse, status: number, code: string, message: string): void {
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message></Error>`;
  response.writeHead(status, { 'content-type': 'application/xml', 'content-length': Buffer.byteLength(body) });
  response.end(body);
}
