import fc from 'fast-check';
import { overTheWire } from '../../../simulation/wire';

/** Plain data with gaps, as the carrier model and the activities make it. */
const sent = fc.letrec((tie) => ({
  any: fc.oneof({ maxDepth: 3 }, fc.string(), fc.integer(), fc.boolean(), fc.constant(null), tie('some'), tie('list')),
  // Not so long as `constructor`, which jest looks at to tell what an object is.
  some: fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), fc.option(tie('any'), { nil: undefined })),
  list: fc.array(tie('any')),
})).some;

test('what arrives is what JSON makes of it, and nothing of it is shared', () => {
  fc.assert(
    fc.property(sent, (value) => {
      const received = overTheWire(value);
      expect(JSON.stringify(received)).toBe(JSON.stringify(value));
      expect(received).toStrictEqual(JSON.parse(JSON.stringify(value)));
      expect(received).not.toBe(value);
    }),
  );
});
