/** A real HTTP server on this machine that answers as a test wants, and remembers what it was asked. */
import { createServer } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Asked {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Everything but the request is up to the test: to answer, to stall, or to hang up. */
export type Answering = (response: ServerResponse, asked: Asked) => void;

export interface LocalServer {
  /** `http://127.0.0.1:port` */
  readonly url: string;
  /** `127.0.0.1:port` */
  readonly host: string;
  /** Requests whose body was read to its end, in the order they came. */
  readonly asked: Asked[];
  /** What the next requests are answered. */
  answer: Answering;
}

/** One server for a file of tests; forgets what it was asked between them, and is closed, with every connection, after them. */
export function aLocalServer(): LocalServer {
  const silent: Answering = () => undefined;
  const state: { -readonly [K in keyof LocalServer]: LocalServer[K] } = {
    url: '',
    host: '',
    asked: [],
    answer: silent,
  };
  const server = createServer((request, response) => {
    void readAll(request).then((body) => {
      const { method = '', url = '', headers } = request;
      const asked = { method, url, headers, body };
      state.asked.push(asked);
      state.answer(response, asked);
    });
  });
  beforeAll(async () => {
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    state.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    state.url = `http://${state.host}`;
  });
  beforeEach(() => {
    state.asked.length = 0;
    state.answer = silent;
  });
  afterAll(async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  });
  return state;
}

async function readAll(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  } catch {
    // The client went away in the middle; what came is what came.
  }
  return Buffer.concat(chunks);
}

/** An answer of JSON, or of text as it is. */
export function answering(status: number, body: unknown, headers: Record<string, string> = {}): Answering {
  return (response) => {
    const json = typeof body !== 'string';
    response.writeHead(status, { 'content-type': json ? 'application/json' : 'text/html', ...headers });
    response.end(json ? JSON.stringify(body) : body);
  };
}

/** The connection is reset before a byte of an answer. */
export const resetting: Answering = (response) => {
  response.socket?.resetAndDestroy();
};

/** Headers and half a body come, and then nothing. */
export const stallingInTheBody: Answering = (response) => {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.write('{"data":{');
};
