/**
 * The words of TeXML as far as the player has to know them: which verbs and nouns there are, which of them it plays,
 * what may stand in what (Telnyx docs: TeXML verbs, and "TeXML and TwiML compatibility").
 */
import type { TexmlElement } from './document';

/** Verbs the player plays, with the elements that may stand in them; null is anything (SSML). */
const played: Readonly<Record<string, readonly string[] | null>> = {
  Say: null,
  Play: [],
  Pause: [],
  Gather: ['Say', 'Play'],
  Dial: ['Number', 'Sip', 'Conference', 'Queue'],
  Record: [],
  Redirect: [],
  Reject: [],
  Hangup: [],
  Enqueue: [],
  Leave: [],
};

/** Verbs that Telnyx has and the simulator does not imitate: it says so in the transcript and goes on. */
const notImitated: ReadonlySet<string> = new Set([
  ...['AIAssistant', 'AIGather', 'Connect', 'ConversationRelay', 'HttpRequest', 'Refer', 'Siprec', 'Start', 'Stop'],
  ...['Stream', 'Suppression', 'Transcription'],
]);

export const isPlayed = (name: string): boolean => name in played;

/** What Telnyx does not know in a document, each with its line; empty when all is well. */
export function unknownIn(response: TexmlElement): readonly string[] {
  return response.children.flatMap((verb) => {
    if (notImitated.has(verb.name)) return [];
    const allowed = played[verb.name];
    if (allowed === undefined) return [`line ${verb.line}: there is no verb <${verb.name}>`];
    if (allowed === null) return [];
    const strangers = verb.children.filter(({ name }) => !allowed.includes(name));
    return strangers.map(({ line, name }) => `line ${line}: <${name}> may not stand in <${verb.name}>`);
  });
}

interface Range {
  readonly least: number;
  readonly most: number;
  readonly usual: number;
}

/** Numbers that an attribute may hold; what is missing, no number or out of range is brought into it. */
const ranges = {
  loop: { least: 0, most: 10, usual: 1 },
  pauseLength: { least: 1, most: 180, usual: 1 },
  gatherTimeout: { least: 1, most: 120, usual: 5 },
  digits: { least: 1, most: 128, usual: 128 },
  minDigits: { least: 1, most: 128, usual: 1 },
  speechTimeout: { least: 0, most: 120, usual: 1 },
  dialTimeout: { least: 5, most: 120, usual: 30 },
  dialTimeLimit: { least: 60, most: 14_400, usual: 14_400 },
  recordLength: { least: 0, most: 14_400, usual: 3600 },
  dialRecordLength: { least: 0, most: 14_400, usual: 0 },
  silence: { least: 0, most: 14_400, usual: 0 },
  queueWait: { least: 1, most: 14_400, usual: 14_400 },
  participants: { least: 2, most: 250, usual: 250 },
} as const satisfies Record<string, Range>;

/** A whole number of an attribute, within the range that Telnyx documents. */
export function wholeIn(element: TexmlElement, attribute: string, range: keyof typeof ranges): number {
  const { least, most, usual } = ranges[range];
  const given = element.attributes[attribute];
  const value = Number(given);
  if (given === undefined || given.trim() === '' || !Number.isInteger(value)) return usual;
  return Math.min(most, Math.max(least, value));
}

/** An attribute with something in it, or null. */
export function wordIn(element: TexmlElement, attribute: string): string | null {
  const value = element.attributes[attribute]?.trim();
  return value === undefined || value === '' ? null : value;
}

export const isTrueIn = (element: TexmlElement, attribute: string): boolean =>
  element.attributes[attribute]?.toLowerCase() === 'true';

export const methodIn = (element: TexmlElement, attribute: string): 'GET' | 'POST' =>
  element.attributes[attribute]?.toUpperCase() === 'GET' ? 'GET' : 'POST';
