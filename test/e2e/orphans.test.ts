/**
 * Legs that live while nobody looks after them: those of a call whose run was ended by hand are hung up within a
 * minute, everybody else's are left alone.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { isSettled } from '../../domain/status';
import { encodeClientState } from '../../platform/telnyx/client-state';
import { LEAD } from '../../domain/call';
import type { CallId } from '../../domain/call';
import { replayAll } from '../support/histories';
import { startSystem, stopSystems } from '../support/system';
import type { System } from '../support/system';

const INSTALLATION = 'orphans-test';
const ANY_CALL: CallId = 'COLD_CALL_00000000000000000000000001';
const WITHIN_MS = 60_000;

let system: System;
beforeAll(async () => {
  system = await startSystem({
    env: { OUTCALL_INSTALLATION: INSTALLATION, AGENT_WAIT_SECS: '120', TEST_TIME_SCALE: '500' },
  });
});
afterAll(stopSystems);

const legsTo = (to: string) => system.ledger().legs.filter((leg) => leg.to === to);
const isAlive = (to: string): boolean => legsTo(to).some(({ ended_at }) => ended_at === null);

/** A leg of the application that no call of ours has dialed. */
async function place(to: string, clientState?: string): Promise<void> {
  const { apiBaseUrl, apiKey, connectionId } = system.simulator;
  const response = await fetch(`${apiBaseUrl}/calls`, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      connection_id: connectionId,
      to,
      from: '+15551234567',
      ...(clientState !== undefined && { client_state: clientState }),
    }),
  });
  if (!response.ok) throw new Error(`not placed: ${response.status}`);
}

const stateOf = (installation: string): string => encodeClientState({ installation, callId: ANY_CALL, leg: LEAD });
const OTHERS: readonly (readonly [whose: string, to: string, clientState?: string])[] = [
  ['of another installation', '+15550201006', stateOf('somebody-elses')],
  ['that nobody marked', '+15550202006'],
  ['that another system marked', '+15550203006', Buffer.from('{"order":7}').toString('base64')],
];

test('the legs of a call that was ended by hand are hung up, and its recording arrives; all others go on', async () => {
  const [to, agentTo, live] = ['+15550210006', '+15550211006', '+15550212006'];
  for (const [, other, state] of OTHERS) await place(other, state);
  const livingId = await system.call({ to_phone: live });
  const callId = await system.call({ to_phone: to, agent: { type: 'phone', number: agentTo } });
  await system.until(callId, ({ status }) => status === 'in_progress');
  await system.until(livingId, ({ joined_at }) => joined_at !== null);
  await system.withTemporal(({ workflow }) => workflow.getHandle(callId).terminate('by hand'));

  const endsAtMs = Date.now() + WITHIN_MS;
  while ((isAlive(to) || isAlive(agentTo)) && Date.now() < endsAtMs) await sleep(200);
  expect([...legsTo(to), ...legsTo(agentTo)]).toMatchObject([{ hangup_source: 'caller' }, { hangup_source: 'caller' }]);
  expect([live, ...OTHERS.map(([, other]) => other)].filter((one) => !isAlive(one))).toEqual([]);

  const recorded = system.ledger().recordings.length;
  expect(recorded).toBeGreaterThan(0);
  while (system.ledger().deliveries.length === 0 && Date.now() < endsAtMs) await sleep(200);
  expect(system.ledger().deliveries).toHaveLength(1);

  await system.request('POST', `/aicallgo/api/v1/cold-call/calls/${livingId}/hangup`);
  await system.until(livingId, isSettled, 60_000);
}, 150_000);

test('a leg of ours whose call never was is hung up, also when a look at the carrier failed', async () => {
  const to = '+15550230006';
  await system.control('POST', 'faults', {
    operation: 'listActiveCalls',
    times: 1,
    fault: { kind: 'status', status: 503 },
  });
  await place(to, stateOf(INSTALLATION));
  const endsAtMs = Date.now() + 2 * WITHIN_MS;
  while (isAlive(to) && Date.now() < endsAtMs) await sleep(200);
  expect(isAlive(to)).toBe(false);
}, 150_000);

test('every history replays on the code that made it', async () => {
  expect(await replayAll(system)).toEqual([]);
});
