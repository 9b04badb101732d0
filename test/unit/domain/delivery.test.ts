import fc from 'fast-check';
import {
  acceptsEmpty,
  afterAttempt,
  askedAgain,
  expiresAtMs,
  isOver,
  isResting,
  newDelivery,
  riskAt,
  wakesAtMs,
} from '../../../domain/delivery';
import type { AttemptResult, Delivery, DeliveryPolicy } from '../../../domain/delivery';
import { DELIVERY_FAILURES } from '../../../domain/delivery-failures';
import type { DeliveryFailure } from '../../../domain/delivery-failures';
import { expectedRecording } from '../../../domain/recordings';
import type { RecordingState } from '../../../domain/recordings';
import { aRecording } from './a-recording';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const START = Date.parse('2026-11-01T12:00:00Z');
const USUAL: DeliveryPolicy = { retentionMs: 30 * DAY, timeScale: 1 };
/** In the middle: no jitter. */
const MIDDLE = 0.5;

type Failed = Extract<AttemptResult, { kind: 'failed' }>;

function failed(failure: DeliveryFailure, differs: Partial<Failed> = {}): AttemptResult {
  const createdAt = new Date(START).toISOString();
  return { kind: 'failed', failure, detail: 'so', retryAfterMs: null, policy: USUAL, createdAt, ...differs };
}

const delivered: AttemptResult = {
  kind: 'delivered',
  status: { ...expectedRecording('mp3', 'r1'), state: 'delivered', size_bytes: 5, sha256: 'ab', delivered_at: 'now' },
  policy: USUAL,
  createdAt: null,
};

/** What happens when every attempt fails in this way: the waits before each next one, until it is over. */
function story(result: AttemptResult, upTo: number): { readonly waits: number[]; readonly last: Delivery } {
  let delivery = newDelivery(aRecording(), START);
  let nowMs = START;
  const waits: number[] = [];
  while (waits.length < upTo && !isOver(delivery)) {
    delivery = afterAttempt(delivery, result, nowMs, MIDDLE);
    if (delivery.nextAttemptMs === null) break;
    waits.push(delivery.nextAttemptMs - nowMs);
    nowMs = delivery.nextAttemptMs;
  }
  return { waits, last: delivery };
}

test('a receiver that is away is tried after 5 s, 30 s, 2, 10 and 30 min, then every hour', () => {
  const { waits } = story(failed('web_backend_unreachable'), 9);
  const expected = [5 * SECOND, 30 * SECOND, 2 * MINUTE, 10 * MINUTE, 30 * MINUTE, HOUR, HOUR, HOUR, HOUR];
  expect(waits).toEqual(expected);
});

test('on the last day it is tried every 15 minutes, whatever it waits for, to the end', () => {
  const { waits } = story(failed('web_backend_failing'), 2000);
  const triedAt = waits.reduce<number[]>((all, wait) => [...all, (all.at(-1) ?? START) + wait], [START]);
  const lastDay = waits.filter((_wait, nth) => (triedAt[nth] ?? 0) > START + 29 * DAY);
  expect(Math.max(...lastDay)).toBe(15 * MINUTE);
  // Once more when the copy should be gone: perhaps it is not.
  expect(triedAt.at(-1)).toBe(START + 30 * DAY);
});

test('after an outage of ours that outlasted the carrier’s copy, it is tried once more before it is given up', () => {
  const { last: waiting } = story(failed('web_backend_failing'), 3);
  const late = expiresAtMs(waiting) + 3 * DAY;
  expect(afterAttempt(waiting, delivered, late, MIDDLE).status.state).toBe('delivered');
  expect(afterAttempt(waiting, failed('web_backend_failing'), late, MIDDLE)).toMatchObject({
    status: { state: 'lost' },
    nextAttemptMs: null,
  });
});

test.each<[DeliveryFailure, RecordingState, number[]]>([
  ['web_backend_refuses', 'dead_letter', [5 * MINUTE, 10 * MINUTE, DAY, DAY]],
  ['web_backend_gone', 'dead_letter', [DAY, DAY, DAY, DAY]],
  ['web_backend_missing', 'dead_letter', [DAY, DAY, DAY, DAY]],
  ['file_empty', 'quarantined', [MINUTE, 5 * MINUTE, 15 * MINUTE, DAY]],
])('%s comes to rest as %s, and is tried once a day', (failure, state, expected) => {
  const { waits, last } = story(failed(failure), 4);
  expect(waits).toEqual(expected);
  expect(last.status.state).toBe(state);
  expect(isResting(last)).toBe(true);
});

test.each<[DeliveryFailure, string | null, RecordingState]>([
  ['recording_unknown', null, 'absent'],
  ['recording_unknown', '2026-11-01T12:00:00Z', 'lost'],
  ['recording_vanished', '2026-11-01T12:00:00Z', 'lost'],
])('%s, seen at %s, is in the end %s', (failure, createdAt, state) => {
  const { last } = story(failed(failure, { createdAt }), 100);
  expect(last).toMatchObject({ status: { state }, nextAttemptMs: null });
});

test('a recording that the carrier announced and does not know is lost within the hour and a bit', () => {
  const result = failed('recording_unknown', { createdAt: null });
  const first = afterAttempt(newDelivery(aRecording({ announced: true }), START), result, START, MIDDLE);
  expect(first.nextAttemptMs).toBe(START + HOUR);
  expect(afterAttempt(first, result, START + HOUR, MIDDLE).status.state).toBe('lost');
});

