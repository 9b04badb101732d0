/** What is told to whom: headers, errors, secrets. Each row of docs/security.md that no other test shows. */
import { freePort } from '../../cli/programs/child';
import { API_KEY, startOutside, until } from '../support/outside';
import type { Outside } from '../support/outside';
import { startPart } from '../support/processes';
import type { Part } from '../support/processes';
import { BASE_PATH } from '../support/system';

const PERSON = '+15550950000';
const SECRETS = {
  COLD_CALL_API_KEYS: `${API_KEY},canary-of-a-client-0123456789`,
  WEB_BACKEND_API_KEY: 'canary-of-the-backend-0123456789',
  WEB_BACKEND_SIGNING_SECRET: `whsec_${Buffer.from('canary-of-the-signatures-0123').toString('base64')}`,
};

let outside: Outside;
let api: Part;
let worker: Part;
let metricsUrl: string;

beforeAll(async () => {
  outside = await startOutside({ seed: 15, retentionDays: 3 });
  const address = `127.0.0.1:${await freePort()}`;
  metricsUrl = `http://${address}/metrics`;
  const env = { ...outside.env, ...SECRETS, LOG_LEVEL: 'debug' };
  worker = await startPart(['work'], 'workers.running', { ...env, WORKER_METRICS_ADDRESS: address });
  api = await startPart(['serve'], 'api.listening', env);
}, 120_000);
afterAll(async () => {
  await Promise.all([worker.kill(), api.kill()]);
  await outside.stop();
});

interface Route {
  readonly method: string;
  readonly path: string;
  /** Whether the document says that a key is needed. */
  readonly guarded: boolean;
}

async function routes(): Promise<readonly Route[]> {
  const document = (await (await fetch(`${outside.url}/openapi.json`)).json()) as {
    paths: Record<string, Record<string, { security?: readonly unknown[] }>>;
    security?: readonly unknown[];
  };
  return Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, { security = document.security ?? [] }]) => ({
      method: method.toUpperCase(),
      path: path.replace(/\{\w+\}/g, 'COLD_CALL_00000000000000000000000000'),
      guarded: security.length > 0,
    })),
  );
}

const ask = ({ method, path }: Route, headers: Readonly<Record<string, string>> = {}): Promise<Response> =>
  fetch(`${outside.url}${path}`, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    ...(method === 'POST' && { body: '{"a":' }),
  });

test('S20 headers: every answer of every route may be sniffed by nobody, kept by nobody, and tells no program', async () => {
  for (const route of await routes()) {
    for (const key of [API_KEY, 'wrong']) {
      const { headers } = await ask(route, { 'x-api-key': key });
      const { path } = route;
      expect({ path, sniffed: headers.get('x-content-type-options') }).toEqual({ path, sniffed: 'nosniff' });
      expect({ path, kept: headers.get('cache-control') }).toMatchObject({
        path,
        kept: expect.stringMatching(/no-store|max-age/) as string,
      });
      expect(headers.get('x-powered-by')).toBeNull();
      expect(headers.get('server')).toBeNull();
    }
  }
});

test('S01 without a key every route that the document guards is 401', async () => {
  const guarded = (await routes()).filter((route) => route.guarded);
  expect(guarded.length).toBeGreaterThan(10);
  for (const route of guarded)
    expect({ ...route, status: (await ask(route)).status }).toEqual({ ...route, status: 401 });
});

test('S19 no stack and no file is in any answer', async () => {
  for (const route of (await routes()).filter(({ path }) => !path.includes('docs'))) {
    const text = await (await ask(route, { 'x-api-key': API_KEY })).text();
    expect(text).not.toMatch(/\n\s+at |node_modules|\.ts:\d|\/[a-z]+\/outcall/);
  }
});

test('S31, S44 secrets are in no log, history, metric or document; numbers in no log and no metric', async () => {
  await outside.control(`phones/${encodeURIComponent(PERSON)}`, {});
  const { call_id: callId } = await outside.request('POST', '/initiate', { to_phone: PERSON });
  const isStored = (): boolean => outside.storedIds().length > 0;
  await until('the recording is stored', isStored, 60_000);
  const key = { 'x-api-key': API_KEY };
  const read = async (url: string): Promise<string> => (await fetch(url, { headers: key })).text();
  const logs = [...api.lines, ...worker.lines].join('\n');
  const metrics = (await read(`${outside.url}/metrics`)) + (await read(metricsUrl));
  const health = (await read(`${outside.url}/healthz`)) + (await read(`${outside.url}/readyz`));
  const documents = await Promise.all(
    [`/calls/${callId}`, '/calls', '/recordings', `/calls/${callId}/events`].map((route) =>
      read(`${outside.url}${BASE_PATH}${route}`),
    ),
  );
  const { workflow } = outside.client;
  const runs = [];
  for await (const { workflowId } of workflow.list()) {
    runs.push(JSON.stringify(await workflow.getHandle(workflowId).fetchHistory()));
  }
  // Payloads are base64 of JSON.
  const histories = runs
    .join()
    .replace(/"[\w+/=]{20,}"/g, (text) => Buffer.from(text.slice(1, -1), 'base64').toString());
  const all = [logs, metrics, health, histories, ...documents].join('\n');
  const secrets = [outside.simulator.apiKey, ...Object.values(SECRETS).flatMap((value) => value.split(','))];
  expect(secrets.filter((secret) => secret !== API_KEY && all.includes(secret))).toEqual([]);
  expect(logs + metrics + health).not.toContain(PERSON.slice(1));
  expect(metrics + health).not.toMatch(/\bv?\d+\.\d+\.\d+"/);
}, 120_000);

test('S34 a Temporal that keeps ended runs for too short a time is warned about at the start', () => {
  expect(worker.lines.filter((line) => line.includes('"event":"temporal.retention"'))).toHaveLength(1);
});
