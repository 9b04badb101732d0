/** What is wrong, or doubtful, in a document: where, what was expected, and what to write instead. */

export interface Finding {
  readonly code: FindingCode;
  /** An error makes the document unusable; a warning says that Telnyx does something else than it seems. */
  readonly severity: 'error' | 'warning';
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 units, as editors count. */
  readonly column: number;
  /** Which element or attribute: `/Response/Gather[1]/@timeout`; empty when the text is no XML. */
  readonly path: string;
  /** What was expected, and what was found. */
  readonly message: string;
  /** What to do, when that is known. */
  readonly suggestion: string | null;
}

export type FindingCode = keyof typeof FINDING_CODES;

/** Every code with its meaning, for the reference page. */
export const FINDING_CODES = {
  not_texml: 'no XML, or the root is not `Response`',
  not_utf8: 'the bytes, or the declaration, are of another encoding than UTF-8',
  not_well_formed: 'no XML reader takes this',
  doctype_forbidden: 'a DOCTYPE or an entity is declared',
  processing_instruction: 'there is a `<?…?>` other than the XML declaration',
  too_large: 'more than 64 KiB',
  too_deep: 'elements nested more than 32 deep',
  too_many: 'more than 500 elements, 32 attributes on one, or 10 targets of one Dial',
  unknown_verb: 'Telnyx has no such element; it would leave it out silently',
  not_in_texml: 'TwiML has it, TeXML does not',
  misplaced: 'the element may not stand there',
  unknown_attribute: 'the element has no such attribute; Telnyx would ignore it silently',
  missing_attribute: 'a required attribute is missing',
  bad_value: 'a value of another type, or out of range',
  unreachable_host: 'a URL of a host that only exists in its own network',
  missing_text: 'the element has to have text',
  unexpected_text: 'there may be no text here',
  text_too_long: 'more text than Telnyx speaks at once',
  missing_child: 'the elements inside are not those that it needs',
  conflict: 'parts that exclude or need each other',
  bare_sip: 'a SIP address as the text of Dial; read as a Sip inside of it',
  ignored: 'it does nothing here',
  unknown_variable: 'a `{{name}}` for which there is no value',
  unreachable_verb: 'a verb that is never carried out',
  empty_document: 'no verbs',
} as const;

/** Lines end with LF, CR LF or CR, as editors have it. */
export function placeOf(text: string, offset: number): Pick<Finding, 'line' | 'column'> {
  const lines = text.slice(0, offset).split(/\r\n|\r|\n/);
  return { line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 };
}
