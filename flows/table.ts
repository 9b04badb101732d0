/**
 * The table of steps: what each does, what it may carry, and where it can lead. Reading, checking, the types and the
 * chapter in docs/flows.md follow from it. What a value may be is what Telnyx takes: it comes from the table of verbs.
 */
import { TABLE } from '../texml/verbs';
import type { ValueType } from '../texml/verbs/row';
import type { Json } from '../domain/json';

/** How a value is written, and what becomes of it. */
export type FieldType =
  /** Text in which `{{names}}` may stand. */
  | { readonly type: 'text'; readonly is: ValueType }
  /** Text as it stands. */
  | { readonly type: 'literal'; readonly is: ValueType }
  | { readonly type: 'whole'; readonly is: ValueType }
  | { readonly type: 'flag' }
  | { readonly type: 'digits' }
  | { readonly type: 'words' }
  | { readonly type: 'prompt' }
  | { readonly type: 'destination'; readonly kinds: readonly DestinationKind[] }
  | { readonly type: 'agent' }
  | { readonly type: 'variable' }
  | { readonly type: 'paths' }
  | { readonly type: 'texts'; readonly of: 'variables' | 'headers' }
  | { readonly type: 'json' }
  /** `askedBy`: whose network its host has to be found in. */
  | { readonly type: 'webAddress'; readonly askedBy: 'carrier' | 'us' }
  | { readonly type: 'subject' }
  | { readonly type: 'zone' }
  | { readonly type: 'step' }
  | { readonly type: 'nothing' };

export type DestinationKind = 'number' | 'sip' | 'queue' | 'conference';
export interface Destination {
  readonly kind: DestinationKind;
  readonly to: string;
}
export type Prompt = { readonly say: string } | { readonly play: string };
/** As `POST /initiate` has it. */
export type Agent =
  | { readonly type: 'phone'; readonly number: string }
  | { readonly type: 'sip'; readonly uri: string }
  | { readonly type: 'webrtc'; readonly client_id: string };
export type Texts = Readonly<Record<string, string>>;

export type ValueOf<Type extends FieldType> = Type extends { type: 'text' | 'literal' | 'variable' }
  ? string
  : Type extends { type: 'webAddress' | 'subject' | 'zone' | 'step' }
    ? string
    : Type extends { type: 'whole' }
      ? number
      : Type extends { type: 'flag' }
        ? boolean
        : Type extends { type: 'digits' }
          ? { readonly min: number; readonly max: number }
          : Type extends { type: 'words' }
            ? readonly string[]
            : Type extends { type: 'prompt' }
              ? Prompt
              : Type extends { type: 'destination' }
                ? Destination
                : Type extends { type: 'agent' }
                  ? Agent
                  : Type extends { type: 'paths' | 'texts' }
                    ? Texts
                    : Type extends { type: 'json' }
                      ? Json
                      : null;

export interface Field {
  readonly is: FieldType;
  readonly meaning: string;
  /** As the docs say it. */
  readonly default?: string;
  readonly required?: true;
}

/** Where a step can lead. */
export type Ways =
  /** Nowhere: the call ends. */
  | 'end'
  /** `then`. */
  | 'then'
  /** `on` what came, `otherwise`, `silence`; or `then`. */
  | 'input'
  /** `on` what the subject is, `otherwise`. */
  | 'subject'
  /** `on` one of these, `otherwise`; or `then`. */
  | readonly string[];

export interface StepRow {
  readonly meaning: string;
  /** What stands behind the name of the step's verb. */
  readonly value: Field;
  /** What may stand beside it. */
  readonly fields: Readonly<Record<string, Field>>;
  readonly ways: Ways;
}

const { Say, Pause, Gather, Dial, Record: Recorded, Enqueue } = TABLE;