test.each([
  ['7 s, when the schedule says 5', 7 * SECOND, 7 * SECOND],
  ['1 s, when the schedule says 5', SECOND, 5 * SECOND],
  ['a day: an hour at most', DAY, HOUR],
])('Retry-After of %s', (_name, retryAfterMs, expected) => {
  const after = afterAttempt(
    newDelivery(aRecording(), START),
    failed('web_backend_busy', { retryAfterMs }),
    START,
    MIDDLE,
  );
  expect(after.nextAttemptMs).toBe(START + expected);
});

test('waits differ by up to a fifth, so that not all come back at once', () => {
  const waitAt = (random: number): number => {
    const after = afterAttempt(newDelivery(aRecording(), START), failed('web_backend_failing'), START, random);
    return (after.nextAttemptMs ?? 0) - START;
  };
  expect([waitAt(0), waitAt(0.5), waitAt(0.999_999)]).toEqual([4 * SECOND, 5 * SECOND, 6 * SECOND]);
});

test('failures of the same pace count together, another pace begins anew', () => {
  const results = [
    'web_backend_failing',
    'web_backend_unreachable',
    'web_backend_refuses',
    'web_backend_refuses',
  ] as const;
  let delivery = newDelivery(aRecording(), START);
  const counts = results.map((failure) => {
    delivery = afterAttempt(delivery, failed(failure), START, MIDDLE);
    return delivery.inARow;
  });
  expect(counts).toEqual([1, 2, 1, 2]);
});

test('a redrive tries at once, and with all the patience of the first time', () => {
  const { last } = story(failed('web_backend_refuses'), 3);
  const again = askedAgain(last, START);
  expect(again.nextAttemptMs).toBe(START);
  expect(afterAttempt(again, failed('web_backend_refuses'), START, MIDDLE).status.state).toBe('delivering');
});

test('an empty file is believed at its fourth look', () => {
  let delivery = newDelivery(aRecording(), START);
  const believed = Array.from({ length: 4 }, () => {
    const now = acceptsEmpty(delivery);
    delivery = afterAttempt(delivery, failed('file_empty'), START, MIDDLE);
    return now;
  });
  expect(believed).toEqual([false, false, false, true]);
});

test('what was delivered has the receipt, no error and no risk', () => {
  const before = { ...story(failed('web_backend_refuses'), 3).last, risk: '7d' as const };
  expect(afterAttempt(before, delivered, START, MIDDLE)).toMatchObject({
    status: { state: 'delivered', sha256: 'ab', last_error: null },
    risk: null,
    nextAttemptMs: null,
  });
});

test.each([
  [30 * DAY, null],
  [7 * DAY + 1, null],
  [7 * DAY, '7d'],
  [2 * DAY, '48h'],
  [DAY, '24h'],
  [1, '24h'],
])('%d ms before the end, the risk is %s', (leftMs, risk) => {
  const delivery = newDelivery(aRecording(), START);
  expect(riskAt(delivery, expiresAtMs(delivery) - leftMs)).toBe(risk);
});

test('an alarm is not slept through', () => {
  const { last } = story(failed('web_backend_gone'), 1);
  const resting = { ...last, nextAttemptMs: expiresAtMs(last) };
  const woken: number[] = [];
  for (let nowMs = START; nowMs < expiresAtMs(resting);) {
    nowMs = wakesAtMs(resting, nowMs);
    woken.push((expiresAtMs(resting) - nowMs) / DAY);
  }
  expect(woken).toEqual([7, 2, 1, 0]);
});

test('a carrier’s clock that is ahead does not lengthen its promise', () => {
  const ahead = failed('web_backend_failing', { createdAt: new Date(START + DAY).toISOString() });
  const delivery = afterAttempt(newDelivery(aRecording(), START), ahead, START, MIDDLE);
  expect(expiresAtMs(delivery)).toBe(START + 30 * DAY);
});

test('a time scale of 100 shortens everything by 100', () => {
  const scaled = { retentionMs: 30 * DAY, timeScale: 100 };
  const after = afterAttempt(
    newDelivery(aRecording(), START),
    failed('web_backend_failing', { policy: scaled }),
    START,
    MIDDLE,
  );
  expect(after.nextAttemptMs).toBe(START + 50);
  expect(expiresAtMs(after)).toBe(START + (30 * DAY) / 100);
  expect(riskAt(after, expiresAtMs(after) - DAY / 100)).toBe('24h');
});

const anyFailure = fc.constantFrom(...(Object.keys(DELIVERY_FAILURES) as DeliveryFailure[]));

test('whatever happens, it is over, or something is to be done before the carrier’s copy expires', () => {
  /** The delivery after these failures, and when it next does something. */
  const after = (failures: readonly DeliveryFailure[], random: number): { delivery: Delivery; nowMs: number } => {
    let delivery = newDelivery(aRecording(), START);
    let nowMs = START;
    for (const failure of failures) {
      if (isOver(delivery) || nowMs >= expiresAtMs(delivery)) break;
      delivery = afterAttempt(delivery, failed(failure), nowMs, random);
      nowMs = delivery.nextAttemptMs ?? nowMs;
    }
    return { delivery, nowMs };
  };
  const random = fc.double({ min: 0, max: 0.999, noNaN: true });
  fc.assert(
    fc.property(fc.array(anyFailure, { minLength: 1, maxLength: 60 }), random, (failures, draw) => {
      const { delivery } = after(failures, draw);
      expect(isOver(delivery)).toBe(delivery.nextAttemptMs === null);
      const wakesAt = isOver(delivery) ? START : wakesAtMs(delivery, START);
      expect(wakesAt).toBeLessThanOrEqual(expiresAtMs(delivery));
    }),
  );
});
