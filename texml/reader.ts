/** TeXML text to a document: what is wrong with it is said, and only what is right is handed on. */
import { check, isBareSip } from './checker';
import type { TexmlDocument, TexmlElement } from './document';
import type { Finding } from './findings';
import { isSsml, rowNamed, rowOf } from './verbs';
import type { RowName } from './verbs';
import { readXml, textIn } from './xml-reader';
import type { XmlElement } from './xml-reader';

export interface TexmlReading {
  /** Null when there is an error among the findings. */
  readonly document: TexmlDocument | null;
  /** Errors and warnings, in the order of the text. */
  readonly findings: readonly Finding[];
}

/**
 * Bytes are read as UTF-8. Never throws, whatever the input.
 * @param nextAskedBy who will ask for the documents that this one leads to. Which hosts of our own network we may ask is
 *   not for the text to say. @default 'telnyx'
 */
export function parseTexml(input: string | Uint8Array, nextAskedBy: 'telnyx' | 'us' = 'telnyx'): TexmlReading {
  const reading = readXml(input);
  if ('refused' in reading) return { document: null, findings: [reading.refused] };
  const findings = check(reading.root, reading.text, nextAskedBy);
  const isRefused = findings.some(({ severity }) => severity === 'error');
  return { document: isRefused ? null : documentOf(reading.root), findings };
}

/** The tree as a document: without comments, and without space where only elements stand. */
function documentOf(root: XmlElement): TexmlDocument {
  return { ...plain(root, 'Response'), name: 'Response' };
}

function plain(element: XmlElement, row: RowName): TexmlElement {
  const { name, attributes } = element;
  const keepsText = rowNamed(row).text !== undefined;
  if (row === 'Dial' && isBareSip(textIn(element).trim())) {
    return { name, attributes, children: [{ name: 'Sip', attributes: {}, children: [textIn(element).trim()] }] };
  }
  const children: (TexmlElement | string)[] = [];
  for (const child of element.children) {
    const last = children.at(-1);
    if (typeof child !== 'string') {
      if ('name' in child) children.push(plain(child, isSsml(child.name) ? row : (rowOf(child.name, row) ?? row)));
    } else if (keepsText && (row !== 'Dial' || child.trim() !== '')) {
      // A comment between two texts leaves one text.
      if (typeof last === 'string') children[children.length - 1] = last + child;
      else children.push(child);
    }
  }
  return { name, attributes, children };
}
