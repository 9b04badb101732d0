/** Steps to the TeXML that Telnyx carries out, with the values of their variables put in. */
import type { Json } from '../domain/json';
import {
  conference,
  dial,
  enqueue,
  gather,
  hangup,
  number,
  pause,
  play,
  queue,
  record,
  redirect,
  say,
  sip,
} from '../texml/builder';
import type { TexmlDocument, TexmlElement } from '../texml/document';
import { objectionTo } from '../texml/values';
import { TABLE } from '../texml/verbs';
import type { ValueType } from '../texml/verbs/row';
import type { FlowStep, StepOf } from './flow';
import type { HttpRequest, Scene } from './script';
import type { Agent, Destination, Prompt } from './table';
import { fill } from './template';
import type { Values } from './template';

export type Verbs = readonly TexmlElement[];

/** What a step is rendered with. */
export interface Stage {
  readonly values: Values;
  readonly scene: Scene;
  /** Of the flow. */
  readonly voice: string | null;
  readonly language: string | null;
}

/** What one step says, and an address, in UTF-16 units: a document stays below 64 KiB, whatever variables hold. */
const MOST = { letters: 4_000, address: 2_000, name: 1_000 } as const;

/** Where Telnyx asks for what follows. */
export const linkOf = ({ base, number: document }: Scene): string => `${base}/instructions/${document + 1}`;

/** Leaves out what is null: then Telnyx's default is meant. */
function given<Attributes extends object>(values: {
  readonly [Key in keyof Attributes]: Attributes[Key] | null;
}): Partial<Attributes> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null)) as Partial<Attributes>;
}

/** Characters that XML cannot carry would be left out; text that consists of them would be none. */
// eslint-disable-next-line no-control-regex -- it is about control characters
const UNSPEAKABLE = /[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]/gu;

/** As many Says as it takes: none for empty text, several for more than Telnyx speaks at once. */
function spoken(text: string, voice: string | null): ReturnType<typeof say>[] {
  const most = TABLE.Say.text.is.maxLength;
  const clean = text.replace(UNSPEAKABLE, '').trim().slice(0, MOST.letters).trim();
  if (clean === '') return [];
  const cut = clean.length <= most ? clean.length : lastSpaceIn(clean.slice(0, most));
  return [say(given({ voice }), clean.slice(0, cut)), ...spoken(clean.slice(cut), voice)];
}

function lastSpaceIn(text: string): number {
  const space = text.lastIndexOf(' ');
  return space > 0 ? space : text.length - 1;
}

/** What is heard of a step that needs no answer. */
export function heardOf(step: StepOf<'say'> | StepOf<'play'> | StepOf<'pause'>, { values, voice }: Stage): Verbs {
  switch (step.does) {
    case 'say':
      return spoken(fill(step.value, values), step.voice ?? voice);
    case 'play':
      return played(step.value, values);
    case 'pause':
      return [pause({ length: step.value })];
  }
}

/** Nothing, when values have made an address of it that nobody takes. */
function played(template: string, values: Values): ReturnType<typeof play>[] {
  const address = addressOf(template, values);
  return address.length > MOST.address ? [] : [play(address)];
}

/** Values are put into addresses as parts of them: nothing in a value leads elsewhere. */
function addressOf(template: string, values: Values): string {
  return fill(template, values, (value) => encodeURIComponent(value.replace(UNSPEAKABLE, '')));
}

function promptOf(prompt: Prompt | null, voice: string | null, { values, voice: usual }: Stage) {
  if (prompt === null) return [];
  return 'say' in prompt ? spoken(fill(prompt.say, values), voice ?? usual) : played(prompt.play, values);
}

/** A step that waits for the carrier's answer; null when its values lead nowhere, as a variable that is no number. */
export function askedOf(
  step: Extract<FlowStep, { does: 'gather' | 'record' | 'enqueue' | 'dial' }>,
  stage: Stage,
): Verbs | null {
  switch (step.does) {
    case 'gather':
      return [gatherOf(step, stage), redirect(linkOf(stage.scene))];
    case 'record':
      return [...promptOf(step.value, step.voice, stage), recordOf(step, stage), redirect(linkOf(stage.scene))];
    case 'enqueue':
      return [enqueueOf(step, stage), redirect(linkOf(stage.scene))];
    case 'dial': {
      const target = targetOf(step.value, stage);
      const from = step.from === null ? null : fill(step.from, stage.values);
      if (target === null || (from !== null && !fits(from, TABLE.Dial.attributes.callerId.is))) return null;
      return dialOf(target, { ...step, from }, stage);
    }
  }
}

/** The last thing that a flow does: whoever is dialed, the call is over after it. */
export function transferOf(step: StepOf<'transfer'>, stage: Stage): Verbs {
  const target = targetOf(step.value, stage);
  const from = step.from === null ? null : fill(step.from, stage.values);
  const isRight = target !== null && (from === null || fits(from, TABLE.Dial.attributes.callerId.is));
  if (!isRight) return sorry(stage.voice);
  return [dial({ ...given({ callerId: from, timeout: step.timeout }), ...tellOfRecording(stage) }, target), hangup()];
}

/** An agent by phone or SIP address; null when it is none. */
export function agentOf(step: StepOf<'agent'>, target: Destination, stage: Stage): Verbs | null {
  const noun = targetOf(target, stage);
  return noun === null ? null : dialOf(noun, { ...step, from: null }, stage);
}

