import Telnyx from 'telnyx';
import { createMischief } from '../../../simulator/mischief';
import { aListener, aSimulator, eventually } from './running-simulator';
import type { Running } from './running-simulator';

let running: Running;
afterEach(() => running.close());

const busy = '+15550100001';
const plan = (retriesMs: readonly number[]) => ({
  webhook_retries_policies: { 'call.initiated': { retries_ms: retriesMs } },
});
const initiated = () => running.received.filter(({ data }) => data.event_type === 'call.initiated');

describe('a webhook', () => {
  it('is signed with the key the simulator shows', async () => {
    running = await aSimulator();
    await running.dial(busy);
    const one = await eventually(() => running.received[0]);
    const client = new Telnyx({ apiKey: 'x', publicKey: running.simulator.publicKey });
    await expect(client.webhooks.unwrap(one.raw, { headers: one.headers })).resolves.toMatchObject({
      data: { id: one.data.id },
    });
    await expect(client.webhooks.unwrap(`${one.raw} `, { headers: one.headers })).rejects.toThrow();
  });

  it('is signed with the same key after a restart that is given it', async () => {
    const first = await aSimulator();
    await first.close();
    running = await aSimulator({ signingKey: first.simulator.signingKey });
    expect(running.simulator.publicKey).toBe(first.simulator.publicKey);
  });

  it.each([
    [500, 3],
    [503, 3],
    [429, 3],
    [408, 3],
    [204, 3],
    [302, 3],
    [400, 1],
    [401, 1],
    [404, 1],
    [200, 1],
  ])('that is answered %d is attempted %d times under a plan of two retries', async (status, attempts) => {
    running = await aSimulator({}, (_, { data }) => (data.event_type === 'call.initiated' ? status : 200));
    await running.dial(busy, plan([5, 5]));
    await eventually(() => running.simulator.ledger().webhooks.every((row) => row.status !== 'pending'));
    expect(initiated().map(({ meta }) => meta.attempt)).toEqual([1, 2, 3].slice(0, attempts));
    expect(new Set(initiated().map(({ data }) => data.id)).size).toBe(1);
    const row = running.simulator.ledger().webhooks.find(({ event_type }) => event_type === 'call.initiated');
    expect(row).toMatchObject({ status: status === 200 ? 'delivered' : 'failed' });
  });

  it('goes to the failover address with its second attempt', async () => {
    const failover = await aListener();
    running = await aSimulator({ webhookFailoverUrl: failover.url }, () => 500);
    await running.dial(busy, plan([5]));
    const second = await eventually(() => failover.received[0]);
    expect(second.meta).toEqual({ attempt: 2, delivered_to: failover.url });
    await failover.close();
  });
});

describe('mischief', () => {
  const fates = (seed: number, more = {}) => {
    const mischief = createMischief({ seed, ...more });
    return Array.from({ length: 200 }, (_, nth) =>
      mischief.fateOf({ eventType: 'call.answered', to: `+1555${String(nth)}` }),
    );
  };

  it('is the same for the same seed', () => {
    expect(fates(3)).toEqual(fates(3));
    expect(fates(3)).not.toEqual(fates(4));
  });

  it('does not depend on what else is going on', () => {
    const calm = createMischief({ seed: 3 });
    const busyDay = createMischief({ seed: 3 });
    for (let nth = 0; nth < 50; nth += 1) busyDay.fateOf({ eventType: 'call.hangup', to: busy });
    const one = { eventType: 'call.answered', to: busy };
    expect(busyDay.fateOf(one)).toEqual(calm.fateOf(one));
  });

  it('leaves out a kind that is switched off, and the other kinds as they were', () => {
    const all = fates(3);
    const noDrops = fates(3, { drop: false });
    expect(all.some((fate) => fate.dropped)).toBe(true);
    expect(noDrops.some((fate) => fate.dropped)).toBe(false);
    all.forEach((fate, at) => {
      expect(fate.dropped || JSON.stringify(fate) === JSON.stringify(noDrops[at])).toBe(true);
    });
  });

  it.each([
    ['drop', (received: number) => received === 0],
    ['duplicate', (received: number) => received === 4],
  ] as const)('of kind %s happens to every webhook when it is certain', async (kind, fine) => {
    const none = { delay: 0, duplicate: 0, reorder: 0, drop: 0 };
    running = await aSimulator({ mischief: { seed: 1, ...none, [kind]: 1 }, settings: { phoneSpeed: 200 } });
    await running.dial(busy);
    await eventually(() => running.simulator.ledger().webhooks.length === 2);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(fine(running.received.length)).toBe(true);
    expect(running.simulator.ledger().mischief[kind]).toBe(2);
  });

  it('of kind reorder lets the next one go first', async () => {
    const seed = firstSeedWhere((fate) => fate('call.initiated').heldBack && !fate('call.hangup').heldBack);
    running = await aSimulator({
      mischief: { seed, delay: 0, duplicate: 0, drop: 0, reorder: 0.5 },
      settings: { phoneSpeed: 40 },
    });
    running.simulator.changeSettings({ phoneSpeed: 4 });
    await running.control(`PUT phones/${encodeURIComponent(busy)}`, { ringMs: 100 });
    await running.dial(busy);
    await eventually(() => running.received.length === 2);
    expect(running.received.map(({ data }) => data.event_type)).toEqual(['call.hangup', 'call.initiated']);
  });

  function firstSeedWhere(fits: (fate: (eventType: string) => { heldBack: boolean }) => boolean): number {
    for (let seed = 1; seed < 1000; seed += 1) {
      const mischief = createMischief({ seed, delay: 0, duplicate: 0, drop: 0, reorder: 0.5 });
      if (fits((eventType) => mischief.fateOf({ eventType, to: busy }))) return seed;
    }
    throw new Error('no such seed');
  }
});
