/** What the table cannot say: attributes that need each other, children that exclude each other, verbs in vain. */
import type { Finding, FindingCode } from './findings';
import { isTemplate, objectionTo } from './values';
import { url } from './verbs/row';

/** What a rule looks at: one element, its text without the space around it, and the names of its children. */
interface Seen {
  readonly attributes: Readonly<Record<string, string>>;
  readonly text: string;
  readonly children: readonly string[];
}

export interface Breach {
  readonly code: FindingCode;
  /** @default 'error' */
  readonly severity?: Finding['severity'];
  readonly message: string;
  readonly suggestion?: string | null;
  /** The attribute, or which of the children, is to blame; else it is the element. */
  readonly attribute?: string;
  readonly child?: number;
  /** It is about an address that leads to the next document. */
  readonly leads?: true | undefined;
}

/** What is broken, or nothing. */
type Rule = (element: Seen) => Breach | false;

/** Ringing more phones than this for one caller is never meant. Telnyx documents no limit. */
const MOST_TARGETS = 10;
const LAST_VERBS = ['Redirect', 'Reject', 'Hangup'];

/** By the name of the element's row. */
export const RULES: Readonly<Record<string, readonly Rule[]>> = {
  Response: [
    ({ children }) =>
      children.length === 0 &&
      warning('empty_document', 'there is no verb, so the call is hung up at once', 'add verbs, or Hangup'),
    ({ children }) => {
      const last = children.findIndex((tag) => LAST_VERBS.includes(tag));
      return (
        last !== -1 &&
        last < children.length - 1 && {
          ...warning(
            'unreachable_verb',
            `nothing after ${children[last] ?? ''} is carried out`,
            'remove it, or what stands before it',
          ),
          child: last + 1,
        }
      );
    },
    ({ children }) =>
      children.indexOf('Reject') > 0 && {
        ...warning(
          'conflict',
          'Reject is free of charge only as the first verb; here the call has been answered',
          'write Hangup',
        ),
        child: children.indexOf('Reject'),
      },
  ],
  Say: [
    ({ attributes: { voice = '', api_key_ref: key } }) =>
      voice.startsWith('ElevenLabs.') && !key && missing('api_key_ref', 'voices of ElevenLabs need your key'),
    ({ attributes: { voice = '', api_key_ref: key, region } }) =>
      voice.startsWith('Azure.') &&
      Boolean(key) &&
      !region &&
      missing('region', 'Azure with a key of your own needs it'),
    ({ attributes: { voice = '', gender, effect } }) =>
      (gender ?? effect) !== undefined &&
      !voice.startsWith('Azure.') &&
      !isTemplate(voice) &&
      warning(
        'ignored',
        'gender and effect do something with voices of Azure only',
        'remove them, or name a voice Azure.…',
      ),
  ],
  Play: [
    ({ attributes: { digits, ringTone }, text }) => {
      const sources = [digits, ringTone, text || undefined].filter((source) => source !== undefined).length;
      if (sources === 1) return false;
      const expected = 'expected one of the URL of an audio file, digits and ringTone';
      return sources === 0 ? { code: 'missing_text', message: expected } : conflict(expected);
    },
    ({ attributes: { mediaStorage }, text }) => {
      const objection = text === '' || mediaStorage === 'true' ? null : objectionTo(text, url);
      return objection !== null && { ...objection, message: `expected ${objection.expected}, found ${quoted(text)}` };
    },
  ],
  Gather: [
    ({ attributes: { minDigits = '1', maxDigits = '128' } }) =>
      Number(minDigits) > Number(maxDigits) &&
      conflict(`expected at least minDigits as maxDigits, ${minDigits} is more than ${maxDigits}`),
    azureNeedsRegion,
  ],
  Dial: [
    ({ text, children }) =>
      text === '' && children.length === 0 && missingChild('a phone number, or Number, Sip, Conference or Queue'),
    ({ text, children }) =>
      text !== '' && children.length > 0 && conflict('expected either a phone number as text or elements, not both'),
    ({ children }) =>
      children.length > 1 &&
      children.some((tag) => tag === 'Conference' || tag === 'Queue') &&
      conflict('expected a Conference or Queue alone'),
    ({ children }) =>
      children.length > MOST_TARGETS && {
        code: 'too_many',
        message: `expected at most ${MOST_TARGETS} Numbers and Sips, these are ${children.length}`,
        child: MOST_TARGETS,
      },
    ({ attributes: { record = 'do-not-record' }, children }) =>
      record !== 'do-not-record' &&
      (children.includes('Conference') || children.includes('Queue')) && {
        ...warning(
          'ignored',
          'record of Dial does nothing for a Conference or Queue',
          'write record="record-from-start" on Conference',
        ),
        attribute: 'record',
      },
  ],
  Refer: [exactlyOne('Sip')],
  Start: [atLeastOneOf('Stream, Transcription, Suppression, Siprec or Recording')],
  Stop: [atLeastOneOf('Stream, Transcription, Suppression or Siprec')],
  Connect: [
    ({ children }) => children.length !== 1 && missingChild('exactly one Stream, ConversationRelay or AIAssistant'),
  ],
  Record: [
    ({ attributes: { transcription, transcriptionCallback } }) =>
      transcription === 'true' &&
      !transcriptionCallback &&
      missing('transcriptionCallback', 'somebody has to be told the transcript'),
  ],
  Transcription: [azureNeedsRegion],
  Suppression: [
    ({ attributes: { size, family } }) =>
      size === 'vf' && family !== 'quail' && conflict('expected family="quail" with size="vf"'),
  ],
  AIAssistant: [
    ({ attributes: { id, join } }) =>
      (id === undefined) === (join === undefined) && conflict('expected either id or join'),
  ],
  ConversationRelay: [backgroundIsAPair],
  Language: [backgroundIsAPair],
  AIGather: [exactlyOne('Parameters')],
  MessageHistory: [atLeastOneOf('Message')],
  Tools: [atLeastOneOf('Tool')],
  HttpRequest: [
    exactlyOne('Request'),
    ({ attributes }) =>
      attributes['async'] === 'true' &&
      attributes['action'] !== undefined && {
        ...warning('ignored', 'action is asked only when the answer is waited for', 'write async="false"'),
        attribute: 'action',
      },
  ],
  Header: [exactlyOne('Key'), exactlyOne('Value')],
  Field: [exactlyOne('Name'), exactlyOne('Value')],
  Pay: [
    ({ attributes: { transactionType, chargeAmount } }) =>
      transactionType === 'charge' && chargeAmount === undefined && missing('chargeAmount', 'a charge needs an amount'),
  ],
  Prompt: [atLeastOneOf('Say')],
};

