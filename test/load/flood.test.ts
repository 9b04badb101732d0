/**
 * A flood of webhooks, each signed and each a copy of a few: all are taken, a call that is live meanwhile does not feel it,
 * and what Temporal is told is bounded.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { LEAD } from '../../domain/call';
import { encodeClientState } from '../../platform/telnyx/client-state';
import { createSigner } from '../../simulator/webhooks';
import { API_KEY, startOutside, until } from '../support/outside';
import type { Outside } from '../support/outside';
import { startPart } from '../support/processes';
import type { Part } from '../support/processes';
import { atScale, BASE_PATH } from '../support/system';

const COPIES = atScale({ quick: 2_000, ci: 20_000, full: 200_000 });
const EVENTS = 20;
const AT_ONCE = 32;
const HANGS_UP_WITHIN_MS = 2_000;

let outside: Outside;
let worker: Part;
let api: Part;

beforeAll(async () => {
  outside = await startOutside({ seed: 11 });
  worker = await startPart(['work'], 'workers.running', { ...outside.env, AGENT_WAIT_SECS: '600' });
  api = await startPart(['serve'], 'api.listening', outside.env);
}, 120_000);
afterAll(async () => {
  await Promise.all([worker.kill(), api.kill()]);
  await outside.stop();
});

/** Events about the same leg that say nothing new. */
function eventsOf(callId: string, leg: object): readonly string[] {
  const state = { installation: outside.env['OUTCALL_INSTALLATION'] ?? '', callId, leg: LEAD };
  const payload = { ...leg, client_state: encodeClientState(state) };
  return Array.from({ length: EVENTS }, (_, nth) => {
    const occurred_at = new Date().toISOString();
    return JSON.stringify({ data: { event_type: 'call.initiated', id: `flood-${nth}`, occurred_at, payload } });
  });
}

async function flood(bodies: readonly string[]): Promise<{ statuses: Record<number, number>; seconds: number }> {
  const url = `${outside.url}${BASE_PATH}/webhook/telnyx/call-status`;
  const signer = createSigner(outside.simulator.signingKey);
  const statuses: Record<number, number> = {};
  const startedMs = performance.now();
  let left = COPIES;
  const send = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const body = bodies[left % bodies.length] ?? '';
      const { status } = await fetch(url, { method: 'POST', body, headers: signer.headers(body, Date.now()) });
      statuses[status] = (statuses[status] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, send));
  return { statuses, seconds: (performance.now() - startedMs) / 1000 };
}

test(`${COPIES} copies of ${EVENTS} events are taken; meanwhile a hangup takes less than two seconds`, async () => {
  const to = '+15550800006';
  const legOf = () => outside.simulator.ledger().legs.find((leg) => leg.to === to);
  const { call_id: callId } = await outside.request('POST', '/initiate', { to_phone: to });
  await until('joined', async () => (await outside.request('GET', `/calls/${callId}`)).joined_at !== null, 30_000);
  const bodies = eventsOf(callId, legOf() ?? {});
  const flooding = flood(bodies);
  await sleep(300);
  const askedMs = performance.now();
  await fetch(`${outside.url}${BASE_PATH}/calls/${callId}/hangup`, {
    method: 'POST',
    headers: { 'x-api-key': API_KEY },
  });
  await until('hung up', () => legOf()?.ended_at !== null, 30_000, 10);
  const tookMs = performance.now() - askedMs;
  const { statuses, seconds } = await flooding;
  process.stderr.write(
    `webhooks taken: ${Math.round(COPIES / seconds)} a second; a hangup took ${Math.round(tookMs)} ms\n`,
  );
  expect(statuses).toEqual({ 200: COPIES });
  expect(tookMs).toBeLessThan(HANGS_UP_WITHIN_MS);
  const history = await outside.client.workflow.getHandle(callId).fetchHistory();
  const signals = (history.events ?? []).filter(({ workflowExecutionSignaledEventAttributes: told }) => told);
  expect(signals.length).toBeLessThan(EVENTS + 20);
}, 300_000);
