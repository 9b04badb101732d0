/** XML in the shape in which people read it: two spaces for each depth, comments kept, text untouched but for its ends. */
import { isBareSip } from './checker';
import { inAttribute, inElement } from './writer';
import { textIn } from './xml-reader';
import type { XmlDocument, XmlElement, XmlNode } from './xml-reader';

const LONGEST_LINE = 100;

/** Writes a bare SIP address in Dial as the Sip that it is meant to be. Formatting twice changes nothing. */
export function formatXml({ root, before, after }: Omit<XmlDocument, 'text'>): string {
  const nodes: readonly XmlNode[] = [...before, root, ...after];
  return `<?xml version="1.0" encoding="UTF-8"?>\n${nodes.map((node) => formatted(node, '')).join('')}`;
}

function formatted(node: XmlNode, indent: string): string {
  if (typeof node === 'string') return '';
  if (!('name' in node)) return `${indent}<!--${node.comment}-->\n`;
  const element = withNestedSip(node);
  const inside = element.children.filter((child) => typeof child !== 'string' || child.trim() !== '');
  if (inside.length === 0) return `${indent}${startTag(element, indent)}/>\n`;
  const start = `${indent}${startTag(element, indent)}>`;
  const end = `</${element.name}>\n`;
  // Space next to text could be heard, or be part of a name: such content stays on its lines.
  if (inside.some((child) => typeof child === 'string')) return `${start}${inline(element)}${end}`;
  return `${start}\n${inside.map((child) => formatted(child, `${indent}  `)).join('')}${indent}${end}`;
}

function inline({ name, children }: XmlElement): string {
  const [only] = children;
  if (children.length === 1 && typeof only === 'string') return inElement(name, only.trim());
  const parts = children.map((child) => {
    if (typeof child === 'string') return inElement(name, child);
    if (!('name' in child)) return `<!--${child.comment}-->`;
    const start = startTag(child, '');
    return child.children.length === 0 ? `${start}/>` : `${start}>${inline(child)}</${child.name}>`;
  });
  return parts.join('').trim();
}

function startTag({ name, attributes }: XmlElement, indent: string): string {
  const parts = Object.entries(attributes).map(([attribute, value]) => `${attribute}="${inAttribute(value)}"`);
  const line = [`<${name}`, ...parts].join(' ');
  if (indent.length + line.length <= LONGEST_LINE) return line;
  return [`<${name}`, ...parts].join(`\n${indent}  `);
}

function withNestedSip(element: XmlElement): XmlElement {
  const text = textIn(element).trim();
  if (element.name !== 'Dial' || !isBareSip(text)) return element;
  return { ...element, children: [{ name: 'Sip', attributes: {}, children: [text], offset: element.offset }] };
}
