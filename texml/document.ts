/** What a TeXML document is once it has been read, and before it is written: plain JSON, in the order of the text. */

export interface TexmlElement {
  readonly name: string;
  /** As they stand in the text: always strings, nothing is converted. */
  readonly attributes: Readonly<Record<string, string>>;
  /** Elements and text in their order. Space between elements is left out where only elements may stand. */
  readonly children: readonly (TexmlElement | string)[];
}

/** A whole document: its `Response`. */
export interface TexmlDocument extends TexmlElement {
  readonly name: 'Response';
}
