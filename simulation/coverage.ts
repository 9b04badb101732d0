/**
 * C12: what a long run must have met, or it proves little. Faults, calls and phones come from their tables; what the
 * story does is listed here, by types that do not compile while something is missing.
 */
import type { CallEvent } from '../domain/events';
import type { CommandAnswer, DialAnswer } from '../domain/carrier';
import { OUTCOMES } from '../domain/outcome';
import type { EndedBy, Outcome } from '../domain/outcome';
import type { CallStatus } from '../domain/status';
import { ATTEMPT_FAULTS, REQUEST_FAULTS, SERVER_FAULTS, SWITCHES, WEBHOOK_FAULTS, WORKER_FAULTS } from './faults';
import { CALLS, DIGITS, HANGUPS, WEATHERS } from './plan';

/** From so many seeds on, a kind that never happened fails the run. */
export const ENOUGH_SEEDS = 20_000;

/** Whether it can happen with the calls that are planned so far. */
type Expected<T extends string> = Readonly<Record<T, boolean>>;

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
  conferenceCreated: true,
  conferenceEnded: true,
  hangupRequested: true,
  nobodyCame: true,
  commandFailed: true,
  ended: true,
};
const DIAL_ANSWERS: Expected<DialAnswer['kind']> = {
  placed: true,
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
/** Nobody listens for machines yet. */
const NOT_YET: readonly Outcome[] = ['voicemail'];
const ENDED_BY: Expected<EndedBy> = { lead: true, api: true, system: true, unknown: true, agent: false };
/** `in_progress` takes somebody who meets the lead. */
const STEPS: readonly `${CallStatus} → ${CallStatus}`[] = [
  'queued → dialing',
  'queued → ended',
  'dialing → ringing',
  'dialing → answered',
  'dialing → ended',
  'ringing → answered',
  'ringing → ended',
  'answered → ended',
];

const named = (prefix: string, expected: Expected<string>): readonly string[] =>
  Object.entries(expected).flatMap(([name, possible]) => (possible ? [`${prefix}: ${name}`] : []));

export const EXPECTED: readonly string[] = [
  ...[...REQUEST_FAULTS, ...WEBHOOK_FAULTS, ...WORKER_FAULTS, ...ATTEMPT_FAULTS, ...SERVER_FAULTS, ...SWITCHES].map(
    ({ kind }) => `fault: ${kind}`,
  ),
  ...WEATHERS.map(({ name }) => `weather: ${name}`),
  ...CALLS.map(({ kind }) => `call: ${kind}`),
  ...HANGUPS.map(({ kind }) => `api: ${kind}`),
  ...DIGITS.map((digits) => `phone: ${digits}`),
  ...named('event', EVENTS),
  ...named('dial', DIAL_ANSWERS),
  ...named('hangUp', COMMAND_ANSWERS),
  ...named('enterConference', COMMAND_ANSWERS),
  ...['askLeg', 'askParticipants', 'findLeg', 'listRecordings'].map((question) => `${question}: answered`),
  ...['askLeg', 'findLeg', 'listRecordings'].map((question) => `${question}: no answer`),
  ...STEPS.map((step) => `status: ${step}`),
  ...OUTCOMES.filter((outcome) => !NOT_YET.includes(outcome)).map((outcome) => `outcome: ${outcome}`),
  ...named('ended by', ENDED_BY),
  // The limit that the README states, and the only way to a second leg.
  'limit: a second leg',
];

export function missing(counts: Readonly<Record<string, number>>): readonly string[] {
  return EXPECTED.filter((what) => !Object.hasOwn(counts, what));
}
