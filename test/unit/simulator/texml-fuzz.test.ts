/** Whatever a document says, the call ends, and nothing breaks. */
import fc from 'fast-check';
import { DocumentRefused, parseDocument } from '../../../simulator/texml/document';
import { playOffline } from '../../../simulator/texml/offline';

const names = ['Say', 'Play', 'Pause', 'Gather', 'Dial', 'Record', 'Redirect', 'Hangup', 'Enqueue', 'Leave', 'Reject'];
const nouns = ['Number', 'Sip', 'Conference', 'Queue', 'Say', 'Stream', 'Pay'];
const numbers = ['0', '1', '3', '500', '-1', 'soon', ''];
const attributes = ['loop', 'length', 'timeout', 'numDigits', 'maxLength', 'maxWaitTimeSecs', 'timeLimit'];
const addresses = ['/a', 'b', '', 'https://elsewhere.test/', '::'];
const texts = ['', 'Hello', '+15550100100', '+15550100003', 'sip:a@b.test', '/a', 'room', '911'];

const attribute = fc.oneof(
  fc.tuple(fc.constantFrom(...attributes), fc.constantFrom(...numbers)),
  fc.tuple(fc.constantFrom('action', 'waitUrl', 'url', 'statusCallback'), fc.constantFrom(...addresses)),
  fc.tuple(fc.constantFrom('input'), fc.constantFrom('dtmf', 'speech', 'dtmf speech', 'thought')),
  fc.tuple(fc.constantFrom('finishOnKey', 'validDigits'), fc.constantFrom('', '#', '12')),
);

const element = (tag: fc.Arbitrary<string>, content: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc
    .tuple(tag, fc.uniqueArray(attribute, { maxLength: 3, selector: ([key]) => key }), content)
    .map(([name, given, inner]) => {
      const written = given.map(([key, value]) => ` ${key}="${value}"`).join('');
      return `<${name}${written}>${inner}</${name}>`;
    });

const noun = element(fc.constantFrom(...nouns), fc.constantFrom(...texts));
const verb = element(
  fc.constantFrom(...names),
  fc.oneof(
    fc.constantFrom(...texts),
    fc.array(noun, { maxLength: 2 }).map((all) => all.join('')),
  ),
);
const document = fc.array(verb, { maxLength: 4 }).map((verbs) => `<Response>${verbs.join('')}</Response>`);

const presses = fc.array(fc.constantFrom('1', '12#', '', 'w*'), { maxLength: 3 });
const says = fc.array(fc.constantFrom('yes', ''), { maxLength: 2 });

test('every call ends, whatever its documents say', async () => {
  await fc.assert(
    fc.asyncProperty(document, document, presses, says, fc.boolean(), async (texml, other, keys, words, ignores) => {
      const { transcript, status } = await playOffline({
        texml,
        base: 'http://flow.test/first',
        presses: keys,
        says: words,
        fetch: () => ({ status: 200, body: other }),
        settings: { unknownTexml: ignores ? 'ignored' : 'refused' },
      });
      expect(transcript.filter(({ does }) => does === 'ends the call')).toHaveLength(1);
      expect(status).toBe('completed');
    }),
    { numRuns: 300 },
  );
}, 60_000);

test('any text is a document or is refused with a line', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc
      .array(
        fc.constantFrom(
          '<',
          '>',
          '/',
          'Response',
          ' ',
          '"',
          '=',
          '&amp;',
          '<![CDATA[',
          ']]>',
          '<!--',
          '-->',
          '<?xml?>',
        ),
      )
      .map((all) => all.join('')),
  );
  const outcome = (given: string): unknown => {
    try {
      return parseDocument(given).name;
    } catch (error) {
      return error instanceof DocumentRefused ? 'refused' : error;
    }
  };
  fc.assert(
    fc.property(text, (given) => {
      expect(['Response', 'refused']).toContain(outcome(given));
    }),
    { numRuns: 3000 },
  );
});
