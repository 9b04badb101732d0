import { DELIVERY_FAILURES, meaningOfAnswer } from '../../../domain/delivery-failures';
import type { DeliveryFailure } from '../../../domain/delivery-failures';

/** What each answer of a web-backend means that is no confirmation. */
const ANSWERS: readonly (readonly [readonly number[], DeliveryFailure])[] = [
  [[202], 'web_backend_undecided'],
  [[200, 201, 203, 204, 205, 206, 226], 'web_backend_unconfirmed'],
  [[300, 301, 302, 303, 304, 307, 308], 'web_backend_redirects'],
  [[400, 402, 404, 405, 406, 409, 411, 413, 415, 418, 422, 451], 'web_backend_refuses'],
  [[401, 403, 407], 'web_backend_credentials'],
  [[408, 425], 'web_backend_failing'],
  [[410], 'web_backend_gone'],
  [[429], 'web_backend_busy'],
  [[500, 501, 502, 503, 504, 507, 520, 599], 'web_backend_failing'],
];

test.each(ANSWERS.flatMap(([statuses, means]) => statuses.map((status) => [status, means] as const)))(
  '%d means %s',
  (status, means) => {
    expect(meaningOfAnswer(status)).toBe(means);
  },
);

const HOUR = 3600_000;
const DAY = 24 * HOUR;
const sum = (waitsMs: readonly number[]): number => waitsMs.reduce((total, ms) => total + ms, 0);

/** What comes of each when it does not pass, and within what time at the latest. */
const COMES_TO: Readonly<Record<DeliveryFailure, string>> = {
  carrier_unavailable: 'again',
  recording_not_ready: 'again',
  recording_unknown: 'absent',
  recording_vanished: 'lost',
  storage_unreachable: 'again',
  storage_refused: 'again',
  storage_not_allowed: 'again',
  file_unexpected: 'quarantined',
  file_cut: 'quarantined',
  file_damaged: 'quarantined',
  file_empty: 'quarantined',
  spool_full: 'again',
  spool_unusable: 'again',
  attempt_broken: 'again',
  web_backend_missing: 'dead_letter',
  web_backend_unreachable: 'again',
  web_backend_failing: 'again',
  web_backend_busy: 'again',
  web_backend_undecided: 'again',
  web_backend_unconfirmed: 'again',
  web_backend_credentials: 'again',
  web_backend_redirects: 'again',
  web_backend_refuses: 'dead_letter',
  web_backend_gone: 'dead_letter',
};
const ALL = Object.entries(COMES_TO) as [DeliveryFailure, string][];

test('every failure has its row here', () => {
  expect(Object.keys(COMES_TO).sort()).toEqual(Object.keys(DELIVERY_FAILURES).sort());
});

test.each(ALL)('%s that does not pass comes to %s', (failure, then) => {
  expect(DELIVERY_FAILURES[failure].pace.then).toBe(then);
});

test.each(ALL.filter(([, then]) => then === 'again'))('%s is tried again at least hourly', (failure) => {
  expect(Math.max(...DELIVERY_FAILURES[failure].pace.waitsMs)).toBeLessThanOrEqual(HOUR);
});

test('a refused recording is in the dead-letter queue within 20 minutes, after three attempts', () => {
  const { waitsMs } = DELIVERY_FAILURES.web_backend_refuses.pace;
  expect(waitsMs).toHaveLength(2);
  expect(sum(waitsMs) * 1.2).toBeLessThanOrEqual(20 * 60_000);
});

test.each(['file_damaged', 'file_cut', 'file_unexpected', 'recording_unknown'] as const)(
  '%s has to last for a day before it is believed',
  (failure) => {
    const { waitsMs } = DELIVERY_FAILURES[failure].pace;
    expect(sum(waitsMs)).toBeGreaterThan(DAY);
    expect(waitsMs.length).toBeGreaterThanOrEqual(5);
  },
);

test('only what a person has to mend is told at once', () => {
  const told = ALL.map(([failure]) => failure).filter((failure) => DELIVERY_FAILURES[failure].needsPerson);
  expect(told).toEqual([
    'storage_not_allowed',
    'spool_unusable',
    'attempt_broken',
    'web_backend_credentials',
    'web_backend_redirects',
    'web_backend_gone',
  ]);
});
