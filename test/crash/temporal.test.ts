/**
 * Temporal is killed, or stands still, while calls are live: whoever asks is told so within two seconds, the carrier
 * repeats its webhooks, and when Temporal is back every call ends as it would have.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { LEAD } from '../../domain/call';
import { isSettled } from '../../domain/status';
import type { StatusDocument } from '../../domain/status';
import { encodeClientState } from '../../platform/telnyx/client-state';
import { createSigner } from '../../simulator/webhooks';
import { API_KEY, startOutside, until } from '../support/outside';
import type { Outside } from '../support/outside';
import { startPart } from '../support/processes';
import type { Part } from '../support/processes';
import { atScale } from '../support/scale';
import { BASE_PATH } from '../support/system';

/** What happens to Temporal, when in the call's life, and for how many milliseconds. */
type Case = readonly ['killed' | 'stopped', 'ringing' | 'answered' | 'joined', number];
const CASES = atScale<readonly Case[]>({
  quick: [['killed', 'answered', 3_000]],
  ci: [
    ['killed', 'ringing', 3_000],
    ['killed', 'answered', 5_000],
    ['killed', 'joined', 20_000],
    ['stopped', 'ringing', 3_000],
    ['stopped', 'joined', 20_000],
  ],
  full: [
    ['killed', 'ringing', 60_000],
    ['killed', 'answered', 60_000],
    ['killed', 'joined', 600_000],
    ['stopped', 'joined', 600_000],
  ],
});
const ANSWERS_WITHIN_MS = 2_000;
const ENDS_WITHIN_MS = 120_000;

let outside: Outside;
const parts: Part[] = [];

beforeAll(async () => {
  outside = await startOutside({ seed: 9, durable: true });
  parts.push(await startPart(['work'], 'workers.running', outside.env));
  parts.push(await startPart(['serve'], 'api.listening', outside.env));
}, 120_000);
afterAll(async () => {
  await Promise.all(parts.map((part) => part.kill()));
  await outside.stop();
});

const headers = { 'x-api-key': API_KEY, 'content-type': 'application/json' };

/** Null: Temporal cannot be asked now. */
async function statusOf(callId: string): Promise<StatusDocument | null> {
  const answer = await fetch(`${outside.url}${BASE_PATH}/calls/${callId}`, { headers });
  if (answer.ok) return (await answer.json()) as StatusDocument;
  expect(answer.status).toBe(503);
  return null;
}

async function timed(answer: Promise<Response>): Promise<{ status: number; retryAfter: string | null; ms: number }> {
  const startedMs = performance.now();
  const { status, headers: received } = await answer;
  return { status, retryAfter: received.get('retry-after'), ms: performance.now() - startedMs };
}

/** A new call, a reader of another, a webhook: nobody waits for long, and each knows to come back. */
async function askAround(callId: string): Promise<void> {
  const post = (route: string, body: string, more: object = {}): Promise<Response> =>
    fetch(`${outside.url}${BASE_PATH}${route}`, { method: 'POST', headers: { ...headers, ...more }, body });
  const signer = createSigner(outside.simulator.signingKey);
  const clientState = encodeClientState({
    installation: outside.env['OUTCALL_INSTALLATION'] ?? '',
    callId,
    leg: LEAD,
  });
  const leg = { call_control_id: 'v3:nobody', call_leg_id: 'nobody', call_session_id: 'nobody' };
  const data = {
    record_type: 'event',
    event_type: 'call.initiated',
    id: 'an-event',
    occurred_at: new Date(),
    payload: { ...leg, client_state: clientState },
  };
  const event = JSON.stringify({ data });
  const answers = await Promise.all([
    timed(post('/initiate', JSON.stringify({ to_phone: '+15556000001' }), { 'idempotency-key': callId })),
    timed(fetch(`${outside.url}${BASE_PATH}/calls/${callId}`, { headers })),
    timed(post('/webhook/telnyx/call-status', event, signer.headers(event, Date.now()))),
  ]);
  // Redis, or here the memory of the API, may know the status.
  expect(answers.map(({ status }) => status)).toEqual([503, expect.any(Number), 503]);
  for (const { status, retryAfter, ms } of answers) {
    expect(ms).toBeLessThan(ANSWERS_WITHIN_MS);
    if (status === 503) expect(Number(retryAfter)).toBeGreaterThan(0);
  }
}

test.each(CASES)(
  'it is %s while a call is %s, for %i ms',
  async (how, when, forMs) => {
    const to = `+1555${600 + CASES.findIndex((one) => one[0] === how && one[1] === when)}0001000`;
    const { call_id: callId } = await outside.request('POST', '/initiate', { to_phone: to });
    const isThere = (document: StatusDocument | null): boolean =>
      when === 'joined' ? typeof document?.joined_at === 'string' : document?.status === when;
    await until(when, async () => isThere(await statusOf(callId)), 30_000, 50);
    outside.signalTemporal(how === 'killed' ? 'SIGKILL' : 'SIGSTOP');
    await sleep(300);
    await askAround(callId);
    await sleep(forMs);
    if (how === 'killed') await outside.restartTemporal();
    else outside.signalTemporal('SIGCONT');
    let last: StatusDocument | null = null;
    const isOver = async (): Promise<boolean> => {
      last = await statusOf(callId);
      return last !== null && isSettled(last);
    };
    await until('the end', isOver, ENDS_WITHIN_MS);
    expect(last).toMatchObject({ outcome: 'completed', recording: { state: 'delivered' } });
    expect(outside.simulator.ledger().legs.filter((leg) => leg.to === to)).toHaveLength(1);
  },
  900_000,
);
