/** The routes of TeXML calls behind a real socket, with a directory that a test scripts, and a carrier that signs. */
import { generateKeyPairSync, sign } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import express from 'express';
import type { Router } from 'express';
import { createLogger } from '../../../platform/logger';
import { createTexmlAddresses } from '../../../platform/telnyx/texml-address';
import { BASE_PATH } from '../../../server/base-path';
import type { CallDirectory, Instructions } from '../../../server/call-directory';
import { TemporalUnavailableError } from '../../../server/call-directory';
import { close, listen } from '../../../server/listen';
import { problemHandler, sendProblem } from '../../../server/problems';
import type { TexmlCallSettings } from '../../../server/texml-calls';
import type { InstructionsRequest, SignalledEvent } from '../../../workflows/messages';
import type { CallMemo } from '../../../workflows/messages';
import type { Script } from '../../../flows/script';

export const CALL_ID = 'COLD_CALL_01JGZ0ABCDEFGHJKMNPQRSTV0X';
export const PUBLIC_URL = 'https://calls.example.com';

const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const KEY = publicKey.export({ type: 'spki', format: 'der' }).subarray(-32).toString('base64');

export interface Asked {
  readonly callId: string;
  readonly request: InstructionsRequest;
  readonly updateId: string;
}

/** A directory that says what it is told to, and keeps what it was asked and told. */
export function createFakeDirectory() {
  const said = {
    instructions: { kind: 'document', texml: '<Response/>' } as Instructions,
    isAway: false,
    isOver: false,
  };
  const asked: Asked[] = [];
  const told: { readonly callId: string; readonly event: SignalledEvent; readonly eventId: string }[] = [];
  const started: { readonly memo: CallMemo; readonly script: Script | null }[] = [];
  const away = (): void => {
    if (said.isAway) throw new TemporalUnavailableError('Temporal did not answer');
  };
  const directory = {
    instruct: (callId, request, { updateId }) => {
      asked.push({ callId, request, updateId });
      return Promise.resolve(said.instructions);
    },
    signal: async (callId, event, eventId) => {
      await Promise.resolve();
      away();
      told.push({ callId, event, eventId });
      return !said.isOver;
    },
    start: async (memo, script) => {
      await Promise.resolve();
      away();
      const first = started.find(({ memo: { request } }) => request.callId === memo.request.callId);
      if (first) return { kind: 'exists', memo: first.memo };
      started.push({ memo, script });
      return { kind: 'started' };
    },
  } satisfies Partial<CallDirectory> as unknown as CallDirectory;
  return { directory, said, asked, told, started };
}

export type FakeDirectory = ReturnType<typeof createFakeDirectory>;

export interface TexmlServer {
  readonly lines: string[];
  /** The path of this call, with its mark. */
  readonly call: string;
  send(path: string, options?: SendOptions): Promise<{ status: number; type: string; text: string }>;
  stop(): Promise<void>;
}

export interface SendOptions {
  readonly method?: 'GET' | 'POST' | 'PUT';
  readonly fields?: Readonly<Record<string, string>>;
  /** In place of the fields. */
  readonly body?: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
  readonly isSigned?: boolean;
}

export async function startTexmlServer(
  { directory }: FakeDirectory,
  routes: (settings: TexmlCallSettings) => Router,
): Promise<TexmlServer> {
  const lines: string[] = [];
  const log = createLogger({ level: 'info', destination: { write: (line) => void lines.push(line) } });
  const texmlAddresses = createTexmlAddresses(`${PUBLIC_URL}${BASE_PATH}`, 'a secret');
  const app = express();
  app.use(BASE_PATH, routes({ directory, texmlAddresses, publicKeys: [KEY], publicUrl: PUBLIC_URL, log }));
  app.use((_request, response) => {
    sendProblem(response, { status: 404, code: 'not_found', detail: 'there is nothing at this address' });
  });
  app.use(problemHandler(log));
  const server = await listen(app, 0, '127.0.0.1');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    lines,
    call: new URL(texmlAddresses.base(CALL_ID)).pathname,
    async send(path, { method = 'POST', fields = {}, body, headers = {}, isSigned = true } = {}) {
      const form = new URLSearchParams(fields).toString();
      const sent = body ?? (method === 'POST' ? form : '');
      const query = method === 'GET' && form !== '' ? `${path.includes('?') ? '&' : '?'}${form}` : '';
      const response = await fetch(`${origin}${path}${query}`, {
        method,
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          ...(isSigned && signatureOf(sent)),
          ...headers,
        },
        ...(method !== 'GET' && { body: sent }),
      });
      return { status: response.status, type: response.headers.get('content-type') ?? '', text: await response.text() };
    },
    async stop() {
      const closed = close(server);
      server.closeAllConnections();
      await closed;
    },
  };
}

function signatureOf(body: string | Uint8Array): Record<string, string> {
  const timestamp = String(Math.floor(Date.now() / 1000));
  const signed = Buffer.concat([Buffer.from(`${timestamp}|`), Buffer.from(body)]);
  return {
    'telnyx-timestamp': timestamp,
    'telnyx-signature-ed25519': sign(null, signed, privateKey).toString('base64'),
  };
}
