/** `record: "announce"`: the notice is spoken first, the recording starts after it, or not at all. */
import type { StatusDocument } from '../../domain/status';
import { isSettled } from '../../domain/status';
import { delivered, hasEnded, startSystem, stopSystems } from '../support/system';
import type { System } from '../support/system';

const NOTICE = 'This call is recorded.';

interface Command {
  readonly name: string;
  readonly call_control_id: string;
  readonly at: string;
  readonly body: Readonly<Record<string, unknown>>;
}

let system: System;
beforeAll(async () => {
  system = await startSystem({ env: { AGENT_WAIT_SECS: '20', RECORDING_NOTICE: NOTICE, VOICE: 'male' } });
}, 60_000);
afterAll(stopSystems);

const call = (to_phone: string, body: object = {}): Promise<string> =>
  system.call({ to_phone, record: 'announce', ...body });
const legTo = (to: string) => {
  const leg = system.ledger().legs.find((one) => one.to === to);
  if (!leg) throw new Error(`no leg to ${to}`);
  return leg;
};
const commandsOf = (to: string): readonly Command[] =>
  (system.ledger().commands as unknown as Command[]).filter(
    ({ call_control_id }) => call_control_id === legTo(to).call_control_id,
  );
const stateOf = ({ recording }: StatusDocument) => recording?.state;

test('the notice is heard, then the recording starts, then the lead comes in; the recording is delivered', async () => {
  const to = '+15550500000';
  const callId = await call(to);
  const document = await system.until(callId, isSettled, 60_000);
  expect(document).toMatchObject({ outcome: 'completed', recording: { state: 'delivered', channels: 'dual' } });
  const commands = commandsOf(to);
  expect(commands.map(({ name }) => name)).toEqual(['dial', 'speak', 'record_start', 'createConference']);
  expect(commands[0]?.body).not.toHaveProperty('record');
  expect(commands[1]?.body).toMatchObject({ payload: NOTICE, voice: 'male', language: 'en-US' });
  // The simulator speaks 60 ms a character.
  const spokenMs = Date.parse(commands[2]?.at ?? '') - Date.parse(commands[1]?.at ?? '');
  expect(spokenMs).toBeGreaterThanOrEqual(NOTICE.length * 60);
  const stored = system.ledger().deliveries.filter(({ metadata }) => delivered(metadata).call_id === callId);
  expect(stored).toHaveLength(1);
  expect(stored[0]?.sha256).toBe(document.recording?.sha256);
});

test('with the agent there first, the lead is joined after the notice', async () => {
  const to = '+15550501006';
  const callId = await call(to, { agent: { type: 'sip', uri: 'sip:ana@pbx.example.com' } });
  await system.until(callId, ({ status }) => status === 'in_progress');
  expect(commandsOf(to).map(({ name }) => name)).toEqual(['dial', 'speak', 'record_start', 'join']);
  expect(commandsOf(to)[0]?.body).not.toHaveProperty('conference_config');
  await system.control('POST', `calls/${legTo(to).call_control_id}/hangup`);
  expect(stateOf(await system.until(callId, isSettled, 60_000))).toBe('delivered');
});

test('a lead who hangs up during the notice is not recorded, and the status says why', async () => {
  const to = '+15550502007';
  const document = await system.until(await call(to), isSettled, 60_000);
  expect(document).toMatchObject({ outcome: 'completed', recording: { state: 'absent' } });
  expect(document.recording?.last_error).toContain('notice');
  expect(system.ledger().recordings.filter(({ leg }) => leg === legTo(to).call_control_id)).toEqual([]);
});

test('a notice that the carrier refuses: the call goes on, unrecorded', async () => {
  const body = { errors: [{ code: '90012', title: 'voice invalid' }] };
  await system.control('POST', 'faults', {
    operation: 'speak',
    times: 1,
    fault: { kind: 'status', status: 422, body, applied: false },
  });
  const to = '+15550503000';
  const document = await system.until(await call(to), isSettled, 60_000);
  expect(document).toMatchObject({ outcome: 'completed', recording: { state: 'absent' } });
  expect(document.joined_at).not.toBeNull();
  expect(commandsOf(to).map(({ name }) => name)).not.toContain('record_start');
});

test('the webhook of its end is lost: asking finds it', async () => {
  await system.control('PATCH', 'settings', { webhooksOff: true });
  const to = '+15550504006';
  const callId = await call(to);
  await system.until(callId, ({ joined_at }) => joined_at !== null, 60_000);
  expect(commandsOf(to).map(({ name }) => name)).toContain('record_start');
  await system.control('PATCH', 'settings', { webhooksOff: false });
  await system.control('POST', `calls/${legTo(to).call_control_id}/hangup`);
  expect(await system.until(callId, hasEnded, 60_000)).toMatchObject({ outcome: 'completed' });
});
