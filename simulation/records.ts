/** What is kept of each call while a seed runs, for the oracles to judge. */
import type { CallRequest, ClientState } from '../domain/call';
import type { Report, Script } from '../flows/script';
import { decodeClientState } from '../platform/telnyx/client-state';
import type { CarrierLedger, LedgerLeg } from '../simulator/carrier/ledger';
import type { MachineScript } from '../simulator/phones';
import type { Wish } from './kinds';
import type { Reply, Sent } from './network';

/** Something that the carrier has told us: the type of an event and the leg it is about. */
export type Told = `${string} ${string}`;

/** Both lists of the carrier, asked by one activity for the leg of an unclear dial. */
export interface Look {
  readonly atMs: number;
  /** Text of what was listed, by operation, as far as the answers reached us. */
  readonly shown: Map<string, string>;
}

export interface DialSent {
  readonly request: Sent;
  /** Whose leg it is to be. */
  readonly leg: string;
  /** The last look before it. */
  readonly look: Look | null;
  /** What was told by then. */
  readonly told: ReadonlySet<Told>;
  /** The answer proved that nothing was placed. */
  isRefused: boolean;
}

export interface CallRecord {
  readonly request: CallRequest;
  /** What a TeXML call follows; null: it is none. */
  readonly script: Script | null;
  /** No other call of the run is made to its number. */
  readonly isAlone: boolean;
  readonly wishes: readonly Wish[];
  /** What machine detection can find about the lead. */
  readonly machine: MachineScript;
  readonly acceptedAtMs: number;
  readonly dials: DialSent[];
  /** Looks by the name of their attempt, in order. */
  readonly looks: Map<string, Look>;
  readonly told: Set<Told>;
  /** What was told before the call was said to have ended; null until then. */
  toldByTheEnd: ReadonlySet<Told> | null;
  /** What the answers to an attempt's questions told; it counts when the workflow learns the attempt's result. */
  readonly tellings: Map<string, Told[]>;
  /** `call_control_id` of the legs that the requests of a TeXML call have placed: nothing in the leg itself tells. */
  readonly placed: Set<string>;
  /** What the story was told by its errands, by key. */
  readonly reports: Map<string, Report>;
  /** What each command_id was used for. */
  readonly commands: Map<string, string>;
  hangupAcceptedAtMs: number | null;
  /** When somebody else took the lead out of the conference, or ended it. */
  takenOutAtMs: number | null;
  endedAtMs: number | null;
  /** When the last fault was over that the call met before its end. */
  calmSinceMs: number;
  storyOverAtMs: number | null;
}

type Known = Pick<CallRecord, 'request' | 'script' | 'isAlone' | 'wishes' | 'machine' | 'acceptedAtMs'>;

export function createRecord(known: Known): CallRecord {
  return {
    ...known,
    dials: [],
    looks: new Map(),
    told: new Set(),
    toldByTheEnd: null,
    tellings: new Map(),
    placed: new Set(),
    reports: new Map(),
    commands: new Map(),
    hangupAcceptedAtMs: null,
    takenOutAtMs: null,
    endedAtMs: null,
    calmSinceMs: known.acceptedAtMs,
    storyOverAtMs: null,
  };
}

/** Keeps what the answer to a question told. */
export function noteAnswer(record: CallRecord, { operation, attempt, atMs }: Sent, body: unknown): void {
  const { data } = body as { data?: unknown };
  const rows = (Array.isArray(data) ? data : [data]) as readonly Record<string, unknown>[];
  const tell = (...told: readonly Told[]): void => {
    record.tellings.set(attempt.name, [...(record.tellings.get(attempt.name) ?? []), ...told]);
  };
  if (operation.startsWith('texml')) tell(...textsOf(record, operation, body));
  const leg = (row: Record<string, unknown>): string => String(row['call_leg_id']);
  if (operation === 'listCallEvents') tell(...rows.map((row): Told => `${String(row['name'])} ${leg(row)}`));
  if (operation === 'listParticipants') tell(...rows.map((row): Told => `conference.participant.joined ${leg(row)}`));
  if (operation === 'listActiveCalls') tell(...rows.map((row): Told => `listed ${leg(row)}`));
  if (operation === 'dial' || operation === 'getCall') tell(...rows.map((row): Told => `${operation} ${leg(row)}`));
  const isLook = attempt.name.startsWith('findLeg');
  if (isLook && (operation === 'listCallEvents' || operation === 'listActiveCalls')) {
    const look = record.looks.get(attempt.name) ?? { atMs, shown: new Map<string, string>() };
    look.shown.set(operation, JSON.stringify(body));
    record.looks.set(attempt.name, look);
  }
}

