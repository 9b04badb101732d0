/** What people and attackers hand in, made rather than kept: sizes, depths, bytes, and XML that is none. */
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { destinationProblem } from '../../../platform/destinations';
import type { FindingCode } from '../../../texml/findings';
import { parseTexml } from '../../../texml/reader';
import { targetsOf } from '../../../texml/targets';
import { fillTexml } from '../../../texml/template';

const say = (text: string) => `<Response><Say>${text}</Say></Response>`;
const nested = (depth: number) =>
  `<Response><Say>${'<s>'.repeat(depth - 2)}${'</s>'.repeat(depth - 2)}</Say></Response>`;
const utf8 = (text: string) => new TextEncoder().encode(text);
const utf16 = (text: string) => Buffer.from(`\uFEFF${text}`, 'utf16le');

interface Bad {
  readonly name: string;
  readonly input: string | Uint8Array;
  readonly code: FindingCode;
}

const BAD: readonly Bad[] = [
  { name: 'nothing', input: '', code: 'not_texml' },
  { name: 'no bytes', input: new Uint8Array(), code: 'not_texml' },
  { name: 'space', input: ' \n\t ', code: 'not_texml' },
  { name: 'plain text', input: 'hello', code: 'not_texml' },
  { name: 'JSON', input: '{"Response":{}}', code: 'not_texml' },
  { name: 'an HTML page', input: '<html><body>502</body></html>', code: 'not_texml' },
  { name: 'an HTML page with a doctype', input: '<!doctype html><html></html>', code: 'doctype_forbidden' },
  { name: 'only a declaration', input: '<?xml version="1.0"?>', code: 'not_well_formed' },
  { name: 'only a comment', input: '<!-- Response -->', code: 'not_well_formed' },
  { name: 'only a closing tag', input: '</Response>', code: 'not_well_formed' },
  {
    name: 'an entity that names a file',
    input: `<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>${say('&x;')}`,
    code: 'doctype_forbidden',
  },
  {
    name: 'parameter entities',
    input: `<!DOCTYPE r [<!ENTITY % p SYSTEM "http://192.0.2.1/x.dtd"> %p;]>${say('x')}`,
    code: 'doctype_forbidden',
  },
  {
    name: 'a billion laughs',
    input: `<!DOCTYPE l [<!ENTITY a "ha">${'bcdefghij'.replace(/./g, (c) => `<!ENTITY ${c} "${`&${String.fromCharCode(c.charCodeAt(0) - 1)};`.repeat(10)}">`)}]>${say('&j;')}`,
    code: 'doctype_forbidden',
  },
  {
    name: 'one entity of 9 kB 900 times',
    input: `<!DOCTYPE l [<!ENTITY a "${'a'.repeat(9_000)}">]>${say('&a;'.repeat(900))}`,
    code: 'doctype_forbidden',
  },
  { name: 'an entity declared after the root', input: `${say('x')}<!ENTITY a "b">`, code: 'doctype_forbidden' },
  { name: '200,000 references to characters', input: say('&#65;'.repeat(200_000)), code: 'too_large' },
  { name: '200,000 ampersands', input: say('&amp;'.repeat(200_000)), code: 'too_large' },
  { name: 'depth 33', input: nested(33), code: 'too_deep' },
  { name: 'depth 200', input: nested(200), code: 'too_deep' },
  { name: 'depth 9,000', input: nested(9_000), code: 'too_deep' },
  { name: 'depth 100,000', input: nested(100_000), code: 'too_large' },
  {
    name: '33 attributes',
    input: `<Response ${Array.from({ length: 33 }, (_, i) => `a${i}="b"`).join(' ')}/>`,
    code: 'too_many',
  },
  {
    name: '100,000 attributes',
    input: `<Response ${Array.from({ length: 100_000 }, (_, i) => `a${i}="b"`).join(' ')}/>`,
    code: 'too_large',
  },
  { name: 'a name of 1 MB', input: `<${'a'.repeat(1_000_000)}/>`, code: 'too_large' },
  { name: '5 MB of text', input: say('a'.repeat(5_000_000)), code: 'too_large' },
  { name: '5 MB of bytes', input: utf8(say('a'.repeat(5_000_000))), code: 'too_large' },
  { name: '64 KiB of characters that take three bytes each', input: say('语'.repeat(22_000)), code: 'too_large' },
  { name: '501 elements', input: `<Response>${'<Hangup/>'.repeat(500)}</Response>`, code: 'too_many' },
  { name: '10,000 pauses', input: `<Response>${'<Pause/>'.repeat(8_000)}</Response>`, code: 'too_many' },
  { name: 'an unclosed tag', input: '<Response><Say>hi</Response>', code: 'not_well_formed' },
  { name: 'crossed tags', input: '<Response><Gather><Say>a</Gather></Say></Response>', code: 'not_well_formed' },
  { name: 'text after the root', input: `${say('x')} more`, code: 'not_well_formed' },
  { name: 'two roots', input: `${say('x')}${say('y')}`, code: 'not_well_formed' },
  {
    name: 'a duplicate attribute',
    input: '<Response><Pause length="1" length="2"/></Response>',
    code: 'not_well_formed',
  },
  { name: 'an unquoted value', input: '<Response><Pause length=1/></Response>', code: 'not_well_formed' },
  { name: 'an attribute without a value', input: '<Response><Pause length/></Response>', code: 'not_well_formed' },
  { name: 'a < in a value', input: '<Response><Pause length="<"/></Response>', code: 'not_well_formed' },
  { name: 'an unknown entity', input: say('&nope;'), code: 'not_well_formed' },
  { name: 'a bare ampersand', input: say('AT&T'), code: 'not_well_formed' },
  { name: 'a reference beyond Unicode', input: say('&#x110000;'), code: 'not_well_formed' },
  { name: 'a reference to half a character', input: say('&#xD800;'), code: 'not_well_formed' },
  { name: 'a reference to NUL', input: say('&#0;'), code: 'not_well_formed' },
  { name: 'NUL', input: say('a\0b'), code: 'not_well_formed' },
  { name: 'a backspace', input: say('a\bb'), code: 'not_well_formed' },
  { name: 'half a character', input: say('a\uD800b'), code: 'not_well_formed' },
  { name: 'an unclosed CDATA section', input: '<Response><Say><![CDATA[x</Say></Response>', code: 'not_well_formed' },
  { name: 'an unclosed comment', input: '<Response><!-- x </Response>', code: 'not_well_formed' },
  { name: 'an unclosed instruction', input: '<Response><?x </Response>', code: 'not_well_formed' },
  { name: 'a ]]> in text', input: say('x]]>y'), code: 'not_well_formed' },
  { name: 'PHP', input: `<Response><?php system('id') ?></Response>`, code: 'processing_instruction' },
  { name: 'a stylesheet', input: `<?xml-stylesheet href="x.xsl"?>${say('x')}`, code: 'processing_instruction' },
  { name: 'XML 1.1', input: `<?xml version="1.1"?>${say('x')}`, code: 'not_well_formed' },
  { name: 'UTF-16 declared in UTF-8', input: `<?xml version="1.0" encoding="UTF-16"?>${say('x')}`, code: 'not_utf8' },
  { name: 'UTF-16', input: utf16(say('x')), code: 'not_utf8' },
  { name: 'UTF-16 without a mark', input: utf16(say('x')).subarray(2), code: 'not_well_formed' },
  { name: 'Latin-1', input: Buffer.from(say('Grüße'), 'latin1'), code: 'not_utf8' },
  {
    name: 'a name that is a property of every object',
    input: '<Response><__proto__/></Response>',
    code: 'unknown_verb',
  },
  { name: 'an attribute that is one', input: '<Response><Pause __proto__="x"/></Response>', code: 'unknown_attribute' },
  { name: 'a method of every object', input: '<Response><Pause toString="x"/></Response>', code: 'unknown_attribute' },
  { name: 'an unknown verb', input: '<Response><Exec>id</Exec></Response>', code: 'unknown_verb' },
  { name: 'a verb in the wrong case', input: '<Response><SAY>x</SAY></Response>', code: 'unknown_verb' },
  {
    name: 'a verb with a namespace',
    input: '<Response xmlns:t="urn:x"><t:Say>x</t:Say></Response>',
    code: 'unknown_verb',
  },
  { name: 'more than is spoken at once', input: say('word '.repeat(1_001)), code: 'text_too_long' },
  {
    name: 'a verb inside of what is spoken',
    input: say('Hi <Redirect>https://evil.example</Redirect>'),
    code: 'misplaced',
  },
  { name: 'a file to play', input: '<Response><Play>file:///etc/passwd</Play></Response>', code: 'bad_value' },
  {
    name: 'this machine to ask',
    input: '<Response><Redirect>http://127.0.0.1:8233/</Redirect></Response>',
    code: 'unreachable_host',
  },
  {
    name: 'this machine by another spelling',
    input: '<Response><Redirect>http://0x7f.1/</Redirect></Response>',
    code: 'unreachable_host',
  },
  {
    name: 'a cloud’s metadata',
    input: '<Response><Redirect>http://169.254.169.254/latest</Redirect></Response>',
    code: 'unreachable_host',
  },
  { name: 'a number without a plus', input: '<Response><Dial>0015551234567</Dial></Response>', code: 'bad_value' },
  {
    name: '20 targets',
    input: `<Response><Dial>${'<Number>+15551234567</Number>'.repeat(20)}</Dial></Response>`,
    code: 'too_many',
  },
];

