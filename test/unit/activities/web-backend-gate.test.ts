import { createGate } from '../../../activities/web-backend-gate';
import type { Gate } from '../../../activities/web-backend-gate';

const forever = new AbortController().signal;

/** How many come in now of as many as want to. */
async function admitted(gate: Gate): Promise<number> {
  const waiters = Array.from({ length: 20 }, () => new AbortController());
  let count = 0;
  const all = waiters.map(({ signal }) =>
    gate.enter(signal).then(
      () => void (count += 1),
      () => undefined,
    ),
  );
  await new Promise(setImmediate);
  for (const waiter of waiters) waiter.abort();
  await Promise.all(all);
  for (let left = count; left > 0; left--) gate.leave(null);
  return count;
}

async function afterResults(...results: readonly (boolean | null)[]): Promise<number> {
  const gate = createGate(8);
  for (const result of results) {
    await gate.enter(forever);
    gate.leave(result);
  }
  return admitted(gate);
}

test.each<[string, (boolean | null)[], number]>([
  ['nothing', [], 8],
  ['success', [true], 8],
  ['a failure', [false], 4],
  ['two failures', [false, false], 2],
  ['an outage: one that hangs must not hold up all others', Array<boolean>(50).fill(false), 2],
  ['an outage and one success', [...Array<boolean>(50).fill(false), true], 4],
  ['an outage and two successes', [...Array<boolean>(50).fill(false), true, true], 8],
  ['a failure that the web-backend had no part in', [null], 8],
])('after %s, as many come in at once as that allows', async (_name, results, expected) => {
  expect(await afterResults(...results)).toBe(expected);
});

test('where one at a time was asked for, it stays so', async () => {
  const gate = createGate(1);
  await gate.enter(forever);
  gate.leave(false);
  expect(await admitted(gate)).toBe(1);
});

test('who waits comes in when another leaves, in the order in which they came', async () => {
  const gate = createGate(1);
  const came: number[] = [];
  await gate.enter(forever);
  const waiting = [1, 2].map((nth) => gate.enter(forever).then(() => came.push(nth)));
  gate.leave(true);
  gate.leave(true);
  await Promise.all(waiting);
  expect(came).toEqual([1, 2]);
});

test('who is cancelled while waiting leaves no gap', async () => {
  const gate = createGate(1);
  const cancel = new AbortController();
  await gate.enter(forever);
  const given = gate.enter(cancel.signal);
  cancel.abort();
  await expect(given).rejects.toThrow('no longer wanted');
  gate.leave(true);
  await gate.enter(forever);
});
