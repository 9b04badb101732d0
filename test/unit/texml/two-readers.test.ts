/** Our reader and fast-xml-parser, which share no code, see the same in documents of every written form. */
import fc from 'fast-check';
import { XMLParser } from 'fast-xml-parser';
import { readXml } from '../../../texml/xml-reader';
import type { XmlElement } from '../../../texml/xml-reader';
import { atScale } from '../../support/scale';

const DOCUMENTS = atScale({ quick: 5_000, ci: 100_000, full: 1_000_000 });

/** What both are asked for: names, attributes, and text with CDATA in it; neighbouring texts are one. */
interface Seen {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly content: readonly (Seen | string)[];
}

function ours(text: string): Seen | null {
  const reading = readXml(text);
  return 'refused' in reading ? null : seen(reading.root);
}

function seen({ name, attributes, children }: XmlElement): Seen {
  const content = children.flatMap((child): readonly (Seen | string)[] =>
    typeof child === 'string' ? [child] : 'name' in child ? [seen(child)] : [],
  );
  return { name, attributes: { ...attributes }, content: joined(content) };
}

type FastNode = Readonly<Record<string, unknown>>;

const fast = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: false,
  htmlEntities: true,
  ignoreDeclaration: true,
});

function theirs(text: string): Seen | null {
  const nodes = contentOf(fast.parse(text) as readonly FastNode[]);
  return nodes.find((node) => typeof node !== 'string') ?? null;
}

function contentOf(nodes: readonly FastNode[]): (Seen | string)[] {
  const content = nodes.map((node): Seen | string => {
    if ('#text' in node) return String(node['#text']);
    const [name = ''] = Object.keys(node).filter((key) => key !== ':@');
    const attributes = (node[':@'] ?? {}) as Readonly<Record<string, string>>;
    return { name, attributes, content: contentOf(node[name] as readonly FastNode[]) };
  });
  return joined(content);
}

function joined(content: readonly (Seen | string)[]): (Seen | string)[] {
  const all: (Seen | string)[] = [];
  for (const one of content) {
    const last = all.at(-1);
    if (typeof one === 'string' && typeof last === 'string') all[all.length - 1] = last + one;
    else if (one !== '') all.push(one);
  }
  return all;
}

// What is written, in all the forms in which it can be written.
const NAMES = ['Response', 'Say', 'Gather', 'Dial', 'Sip', 'Play', 'say-as', 'x_1', 'Größe'];
const space = fc.constantFrom('', '', ' ', '\n', '\n  ', '\t');
const someSpace = fc.constantFrom(' ', '\n    ', '\t ');
const plain = fc
  .string({ unit: 'grapheme', maxLength: 12 })
  .map((text) => text.replace(/[&<>"'\p{Cc}\uFFFE\uFFFF]/gu, ''));
const reference = fc.oneof(
  fc.constantFrom('&amp;', '&lt;', '&gt;', '&quot;', '&apos;', '&#65;', '&#x41;', '&#13;', '&#10;', '&#x1F600;'),
  fc.integer({ min: 0x20, max: 0xd7ff }).map((code) => `&#${code};`),
);
const text = fc.array(
  fc.oneof({ arbitrary: plain, weight: 3 }, reference, fc.constantFrom("'", '"', '>', '\n', '\r\n')),
  { maxLength: 4 },
);
const cdata = plain.map((inside) => `<![CDATA[${inside} & <b> &amp; ]]>`);
const comment = plain.map((inside) => `<!--${inside.replace(/-/g, '')}-->`);
const value = fc.array(fc.oneof({ arbitrary: plain, weight: 3 }, reference, fc.constantFrom('>', '/', '=')), {
  maxLength: 3,
});
const attributes = fc
  .uniqueArray(
    fc.tuple(fc.constantFrom('voice', 'loop', 'action', 'xml:lang', 'ünï'), value, fc.boolean(), space, space),
    {
      selector: ([name]) => name,
      maxLength: 3,
    },
  )
  .chain((all) => fc.tuple(...all.map((one) => fc.tuple(someSpace, fc.constant(one)))))
  .map((all) =>
    all.map(([before, [name, parts, isDouble, left, right]]) => {
      const quote = isDouble ? '"' : "'";
      return `${before}${name}${left}=${right}${quote}${parts.join('')}${quote}`;
    }),
  );
const { element } = fc.letrec<{ element: string; content: string }>((tie) => ({
  element: fc
    .record({
      name: fc.constantFrom(...NAMES),
      attributes,
      content: fc.array(tie('content'), { maxLength: 3 }),
      end: space,
      isShort: fc.boolean(),
    })
    .map(({ name, attributes: written, content, end, isShort }) => {
      const start = `<${name}${written.join('')}${end}`;
      return content.length === 0 && isShort ? `${start}/>` : `${start}>${content.join('')}</${name}${end}>`;
    }),
  content: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    text.map((parts) => parts.join('')),
    cdata,
    comment,
    tie('element'),
  ),
}));
const document = fc
  .record({
    declaration: fc.constantFrom('', '<?xml version="1.0"?>', '<?xml version="1.0" encoding="utf-8"?>\n'),
    before: fc.option(comment),
    root: element,
    after: space,
  })
  .map(({ declaration, before, root, after }) => `${declaration}${before ?? ''}${root}${after}`);

test(`both read ${DOCUMENTS} documents alike`, () => {
  fc.assert(
    fc.property(document, (written) => {
      expect(ours(written)).toEqual(theirs(written));
    }),
    { numRuns: DOCUMENTS },
  );
}, 1_800_000);
