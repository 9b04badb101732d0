/**
 * Documents in TypeScript: `response(say('Hello'), dial(number('+15551234567')))`. A function for each row of the table,
 * typed by it: what Telnyx does not know does not compile. Ranges and what attributes need of each other are known only
 * to `parseTexml`, and to `outcall texml lint`.
 */
import type { TexmlDocument, TexmlElement } from './document';
import { TABLE } from './verbs';
import type { RowName } from './verbs';
import type { Attribute, ValueType } from './verbs/row';

type Table = typeof TABLE;

declare const row: unique symbol;
/** An element of one row. The row is known to the compiler only. */
export interface ElementOf<Name extends RowName> extends TexmlElement {
  readonly [row]: Name;
}

type ValueOf<Type extends ValueType> = Type extends { type: 'flag' }
  ? boolean
  : Type extends { type: 'integer' | 'decimal' }
    ? number
    : Type extends { type: 'word'; words: readonly (infer Word)[] }
      ? Word
      : Type extends { type: 'words'; words: readonly (infer Word)[] }
        ? readonly Word[]
        : string;

type AttributesIn<Name extends RowName> = Table[Name]['attributes'];
type RequiredIn<Attributes> = {
  [Key in keyof Attributes]: Attributes[Key] extends { required: true } ? Key : never;
}[keyof Attributes];

type ValueIn<Of> = Of extends Attribute ? ValueOf<Of['is']> : never;

/** What an element of a row may carry, and what it has to. */
export type AttributesOf<Name extends RowName> = keyof AttributesIn<Name> extends never
  ? Readonly<Record<string, never>>
  : {
      readonly [Key in Exclude<keyof AttributesIn<Name>, RequiredIn<AttributesIn<Name>>>]?: ValueIn<
        AttributesIn<Name>[Key]
      >;
    } & { readonly [Key in RequiredIn<AttributesIn<Name>>]: ValueIn<AttributesIn<Name>[Key]> } & {
      // An element is no set of attributes, even where an attribute is called `name`.
      readonly children?: never;
    } & object;

type ChildOf<Name extends RowName> = {
  [Child in Extract<Table[Name]['children'][number], RowName>]: ElementOf<Child>;
}[Extract<Table[Name]['children'][number], RowName>];

type TextOf<Name extends RowName> = Table[Name] extends { text: { is: { type: 'speech' } } } ? string | Ssml : string;

/** Where the number of children, or their mixture, is limited. */
interface Contents {
  Dial:
    | readonly [phoneNumber: string]
    | readonly [ElementOf<'Conference'>]
    | readonly [ElementOf<'Queue'>]
    | readonly (ElementOf<'Number'> | ElementOf<'Sip'>)[];
  Connect: readonly [ChildOf<'Connect'>];
  Refer: readonly [ChildOf<'Refer'>];
}

type ContentOf<Name extends RowName> = Name extends keyof Contents
  ? Contents[Name]
  : Table[Name] extends { text: { required: true } }
    ? readonly [TextOf<Name>, ...TextOf<Name>[]]
    : Table[Name] extends { text: object }
      ? readonly TextOf<Name>[]
      : readonly ChildOf<Name>[];

type Given<Name extends RowName> =
  | readonly [attributes: AttributesOf<Name>, ...content: ContentOf<Name>]
  | (RequiredIn<AttributesIn<Name>> extends never ? ContentOf<Name> : never);

const NO_ATTRIBUTES: TexmlElement['attributes'] = {};

function builderOf<Name extends RowName>(name: Name): (...given: Given<Name>) => ElementOf<Name> {
  const { tag } = TABLE[name];
  return (...given) => elementOf(tag, given) as ElementOf<Name>;
}

function elementOf(name: string, given: readonly unknown[]): TexmlElement {
  const [first] = given;
  const isElement = typeof first !== 'object' || first === null || 'children' in first;
  const children = (isElement ? given : given.slice(1)) as TexmlElement['children'];
  return {
    name,
    attributes: isElement ? NO_ATTRIBUTES : attributesOf(first as Readonly<Record<string, AttributeValue>>),
    children: children.includes('') ? children.filter((child) => child !== '') : children,
  };
}

type AttributeValue = string | number | boolean | readonly string[] | undefined;

function attributesOf(values: Readonly<Record<string, AttributeValue>>): TexmlElement['attributes'] {
  const attributes: Record<string, string> = {};
  for (const name in values) {
    const value = values[name];
    if (value !== undefined) attributes[name] = typeof value === 'object' ? value.join(' ') : String(value);
  }
  return attributes;
}

/** A document. `writeTexml` makes text of it. */
export function response(...verbs: ContentOf<'Response'>): TexmlDocument {
  return { name: 'Response', attributes: NO_ATTRIBUTES, children: verbs };
}

/** SSML inside of what is spoken: `say('Well', ssml('break', { time: '1s' }), 'then.')`. */
export function ssml(
  tag: string,
  attributes: Readonly<Record<string, string>> = {},
  ...content: readonly (string | Ssml)[]
): Ssml {
  return elementOf(tag, [attributes, ...content]) as Ssml;
}

export interface Ssml extends TexmlElement {
  readonly [row]: 'SSML';
}

export const say = builderOf('Say');
export const play = builderOf('Play');
export const pause = builderOf('Pause');
export const gather = builderOf('Gather');
export const dial = builderOf('Dial');
export const number = builderOf('Number');
export const sip = builderOf('Sip');
export const conference = builderOf('Conference');
export const queue = builderOf('Queue');
export const enqueue = builderOf('Enqueue');
export const leave = builderOf('Leave');
export const redirect = builderOf('Redirect');
export const refer = builderOf('Refer');
export const referSip = builderOf('ReferSip');
export const reject = builderOf('Reject');
export const hangup = builderOf('Hangup');
export const record = builderOf('Record');
export const start = builderOf('Start');
export const stop = builderOf('Stop');
export const connect = builderOf('Connect');
export const stream = builderOf('Stream');
export const parameter = builderOf('Parameter');
export const transcription = builderOf('Transcription');
export const suppression = builderOf('Suppression');
export const siprec = builderOf('Siprec');
export const recording = builderOf('Recording');
export const stopStream = builderOf('StopStream');
export const stopTranscription = builderOf('StopTranscription');
export const stopSuppression = builderOf('StopSuppression');
export const stopSiprec = builderOf('StopSiprec');
export const aiAssistant = builderOf('AIAssistant');
export const conversationRelay = builderOf('ConversationRelay');
export const language = builderOf('Language');
export const aiGather = builderOf('AIGather');
export const greeting = builderOf('Greeting');
export const aiGatherVoice = builderOf('AIGatherVoice');
export const parameters = builderOf('Parameters');
export const messageHistory = builderOf('MessageHistory');
export const message = builderOf('Message');
export const interruptionSettings = builderOf('InterruptionSettings');
export const aiGatherTranscription = builderOf('AIGatherTranscription');
export const assistant = builderOf('Assistant');
export const tools = builderOf('Tools');
export const tool = builderOf('Tool');
export const httpRequest = builderOf('HttpRequest');
export const request = builderOf('Request');
export const httpResponse = builderOf('HttpResponse');
export const headers = builderOf('Headers');
export const header = builderOf('Header');
export const key = builderOf('Key');
export const value = builderOf('Value');
export const body = builderOf('Body');
export const type = builderOf('Type');
export const statusCode = builderOf('StatusCode');
export const content = builderOf('Content');
export const field = builderOf('Field');
export const name = builderOf('Name');
export const pay = builderOf('Pay');
export const prompt = builderOf('Prompt');
