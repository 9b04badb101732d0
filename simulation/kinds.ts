/**
 * The kinds of calls and of what people do in them, as tables: a new kind is a new row, and the runs count how often each
 * has happened.
 */
import type { Agent, CallRequest } from '../domain/call';
import { phoneAt, phones } from '../simulator/phones';
import type { MachineScript, PhoneBehaviour } from '../simulator/phones';
import type { Draws, Weighted } from './chance';

interface Kind extends Weighted {
  readonly kind: string;
}

/** What somebody wants of a call while it runs. */
export type Wish = { readonly afterMs: number } & (
  | { readonly kind: 'hangUp' }
  | { readonly kind: 'join'; readonly clientId: string }
  | { readonly kind: 'mute'; readonly participant: string; readonly muted: boolean }
  | { readonly kind: 'takeOut' }
  | { readonly kind: 'endConference' }
);

interface CallRow extends Kind {
  change(draws: Draws): Partial<CallRequest>;
}

/** What a row leaves out is as in `planOf`. */
export const CALLS: readonly CallRow[] = [
  { kind: 'recorded', weight: 5, change: () => ({}) },
  { kind: 'not recorded', weight: 1, change: () => ({ record: false }) },
  { kind: 'recorded after a notice', weight: 2, change: () => ({ recordingNotice: 'This call is recorded.' }) },
  { kind: 'as WAV', weight: 1, change: () => ({ recordingFormat: 'wav' }) },
  { kind: 'rings for long', weight: 1, change: (draws) => ({ ringTimeoutSeconds: draws.between(15, 120) }) },
  { kind: 'may last for an hour', weight: 0.5, change: () => ({ timeLimitSeconds: 3600 }) },
  {
    kind: 'may not last long',
    weight: 1,
    change: (draws) => ({ timeLimitSeconds: draws.between(30, 60), agentWaitSeconds: draws.between(5, 90) }),
  },
];

interface AgentRow extends Kind {
  readonly dialOrder: CallRequest['dialOrder'];
  /** Every call has agents of its own, told by its number. */
  agent(nth: number): Agent | null;
}

/** A browser of the call's. */
const client = (name: string, nth: number): string => `${name}${nth}`;
const browser = (nth: number): Agent => ({ type: 'webrtc', clientId: client('ann', nth) });
const telephone = (nth: number): Agent => ({ type: 'phone', number: `+1555777000${nth}` });
const desk = (nth: number): Agent => ({ type: 'sip', uri: `sip:desk${nth}@example.com` });

/** Who is rung for the call by itself. */
export const AGENTS: readonly AgentRow[] = [
  { kind: 'no agent', weight: 4, dialOrder: 'agent_first', agent: () => null },
  { kind: 'browser, agent first', weight: 3, dialOrder: 'agent_first', agent: browser },
  { kind: 'browser, lead first', weight: 2, dialOrder: 'lead_first', agent: browser },
  { kind: 'telephone, agent first', weight: 1, dialOrder: 'agent_first', agent: telephone },
  { kind: 'telephone, lead first', weight: 1, dialOrder: 'lead_first', agent: telephone },
  { kind: 'desk, agent first', weight: 1, dialOrder: 'agent_first', agent: desk },
  { kind: 'desk, lead first', weight: 1, dialOrder: 'lead_first', agent: desk },
];

interface MachineRow extends Kind {
  readonly change: Pick<CallRequest, 'answeringMachine'>;
}

const leave = (message: { say: string } | { play: string }) => ({
  answeringMachine: { policy: 'leave_message', message } as const,
});

/** What is to be done about machines. */
export const MACHINES: readonly MachineRow[] = [
  { kind: 'off', weight: 6, change: { answeringMachine: { policy: 'off' } } },
  { kind: 'hang up', weight: 2, change: { answeringMachine: { policy: 'hang_up' } } },
  { kind: 'connect', weight: 1, change: { answeringMachine: { policy: 'connect' } } },
  {
    kind: 'leave a spoken message',
    weight: 2,
    change: leave({ say: 'Please call us back, any day from nine to five.' }),
  },
  { kind: 'leave a sound file', weight: 1, change: leave({ play: 'https://example.com/message.mp3' }) },
];

