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

/** Bytes are read as UTF-8. Never throws, whatever the input. */
export function parseTexml(input: string | Uint8Array): TexmlReading {
  const reading = readXml(input);
  if ('refused' in reading) return { document: null, findings: [reading.refused] };
  const findings = check(reading.root, reading.text);
  const isRefused = findings.some(({ severity }) => severity === 'error');
  return { document: isRefused ? null : documentOf(reading.root), findings };
}

/** The tree as a document: without comments, and without space where only elements stand. */
export function documentOf(root: XmlElement): TexmlDocument {
  return { ...plain(root, 'Response'), name: 'Response' };
}

function plain(element: XmlElement, row: RowName): TexmlElement {
  const { name, attributes } = element;
  const keepsText = rowNamed(row).text !== undefined;
  if (row === 'Dial' && isBareSip(textIn(element).trim())) {
    return { name, attributes, children: [{ name: 'Sip', attributes: {}, children: [textIn(element).trim()] }] };
  }
  const children = element.children.flatMap((child): readonly (TexmlElement | string)[] => {
    if (typeof child === 'string') return keepsText && (row !== 'Dial' || child.trim() !== '') ? [child] : [];
    if (!('name' in child)) return [];
    return [plain(child, isSsml(child.name) ? row : (rowOf(child.name, row) ?? row))];
  });
  return { name, attributes, children };
}
