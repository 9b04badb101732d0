/**
 * C12: what a long run must have met, or it proves little. Faults, calls and phones come from their tables; what the
 * story does is listed here, by types that do not compile while something is missing.
 */
import type { CallEvent } from '../domain/events';
import type { Carrier, CommandAnswer, DialAnswer } from '../domain/carrier';
import { OUTCOMES } from '../domain/outcome';
import type { EndedBy } from '../domain/outcome';
import type { CallStatus } from '../domain/status';
import type { MuteAnswer } from '../workflows/messages';
import type { Errand } from '../flows/script';
import type { DocumentsWatch } from './documents';
import {
  ATTEMPT_FAULTS,
  CUSTOMER_FAULTS,
  DOCUMENT_FAULTS,
  REQUEST_FAULTS,
  SERVER_FAULTS,
  SWITCHES,
  WEBHOOK_FAULTS,
  WORKER_FAULTS,
} from './faults';
import { AGENT_PHONES, AGENTS, CALLS, DIGITS, HANGUPS, JOINS, LISTENERS, MACHINES, MUTES, OUTSIDERS } from './kinds';
import type { Wish } from './kinds';
import { WEATHERS } from './plan';
import { SCRIPTS } from './scripts';

/** From so many seeds on, a kind that never happened fails the run. */
export const ENOUGH_SEEDS = 20_000;

/** Every word of a type. */
type Expected<T extends string> = Readonly<Record<T, true>>;

const EVENTS: Expected<CallEvent['kind']> = {
  dialSent: true,
  dialRefused: true,
  dialUnresolved: true,
  placed: true,
  initiated: true,
  answered: true,
  joined: true,
  left: true,
  hungUp: true,
  disowned: true,
  recordingSaved: true,
  recordingFound: true,
  recordingFailed: true,
  machineDetected: true,
  greetingEnded: true,
  said: true,
  muted: true,
  recordingStarted: true,
  agentRequested: true,
  agentUnavailable: true,
  machineReached: true,
  ending: true,
  conferenceEnded: true,
  inProgress: true,
  followed: true,
  stepRecorded: true,
  hangupRequested: true,
  nobodyCame: true,
  commandFailed: true,
  ended: true,
};
const DIAL_ANSWERS: Expected<DialAnswer['kind']> = {
  placed: true,
  taken: true,
  refused: true,
  notPlaced: true,
  late: true,
  ambiguous: true,
};
const COMMAND_ANSWERS: Expected<CommandAnswer['kind']> = {
  accepted: true,
  gone: true,
  refused: true,
  unavailable: true,
};
const COMMANDS: Expected<Exclude<keyof Carrier, 'dial' | 'askLeg' | 'askParticipants' | 'findLeg' | 'listRecordings'>> =
  {
    hangUp: true,
    enterConference: true,
    leaveConference: true,
    playInConference: true,
    stopPlaying: true,
    say: true,
    startRecording: true,
    mute: true,
    redirect: true,
  };
/** How the API server answers a request for a document. */
const INSTRUCTIONS: Expected<Parameters<DocumentsWatch['instructed']>[1]> = { given: true, held: true, over: true };
/** The verdict is no errand of an activity's. */
const ERRANDS: Expected<Exclude<Errand['kind'], 'verdict'>> = { http: true, document: true, address: true };
const MUTE_ANSWERS: Expected<MuteAnswer> = { done: true, unknown: true, notThere: true, carrierUnavailable: true };
const WISHES: readonly Wish['kind'][] = ['hangUp', 'join', 'mute', 'takeOut', 'endConference'];
const FAULTS: readonly { readonly kind: string }[] = [
  ...[...REQUEST_FAULTS, ...WEBHOOK_FAULTS, ...DOCUMENT_FAULTS, ...CUSTOMER_FAULTS],
  ...[...WORKER_FAULTS, ...ATTEMPT_FAULTS, ...SERVER_FAULTS, ...SWITCHES],
];
/** As `planOf` names them. */
const KINDS = {
  call: CALLS,
  api: HANGUPS,
  agent: AGENTS,
  machine: MACHINES,
  joins: JOINS,
  mute: MUTES,
  outsiders: OUTSIDERS,
  listener: LISTENERS,
  script: SCRIPTS,
  "agent's phone": AGENT_PHONES,
};
const ENDED_BY: Expected<EndedBy> = { lead: true, api: true, system: true, unknown: true, agent: true };
const STEPS: readonly `${CallStatus} → ${CallStatus}`[] = [
  'queued → dialing',
  'queued → ended',
  'dialing → ringing',
  'dialing → answered',
  'dialing → in_progress',
  'dialing → ended',
  'ringing → answered',
  'ringing → in_progress',
  'ringing → ended',
  'answered → in_progress',
  'answered → ended',
  'in_progress → ended',
];

const named = (prefix: string, expected: Expected<string>): readonly string[] =>
  Object.keys(expected).map((name) => `${prefix}: ${name}`);

export const EXPECTED: readonly string[] = [
  ...FAULTS.map(({ kind }) => `fault: ${kind}`),
  ...WEATHERS.map(({ name }) => `weather: ${name}`),
  ...Object.entries(KINDS).flatMap(([table, rows]) => rows.map(({ kind }) => `${table}: ${kind}`)),
  ...DIGITS.map((digits) => `phone: ${digits}`),
  ...named('event', EVENTS),
  ...named('dial', DIAL_ANSWERS),
  ...Object.keys(COMMANDS).flatMap((command) => named(command, COMMAND_ANSWERS)),
  ...named('mute', MUTE_ANSWERS),
  ...named('document', INSTRUCTIONS),
  ...Object.keys(ERRANDS).map((errand) => `errand: ${errand} answered`),
  ...['http', 'document', 'address'].map((errand) => `errand: ${errand} not answered`),
  ...['targets: allowed', 'targets: forbidden'],
  'document: over, for a leg that nobody knew of',
  ...WISHES.flatMap((wish) => [`api: ${wish} accepted`, `api: ${wish} too late`]),
  ...['askLeg', 'askParticipants', 'findLeg', 'listRecordings'].map((question) => `${question}: answered`),
  ...['askLeg', 'findLeg', 'listRecordings'].map((question) => `${question}: no answer`),
  ...STEPS.map((step) => `status: ${step}`),
  ...OUTCOMES.map((outcome) => `outcome: ${outcome}`),
  ...named('ended by', ENDED_BY),
  ...['left', 'not_left', 'none'].map((state) => `message: ${state}`),
  ...['human', 'machine', 'unknown', 'not told'].map((who) => `answered by: ${who}`),
  ...['expected', 'absent', 'not wanted'].map((state) => `recording: ${state}`),
  // The limit that the README states, and the only way to a second leg.
  'limit: a second leg',
];

export function missing(counts: Readonly<Record<string, number>>): readonly string[] {
  return EXPECTED.filter((what) => !Object.hasOwn(counts, what));
}