/** What detection can find, drawn anew for phones that are not of the simulator's table. */
export function drawMachine(draws: Draws): MachineScript {
  const verdicts = [
    'machine',
    'human_residence',
    'human_business',
    'silence',
    'fax_detected',
    'not_sure',
    null,
  ] as const;
  const verdict = draws.happens(0.4) ? 'machine' : draws.pick(verdicts);
  const greets = verdict === 'machine' || verdict === null ? draws.happens(0.8) : false;
  return {
    verdict,
    verdictAfterMs: draws.happens(0.7) ? draws.between(300, 5_000) : draws.between(5_000, 40_000),
    greetingEndsAfterMs: greets ? draws.between(500, 35_000) : null,
    beep: draws.happens(0.7),
  };
}

interface JoinRow extends Kind {
  at(draws: Draws, nth: number): readonly Wish[];
}

const join = (name: string, nth: number, afterMs: number): Wish => ({
  kind: 'join',
  clientId: client(name, nth),
  afterMs,
});

/** Who joins by `/webrtc-join`, and when. */
export const JOINS: readonly JoinRow[] = [
  { kind: 'nobody joins', weight: 6, at: () => [] },
  { kind: 'somebody joins', weight: 3, at: (draws, nth) => [join('bob', nth, draws.between(0, 60_000))] },
  {
    kind: 'several join',
    weight: 1,
    at: (draws, nth) => ['ann', 'bob', 'cleo'].map((name) => join(name, nth, draws.between(0, 40_000))),
  },
  {
    kind: 'somebody reloads the page',
    weight: 2,
    at: (draws, nth) => {
      const firstMs = draws.between(0, 20_000);
      return [join('ann', nth, firstMs), join('ann', nth, firstMs + draws.between(500, 30_000))];
    },
  },
  {
    kind: 'somebody is impatient',
    weight: 1,
    at: (draws, nth) => Array.from({ length: 4 }, () => join('bob', nth, 3_000 + draws.between(0, 3_000))),
  },
  { kind: 'somebody joins late', weight: 1, at: (draws, nth) => [join('cleo', nth, draws.between(30_000, 200_000))] },
];

interface MuteRow extends Kind {
  at(draws: Draws, nth: number): readonly Wish[];
}

const somebody = (draws: Draws, nth: number): string =>
  draws.pick(['lead', 'lead', 'agent', client('ann', nth), client('bob', nth)]);

export const MUTES: readonly MuteRow[] = [
  { kind: 'nobody is muted', weight: 3, at: () => [] },
  {
    kind: 'somebody is muted',
    weight: 1,
    at: (draws, nth) => [
      { kind: 'mute', participant: somebody(draws, nth), muted: true, afterMs: draws.between(0, 60_000) },
    ],
  },
  {
    kind: 'somebody is muted and heard again',
    weight: 1,
    at: (draws, nth) => {
      const participant = somebody(draws, nth);
      const firstMs = draws.between(3_000, 40_000);
      const secondMs = firstMs + draws.between(0, 10_000);
      return [
        { kind: 'mute', participant, muted: true, afterMs: firstMs },
        { kind: 'mute', participant, muted: false, afterMs: secondMs },
      ];
    },
  },
];

interface OutsiderRow extends Kind {
  at(draws: Draws): readonly Wish[];
}

/** What others who have the account's key do with the call's conference. */
export const OUTSIDERS: readonly OutsiderRow[] = [
  { kind: 'nobody interferes', weight: 12, at: () => [] },
  {
    kind: 'somebody takes the lead out',
    weight: 1,
    at: (draws) => [{ kind: 'takeOut', afterMs: draws.between(2_000, 60_000) }],
  },
  {
    kind: 'somebody ends the conference',
    weight: 1,
    at: (draws) => [{ kind: 'endConference', afterMs: draws.between(2_000, 60_000) }],
  },
];

interface HangupRow extends Kind {
  /** Milliseconds after the call was accepted. */
  at(draws: Draws, phone: PhoneBehaviour): readonly number[];
}

