/**
 * Reading a TeXML document: well-formed XML with the root `Response`, read strictly, in order and with nothing coerced.
 * What the elements mean is in `verbs.ts` and in the player.
 */
import { SaxesParser } from 'saxes';

export interface TexmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly TexmlElement[];
  /** All the text in it, that of its children included, with runs of white space made one blank. */
  readonly text: string;
  readonly line: number;
}

/** A document that cannot be played; the message says where and why. */
export class DocumentRefused extends Error {
  override readonly name = 'DocumentRefused';
}

/** Telnyx speaks of "size limits" without a number. Ours. */
const mostCharacters = 64 * 1024;
const deepest = 32;

interface OpenElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: TexmlElement[];
  readonly line: number;
  text: string;
}

/** Throws `DocumentRefused`. */
export function parseDocument(text: string): TexmlElement {
  if (text.trim() === '') throw new DocumentRefused('the document is empty');
  if (text.length > mostCharacters)
    throw new DocumentRefused(`the document is longer than ${mostCharacters} characters`);
  const parser = new SaxesParser();
  const open: OpenElement[] = [];
  const roots: TexmlElement[] = [];
  const refuse = (why: string): never => {
    throw new DocumentRefused(`line ${parser.line}: ${why}`);
  };
  parser.on('error', ({ message }) => refuse(message.replace(/^\d+:\d+: /, '')));
  // Entities of one's own come with a DOCTYPE only.
  parser.on('doctype', () => refuse('a document type is not allowed'));
  parser.on('opentag', ({ name, attributes }) => {
    if (open.length === deepest) refuse(`elements are nested deeper than ${deepest}`);
    if (open.length === 0 && name !== 'Response') refuse(`the root is <${name}>, not <Response>`);
    open.push({ name, attributes, children: [], line: parser.line, text: '' });
  });
  const take = (characters: string): void => {
    for (const element of open) element.text += characters;
  };
  parser.on('text', take);
  parser.on('cdata', take);
  parser.on('closetag', () => {
    const closed = open.pop();
    if (closed === undefined) return;
    const element = { ...closed, text: closed.text.replace(/\s+/g, ' ').trim() };
    const parent = open.at(-1);
    (parent?.children ?? roots).push(element);
  });
  // A byte order mark is no part of the document.
  parser.write(text.replace(/^\uFEFF/, '')).close();
  return roots[0] ?? refuse('there is no <Response>');
}