const quoted = (text: string): string => JSON.stringify(text.length > 80 ? `${text.slice(0, 79)}…` : text);

function warning(code: FindingCode, message: string, suggestion: string): Breach {
  return { code, severity: 'warning', message, suggestion };
}

function conflict(message: string): Breach {
  return { code: 'conflict', message };
}

function missing(attribute: string, why: string): Breach {
  return { code: 'missing_attribute', message: `expected ${attribute}: ${why}`, suggestion: `add ${attribute}="…"` };
}

function missingChild(expected: string): Breach {
  return { code: 'missing_child', message: `expected ${expected}` };
}

function exactlyOne(tag: string): Rule {
  return ({ children }) => children.filter((child) => child === tag).length !== 1 && missingChild(`exactly one ${tag}`);
}

function atLeastOneOf(tags: string): Rule {
  return ({ children }) => children.length === 0 && missingChild(`at least one ${tags}`);
}

function azureNeedsRegion({ attributes }: Seen): Breach | false {
  return attributes['transcriptionEngine'] === 'Azure' && !attributes['region'] && missing('region', 'Azure needs it');
}

function backgroundIsAPair({ attributes }: Seen): Breach | false {
  return (
    'backgroundAudioType' in attributes !== 'backgroundAudioValue' in attributes &&
    conflict('expected backgroundAudioType and backgroundAudioValue together')
  );
}