const anyText = { type: 'text', maxLength: 1_000, expected: 'at most 1000 characters' } as const;
const seconds = (is: ValueType) => ({ type: 'whole', is }) as const;
const voice = {
  is: { type: 'literal', is: Say.attributes.voice.is },
  default: '`voice` of the flow',
  meaning: 'Who speaks.',
} as const;
const prompt = { type: 'prompt' } as const;
const flag = { type: 'flag' } as const;
const from = {
  is: { type: 'text', is: Dial.attributes.callerId.is },
  default: 'our number',
  meaning: 'The number that is shown.',
} as const;
const timeout = {
  is: seconds(Dial.attributes.timeout.is),
  default: Dial.attributes.timeout.default,
  meaning: 'Seconds of ringing.',
} as const;
const talk = {
  timeout,
  limit: {
    is: seconds(Dial.attributes.timeLimit.is),
    default: Dial.attributes.timeLimit.default,
    meaning: 'Longest talk in seconds.',
  },
  recording: { is: flag, default: 'false', meaning: 'Records both, on two channels.' },
} as const;
const DIALED = ['answered', 'busy', 'no-answer', 'failed'] as const;

export const STEPS = {
  say: {
    meaning: 'Speaks.',
    value: { is: { type: 'text', is: Say.text.is }, required: true, meaning: 'What is said.' },
    fields: { voice },
    ways: 'then',
  },
  play: {
    meaning: 'Plays an audio file.',
    value: { is: { type: 'webAddress', askedBy: 'carrier' }, required: true, meaning: 'URL of an MP3 or WAV file.' },
    fields: {},
    ways: 'then',
  },
  pause: {
    meaning: 'Waits in silence.',
    value: { is: seconds(Pause.attributes.length.is), required: true, meaning: 'Seconds.' },
    fields: {},
    ways: 'then',
  },
  gather: {
    meaning: 'Asks for keys, words, or both.',
    value: { is: prompt, meaning: 'What is said meanwhile; `{play: URL}` plays a file.' },
    fields: {
      voice,
      digits: { is: { type: 'digits' }, meaning: 'How many keys: `1`, or `2-16`. Without it, keys do not count.' },
      keys: {
        is: { type: 'literal', is: Gather.attributes.validDigits.is },
        default: 'all',
        meaning: 'Keys that count.',
      },
      finish: {
        is: { type: 'literal', is: Gather.attributes.finishOnKey.is },
        default: '`"#"`',
        meaning: 'Keys that end it early; `""` for none.',
      },
      timeout: {
        is: seconds(Gather.attributes.timeout.is),
        default: Gather.attributes.timeout.default,
        meaning: 'Seconds without a key after which it ends.',
      },
      speech: { is: flag, default: 'false', meaning: 'Words count.' },
      language: {
        is: { type: 'literal', is: Gather.attributes.language.is },
        default: '`language` of the flow',
        meaning: 'Language of the words.',
      },
      hints: { is: { type: 'words' }, meaning: 'Words to expect: `[sales, support]`.' },
      save: { is: { type: 'variable' }, meaning: 'Variable that becomes what came.' },
    },
    ways: 'input',
  },
  dial: {
    meaning: 'Connects with somebody; when they hang up, the flow goes on.',
    value: {
      is: { type: 'destination', kinds: ['number', 'sip', 'queue', 'conference'] },
      required: true,
      meaning: 'A phone number, `{sip: …}`, `{queue: …}` or `{conference: …}`.',
    },
    fields: { from, ...talk },
    ways: DIALED,
  },
  agent: {
    meaning: 'Connects with an agent, named as in `POST /initiate`.',
    value: {
      is: { type: 'agent' },
      required: true,
      meaning: '`{type: phone, number: …}`, `{type: sip, uri: …}` or `{type: webrtc, client_id: …}`.',
    },
    fields: talk,
    ways: DIALED,
  },
  transfer: {
    meaning: 'Connects with somebody, and the flow is done.',
    value: {
      is: { type: 'destination', kinds: ['number', 'sip'] },
      required: true,
      meaning: 'A phone number, or `{sip: …}`.',
    },
    fields: { from, timeout },
    ways: 'end',
  },
  record: {
    meaning: 'Records what the person says.',
    value: { is: prompt, meaning: 'What is said before; `{play: URL}` plays a file.' },
    fields: {
      voice,
      max: {
        is: seconds(Recorded.attributes.maxLength.is),
        default: Recorded.attributes.maxLength.default,
        meaning: 'Longest recording in seconds.',
      },
      timeout: {
        is: seconds(Recorded.attributes.timeout.is),
        default: '5',
        meaning: 'Seconds of silence that end it, once something was said; 0 for never.',
      },
      finish: {
        is: { type: 'literal', is: Recorded.attributes.finishOnKey.is },
        default: '`"1234567890*#"`',
        meaning: 'Keys that end it.',
      },
      beep: { is: flag, default: 'true', meaning: 'A beep before.' },
      save: { is: { type: 'variable' }, meaning: 'Variable that becomes the id of the recording.' },
    },
    ways: ['recorded', 'empty'],
  },
  enqueue: {
    meaning: 'Puts the person in a queue, with hold sound.',
    value: { is: { type: 'text', is: anyText }, required: true, meaning: 'Name of the queue.' },
    fields: {
      max_wait: {
        is: seconds(Enqueue.attributes.maxWaitTimeSecs.is),
        default: Enqueue.attributes.maxWaitTimeSecs.default,
        meaning: 'Longest wait in seconds.',
      },
    },
    ways: ['answered', 'timeout', 'failed'],
  },
  http: {
    meaning: 'Asks a server of yours.',
    value: { is: { type: 'webAddress', askedBy: 'us' }, required: true, meaning: 'URL.' },
    fields: {
      method: {
        is: { type: 'literal', is: { type: 'word', words: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] } },
        default: '`POST` with `json`, else `GET`',
        meaning: 'HTTP method.',
      },
      headers: { is: { type: 'texts', of: 'headers' }, meaning: 'Headers: `{name: text}`.' },
      json: { is: { type: 'json' }, meaning: 'Body, sent as JSON.' },
      timeout: {
        is: seconds({ type: 'integer', min: 1, max: 10 }),
        default: '5',
        meaning: 'Seconds to wait for the answer.',
      },
      save: {
        is: { type: 'paths' },
        meaning: 'Variables that become fields of the JSON in the answer: `{balance: account.balance}`.',
      },
    },
    ways: ['ok', 'failed'],
  },
  branch: {
    meaning: 'Goes one way or another.',
    value: {
      is: { type: 'subject' },
      required: true,
      meaning: '`digits`, `speech`, `machine`, `clock`, or the name of a variable.',
    },
    fields: { zone: { is: { type: 'zone' }, meaning: 'Time zone of `clock`, as `America/New_York`.' } },
    ways: 'subject',
  },
  set: {
    meaning: 'Gives variables values.',
    value: { is: { type: 'texts', of: 'variables' }, required: true, meaning: '`{variable: text}`.' },
    fields: {},
    ways: 'then',
  },
  repeat: {
    meaning: 'Goes back to a step, so many times in a call; after that, on.',
    value: { is: { type: 'step' }, required: true, meaning: 'The step.' },
    fields: {
      times: { is: seconds({ type: 'integer', min: 1, max: 20 }), required: true, meaning: 'How often, 1 to 20.' },
    },
    ways: 'then',
  },
  hangup: {
    meaning: 'Ends the call.',
    value: { is: { type: 'nothing' }, meaning: 'Nothing.' },
    fields: {},
    ways: 'end',
  },
} as const satisfies Readonly<Record<string, StepRow>>;

export type Verb = keyof typeof STEPS;

export const VERBS = Object.keys(STEPS) as readonly Verb[];

/** What a branch can be about besides variables. */
export const SUBJECTS: readonly string[] = ['digits', 'speech', 'machine', 'clock'];

/** A browser's name, as `POST /initiate` takes it. */
export const CLIENT_ID = {
  type: 'text',
  pattern: '[A-Za-z0-9_-]{1,64}',
  expected: 'a client_id: 1 to 64 letters, digits, _ and -',
} as const;

/** Stands for the end of the call wherever a step may be named. */
export const HANGUP = 'hangup';

export function rowOf(verb: Verb): StepRow {
  return STEPS[verb];
}
