import fc from 'fast-check';
import { isSame } from '../../../domain/json';

const copy = (value: unknown): unknown => JSON.parse(JSON.stringify(value)) as unknown;

test('two values are the same when they are equal in every field', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
      expect(isSame(a, copy(a))).toBe(true);
      expect(isSame({ a, b }, { b: copy(b), a })).toBe(true);
      expect(isSame([a, b], [b, a])).toBe(isSame(a, b));
    }),
  );
});

test.each([
  ['another value', { a: { b: 1 } }, { a: { b: 2 } }],
  ['a field more', { a: 1 }, { a: 1, b: null }],
  ['a field of another name', { a: undefined }, { b: undefined }],
  ['nothing and an empty object', null, {}],
  ['a text and a number', '1', 1],
])('%s is a difference', (_, a, b) => {
  expect(isSame(a, b)).toBe(false);
  expect(isSame(b, a)).toBe(false);
});
