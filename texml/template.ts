/** Documents with `{{names}}` in their text and attributes, as Telnyx's TeXML bins have them, filled in by us. */
import type { TexmlDocument, TexmlElement } from './document';
import { parseTexml } from './reader';
import type { TexmlReading } from './reader';
import { writeTexml } from './writer';

/**
 * Puts values where their names stand. What results is checked like any document, since only now its values are known;
 * places are those in the text of `writeTexml`. A value is never looked into for names, nor read as XML.
 */
export function fillTexml(document: TexmlDocument, values: Readonly<Record<string, string>>): TexmlReading {
  const unknown = new Set<string>();
  const fill = (text: string): string =>
    text.replace(/\{\{([^]*?)\}\}/g, (whole, inside: string) => {
      const name = inside.trim();
      if (Object.hasOwn(values, name)) return values[name] ?? '';
      unknown.add(whole);
      return whole;
    });
  const filled = { ...filledBy(fill, document), name: document.name };
  const reading = parseTexml(writeTexml(filled));
  if (unknown.size === 0) return reading;
  const known = Object.keys(values).join(', ') || 'none';
  const findings = [...unknown].map((found) => ({
    code: 'unknown_variable' as const,
    severity: 'error' as const,
    line: 1,
    column: 1,
    path: '/Response',
    message: `expected a name that has a value (${known}), found ${found.slice(0, 80)}`,
    suggestion: null,
  }));
  return { document: null, findings: [...findings, ...reading.findings] };
}

function filledBy(fill: (text: string) => string, { name, attributes, children }: TexmlElement): TexmlElement {
  return {
    name,
    attributes: Object.fromEntries(Object.entries(attributes).map(([attribute, value]) => [attribute, fill(value)])),
    children: children.map((child) => (typeof child === 'string' ? fill(child) : filledBy(fill, child))),
  };
}
