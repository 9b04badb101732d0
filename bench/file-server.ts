/** A process of its own that hands out an MP3 of a given size and swallows whatever it is sent. Its first line is its address. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { renderAudio } from '../simulator/audio/audio';

const durationMs = Number(process.argv[2]);
const file = renderAudio({ id: 'bench', format: 'mp3', channels: 'dual', durationMs, empty: false });

const server = createServer((request, response) => {
  if (request.method === 'GET') {
    response.writeHead(200, { 'content-type': file.contentType, 'content-length': file.sizeBytes });
    pipeline(Readable.from(file.chunks()), response).catch(() => undefined);
    return;
  }
  request.resume();
  request.on('end', () => response.writeHead(201).end('{}'));
});
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`http://127.0.0.1:${String((server.address() as AddressInfo).port)}\n`);
});