test.each(BAD)('$name is refused: $code, within 100 ms', ({ input, code }) => {
  const startedAt = performance.now();
  const { document, findings } = parseTexml(input);
  const tookMs = performance.now() - startedAt;
  expect(document).toBeNull();
  expect(findings.map((finding) => finding.code)).toContain(code);
  expect(findings[0]?.line).toBeGreaterThanOrEqual(1);
  expect(findings[0]?.column).toBeGreaterThanOrEqual(1);
  expect(tookMs).toBeLessThan(100);
});

test('nothing that was read has changed what objects have', () => {
  for (const { input } of BAD) parseTexml(input);
  expect({}).not.toHaveProperty('x');
  expect(Object.keys(Object.prototype)).toEqual([]);
});

test('nobody is asked for an external declaration', async () => {
  let asked = 0;
  const canary = createServer(() => (asked += 1)).listen(0, '127.0.0.1');
  await new Promise((resolve) => canary.once('listening', resolve));
  const { port } = canary.address() as AddressInfo;
  parseTexml(`<!DOCTYPE r SYSTEM "http://127.0.0.1:${port}/x.dtd">${say('x')}`);
  await new Promise((resolve) => setTimeout(resolve, 50));
  canary.close();
  expect(asked).toBe(0);
});

describe('what looks bad and is not', () => {
  const textOf = (input: string | Uint8Array) => {
    const verb = parseTexml(input).document?.children[0];
    return typeof verb === 'object' ? verb.children.filter((child) => typeof child === 'string').join('') : undefined;
  };

  test.each([
    ['a byte order mark', utf8(`\uFEFF${say('hi')}`), 'hi'],
    ['a byte order mark in a string', `\uFEFF${say('hi')}`, 'hi'],
    ['CDATA with markup', say('<![CDATA[a <b> & c]]>'), 'a <b> & c'],
    ['a number with a plus', '<Response><Dial>+15551234567</Dial></Response>', '+15551234567'],
    ['a queue whose name is a number', '<Response><Enqueue>007</Enqueue></Response>', '007'],
    ['a template of another language', say('${process.env.KEY}'), '${process.env.KEY}'],
  ])('%s is read as it stands', (_name, input, text) => {
    expect(textOf(input)).toBe(text);
  });

  test('elements may be 32 deep, and 500', () => {
    expect(parseTexml(nested(32)).document).not.toBeNull();
    expect(parseTexml(`<Response>${'<Hangup/>'.repeat(499)}</Response>`).document).not.toBeNull();
  });

  test('verbs keep their order', () => {
    const { document } = parseTexml('<Response><Say>a</Say><Play>b.mp3</Play><Say>c</Say></Response>');
    expect(document?.children.map((verb) => typeof verb === 'object' && verb.children[0])).toEqual(['a', 'b.mp3', 'c']);
  });
});

