/**
 * The simulator as a server: the carrier model with a clock, a port and a key. One port serves the REST interface
 * (`/v2`), recordings (`/storage`), the stand-in for the customer's backend (`/api/v1/recordings`) and the simulator's
 * own interface (`/_simulator`). It listens on the loopback address only.
 */
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createCarrier } from './carrier/carrier';
import type { Carrier } from './carrier/carrier';
import { accountSid } from './carrier/provisioning';
import type { Settings } from './carrier/settings';
import { serveControl } from './control';
import { createFaults } from './faults';
import type { Faults } from './faults';
import { isApplied, sendAnswer, sendThroughFault } from './http';
import { bookkeeper } from './ledger';
import type { Ledger } from './ledger';
import { createMischief, mulberry32 } from './mischief';
import type { MischiefOptions } from './mischief';
import { createAsker } from './questions';
import { createRealClock } from './real-clock';
import { serveRest } from './rest';
import { createStorage } from './storage';
import type { Storage } from './storage';
import { usualTexmlApplicationId } from './texml/state';
import type { TexmlUrls } from './carrier/world';
import { createWebBackend } from './web-backend';
import type { WebBackend } from './web-backend';
import { createDeliverer, createSigner } from './webhooks';

export type { Ledger } from './ledger';
export type { Settings } from './carrier/settings';
export type { MischiefOptions } from './mischief';

export interface SimulatorOptions {
  /** @default 0, any free port */
  readonly port?: number;
  /** The application's `webhook_event_url`. Until it is known every dial is refused, as Telnyx does. */
  readonly webhookUrl?: string;
  /** The application's `webhook_event_failover_url`. */
  readonly webhookFailoverUrl?: string;
  /** `host:port` in the addresses of recordings, when clients see another than the loopback one. */
  readonly publicHost?: string;
  /** @default 'KEYSIMULATOR0000000000000000' */
  readonly apiKey?: string;
  /** Id of the one Call Control Application. @default '2000000000000000001' */
  readonly connectionId?: string;
  /** Id of the one TeXML application. @default '2000000000000000002' */
  readonly texmlApplicationId?: string;
  /** Its `voice_url` and `status_callback`. @default none; somebody who calls it is not answered */
  readonly texmlUrls?: TexmlUrls;
  /** The account's numbers. When given, any other `from` is refused with D51. @default none, and none is refused */
  readonly phoneNumbers?: readonly string[];
  readonly mischief?: MischiefOptions;
  readonly settings?: Partial<Settings>;
  /** Seed of all ids. @default the time */
  readonly seed?: number;
  /** Private Ed25519 key as PKCS #8 PEM, so that a restart keeps it. @default a new one */
  readonly signingKey?: string;
  /** Prints nothing. @default false */
  readonly quiet?: boolean;
}

export interface Simulator {
  /** `http://127.0.0.1:port` */
  readonly url: string;
  /** `url` + `/v2`, what a client takes for Telnyx. */
  readonly apiBaseUrl: string;
  /** What a client takes for the customer's backend. */
  readonly webBackendUrl: string;
  /** Base64 of the 32 bytes of the key that webhooks are signed with. */
  readonly publicKey: string;
  /** For `signingKey` of the next start. */
  readonly signingKey: string;
  readonly apiKey: string;
  readonly connectionId: string;
  /** What paths of TeXML name. */
  readonly accountSid: string;
  readonly texmlApplicationId: string;
  setWebhookUrl(url: string, failoverUrl?: string): void;
  changeSettings(changes: Partial<Settings>): void;
  ledger(): Ledger;
  /** Ends everything that is on its way. Closing twice is harmless. */
  close(): Promise<void>;
}

export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const parts = assemble(options);
  const { asker, carrier, clock, deliverer, signer, ledger, say } = parts;
  const server = createServer((request, response) => {
    serve(parts, request, response).catch((error: unknown) => {
      say(`simulator: ${request.method ?? ''} ${request.url ?? ''} broke off: ${String(error)}`);
      response.destroy();
    });
  });
  const port = await listen(server, options.port ?? 0);
  const url = `http://127.0.0.1:${String(port)}`;
  parts.origin.value = options.publicHost === undefined ? url : `http://${options.publicHost}`;
  say(`simulator: ${url}/v2, public key ${signer.publicKey}`);
  return {
    url,
    apiBaseUrl: `${url}/v2`,
    webBackendUrl: url,
    publicKey: signer.publicKey,
    signingKey: signer.privateKeyPem,
    apiKey: parts.apiKey,
    connectionId: parts.connectionId,
    accountSid,
    texmlApplicationId: parts.texmlApplicationId,
    setWebhookUrl: (webhookUrl, failoverUrl) => {
      carrier.setWebhookUrl(webhookUrl, failoverUrl ?? null);
    },
    changeSettings: carrier.changeSettings,
    ledger,
    close() {
      carrier.stop();
      clock.stop();
      deliverer.stop();
      asker.stop();
      return closeServer(server);
    },
  };
}

