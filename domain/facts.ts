/**
 * What is known about a call. Facts only grow: `advance` merges an event by taking the earliest instant, the latest
 * instant, or the best evidence, so duplicates and any order of the same events give the same facts. There is no other
 * state machine: status and outcome are read off these facts.
 */
import { isReachable, isSameLeg } from './call';
import type { LegIdentity, LegName, ReachableLeg } from './call';
import type { CallEvent, EventOf, HangupReason } from './events';

export interface Hangup extends HangupReason {
  readonly at: string;
}

export interface LegFacts {
  readonly identity: LegIdentity;
  /** The carrier's ledger says so too (webhook or poll), not only the answer to our dial. */
  readonly confirmed: boolean;
  /** The answer to our dial named it together with our client_state. */
  readonly echoed: boolean;
  /** The carrier answered our dial with this leg and later said that it is another's: it is left alone, unless confirmed. */
  readonly disowned: boolean;
  readonly seenAt: string;
  readonly answeredAt: string | null;
  readonly firstJoinedAt: string | null;
  readonly lastJoinedAt: string | null;
  readonly lastLeftAt: string | null;
  readonly hangup: Hangup | null;
  readonly recordingId: string | null;
  readonly recordingStartedAt: string | null;
  readonly recordingSavedAt: string | null;
  readonly recordingFailure: string | null;
}

export interface Refusal {
  readonly at: string;
  readonly code: string;
  readonly detail: string;
}

export interface Facts {
  /** By call_leg_id. */
  readonly legs: Readonly<Record<string, LegFacts>>;
  readonly dialSentAt: string | null;
  readonly leadDialedAt: string | null;
  readonly leadRefusal: Refusal | null;
  /** Nobody can say whether the lead's phone rang: the dial was not answered clearly and no leg was ever found. */
  readonly leadUnresolvedAt: string | null;
  readonly commandFailure: Refusal | null;
  readonly conferenceId: string | null;
  readonly conferenceEndedAt: string | null;
  readonly hangupRequestedAt: string | null;
  readonly nobodyCameAt: string | null;
  readonly endedAt: string | null;
}

export const NOTHING_KNOWN: Facts = {
  legs: {},
  dialSentAt: null,
  leadDialedAt: null,
  leadRefusal: null,
  leadUnresolvedAt: null,
  commandFailure: null,
  conferenceId: null,
  conferenceEndedAt: null,
  hangupRequestedAt: null,
  nobodyCameAt: null,
  endedAt: null,
};

/** The facts after one more event. Pure, commutative, idempotent; never throws. */
export function advance(facts: Facts, event: CallEvent): Facts {
  switch (event.kind) {
    case 'dialSent':
      return {
        ...facts,
        dialSentAt: earliest(facts.dialSentAt, event.at),
        leadDialedAt: event.leg.role === 'lead' ? earliest(facts.leadDialedAt, event.at) : facts.leadDialedAt,
      };
    case 'dialRefused':
      return event.leg.role === 'lead' ? { ...facts, leadRefusal: first(facts.leadRefusal, refusalOf(event)) } : facts;
    case 'dialUnresolved':
      return event.leg.role === 'lead'
        ? { ...facts, leadUnresolvedAt: earliest(facts.leadUnresolvedAt, event.at) }
        : facts;
    case 'commandFailed':
      return { ...facts, commandFailure: first(facts.commandFailure, refusalOf(event)) };
    case 'conferenceCreated':
      return { ...facts, conferenceId: least(facts.conferenceId, event.conferenceId) };
    case 'conferenceEnded':
      return {
        ...facts,
        conferenceId: least(facts.conferenceId, event.conferenceId),
        conferenceEndedAt: earliest(facts.conferenceEndedAt, event.at),
      };
    case 'hangupRequested':
      return { ...facts, hangupRequestedAt: earliest(facts.hangupRequestedAt, event.at) };
    case 'nobodyCame':
      return { ...facts, nobodyCameAt: earliest(facts.nobodyCameAt, event.at) };
    case 'ended':
      return { ...facts, endedAt: earliest(facts.endedAt, event.at) };
    case 'joined':
    case 'left':
      return withLeg({ ...facts, conferenceId: least(facts.conferenceId, event.conferenceId) }, event);
    case 'placed':
    case 'initiated':
    case 'answered':
    case 'hungUp':
    case 'disowned':
    case 'recordingSaved':
    case 'recordingFound':
    case 'recordingFailed':
      return withLeg(facts, event);
  }
}

type LegEvent = Extract<CallEvent, { leg: LegIdentity }>;

function withLeg(facts: Facts, event: LegEvent): Facts {
  const id = event.leg.callLegId;
  // The carrier may call a leg anything, even `constructor`.
  const known = Object.hasOwn(facts.legs, id) ? facts.legs[id] : undefined;
  return { ...facts, legs: { ...facts.legs, [id]: advanceLeg(seen(known, event), event) } };
}

/** Does this event show that the leg is ours? The answer to a dial can name a stranger's. */
function shows({ kind }: LegEvent): boolean {
  return kind !== 'placed' && kind !== 'disowned';
}

function seen(known: LegFacts | undefined, event: LegEvent): LegFacts {
  const { leg, at } = event;
  if (!known) {
    return {
      identity: leg,
      confirmed: shows(event),
      echoed: false,
      disowned: false,
      seenAt: at,
      answeredAt: null,
      firstJoinedAt: null,
      lastJoinedAt: null,
      lastLeftAt: null,
      hangup: null,
      recordingId: null,
      recordingStartedAt: null,
      recordingSavedAt: null,
      recordingFailure: null,
    };
  }
  return {
    ...known,
    identity: {
      ...known.identity,
      callControlId: least(known.identity.callControlId, leg.callControlId),
      callSessionId: least(known.identity.callSessionId, leg.callSessionId),
    },
    confirmed: known.confirmed || shows(event),
    seenAt: at < known.seenAt ? at : known.seenAt,
  };
}

