/** How a row of the table of verbs is written: what an element may carry, and what values mean. */

/** What a value has to look like. The builder's types, the checker, the JSON schema and the reference page follow from it. */
export type ValueType =
  | { readonly type: 'flag' }
  | { readonly type: 'word'; readonly words: readonly string[] }
  /** Some of the words, separated by spaces. */
  | { readonly type: 'words'; readonly words: readonly string[] }
  /** A whole number from min to max, or the value `or`. */
  | { readonly type: 'integer'; readonly min: number; readonly max: number; readonly or?: number }
  | { readonly type: 'decimal'; readonly min: number; readonly max: number }
  /** Keys of a telephone, each one of `keys`. */
  | { readonly type: 'keys'; readonly keys: string; readonly mayBeEmpty: boolean }
  | { readonly type: 'url' }
  | { readonly type: 'webSocketUrl' }
  | { readonly type: 'phoneNumber' }
  | { readonly type: 'sipUri' }
  | { readonly type: 'json' }
  /** Anything, but for what `pattern` (anchored) and `maxLength` say; `expected` puts the pattern in words. */
  | { readonly type: 'text'; readonly maxLength?: number; readonly pattern?: string; readonly expected?: string }
  /** What is spoken: text, in which SSML may stand. */
  | { readonly type: 'speech'; readonly maxLength: number };

export interface Attribute {
  readonly is: ValueType;
  readonly meaning: string;
  readonly default?: string;
  readonly required?: true;
  /** Telnyx goes on with the document that it is given at this address. */
  readonly leads?: true;
}

export interface Row {
  /** The element's name. Rows differ in it only where one name means several things: `Stream` in `Start` and in `Stop`. */
  readonly tag: string;
  readonly kind: 'root' | 'verb' | 'noun' | 'part';
  readonly meaning: string;
  /** The page of Telnyx's documentation that says so, below `PAGES`. */
  readonly page: string;
  readonly attributes: Readonly<Record<string, Attribute>>;
  /** Names of rows. */
  readonly children: readonly string[];
  readonly text?: {
    readonly is: ValueType;
    readonly meaning: string;
    readonly required?: true;
    /** Telnyx goes on with the document that it is given at this address. */
    readonly leads?: true;
    /** Telnyx's pages write it in CDATA. */
    readonly cdata?: true;
  };
}

export type Rows = Readonly<Record<string, Row>>;

export const PAGES = 'https://developers.telnyx.com/docs/voice/programmable-voice/texml-verbs';

export const flag = { type: 'flag' } as const;
export const url = { type: 'url' } as const;
export const webSocketUrl = { type: 'webSocketUrl' } as const;
export const phoneNumber = { type: 'phoneNumber' } as const;
export const sipUri = { type: 'sipUri' } as const;
export const json = { type: 'json' } as const;
export const anyText = { type: 'text' } as const;
/** Telnyx speaks at most this much at once (API reference, "Speak text": 3,000 characters). */
export const speech = { type: 'speech', maxLength: 3_000 } as const;

export const oneOf = <const Words extends readonly string[]>(...words: Words) => ({ type: 'word', words }) as const;
export const someOf = <const Words extends readonly string[]>(...words: Words) => ({ type: 'words', words }) as const;
export const integer = (min: number, max = Number.MAX_SAFE_INTEGER) => ({ type: 'integer', min, max }) as const;
export const decimal = (min: number, max: number) => ({ type: 'decimal', min, max }) as const;
export const keys = (allowed: string) => ({ type: 'keys', keys: allowed, mayBeEmpty: false }) as const;

/** Attributes that occur in many rows, so that they read the same everywhere. */
const httpMethod = oneOf('GET', 'POST');
export const method = (of: string) =>
  ({ is: httpMethod, default: 'POST', meaning: `HTTP method of \`${of}\`.` }) as const;
export const action = (when: string) =>
  ({
    is: url,
    leads: true,
    meaning: `Asked for the next document when ${when}; without it, the next verb follows.`,
  }) as const;
export const callback = (what: string) => ({ is: url, meaning: `Told ${what}.` }) as const;
