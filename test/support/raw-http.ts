/** HTTP by hand, for what `fetch` would not send. */
import { connect } from 'node:net';
import type { Socket } from 'node:net';

/** Writes bytes and returns all that comes back until the server ends the connection, or `withinMs` passes. */
export function speak(url: string, bytes: string | Buffer, withinMs = 3_000): Promise<string> {
  const socket = open(url);
  socket.write(bytes);
  return listenTo(socket, withinMs);
}

/** The same, and then a bit more every now and then. */
export async function trickle(
  url: string,
  bytes: string,
  { rest, everyMs }: { readonly rest: string; readonly everyMs: number },
  withinMs: number,
): Promise<string> {
  const socket = open(url);
  socket.write(bytes);
  const timer = setInterval(() => socket.write(rest), everyMs);
  const heard = await listenTo(socket, withinMs);
  clearInterval(timer);
  return heard;
}

/** Of the first answer in what was heard; 0 when there is none. */
export const statusOf = (heard: string): number => Number(/^HTTP\/1\.1 (\d{3})/.exec(heard)?.[1] ?? 0);

const open = (url: string): Socket => connect(Number(new URL(url).port), '127.0.0.1');

function listenTo(socket: Socket, withinMs: number): Promise<string> {
  return new Promise((resolve) => {
    let heard = '';
    const timer = setTimeout(() => socket.destroy(), withinMs);
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      heard += chunk.toString('latin1');
    });
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(heard);
    });
  });
}
