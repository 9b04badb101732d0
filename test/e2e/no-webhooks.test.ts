/** No webhook of the carrier reaches us: every call ends as it should all the same, and within a minute an alarm is up. */
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../cli/programs/child';
import { isSettled } from '../../domain/status';
import type { StatusDocument } from '../../domain/status';
import { createSigner } from '../../simulator/webhooks';
import { startOutside, until } from '../support/outside';
import type { Outside } from '../support/outside';
import { startPart } from '../support/processes';
import type { Part } from '../support/processes';
import { atScale, BASE_PATH } from '../support/system';

const ALARM_WITHIN_MS = 60_000;
/** The first rings for as long as it takes to be sure that webhooks are missing. */
const DIGITS = ['003', '000', '001', '008'].slice(0, atScale({ quick: 2, ci: 4, full: 4 }));
const OUTCOMES = ['no_answer', 'completed', 'busy', 'completed'];

/** The carrier's key is being changed: this is the new one. */
const next = createSigner();

let outside: Outside;
let api: Part;
let worker: Part;
let metricsUrl: string;

beforeAll(async () => {
  outside = await startOutside({ seed: 5 });
  const address = `127.0.0.1:${await freePort()}`;
  metricsUrl = `http://${address}/metrics`;
  worker = await startPart(['work'], 'workers.running', { ...outside.env, WORKER_METRICS_ADDRESS: address });
  const TELNYX_PUBLIC_KEY = `${next.publicKey}, ${outside.simulator.publicKey}`;
  api = await startPart(['serve'], 'api.listening', { ...outside.env, TELNYX_PUBLIC_KEY });
}, 120_000);
afterAll(async () => {
  await Promise.all([worker.kill(), api.kill()]);
  await outside.stop();
});

async function alarm(): Promise<string | undefined> {
  const text = await (await fetch(metricsUrl)).text();
  return /^outcall_webhooks_missing(?:\{.*\})? (\d)/m.exec(text)?.[1];
}
const logged = (event: string): boolean => worker.lines.some((line) => line.includes(`"event":"${event}"`));

async function call(to: string): Promise<StatusDocument> {
  const { call_id: callId } = await outside.request('POST', '/initiate', { to_phone: to });
  let document = await outside.request('GET', `/calls/${callId}`);
  while (!isSettled(document)) {
    await sleep(250);
    document = await outside.request('GET', `/calls/${callId}`);
  }
  return document;
}

test('calls learn by asking; the alarm is up within a minute, and down again with the next webhook', async () => {
  outside.simulator.changeSettings({ webhooksOff: true });
  expect(await alarm()).toBe('0');
  const deaf = Promise.all(DIGITS.map((digits) => call(`+15550300${digits}`)));
  await until('the alarm', async () => (await alarm()) === '1', ALARM_WITHIN_MS);
  expect(logged('webhooks.missing')).toBe(true);
  expect((await deaf).map(({ outcome }) => outcome)).toEqual(OUTCOMES.slice(0, DIGITS.length));

  outside.simulator.changeSettings({ webhooksOff: false });
  expect(await call('+15550301000')).toMatchObject({ outcome: 'completed' });
  expect(await alarm()).toBe('0');
  expect(logged('webhooks.back')).toBe(true);
}, 180_000);

test('webhooks are taken that are signed with either of two keys, and no others', async () => {
  const body = JSON.stringify({ data: { event_type: 'call.sneezed', payload: {} } });
  const send = async (signer: typeof next): Promise<number> => {
    const url = `${outside.url}${BASE_PATH}/webhook/telnyx/call-status`;
    return (await fetch(url, { method: 'POST', headers: signer.headers(body, Date.now()), body })).status;
  };
  expect(await send(createSigner(outside.simulator.signingKey))).toBe(200);
  expect(await send(next)).toBe(200);
  expect(await send(createSigner())).toBe(401);
});
