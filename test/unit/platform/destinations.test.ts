import fc from 'fast-check';
import { countryOf, destinationProblem, targetProblem } from '../../../platform/destinations';

const subscribers = fc.stringMatching(/^[0-9]{7}$/);

test.each([
  ['the guides’ own example', '+15551234567', ['US']],
  ['the guides’ other example', '+15559999999', ['US']],
  ['a number of the country', '+12025550123', ['US']],
  ['a number of a listed prefix', '+18765550123', ['US', '+1876']],
  ['a number of one of several countries', '+442071234567', ['US', 'GB']],
  ['a number of a longer prefix only', '+4930123456', ['+4930']],
  ['any number', '+8613800138000', '*'],
] as const)('%s may be called: %s under %j', (_name, number, allowed) => {
  expect(destinationProblem(number, allowed)).toBeNull();
});

test.each([
  ['premium', '+19005550123', ['US']],
  ['premium, older', '+19765550123', ['US']],
  ['premium, though its prefix is listed', '+19005550123', ['+1900']],
  ['premium, though everything is', '+19005550123', '*'],
  ['premium, though a longer prefix is', '+19005550123', ['+19005550123']],
  ['personal numbers of the United Kingdom', '+447012345678', ['GB']],
  ['premium of the United Kingdom', '+449012345678', ['GB']],
  ['international premium', '+979123456789', '*'],
  ['satellites', '+881612345678', '*'],
  ['Inmarsat', '+870772001234', '*'],
  ['international networks', '+882161234567', '*'],
  ['more international networks', '+883510012345', '*'],
  ['another country', '+442071234567', ['US']],
  ['Jersey, which is not the United Kingdom', '+441534123456', ['GB']],
  ['Kazakhstan, which is not Russia', '+77172123456', ['RU']],
  ['another prefix', '+4940123456', ['+4930']],
  ['a country nobody has', '+999123456789', ['US']],
  ['anywhere, when nothing is allowed', '+12025550123', []],
] as const)('%s may not be called: %s under %j', (_name, number, allowed) => {
  expect(destinationProblem(number, allowed)).toBe('destination_not_allowed');
});

test.each(['+911', '+112', '+1911', '+1112', '+44999', '+61000', '+81110', '+81119'])(
  '%s is an emergency, whatever is allowed',
  (number) => {
    expect(destinationProblem(number, '*')).toBe('emergency_number');
  },
);

/** Countries that share +1 with the United States, by area code (nationalnanpa.com: area code listings). */
const NOT_US: Readonly<Record<string, readonly string[]>> = {
  AG: ['268'],
  AI: ['264'],
  BB: ['246'],
  BM: ['441'],
  BS: ['242'],
  DM: ['767'],
  DO: ['809', '829', '849'],
  GD: ['473'],
  JM: ['876', '658'],
  KN: ['869'],
  KY: ['345'],
  LC: ['758'],
  MS: ['664'],
  SX: ['721'],
  TC: ['649'],
  TT: ['868'],
  VC: ['784'],
  VG: ['284'],
};
const areaCodes = Object.entries(NOT_US).flatMap(([country, codes]) => codes.map((code) => [country, code] as const));

test.each(areaCodes)('no number of %s (+1%s) may be called under US, valid or not', (_country, areaCode) => {
  fc.assert(
    fc.property(subscribers, (subscriber) => {
      expect(destinationProblem(`+1${areaCode}${subscriber}`, ['US'])).toBe('destination_not_allowed');
    }),
  );
});

test.each(areaCodes)('a number of %s (+1%s) may be called when the country is allowed', (country, areaCode) => {
  expect(destinationProblem(`+1${areaCode}5550123`, [country])).toBeNull();
});

test.each([
  ['+15551234567', 'US'],
  ['+14165550123', 'CA'],
  ['+18765550123', 'JM'],
  ['+442071234567', 'GB'],
  ['+999123456789', ''],
])('%s belongs to %j', (number, country) => {
  expect(countryOf(number)).toBe(country);
});

test('a number is never called whose country is not allowed and whose prefix nobody listed', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^\+[2-9][0-9]{6,14}$/), (number) => {
      expect(destinationProblem(number, ['US'])).not.toBeNull();
    }),
  );
});

test.each([
  ['+15551234567', null],
  ['sip:ana@pbx.example.com', null],
  ['sips:ana@pbx.example.com', null],
  ['sip:ana@sip.telnyx.com', null],
  ['+19005550123', 'destination_not_allowed'],
  ['+442071234567', 'destination_not_allowed'],
  ['+1911', 'invalid_destination'],
  ['0015551234567', 'invalid_destination'],
  ['15551234567', 'invalid_destination'],
  ['{{number}}', 'invalid_destination'],
  ['sip:+19005550123@sip.telnyx.com', 'invalid_destination'],
  ['SIP:19005550123@TELNYX.COM', 'invalid_destination'],
  ['http://x', 'invalid_destination'],
  ['', 'invalid_destination'],
])('a document may dial %j under US: %j', (target, problem) => {
  expect(targetProblem(target, ['US'])).toBe(problem);
});