interface Parts {
  readonly carrier: Carrier;
  readonly faults: Faults;
  readonly storage: Storage;
  readonly backend: WebBackend;
  readonly apiKey: string;
  readonly control: Parameters<typeof serveControl>[0];
  readonly unknown: (request: { readonly method: string; readonly path: string }) => void;
}

/** Puts the parts together; nothing listens yet. */
function assemble(options: SimulatorOptions) {
  const { apiKey = 'KEYSIMULATOR0000000000000000', connectionId = '2000000000000000001' } = options;
  const { texmlApplicationId = usualTexmlApplicationId } = options;
  const say = options.quiet === true ? () => undefined : printLine;
  const origin = { value: '' };
  const clock = createRealClock();
  const signer = createSigner(options.signingKey);
  const faults = createFaults();
  const backend = createWebBackend();
  let mischief = createMischief(options.mischief ?? null);
  const deliverer = createDeliverer({
    clock,
    signer,
    latencyMs: () => carrier.settings().webhookLatencyMs,
    speed: () => carrier.settings().phoneSpeed,
  });
  const asker = createAsker({
    clock,
    signer,
    faults,
    fateOf: (about) => mischief.fateOf(about),
    speed: () => carrier.settings().phoneSpeed,
  });
  const carrier: Carrier = createCarrier({
    clock,
    random: mulberry32(options.seed ?? Date.now()),
    emit: (webhook) => {
      deliverer.send(webhook, mischief.fateOf(webhook));
    },
    ask: asker.ask,
    storageUrl: (file) => storage.urlOf(file),
    settings: options.settings ?? {},
    account: {
      connectionId,
      texmlApplicationId,
      texmlUrls: options.texmlUrls ?? null,
      webhookUrl: options.webhookUrl ?? null,
      failoverUrl: options.webhookFailoverUrl ?? null,
      phoneNumbers: options.phoneNumbers ?? [],
    },
  });
  const storage: Storage = createStorage({
    origin: () => origin.value,
    secret: signer.privateKeyPem,
    now: clock.now,
    recording: carrier.recording,
    faults,
  });
  const books = bookkeeper({ carrier, deliverer, storage, backend, faults, mischiefCounts: () => mischief.counts() });
  const unknown: Parts['unknown'] = (request) => {
    books.noteUnknown(request);
    say(`simulator: unknown request ${request.method} ${request.path}, answered 501`);
  };
  const control: Parts['control'] = {
    carrier,
    faults,
    connectionId,
    setMischief: (next) => {
      mischief = next;
    },
    readings: {
      '': () => ({
        url: origin.value,
        public_key: signer.publicKey,
        api_key: apiKey,
        connection_id: connectionId,
        account_sid: accountSid,
        texml_application_id: texmlApplicationId,
      }),
      ledger: books.ledger,
      settings: carrier.settings,
      faults: faults.rules,
      webhooks: deliverer.log,
      deliveries: backend.deliveries,
    },
  };
  const { ledger } = books;
  return {
    asker,
    carrier,
    faults,
    storage,
    backend,
    apiKey,
    connectionId,
    texmlApplicationId,
    control,
    unknown,
    origin,
    clock,
    signer,
    deliverer,
    ledger,
    say,
  };
}

function printLine(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function serve(parts: Parts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://simulator');
  const [, first] = url.pathname.split('/');
  if (first === 'v2') await serveRest(parts, request, response, url);
  else if (first === 'storage') await parts.storage.serve(request, response, url);
  else if (first === '_simulator') await serveControl(parts.control, request, response, url);
  else if (request.method === 'POST' && url.pathname === '/api/v1/recordings')
    await serveBackend(parts, request, response);
  else {
    parts.unknown({ method: request.method ?? '', path: url.pathname });
    sendAnswer(response, { status: 501, body: { error: 'the simulator does not know this address' } });
  }
}

async function serveBackend(
  { backend, faults }: Parts,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const recording = /^rec-(.*)-(?:mp3|wav)$/.exec(String(request.headers['idempotency-key']))?.[1] ?? '';
  const fault = faults.take('deliver', { recording });
  if (fault?.kind === 'cut') {
    cutRequest(request, fault.bytes);
    return;
  }
  if (fault?.kind === 'slow') {
    sendAnswer(response, await backend.receive(request, fault.bytesPerSecond));
    return;
  }
  if (fault !== null && !isApplied(fault)) {
    request.resume();
    await sendThroughFault(response, fault, null);
    return;
  }
  const answer = await backend.receive(request);
  if (fault === null) sendAnswer(response, answer);
  else await sendThroughFault(response, fault, answer);
}

/** The receiver dies after so many bytes of the body. */
function cutRequest(request: IncomingMessage, bytes: number): void {
  let left = bytes;
  request.on('data', (chunk: Buffer) => {
    left -= chunk.length;
    if (left <= 0) request.socket.resetAndDestroy();
  });
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      resolve((server.address() as AddressInfo).port);
    });
  });
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => {
      resolve();
    });
    server.closeAllConnections();
  });
}
