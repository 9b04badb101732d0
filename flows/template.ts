/** Text with `{{names}}` in it. A value is put in as it is, once: it is never looked into for names. */

/** What is known without being declared. */
export const BUILT_IN = {
  'call.id': 'the id of the call',
  'lead.phone': 'the number of the person',
  'our.phone': 'our number',
  'last.digits': 'the keys that were pressed last; empty before any were',
  'last.speech': 'the words that were understood last; empty before any were',
} as const;

export type Values = Readonly<Record<string, string>>;

const PLACE = /\{\{\s*([^{}]*?)\s*\}\}/g;

/** Names that stand in the text, each with the whole `{{ … }}`. */
export function placesIn(text: string): readonly { readonly whole: string; readonly name: string }[] {
  return [...text.matchAll(PLACE)].map(([whole, name = '']) => ({ whole, name }));
}

/** Whether braces are left over that belong to no name. */
export function hasLooseBraces(text: string): boolean {
  return /\{\{|\}\}/.test(text.replace(PLACE, ''));
}

/** A name that has no value leaves nothing. `encode` is what a value has to go through where it is put. */
export function fill(text: string, values: Values, encode: (value: string) => string = (value) => value): string {
  return text.replace(PLACE, (_whole, name: string) => encode(Object.hasOwn(values, name) ? (values[name] ?? '') : ''));
}
