/** A simulator on a port, a listener for its webhooks, and a client, all closed after each test. */
import { createServer } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Telnyx from 'telnyx';
import { startSimulator } from '../../../simulator/server';
import type { Simulator, SimulatorOptions } from '../../../simulator/server';

export interface Received {
  readonly at: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly raw: string;
  readonly data: {
    readonly id: string;
    readonly event_type: string;
    readonly payload: Readonly<Record<string, unknown>>;
  };
  readonly meta: { readonly attempt: number; readonly delivered_to: string };
}

/** Listens for webhooks; `answers` gives the status of the n-th delivery, null is silence. */
export async function aListener(answers: (nth: number, received: Received) => number | null = () => 200) {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    void readAll(request).then((raw) => {
      const { data, meta } = JSON.parse(raw) as Pick<Received, 'data' | 'meta'>;
      const one = { at: Date.now(), headers: request.headers as Record<string, string>, raw, data, meta };
      received.push(one);
      const status = answers(received.length, one);
      if (status !== null) response.writeHead(status).end('{}');
    });
  });
  const url = await listen(server);
  return { url, received, close: () => closed(server) };
}

async function readAll(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

const listen = (server: Server): Promise<string> =>
  new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      resolve(`http://127.0.0.1:${String((server.address() as AddressInfo).port)}/`);
    });
  });

const closed = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => {
      resolve();
    });
    server.closeAllConnections();
  });

export interface Running {
  readonly simulator: Simulator;
  readonly client: Telnyx;
  readonly received: readonly Received[];
  /** Dials from the account and returns the answer. */
  dial(to: string, more?: Readonly<Record<string, unknown>>): Promise<Readonly<Record<string, unknown>>>;
  control(line: string, body?: unknown): Promise<Response>;
  close(): Promise<void>;
}

/** Everything at twenty times the speed of life. */
export async function aSimulator(
  options: SimulatorOptions = {},
  answers?: Parameters<typeof aListener>[0],
): Promise<Running> {
  const listener = await aListener(answers);
  const settings = { phoneSpeed: 20, webhookLatencyMs: 1, ...options.settings };
  const simulator = await startSimulator({ webhookUrl: listener.url, quiet: true, ...options, settings });
  const client = new Telnyx({ apiKey: simulator.apiKey, baseURL: simulator.apiBaseUrl, maxRetries: 0, timeout: 1500 });
  return {
    simulator,
    client,
    received: listener.received,
    async dial(to, more = {}) {
      const body = { connection_id: simulator.connectionId, to, from: '+15550100001', ...more };
      const { data } = await client.calls.dial(body);
      return { ...data };
    },
    control(line, body = {}) {
      const [method = '', path = ''] = line.split(' ');
      const sent = method === 'GET' ? {} : { body: JSON.stringify(body) };
      return fetch(`${simulator.url}/_simulator/${path}`, { method, ...sent });
    },
    async close() {
      await simulator.close();
      await listener.close();
    },
  };
}

/** Looks again every few milliseconds until something is there. Throws after two seconds. */
export async function eventually<T>(look: () => T | undefined | false): Promise<T> {
  for (let left = 400; left > 0; left -= 1) {
    const found = look();
    if (found !== undefined && found !== false) return found;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error('it never came');
}
