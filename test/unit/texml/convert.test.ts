/** TwiML made TeXML: what is renamed, what is written out, and what is left for a person. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { convertTwiml } from '../../../texml/convert';
import type { Conversion } from '../../../texml/convert';
import { formatXml } from '../../../texml/formatter';
import { parseTexml } from '../../../texml/reader';
import { CORPUS, corpusDocuments, xmlOf } from './corpus';

function convert(text: string | Uint8Array): Conversion & { readonly texml: string } {
  const conversion = convertTwiml(xmlOf(text));
  return { ...conversion, texml: formatXml(conversion.document) };
}

test.each(corpusDocuments('twiml'))(
  '$file becomes the TeXML beside it, with the changes beside it',
  ({ file, content }) => {
    const { texml, changes } = convert(content);
    const beside = (ending: string) => readFileSync(path.join(CORPUS, 'twiml', file.replace('.xml', ending)), 'utf8');
    expect(texml).toBe(beside('.texml'));
    expect(changes).toEqual(JSON.parse(beside('.json')));
  },
);

describe('one change each', () => {
  const inDial = (noun: string) => `<Dial>${noun}</Dial>`;
  const number = '<Number>+15551234567</Number>';
  const CHANGES: readonly (readonly [twiml: string, texml: string, kinds: readonly string[]])[] = [
    ['<Say loop="20">Hi</Say>', '<Say loop="10">Hi</Say>', ['done']],
    ['<Say voice="Google.en-US-A">Hi</Say>', '<Say>Hi</Say>', ['todo']],
    ['<Pause length="300"/>', '<Pause length="180"/>', ['done']],
    ['<Gather action="/a" speechTimeout="auto"/>', '<Gather action="/a"/>', ['todo']],
    ['<Gather action="/a" enhanced="true"/>', '<Gather action="/a" useEnhanced="true"/>', ['done']],
    ['<Gather action="/a" bargeIn="true"/>', '<Gather action="/a"/>', ['todo']],
    ['<Gather/>', '<Gather/>', ['todo']],
    ['<Dial record="false">+15551234567</Dial>', '<Dial record="do-not-record">+15551234567</Dial>', ['done']],
    [
      `<Dial>${number.replace('>+', ' machineDetectionTimeout="5">+')}</Dial>`,
      inDial(number.replace('>+', ' machineDetectionTimeout="5000">+')),
      ['done'],
    ],
    [
      `<Dial>${number.replace('>+', ' machineDetectionSilenceTimeout="5000">+')}</Dial>`,
      `<Dial machineDetectionSilenceTimeout="5000">${number}</Dial>`,
      ['done'],
    ],
    [inDial('<Client><Identity>bob</Identity></Client>'), inDial('<Sip>sip:bob@sip.telnyx.com</Sip>'), ['todo']],
    [inDial('<Sim>DE1</Sim>'), '<Dial/>', ['todo']],
    [
      inDial('<Conference statusCallbackEvent="start mute join">room</Conference>'),
      inDial('<Conference statusCallbackEvent="start join">room</Conference>'),
      ['done'],
    ],
    [
      '<Record action="/a" timeout="9" trim="do-not-trim" channels="dual"/>',
      '<Record action="/a" timeout="9" channels="dual"/>',
      ['done'],
    ],
    [
      '<Start><Transcription track="inbound_track"/></Start>',
      '<Start><Transcription transcriptionTracks="inbound"/></Start>',
      ['done', 'done'],
    ],
    [
      '<Start><Siprec connectorName="a"/></Start>',
      '<Start><Siprec connectorName="a" track="inbound_track"/></Start>',
      ['done'],
    ],
    ['<Pay currency="usd"/>', '<Pay currency="USD"/>', ['done']],
    ['<Sms>Hi</Sms>', '', ['todo']],
    ['<Say>Nothing to do</Say>', '<Say>Nothing to do</Say>', []],
  ];

  test.each(CHANGES)('%s', (twiml, texml, kinds) => {
    const converted = convert(`<Response>${twiml}</Response>`);
    expect(converted.texml).toBe(formatXml(xmlOf(`<Response>${texml}</Response>`)));
    expect(converted.changes.map(({ kind }) => kind)).toEqual(kinds);
  });
});

test('what is TeXML already keeps what it says', () => {
  const menu = '<Response><Gather action="/a"><Say>Hi</Say></Gather><Redirect>/b</Redirect></Response>';
  expect(parseTexml(convert(menu).texml).document).toEqual(parseTexml(menu).document);
  expect(convert(menu).changes).toEqual([]);
});
