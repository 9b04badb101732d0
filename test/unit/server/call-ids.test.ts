import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { CALL_ID_PATTERN } from '../../../domain/call';
import { problemOf } from './problem-of';
import { callIdOfKey, freshCallId, parseIdempotencyKey } from '../../../server/call-ids';

const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** The 128 bits behind an id, read independently of how they were written. */
function bitsOf(callId: string): bigint {
  let bits = 0n;
  for (const digit of callId.slice('COLD_CALL_'.length)) bits = bits * 32n + BigInt(CROCKFORD.indexOf(digit));
  return bits;
}

const instants = fc.integer({ min: 0, max: 2 ** 48 - 1 });
const keys = fc.stringMatching(/^[\x21-\x7e]{1,255}$/);

test('a fresh id has the shape of a call id', () => {
  expect(freshCallId()).toMatch(CALL_ID_PATTERN);
});

test('fresh ids sort by the time they were made, to the millisecond', () => {
  fc.assert(
    fc.property(instants, instants, (a, b) => {
      fc.pre(a !== b);
      expect(freshCallId(a) < freshCallId(b)).toBe(a < b);
    }),
  );
});

test('a fresh id holds its time', () => {
  fc.assert(
    fc.property(instants, (nowMs) => {
      expect(Number(bitsOf(freshCallId(nowMs)) >> 80n)).toBe(nowMs);
    }),
  );
});

test('ids made in the same millisecond differ', () => {
  const ids = Array.from({ length: 1_000 }, () => freshCallId(1_767_614_400_000));
  expect(new Set(ids).size).toBe(1_000);
});

test('a ULID is what others take it for', () => {
  // github.com/ulid/spec: the time part of 1469922850259 is 01ARZ3NDEK with its last characters by milliseconds.
  expect(freshCallId(1_469_922_850_259)).toMatch(/^COLD_CALL_01ARZ3NDEK[0-9A-HJKMNP-TV-Z]{16}$/);
});

// A key whose id changed with a release would ring a person again.
test('the id of a key is the same as ever', () => {
  expect(callIdOfKey('order-7')).toBe('COLD_CALL_6ZHKW049ZC68VS4BFGXKC871E5');
});

test('the id of a key has the shape of a call id', () => {
  fc.assert(
    fc.property(keys, (key) => {
      expect(callIdOfKey(key)).toMatch(CALL_ID_PATTERN);
    }),
  );
});

test('the id of a key is all of the first 128 bits of its digest', () => {
  fc.assert(
    fc.property(keys, (key) => {
      const digest = createHash('sha256').update(key).digest('hex').slice(0, 32);
      expect(bitsOf(callIdOfKey(key))).toBe(BigInt(`0x${digest}`));
    }),
  );
});

test.each(['a', '!', '~', 'order-7', 'x'.repeat(255)])('%j is a key', (header) => {
  expect(parseIdempotencyKey(header)).toBe(header);
});

test('without the header there is no key', () => {
  expect(parseIdempotencyKey(undefined)).toBeNull();
});

test.each<[string, string | string[]]>([
  ['nothing', ''],
  ['256 characters', 'x'.repeat(256)],
  ['a space', 'order 7'],
  ['a space behind', 'order-7 '],
  ['a line break', 'order\n7'],
  ['a line break behind', 'order-7\n'],
  ['a NUL', 'order\u00007'],
  ['DEL', 'order\u007f7'],
  ['a letter beyond ASCII', 'ordér'],
  ['two headers, as Node joins them', 'a, b'],
  ['two headers', ['a', 'a']],
])('a header of %s is no key', (_name, header) => {
  expect(problemOf(() => parseIdempotencyKey(header))).toMatchObject({ status: 400, code: 'invalid_idempotency_key' });
});