export function destinationOf(agent: Exclude<Agent, { type: 'webrtc' }>): Destination {
  return agent.type === 'phone' ? { kind: 'number', to: agent.number } : { kind: 'sip', to: agent.uri };
}

type Target = ReturnType<typeof number | typeof sip>;

interface Talk {
  readonly from: string | null;
  readonly timeout: number | null;
  readonly limit: number | null;
  readonly recording: boolean | null;
}

function dialOf(target: Target, { from, timeout, limit, recording }: Talk, stage: Stage): Verbs {
  const attributes = {
    action: linkOf(stage.scene),
    ...given({ callerId: from, timeout, timeLimit: limit }),
    ...(recording ? ({ record: 'record-from-answer-dual', recordingChannels: 'dual' } as const) : {}),
    ...tellOfRecording(stage),
  };
  return [dial(attributes, target), redirect(linkOf(stage.scene))];
}

const tellOfRecording = ({ scene }: Stage) =>
  ({
    recordingStatusCallback: `${scene.base}/recordings/steps`,
    recordingStatusCallbackEvent: ['completed', 'absent'],
  }) as const;

/** A queue and a conference stand alone in a Dial; the builder's types have them apart, the document does not. */
function targetOf({ kind, to }: Destination, { values }: Stage): Target | null {
  const address = fill(to, values).trim().slice(0, MOST.name);
  if (address === '' || !fits(address, TABLE[ROWS[kind]].text.is)) return null;
  const build = { number, sip, queue, conference }[kind] as typeof number;
  return build(address);
}

const ROWS = { number: 'Number', sip: 'Sip', queue: 'Queue', conference: 'Conference' } as const;

/** A value that was put in has no names in it: braces in it are what somebody said or typed. */
function fits(value: string, is: ValueType): boolean {
  return !value.includes('{{') && objectionTo(value, is) === null && value.replace(UNSPEAKABLE, '') === value;
}

function gatherOf(step: StepOf<'gather'>, stage: Stage) {
  const { digits, speech, keys, finish, timeout, hints } = step;
  const { min, max } = digits ?? { min: null, max: null };
  const input = speech ? (digits === null ? 'speech' : 'dtmf speech') : 'dtmf';
  const attributes = {
    action: linkOf(stage.scene),
    input,
    ...given({ numDigits: min === max ? min : null, timeout, validDigits: keys, finishOnKey: finish }),
    ...(min === max ? {} : given({ minDigits: min, maxDigits: max })),
    ...given({ invalidDigitsAction: digits === null ? null : linkOf(stage.scene) }),
    ...given({ language: speech ? (step.language ?? stage.language) : null }),
    ...given({ hints: hints === null ? null : fill(hints.join(', '), stage.values).slice(0, MOST.name) }),
  } as const;
  return gather(attributes, ...promptOf(step.value, step.voice, stage));
}

/** Without a limit for silence a recording of somebody who has gone quiet would last an hour. */
const SILENCE_SECONDS = 5;

function recordOf({ max, timeout, finish, beep }: StepOf<'record'>, stage: Stage) {
  return record({
    action: linkOf(stage.scene),
    timeout: timeout ?? SILENCE_SECONDS,
    ...given({ maxLength: max, finishOnKey: finish, playBeep: beep }),
    recordingStatusCallback: `${stage.scene.base}/recordings/steps`,
    recordingStatusCallbackEvent: ['completed'],
  });
}

function enqueueOf({ value, max_wait: longest }: StepOf<'enqueue'>, { values, scene }: Stage) {
  const attributes = {
    action: linkOf(scene),
    waitUrl: `${scene.base}/wait`,
    ...given({ maxWaitTimeSecs: longest }),
  };
  // A queue without a name is one, too; Telnyx would have none.
  return enqueue(attributes, fill(value, values).slice(0, MOST.name) || 'queue');
}

/** Values in headers and bodies are text; in the address they are parts of it. */
export function requestOf(step: StepOf<'http'>, { values }: Stage): HttpRequest {
  const headers = Object.entries(step.headers ?? {}).map(([name, text]) => {
    // A header is one line of Latin letters.
    return [
      name,
      fill(text, values)
        .replace(/[^\t\x20-\x7e\x80-\xff]/g, ' ')
        .trim(),
    ] as const;
  });
  const hasType = headers.some(([name]) => name.toLowerCase() === 'content-type');
  const type = step.json === null || hasType ? [] : [['content-type', 'application/json'] as const];
  return {
    method: (step.method ?? (step.json === null ? 'GET' : 'POST')) as HttpRequest['method'],
    url: addressOf(step.value, values),
    headers: Object.fromEntries([...headers, ...type]),
    body: step.json === null ? null : JSON.stringify(filled(step.json, values)),
    timeoutSeconds: step.timeout ?? 5,
  };
}

function filled(json: Json, values: Values): Json {
  if (typeof json === 'string') return fill(json, values);
  if (typeof json !== 'object' || json === null) return json;
  if (Array.isArray(json)) return json.map((item: Json) => filled(item, values));
  return Object.fromEntries(Object.entries(json).map(([key, value]) => [key, filled(value, values)]));
}

const APOLOGY = 'We are sorry, this call cannot go on. Goodbye.';

/** What is heard when nothing else can be: an apology, and the end of the call. */
export function sorry(voice: string | null): Verbs {
  return [...spoken(APOLOGY, voice), hangup()];
}

export function farewell(voice: string | null): TexmlDocument {
  return documentOf(sorry(voice));
}

export function documentOf(verbs: Verbs): TexmlDocument {
  return { name: 'Response', attributes: {}, children: verbs };
}
