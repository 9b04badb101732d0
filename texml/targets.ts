/** Whom a document would call: for those who decide which numbers and addresses may be called. */
import type { TexmlElement } from './document';

/** Phone numbers and SIP addresses in the order in which they stand, repeated where the document repeats them. */
export function targetsOf({ name, children }: TexmlElement): readonly string[] {
  return children.flatMap((child) => {
    if (typeof child !== 'string') return targetsOf(child);
    const target = child.trim();
    return ['Dial', 'Number', 'Sip'].includes(name) && target !== '' ? [target] : [];
  });
}