/** When the API, or a cancel in the Temporal UI, asks for the end. */
export const HANGUPS: readonly HangupRow[] = [
  { kind: 'nobody asks to hang up', weight: 5, at: () => [] },
  { kind: 'hangup at once', weight: 1, at: (draws) => [draws.between(0, 60)] },
  { kind: 'hangup any time', weight: 2, at: (draws) => [draws.between(0, 90_000)] },
  { kind: 'hangup with the answer', weight: 2, at: (draws, { ringMs }) => [ringMs + draws.between(-50, 500)] },
  {
    kind: 'hangup with the phone',
    weight: 1,
    at: (draws, { ringMs, talkMs }) => [ringMs + (talkMs ?? 30_000) + draws.between(-300, 600)],
  },
  { kind: 'hangup twice', weight: 1, at: (draws) => [draws.between(0, 40_000), draws.between(0, 40_000)] },
];

/** From when on a phone does what. */
export interface PhoneChange {
  /** Since the call was accepted. */
  readonly afterMs: number;
  readonly behaviour: PhoneBehaviour;
}

interface AgentPhoneRow extends Kind {
  phone(draws: Draws): readonly PhoneChange[];
}

const usual = phoneAt('sip:desk@example.com');
const always = (behaviour: Partial<PhoneBehaviour>): readonly PhoneChange[] => [
  { afterMs: 0, behaviour: { ...usual, ...behaviour } },
];

/** What the phone or browser of an agent does. */
export const AGENT_PHONES: readonly AgentPhoneRow[] = [
  { kind: 'answers', weight: 6, phone: (draws) => always({ ringMs: draws.between(100, 6_000) }) },
  { kind: 'answers late', weight: 1, phone: (draws) => always({ ringMs: draws.between(6_000, 45_000) }) },
  { kind: 'declines', weight: 1, phone: () => always({ then: 'rejects', ringMs: 2_000 }) },
  { kind: 'is busy', weight: 1, phone: () => always({ then: 'busy' }) },
  { kind: 'never answers', weight: 1, phone: () => always({ then: 'neverAnswers' }) },
  {
    kind: 'is never there',
    weight: 1,
    phone: (draws) => always({ then: draws.pick(['notInService', 'carrierFails']) }),
  },
  {
    kind: 'is there later',
    weight: 2,
    phone: (draws) => [
      ...always({ then: draws.pick(['notInService', 'carrierFails']) }),
      { afterMs: draws.between(1_000, 40_000), behaviour: usual },
    ],
  },
  { kind: 'drops', weight: 3, phone: (draws) => always({ talkMs: draws.between(0, 60_000) }) },
  {
    kind: 'drops once',
    weight: 1,
    phone: (draws) => [
      ...always({ talkMs: draws.between(500, 30_000) }),
      { afterMs: draws.between(1_000, 30_000), behaviour: usual },
    ],
  },
];

interface ListenerRow extends Kind {
  phone(draws: Draws, phone: PhoneBehaviour): PhoneBehaviour;
}

const some = (draws: Draws, most: number, things: readonly string[]): readonly string[] =>
  Array.from({ length: draws.between(1, most) }, () => draws.pick(things));
const KEYS = ['1', '2', '9', '7', '12#', '1w2', '', '#'];
const WORDS = ['yes', 'no', 'Yes, please!', 'what?', ''];

/** What people do who are asked by a TeXML document. */
export const LISTENERS: readonly ListenerRow[] = [
  { kind: 'does nothing', weight: 1, phone: (_, phone) => phone },
  {
    kind: 'presses',
    weight: 3,
    phone: (draws, phone) => ({ ...phone, presses: some(draws, 6, KEYS), repeats: draws.happens(0.5) }),
  },
  { kind: 'speaks', weight: 2, phone: (draws, phone) => ({ ...phone, says: some(draws, 5, WORDS), repeats: true }) },
  {
    kind: 'presses and speaks',
    weight: 1,
    phone: (draws, phone) => ({ ...phone, presses: some(draws, 4, KEYS), says: some(draws, 4, WORDS) }),
  },
  {
    kind: 'presses while prompts play',
    weight: 3,
    phone: (draws, phone) => ({ ...phone, presses: some(draws, 6, KEYS), interrupts: true, repeats: true }),
  },
];

/** What the leads' phones do: the last digits of the simulator's table, and those of a usual one. */
export const DIGITS: readonly string[] = ['000', ...Object.keys(phones)];

/** Those of the table that machine detection has something to say about. */
export const MACHINE_DIGITS: readonly string[] = DIGITS.filter((digits) => digits.startsWith('02'));

/** Those that answer what a TeXML document asks. */
export const LISTENING_DIGITS: readonly string[] = DIGITS.filter((digits) => digits.startsWith('06'));