function advanceLeg(leg: LegFacts, event: LegEvent): LegFacts {
  switch (event.kind) {
    case 'initiated':
      return leg;
    case 'placed':
      return { ...leg, recordingId: least(leg.recordingId, event.recordingId), echoed: leg.echoed || event.echoed };
    case 'recordingFound':
      return { ...leg, recordingId: least(leg.recordingId, event.recordingId) };
    case 'answered':
      return { ...leg, answeredAt: earliest(leg.answeredAt, event.at) };
    case 'joined':
      return {
        ...leg,
        firstJoinedAt: earliest(leg.firstJoinedAt, event.at),
        lastJoinedAt: latest(leg.lastJoinedAt, event.at),
      };
    case 'left':
      return { ...leg, lastLeftAt: latest(leg.lastLeftAt, event.at) };
    case 'hungUp':
      return { ...leg, hangup: bestHangup(leg.hangup, hangupOf(event)) };
    case 'disowned':
      return { ...leg, disowned: true };
    case 'recordingSaved':
      return {
        ...leg,
        recordingId: least(leg.recordingId, event.recordingId),
        recordingStartedAt: earliest(leg.recordingStartedAt, event.startedAt),
        recordingSavedAt: earliest(leg.recordingSavedAt, event.at),
      };
    case 'recordingFailed':
      return { ...leg, recordingFailure: least(leg.recordingFailure, event.reason) };
  }
}

/**
 * The lead's leg: the one the carrier confirms and that got furthest. A second one can only exist if the carrier placed
 * two; it is hung up with all others at the end.
 */
export function leadLeg(facts: Facts): LegFacts | null {
  return legsOf(facts, 'lead')[0] ?? null;
}

/** All legs of a role that are ours, the one that got furthest first: joined, answered, confirmed; then the earliest. */
function legsOf(facts: Facts, role: LegName['role']): readonly LegFacts[] {
  return Object.values(facts.legs)
    .filter((leg) => leg.identity.role === role && isOurs(leg))
    .sort((a, b) => (rank(a) < rank(b) ? -1 : 1));
}

function rank(leg: LegFacts): string {
  const answered = answeredAt(leg);
  const evidence = [leg.firstJoinedAt !== null, answered !== null, leg.confirmed, true].indexOf(true);
  return `${evidence}/${answered ?? leg.seenAt}/${leg.identity.callLegId}`;
}

/** A leg with this name, if the carrier has shown one. */
export function legNamed(facts: Facts, name: LegName): LegFacts | null {
  return legsOf(facts, name.role).find((leg) => isSameLeg(leg.identity, name)) ?? null;
}

function isOurs(leg: LegFacts): boolean {
  return leg.confirmed || !leg.disowned;
}

export interface LivingLeg extends LegFacts {
  readonly identity: ReachableLeg;
}

/** Ours, and not known to be over. */
export function isAlive(leg: LegFacts): leg is LivingLeg {
  return leg.hangup === null && isOurs(leg) && isReachable(leg.identity);
}

export function livingLegs(facts: Facts): readonly LivingLeg[] {
  return Object.values(facts.legs).filter(isAlive);
}

/** One dial makes one leg: when the carrier shows one of this name, an answer that named another was wrong. */
export function isOutdone(facts: Facts, { confirmed, identity }: LegFacts): boolean {
  return !confirmed && legNamed(facts, identity)?.confirmed === true;
}

/** In the conference now, as far as is known. A participant may leave and join again. */
export function isJoined(leg: LegFacts): boolean {
  if (leg.lastJoinedAt === null || !isAlive(leg)) return false;
  return leg.lastLeftAt === null || leg.lastLeftAt < leg.lastJoinedAt;
}

/** A leg that was in a conference or recorded was answered, even if `call.answered` never came; then this is the latest it can have been. */
export function answeredAt(leg: LegFacts): string | null {
  const heard = leg.answeredAt ?? leg.firstJoinedAt ?? leg.recordingStartedAt;
  if (heard !== null || leg.recordingSavedAt === null) return heard;
  return earliest(leg.recordingSavedAt, leg.hangup?.at ?? null);
}

function hangupOf({ at, cause, hangupSource, sipCause }: EventOf<'hungUp'>): Hangup {
  return { at, cause, hangupSource, sipCause };
}

/** Evidence with a cause beats evidence without; then the earliest; then any fixed order. */
function bestHangup(a: Hangup | null, b: Hangup): Hangup {
  if (a === null) return b;
  const order = (hangup: Hangup): string =>
    `${hangup.cause === null ? 1 : 0}/${hangup.at}/${hangup.cause}/${hangup.hangupSource}/${hangup.sipCause}`;
  return order(a) <= order(b) ? a : b;
}

function refusalOf({ at, code, detail }: { at: string; code: string; detail: string }): Refusal {
  return { at, code, detail };
}

function first(a: Refusal | null, b: Refusal): Refusal {
  if (a === null) return b;
  const order = (refusal: Refusal): string => `${refusal.at}/${refusal.code}/${refusal.detail}`;
  return order(a) <= order(b) ? a : b;
}

function earliest(a: string | null, b: string | null): string | null {
  return least(a, b);
}

function latest(a: string | null, b: string | null): string | null {
  if (a === null || b === null) return a ?? b;
  return a >= b ? a : b;
}

/** ISO instants compare as text; for ids, any fixed choice will do. */
function least(a: string | null, b: string | null): string | null {
  if (a === null || b === null) return a ?? b;
  return a <= b ? a : b;
}
