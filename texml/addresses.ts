/** Addresses in a document: those that lead to the next document, and all others. The table of verbs tells them apart. */
import type { TexmlDocument, TexmlElement } from './document';
import { rowNamed, rowOf } from './verbs';
import type { RowName } from './verbs';
import type { Row } from './verbs/row';

export interface AddressChange {
  /** What becomes of an address that leads to the next document, which is asked for there by the method. */
  readonly next: (address: string, method: 'GET' | 'POST') => string;
  /** What becomes of any other: of a sound, a callback, a document for somebody else. */
  readonly other: (address: string) => string;
  /** Of every element that tells about recordings, with what it may be told: whom it tells instead. */
  readonly recordings: string;
}

/** The same document with other addresses. Those that lead on are asked for by POST, whatever their `method` was. */
export function withAddresses(document: TexmlDocument, change: AddressChange): TexmlDocument {
  return { ...changed(document, 'Response', change), name: document.name };
}

/** The addresses that lead to the next document, in the order of the text. */
export function leadingAddresses(document: TexmlDocument): readonly string[] {
  const found: string[] = [];
  const next = (address: string): string => {
    found.push(address);
    return address;
  };
  withAddresses(document, { next, other: (address) => address, recordings: '' });
  return found;
}

function changed(element: TexmlElement, name: RowName, change: AddressChange): TexmlElement {
  const row = rowNamed(name);
  return {
    name: element.name,
    attributes: attributesOf(element, row, change),
    children: element.children.map((child) => {
      if (typeof child === 'string') return textOf(child, element, row, change);
      // SSML stands in a text of its own kind, and has no addresses.
      const childRow = rowOf(child.name, name);
      return childRow === null ? child : changed(child, childRow, change);
    }),
  };
}

function attributesOf({ attributes }: TexmlElement, row: Row, change: AddressChange): TexmlElement['attributes'] {
  const leads = row.text?.leads ?? Object.keys(attributes).some((name) => row.attributes[name]?.leads);
  const entries = Object.entries(attributes).flatMap(([name, value]) => {
    const attribute = row.attributes[name];
    if (attribute?.leads) return [[name, change.next(value, methodOf(attributes))]];
    if (leads && name === 'method') return [];
    return [[name, attribute?.is.type === 'url' ? change.other(value) : value]];
  });
  return { ...(Object.fromEntries(entries) as TexmlElement['attributes']), ...told(row, change) };
}

const methodOf = ({ method }: TexmlElement['attributes']) => (method === 'GET' ? 'GET' : 'POST');

/** A recording that nobody is told of would be lost. */
function told({ attributes }: Row, { recordings }: AddressChange): TexmlElement['attributes'] {
  if (!('recordingStatusCallback' in attributes)) return {};
  const events = attributes['recordingStatusCallbackEvent']?.is;
  const wanted =
    events?.type === 'words' ? ['completed', 'absent'].filter((event) => events.words.includes(event)) : [];
  return {
    recordingStatusCallback: recordings,
    ...('recordingStatusCallbackMethod' in attributes ? { recordingStatusCallbackMethod: 'POST' } : {}),
    ...(wanted.length > 0 ? { recordingStatusCallbackEvent: wanted.join(' ') } : {}),
  };
}

function textOf(text: string, { name, attributes }: TexmlElement, row: Row, change: AddressChange): string {
  if (row.text?.leads) return change.next(text.trim(), methodOf(attributes));
  // The text of Play may also be a name in Telnyx's storage, so the table does not call it an address.
  const isAddress = row.text?.is.type === 'url' || (name === 'Play' && attributes['mediaStorage'] !== 'true');
  return isAddress && text.trim() !== '' ? change.other(text.trim()) : text;
}
