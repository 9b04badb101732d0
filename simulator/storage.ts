/**
 * Where recordings are fetched from: addresses that carry their own permission and die, like the presigned ones of the
 * store behind Telnyx. No key is asked for.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import { renderAudio, sha256Of } from './audio/audio';
import type { AudioFile } from './audio/audio';
import { durationMs } from './carrier/recordings';
import type { AudioFormat, Recording } from './carrier/world';
import { sendThroughFault } from './http';
import type { Faults } from './faults';
import { paced } from './pacing';
import type { Fault } from './phones';

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
      else await sendFile(request, response, fileOf(found), faults.take('download', { recording: id }));
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

async function sendFile(
  request: IncomingMessage,
  response: ServerResponse,
  file: AudioFile,
  fault: Fault | null,
): Promise<void> {
  const head = { 'content-type': file.contentType, 'content-length': file.sizeBytes };
  if (request.method === 'HEAD') response.writeHead(200, head).end();
  else if (fault?.kind === 'cut') await sendCut(response, file, fault);
  else if (fault?.kind === 'truncated') {
    const left = Math.max(0, file.sizeBytes - fault.bytes);
    response.writeHead(200, { ...head, 'content-length': left });
    await pipeline(Readable.from(firstOf(file, left)), response);
  } else if (fault !== null && 'applied' in fault && fault.applied && fault.kind !== 'status') {
    response.writeHead(200, head);
    sendHalf(response, file, fault.kind === 'reset');
  } else if (fault !== null && fault.kind !== 'delay' && fault.kind !== 'slow') {
    await sendThroughFault(response, fault, null);
  } else {
    if (fault?.kind === 'delay') await wait(fault.ms, undefined, { ref: false });
    response.writeHead(200, head);
    await pipeline(
      Readable.from(fault?.kind === 'slow' ? paced(file.chunks(), fault.bytesPerSecond) : file.chunks()),
      response,
    );
  }
}

function* firstOf(file: AudioFile, bytes: number): Generator<Uint8Array> {
  let left = bytes;
  for (const chunk of file.chunks()) {
    if (left <= 0) return;
    yield chunk.subarray(0, left);
    left -= chunk.length;
  }
}

/** The beginning of the file, and then the end of the connection, which only one of the framings can hide. */
async function sendCut(
  response: ServerResponse,
  file: AudioFile,
  { bytes, framing = 'length' }: Extract<Fault, { kind: 'cut' }>,
): Promise<void> {
  const { socket } = response;
  const end = {
    length: `content-length: ${String(file.sizeBytes)}`,
    chunked: 'transfer-encoding: chunked',
    close: 'connection: close',
  };
  const upTo = bytes < 0 ? file.sizeBytes + bytes : Math.min(bytes, file.sizeBytes);
  if (socket === null) return;
  socket.write(`HTTP/1.1 200 OK\r\ncontent-type: ${file.contentType}\r\n${end[framing]}\r\n\r\n`);
  for (const chunk of firstOf(file, upTo)) {
    const framed = framing === 'chunked' ? [`${chunk.length.toString(16)}\r\n`, chunk, '\r\n'] : [chunk];
    for (const piece of framed) if (!socket.write(piece)) await once(socket, 'drain');
  }
  socket.end();
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
