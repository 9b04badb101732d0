/**
 * Documents to XML text. Characters that XML 1.0 cannot carry (control characters but tab and line ends, halves of
 * surrogate pairs, U+FFFE and U+FFFF) are left out: text is often somebody's input, and a call goes on without them.
 */
import type { TexmlDocument, TexmlElement } from './document';
import { ROW_NAMES, rowNamed } from './verbs';

const IN_CDATA: ReadonlySet<string> = new Set(
  ROW_NAMES.map(rowNamed)
    .filter(({ text }) => text?.cdata)
    .map(({ tag }) => tag),
);

const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>';

/** On one line, as Telnyx is answered. */
export function writeTexml(document: TexmlDocument): string {
  return DECLARATION + written(document);
}

function written({ name, attributes, children }: TexmlElement): string {
  let tag = `<${name}`;
  for (const attribute in attributes) tag += ` ${attribute}="${inAttribute(attributes[attribute] ?? '')}"`;
  if (children.length === 0) return `${tag}/>`;
  tag += '>';
  for (const child of children) tag += typeof child === 'string' ? inElement(name, child) : written(child);
  return `${tag}</${name}>`;
}

// eslint-disable-next-line no-control-regex -- it is about control characters
const SPECIAL = /[&<>"\x00-\x1f\ud800-\udfff\ufffe\uffff]/;
// With the flag u, a surrogate matches only where it is none of a pair.
// eslint-disable-next-line no-control-regex -- it is about control characters
const UNWRITABLE = /[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]/gu;

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\t': '&#9;',
  '\n': '&#10;',
  '\r': '&#13;',
};

/** Text as it is written in an element of this name. */
export function inElement(name: string, text: string): string {
  return IN_CDATA.has(name) ? inCdata(text) : inText(text);
}

/** Readers make a line feed of a carriage return, unless it is written as a reference. */
function inText(text: string): string {
  if (!SPECIAL.test(text)) return text;
  return text.replace(UNWRITABLE, '').replace(/[&<>\r]/g, (character) => ENTITIES[character] ?? '');
}

/** Readers make spaces of tabs and line ends in attributes, unless they are written as references. */
export function inAttribute(value: string): string {
  if (!SPECIAL.test(value)) return value;
  return value.replace(UNWRITABLE, '').replace(/[&<>"\t\n\r]/g, (character) => ENTITIES[character] ?? '');
}

/** What would end the section, or look like a declaration, is written as text: it reads the same. */
function inCdata(text: string): string {
  return /]]>|<!|\r/.test(text) ? inText(text) : `<![CDATA[${text.replace(UNWRITABLE, '')}]]>`;
}
