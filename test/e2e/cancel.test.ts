/** A hangup at any moment of a call, in every state of its dial: what the API says is what the carrier's ledger says. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { StatusDocument } from '../../domain/status';
import { atScale, BASE_PATH, hasEnded, startSystem, stopSystems } from '../support/system';
import type { System } from '../support/system';

const MOMENTS_MS = atScale({
  quick: [0, 5, 20, 60, 200, 600, 1000, 1030, 1100, 1500, 3000, 5000],
  ci: Array.from({ length: 60 }, (_, i) => i * 40),
  full: Array.from({ length: 600 }, (_, i) => i * 10),
});
/** Phones: answers and stays; rings for ever; placed but the answer lost; not placed the first time; answered with a stranger's leg. */
const DIGITS = ['006', '003', '040', '041', '049'];

/** A dial that was decided is sent within this long, or not at all. */
const DIAL_TOO_OLD_MS = 5_000;

interface Cancelled {
  readonly to: string;
  readonly ackAt: number;
  readonly document: StatusDocument;
}

describe('a hangup at any moment', () => {
  let system: System;
  const cancelled: Cancelled[] = [];

  beforeAll(async () => {
    system = await startSystem();
    const cases = MOMENTS_MS.flatMap((afterMs, i) =>
      DIGITS.map((digits) => ({ afterMs, to: `+1555${2000 + i}${digits}` })),
    );
    const one = async ({ afterMs, to }: { afterMs: number; to: string }): Promise<void> => {
      const callId = await system.call({ to_phone: to, record: false, ring_timeout_secs: 15 });
      await sleep(afterMs);
      const answer = await system.request('POST', `${BASE_PATH}/calls/${callId}/hangup`);
      if (answer.status !== 200) throw new Error(`hangup: ${answer.status}`);
      const ackAt = Date.now();
      cancelled.push({ to, ackAt, document: await system.until(callId, hasEnded, 150_000) });
    };
    const waiting = [...cases];
    const worker = async (): Promise<void> => {
      for (let next = waiting.pop(); next; next = waiting.pop()) await one(next);
    };
    await Promise.all(Array.from({ length: 48 }, worker));
  }, 600_000);
  afterAll(stopSystems);

  const legs = (to: string) => system.ledger().legs.filter((leg) => leg.to === to);

  test('every call ends, and nobody is rung twice', () => {
    expect(cancelled).toHaveLength(MOMENTS_MS.length * DIGITS.length);
    expect(cancelled.filter(({ to }) => legs(to).length > 1)).toEqual([]);
  });

  test('no phone rings on', () => {
    expect(system.ledger().legs.filter((leg) => leg.ended_at === null)).toEqual([]);
  });

  test('no leg is placed after the hangup was accepted, but for a dial that was on its way', () => {
    const late = cancelled.filter(({ to, ackAt, document }) => {
      const wasOnItsWay = Date.parse(document.dialed_at ?? '') <= ackAt;
      const placedByMs = ackAt + (wasOnItsWay ? DIAL_TOO_OLD_MS : 0);
      return legs(to).some((leg) => Date.parse(leg.placed_at) > placedByMs);
    });
    expect(late).toEqual([]);
  });

  test('canceled means that the lead never answered; answered calls are completed', () => {
    const untrue = cancelled.filter(({ to, document }) => {
      const answered = legs(to).some((leg) => leg.answered_at !== null);
      const right = answered ? ['completed'] : legs(to).length > 0 ? ['canceled'] : ['canceled', 'dial_unknown'];
      return !right.includes(document.outcome ?? '');
    });
    expect(untrue).toEqual([]);
  });

  test('a hangup of an ended call is answered with its document, and changes nothing', async () => {
    const [first] = cancelled;
    const answer = await system.request('POST', `${BASE_PATH}/end`, {
      body: { conference_sid: first?.document.call_id },
    });
    expect(answer).toMatchObject({ status: 200, body: { outcome: first?.document.outcome, status: 'ended' } });
  });
});
