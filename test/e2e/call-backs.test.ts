/** People who call one of our numbers: answered by the configured sentence, or rejected, never left ringing. */
import { setTimeout as sleep } from 'node:timers/promises';
import { startSystem, stopSystems } from '../support/system';
import type { System } from '../support/system';

const OUR_NUMBER = '+15551234567';
const MESSAGE = 'You were called by Example. Visit example.com to learn why.';
const stays = '+15550700006';

afterAll(stopSystems);

const ring = async (system: System, to = OUR_NUMBER): Promise<void> =>
  system.control('POST', 'calls', { from: stays, to });
const incoming = (system: System) => system.ledger().legs.filter(({ direction }) => direction === 'incoming');
const commandNames = (system: System): string[] => system.ledger().commands.map(({ name }) => String(name));

async function ended(system: System): Promise<ReturnType<typeof incoming>> {
  for (let look = 0; look < 200; look++) {
    const legs = incoming(system);
    if (legs.length > 0 && legs.every(({ ended_at }) => ended_at !== null)) return legs;
    await sleep(100);
  }
  throw new Error(`still there: ${JSON.stringify(incoming(system))}`);
}

describe('with a sentence', () => {
  let system: System;
  beforeAll(async () => {
    system = await startSystem({
      env: { CALL_BACK_MESSAGE: MESSAGE },
      mischief: { seed: 5, duplicate: 0.9, delay: false, reorder: false, drop: false },
    });
  }, 60_000);

  test('the caller is answered once, hears it to its end, and is hung up', async () => {
    await ring(system);
    const [leg] = await ended(system);
    expect(leg?.answered_at).not.toBeNull();
    expect(leg?.hangup_source).toBe('callee');
    expect(commandNames(system)).toEqual(['answer', 'speak', 'hangup']);
    const spoken = system.ledger().webhooks.find(({ event_type }) => event_type === 'call.speak.ended');
    expect(spoken).toBeDefined();
    expect(Date.parse(leg?.ended_at ?? '') - Date.parse(leg?.answered_at ?? '')).toBeGreaterThan(MESSAGE.length * 60);
  });
});

describe('without one', () => {
  let system: System;
  beforeAll(async () => {
    system = await startSystem();
  }, 60_000);

  test('the caller is rejected at once', async () => {
    await ring(system);
    const [leg] = await ended(system);
    expect(leg).toMatchObject({ answered_at: null, hangup_cause: 'call_rejected' });
    expect(commandNames(system)).toEqual(['reject']);
  });

  test('a call to a number that is not ours to answer is left alone', async () => {
    await ring(system, '+15559990000');
    await sleep(2_000);
    const other = incoming(system).find(({ to }) => to === '+15559990000');
    expect(other?.ended_at).toBeNull();
    expect(commandNames(system)).toEqual(['reject']);
  });
});