describe('names that are filled in', () => {
  const template = (text: string) => {
    const { document } = parseTexml(text);
    if (!document) throw new Error('the template itself is fine');
    return document;
  };
  const values = { first_name: 'Ann <Hangup/> & {{secret}}', agent: '+15557654321', secret: 'x' };

  test('stay text, whatever their values look like', () => {
    const { document } = fillTexml(template(say('Hello {{ first_name }}!')), values);
    expect(document?.children).toEqual([
      { name: 'Say', attributes: {}, children: ['Hello Ann <Hangup/> & {{secret}}!'] },
    ]);
  });

  test.each([
    ['without a value', '{{to_phone}}'],
    ['that are programs', `{{constructor.constructor('return process')()}}`],
    ['that every object has', '{{constructor}}'],
  ])('%s are refused', (_name, text) => {
    const { document, findings } = fillTexml(template(say(text)), values);
    expect(document).toBeNull();
    expect(findings[0]).toMatchObject({ code: 'unknown_variable', message: expect.stringContaining(text) as string });
  });

  test('are checked once they are known', () => {
    const dial = template('<Response><Dial>{{agent}}</Dial></Response>');
    expect(fillTexml(dial, values).findings).toEqual([]);
    expect(fillTexml(dial, { agent: '911' }).findings).toMatchObject([{ code: 'bad_value' }]);
  });
});

test('whom a document would call can be held against what may be called', () => {
  const { document } = parseTexml(
    `<Response><Dial>+19005551234</Dial><Dial><Number>
      +15551234567 </Number><Sip>sip:a@example.com</Sip></Dial><Refer><Sip>sip:b@example.com</Sip></Refer></Response>`,
  );
  const targets = document ? targetsOf(document) : [];
  expect(targets).toEqual(['+19005551234', '+15551234567', 'sip:a@example.com', 'sip:b@example.com']);
  expect(targets.slice(0, 2).map((number) => destinationProblem(number, ['US']))).toEqual([
    'destination_not_allowed',
    null,
  ]);
});
