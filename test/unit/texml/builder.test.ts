/** Documents made in TypeScript: what is built and written is what both readers read. */
import fc from 'fast-check';
import { XMLParser } from 'fast-xml-parser';
import * as builder from '../../../texml/builder';
import type { TexmlDocument } from '../../../texml/document';
import { parseTexml } from '../../../texml/reader';
import { ROW_NAMES } from '../../../texml/verbs';
import { writeTexml } from '../../../texml/writer';
import { atScale } from '../../support/scale';
import { IMPOSSIBLE } from './impossible-documents';

const { response, say, gather, dial, number, sip, conference, ssml, record, pay, parameter, aiGather, parameters } =
  builder;
const DOCUMENTS = atScale({ quick: 2_000, ci: 50_000, full: 500_000 });
const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>';

const WRITTEN: readonly (readonly [string, TexmlDocument, string])[] = [
  [
    'a menu',
    response(say('Hello'), gather({ numDigits: 1, action: '/menu' }, say('Press 1')), dial(number('+15551234567'))),
    '<Say>Hello</Say><Gather numDigits="1" action="/menu"><Say>Press 1</Say></Gather><Dial><Number>+15551234567</Number></Dial>',
  ],
  ['a number as text', response(dial({ timeout: 20 }, '+15551234567')), '<Dial timeout="20">+15551234567</Dial>'],
  [
    'flags and words',
    response(record({ playBeep: false, channels: 'single' })),
    '<Record playBeep="false" channels="single"/>',
  ],
  [
    'some of several words',
    response(dial(sip({ statusCallbackEvent: ['ringing', 'answered'] }, 'sip:a@example.com'))),
    '<Dial><Sip statusCallbackEvent="ringing answered">sip:a@example.com</Sip></Dial>',
  ],
  ['what is undefined, left out', response(say({ loop: undefined as unknown as number }, 'Hi')), '<Say>Hi</Say>'],
  ['text that looks like markup', response(say('<Hangup/> & "so on"')), '<Say>&lt;Hangup/&gt; &amp; "so on"</Say>'],
  [
    'quotes and line ends in attributes',
    response(dial(conference({ participantLabel: 'a "b"\n\t<c>' }, 'room'))),
    '<Dial><Conference participantLabel="a &quot;b&quot;&#10;&#9;&lt;c&gt;">room</Conference></Dial>',
  ],
  ['SSML', response(say('Well', ssml('break', { time: '1s' }), 'then')), '<Say>Well<break time="1s"/>then</Say>'],
  [
    'JSON in CDATA',
    response(aiGather(parameters('{"a": "<b> & c"}'))),
    '<AIGather><Parameters><![CDATA[{"a": "<b> & c"}]]></Parameters></AIGather>',
  ],
  [
    'JSON that would end its CDATA, as text',
    response(aiGather(parameters('{"a": "]]>"}'))),
    '<AIGather><Parameters>{"a": "]]&gt;"}</Parameters></AIGather>',
  ],
  [
    'an attribute called name',
    response(pay(parameter({ name: 'a', value: 'b' }))),
    '<Pay><Parameter name="a" value="b"/></Pay>',
  ],
];

test.each(WRITTEN)('%s is written as in Telnyx’s pages, and read back as it was', (_name, document, xml) => {
  const text = writeTexml(document);
  expect(text).toBe(`${DECLARATION}<Response>${xml}</Response>`);
  expect(parseTexml(text)).toEqual({ document, findings: [] });
});

test('every row of the table has its function, named like it', () => {
  const functions = Object.keys(builder).map((name) => name.toLowerCase());
  expect(functions.sort()).toEqual([...ROW_NAMES.map((name) => name.toLowerCase()), 'ssml'].sort());
});

test.each(Object.entries(IMPOSSIBLE))(
  '%s does not compile, and is refused when it is written all the same',
  (_name, build) => {
    expect(parseTexml(writeTexml(build())).findings).toContainEqual(expect.objectContaining({ severity: 'error' }));
  },
);

// What XML 1.0 cannot carry is left out, as the writer says.
const writable = (text: string): string =>
  // eslint-disable-next-line no-control-regex -- it is about control characters
  text.replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|\p{Surrogate}/gu, '');

const fast = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  alwaysCreateTextNode: true,
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: false,
  htmlEntities: true,
});

/** Any 16-bit units at all: halves of characters and controls included. */
const anything = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 20 }).map((units) => String.fromCharCode(...units)),
  fc
    .array(fc.constantFrom('&', '<', '>', '"', "'", ']]>', '<!', '\r', '\n', '\t', ' ', '\0', '&amp;', '{{x}}', 'a'))
    .map((parts) => parts.join('')),
);

test(`both readers read back any text, of ${DOCUMENTS}, but for what XML cannot carry`, () => {
  fc.assert(
    fc.property(anything, anything, (text, label) => {
      const document = response(say(`.${text}`), dial(conference({ participantLabel: label }, 'room')));
      const written = writeTexml(document);
      const expected = response(
        say(`.${writable(text)}`),
        dial(conference({ participantLabel: writable(label) }, 'room')),
      );
      expect(parseTexml(written).document).toEqual(expected);
      expect(fast.parse(written)).toMatchObject({
        Response: {
          Say: { '#text': `.${writable(text)}` },
          Dial: { Conference: { '@participantLabel': writable(label) } },
        },
      });
    }),
    { numRuns: DOCUMENTS },
  );
}, 1_800_000);
