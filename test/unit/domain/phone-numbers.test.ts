import fc from 'fast-check';
import { isE164, maskPhone } from '../../../domain/phone-numbers';

test.each(['+1234567', '+15551234567', '+12025550123', '+123456789012345', '+442071234567'])('%s is E.164', (text) => {
  expect(isE164(text)).toBe(true);
});

test.each([
  '',
  '+',
  '+123456',
  '+1234567890123456',
  '+02025550123',
  '15551234567',
  '0015551234567',
  '555-1234',
  '+1 202 555 0123',
  '+1-202-555-0123',
  'tel:+12025550123',
  '+12025550123,9001',
  '+12025550123;ext=9',
  '+12025550123x5',
  'sip:evil@example.com',
  '+１２０２５５５０１２３',
  '+١٢٠٢٥٥٥٠١٢٣',
  '+12025550123\n',
  ' +12025550123',
  '+1202555\u200b0123',
  '\u202e+12025550123',
  '++12025550123',
])('%j is not E.164', (text) => {
  expect(isE164(text)).toBe(false);
});

test('a masked number shows its beginning and its last two digits', () => {
  expect(maskPhone('+12025550123')).toBe('+1202*****23');
});

test('a masked number never shows all of its digits', () => {
  const number = fc.stringMatching(/^\+[1-9][0-9]{6,14}$/);
  fc.assert(
    fc.property(number, (text) => {
      const masked = maskPhone(text);
      expect(masked).toHaveLength(text.length);
      expect(masked).toContain('*');
    }),
  );
});

test.each(['', '+1', '1234567'])('nothing is shown of what is too short to be a number: %j', (text) => {
  expect(maskPhone(text)).toBe('*'.repeat(text.length));
});
