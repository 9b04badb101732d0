/** Whether a value is what its row says. The text is judged as it stands; nothing is converted. */
import { nearest } from './suggest';
import type { ValueType } from './verbs/row';

/** What was expected instead, and what to write when that can be guessed. */
export interface Objection {
  readonly code: 'bad_value' | 'unreachable_host' | 'text_too_long';
  readonly expected: string;
  readonly suggestion: string | null;
}

type Judge<Type extends ValueType['type']> = (
  value: string,
  is: Extract<ValueType, { type: Type }>,
) => Objection | null;

/** Null when the value is fine. A value with `{{…}}` is known only when Telnyx, or we, have filled it in. */
export function objectionTo(value: string, is: ValueType): Objection | null {
  if (isTemplate(value)) return null;
  return (JUDGES[is.type] as Judge<ValueType['type']>)(value, is);
}

export function isTemplate(value: string): boolean {
  return /\{\{[^]*\}\}/.test(value);
}

const JUDGES: { readonly [Type in ValueType['type']]: Judge<Type> } = {
  flag: (value) =>
    value === 'true' || value === 'false' ? null : bad('true or false', FLAGS.get(value.toLowerCase()) ?? null),
  word: (value, { words }) => (words.includes(value) ? null : bad(listed(words), nearest(value, words))),
  words: (value, { words }) => {
    const unknown = value.split(' ').find((word) => !words.includes(word));
    if (unknown === undefined) return null;
    const meant = nearest(unknown, words);
    return bad(`some of ${listed(words)}, with a space between`, meant && value.replace(unknown, meant));
  },
  integer: (value, { min, max, or }) => {
    const number = Number(value);
    if (/^\d{1,16}$/.test(value) && ((number >= min && number <= max) || number === or)) return null;
    const range =
      max === Number.MAX_SAFE_INTEGER ? `a whole number, at least ${min}` : `a whole number from ${min} to ${max}`;
    return bad(or === undefined ? range : `${range}, or ${or}`, nearestNumber(value, min, max));
  },
  decimal: (value, { min, max }) =>
    /^\d{1,16}(?:\.\d{1,16})?$/.test(value) && Number(value) >= min && Number(value) <= max
      ? null
      : bad(`a number from ${min} to ${max}`),
  keys: (value, { keys, mayBeEmpty }) => {
    if (Array.from(value).every((key) => keys.includes(key)) && (value !== '' || mayBeEmpty)) return null;
    return bad(`keys of a telephone, each one of ${keys}${mayBeEmpty ? ', or nothing' : ''}`);
  },
  url: (value) => objectionToUrl(value, ['http:', 'https:'], 'an http or https URL'),
  webSocketUrl: (value) =>
    /^wss:/i.test(value) || isTemplate(value)
      ? objectionToUrl(value, ['wss:'], 'a wss URL')
      : bad('a wss URL', /^ws:/i.test(value) ? value.replace(/^ws/i, 'wss') : null),
  phoneNumber: (value) =>
    /^\+[1-9]\d{6,14}$/.test(value) ? null : bad('a phone number in E.164, as +15551234567', asE164(value)),
  sipUri: (value) =>
    /^sips?:[^\s@:]+(?::[^\s@]*)?@[^\s@]+$/i.test(value) || /^sips?:[^\s@]+\.[^\s@]+$/i.test(value)
      ? null
      : bad('a SIP address, as sip:agent@example.com', /^[^\s@:]+@[^\s@]+$/.test(value) ? `sip:${value}` : null),
  json: (value) => (isJsonObject(value) ? null : bad('a JSON object')),
  text: (value, { maxLength, pattern, expected }) => {
    const fits = value.length <= (maxLength ?? Infinity) && (!pattern || patternOf(pattern).test(value));
    return fits ? null : bad(expected ?? `at most ${maxLength} characters`);
  },
  speech: (value, { maxLength }) =>
    value.length <= maxLength
      ? null
      : {
          code: 'text_too_long',
          expected: `at most ${maxLength} characters, these are ${value.length}`,
          suggestion: 'speak it in several Say',
        },
};

function bad(expected: string, suggestion: string | null = null): Objection {
  return {
    code: 'bad_value',
    expected,
    suggestion: suggestion === null ? null : `write ${JSON.stringify(suggestion)}`,
  };
}

const FLAGS = new Map(
  Object.entries({
    true: 'true',
    yes: 'true',
    '1': 'true',
    on: 'true',
    false: 'false',
    no: 'false',
    '0': 'false',
    off: 'false',
  }),
);

const listed = (words: readonly string[]): string => words.join(', ').replace(/, ([^,]*)$/, ' or $1');

function nearestNumber(value: string, min: number, max: number): string | null {
  const number = Number(value);
  if (value.trim() === '' || Number.isNaN(number)) return null;
  return String(Math.round(Math.min(max, Math.max(min, number))));
}

/** `(555) 123-4567` is nobody's number in E.164, but `+1 (555) 123-4567` and `0015551234567` can be read. */
function asE164(value: string): string | null {
  const digits = value.replace(/^\s*00/, '+').replace(/[\s().-]/g, '');
  return /^\+[1-9]\d{6,14}$/.test(digits) ? digits : null;
}

function isJsonObject(value: string): boolean {
  try {
    const parsed: unknown = JSON.parse(value);
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed);
  } catch {
    return false;
  }
}

const patterns = new Map<string, RegExp>();

function patternOf(source: string): RegExp {
  const known = patterns.get(source) ?? new RegExp(`^(?:${source})$`);
  patterns.set(source, known);
  return known;
}

/** Relative URLs are fine: Telnyx resolves them against the document's own. */
function objectionToUrl(value: string, protocols: readonly string[], expected: string): Objection | null {
  if (value === '' || /\s/.test(value))
    return bad(expected, value.trim() !== value && value.trim() !== '' ? value.trim() : null);
  const isAbsolute = /^[a-z][a-z0-9+.-]*:/i.test(value) || value.startsWith('//');
  if (!isAbsolute) return null;
  const whole = value.startsWith('//') ? `https:${value}` : value;
  const url = URL.canParse(whole) ? new URL(whole) : null;
  if (!url || !protocols.includes(url.protocol) || url.hostname === '') return bad(expected);
  if (!isPrivateHost(url.hostname)) return null;
  return { code: 'unreachable_host', expected: 'a host that Telnyx can reach', suggestion: 'use its public name' };
}

/** Hosts that are somebody's own: this machine, its network, and names that only exist there. */
function isPrivateHost(host: string): boolean {
  const name = host.toLowerCase().replace(/\.$/, '');
  return (
    /^(?:localhost|.*\.(?:localhost|local|internal|lan|home\.arpa))$/.test(name) ||
    /^(?:0|10|127)\.|^192\.168\.|^169\.254\.|^172\.(?:1[6-9]|2\d|3[01])\./.test(name) ||
    /^\[(?:::1?|f[cd].*|fe[89ab].*|::ffff:.*)\]$/.test(name)
  );
}