interface TexmlRow {
  readonly sid: string;
  readonly status: string;
}

/** What answers about TeXML calls tell. A row of the list does not say whose it is. */
function textsOf({ isAlone }: CallRecord, operation: string, body: unknown): readonly Told[] {
  const { calls = [] } = body as { calls?: readonly TexmlRow[] };
  const listed = calls.length === 1 && isAlone ? calls : [];
  const rows = operation === 'texmlGetCall' ? [body as TexmlRow] : listed;
  return rows.map(({ sid, status }): Told => `${status} ${sid}`);
}

/** The last look that got all answers: the carrier's log can be searched for numbers only, not for SIP addresses. */
export function lastCompleteLook({ looks }: CallRecord, to: string): Look | null {
  const wanted = to.startsWith('sip:') ? ['listActiveCalls'] : ['listActiveCalls', 'listCallEvents'];
  return [...looks.values()].filter(({ shown }) => wanted.every((list) => shown.has(list))).at(-1) ?? null;
}

export function leadLegsOf(legs: readonly LedgerLeg[], record: CallRecord): readonly LedgerLeg[] {
  const { request, script, placed } = record;
  return legs.filter(({ to, call_control_id }) =>
    script === null ? to === request.toPhone : placed.has(call_control_id),
  );
}

/** Every leg of the call: what is known of whose a leg is goes with the leg. Documents look after those they dial. */
export function allLegsOf(legs: readonly LedgerLeg[], record: CallRecord): readonly LedgerLeg[] {
  if (record.script !== null) return leadLegsOf(legs, record);
  return legs.filter((leg) => stateIn(leg.client_state)?.callId === record.request.callId);
}

/** One text for each leg that is meant to be. */
export function legIn(clientState: unknown): string {
  const leg = stateIn(clientState)?.leg;
  return leg ? `${leg.role} ${leg.participant} ${leg.attempt}` : 'nobody';
}

/** The oracles ask about the same few legs again and again. */
const states = new Map<unknown, ClientState | null>();
const MOST_STATES = 1_000;

function stateIn(clientState: unknown): ClientState | null {
  const known = states.get(clientState);
  if (known !== undefined) return known;
  if (states.size >= MOST_STATES) states.clear();
  const state = decodeClientState(clientState);
  states.set(clientState, state);
  return state;
}

/** TeXML has another name for a leg. */
export const isKnown = ({ told }: CallRecord, { call_leg_id, call_control_id }: LedgerLeg): boolean =>
  [...told].some((one) => one.endsWith(call_leg_id) || one.endsWith(call_control_id));

export type Participation = CarrierLedger['conferences'][number]['participants'][number];

/** Who was in the call's conference besides the lead. */
export function companyIn(
  { conferences }: CarrierLedger,
  record: CallRecord,
  lead: LedgerLeg,
): readonly Participation[] {
  return conferences
    .filter(({ name }) => name === record.request.callId)
    .flatMap(({ participants }) => participants)
    .filter(({ call_control_id }) => call_control_id !== lead.call_control_id);
}

export const isDial = ({ operation }: Sent): boolean => operation === 'dial' || operation === 'texmlDial';

/** Whom a dial calls. */
export const calledIn = ({ body }: Sent): string => String(body['to'] ?? body['To']);

export const succeeded = ({ status }: Reply): boolean => status < 300;

/** A hangup that is asked for when a call has ended changes nothing. */
export const wasCanceled = ({ hangupAcceptedAtMs, endedAtMs }: CallRecord): boolean =>
  hangupAcceptedAtMs !== null && hangupAcceptedAtMs <= (endedAtMs ?? Infinity);
