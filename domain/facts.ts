/**
 * What is known about a call. Facts only grow: `advance` merges an event by taking the earliest instant, the latest
 * instant, or the best evidence, so duplicates and any order of the same events give the same facts. There is no other
 * state machine: status and outcome are read off these facts.
 */
import { participantOf } from './call';
import type { Agent, LegIdentity, SpeechName } from './call';
import type { CallEvent, EventOf, HangupReason, MachineVerdict } from './events';

export interface Hangup extends HangupReason {
  readonly at: string;
}

export interface LegFacts {
  readonly identity: LegIdentity;
  /** Whose it is was told by an event of its own. A conference's events can carry the state of whoever made it. */
  readonly named: boolean;
  /** The carrier's ledger says so too (webhook or poll), not only the answer to our dial. */
  readonly confirmed: boolean;
  /** The answer to our dial named it together with our client_state. */
  readonly echoed: boolean;
  /** The carrier answered our dial with this leg and later said that it is another's: it is left alone, unless confirmed. */
  readonly disowned: boolean;
  readonly seenAt: string;
  readonly answeredAt: string | null;
  /** Something was heard of the other side, or said to it: so it was answered by then. */
  readonly heardAt: string | null;
  readonly firstJoinedAt: string | null;
  readonly lastJoin: { readonly at: string; readonly conferenceId: string | null } | null;
  readonly lastLeftAt: string | null;
  readonly hangup: Hangup | null;
  readonly verdict: MachineVerdict | null;
  readonly greetingEndedAt: string | null;
  /** When the first document of its flow was answered. */
  readonly followedAt: string | null;
  /** What was said to this leg, and when it was over. */
  readonly said: Readonly<Partial<Record<SpeechName, Said>>>;
  /** The latest wish that the carrier accepted. */
  readonly mute: { readonly at: string; readonly muted: boolean } | null;
  readonly recordingId: string | null;
  readonly recordingStartedAt: string | null;
  readonly recordingSavedAt: string | null;
  readonly recordingFailure: string | null;
}

export interface Said {
  readonly at: string;
  readonly completed: boolean;
}

/** An agent who is wanted in the conference. */
export interface AgentFacts {
  readonly participant: string;
  /** As last asked for. */
  readonly agent: Agent;
  /** When it was asked for, each once, in order. */
  readonly requests: readonly string[];
  /** After so many requests the agent did not come. */
  readonly unavailableAfter: number;
}

export interface Refusal {
  readonly at: string;
  readonly code: string;
  readonly detail: string;
}

export interface Facts {
  /** By call_leg_id. */
  readonly legs: Readonly<Record<string, LegFacts>>;
  readonly agents: readonly AgentFacts[];
  readonly dialSentAt: string | null;
  readonly leadDialedAt: string | null;
  readonly leadRefusal: Refusal | null;
  readonly agentRefusal: Refusal | null;
  /** Nobody can say whether the lead's phone rang: the dial was not answered clearly and no leg was ever found. */
  readonly leadUnresolvedAt: string | null;
  readonly commandFailure: Refusal | null;
  /** When, by conference_id. */
  readonly endedConferences: Readonly<Record<string, string>>;
  /** What steps of a flow recorded, beside the recording of the call. */
  readonly stepRecordingIds: readonly string[];
  readonly hangupRequestedAt: string | null;
  readonly nobodyCameAt: string | null;
  readonly machineReachedAt: string | null;
  readonly endingAt: string | null;
  readonly endedAt: string | null;
}

export const NOTHING_KNOWN: Facts = {
  legs: {},
  agents: [],
  dialSentAt: null,
  leadDialedAt: null,
  leadRefusal: null,
  agentRefusal: null,
  leadUnresolvedAt: null,
  commandFailure: null,
  endedConferences: {},
  stepRecordingIds: [],
  hangupRequestedAt: null,
  nobodyCameAt: null,
  machineReachedAt: null,
  endingAt: null,
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
      return event.leg.role === 'lead'
        ? { ...facts, leadRefusal: first(facts.leadRefusal, refusalOf(event)) }
        : { ...facts, agentRefusal: first(facts.agentRefusal, refusalOf(event)) };
    case 'dialUnresolved':
      return event.leg.role === 'lead'
        ? { ...facts, leadUnresolvedAt: earliest(facts.leadUnresolvedAt, event.at) }
        : facts;
    case 'commandFailed':
      return { ...facts, commandFailure: first(facts.commandFailure, refusalOf(event)) };
    case 'conferenceEnded':
      return { ...facts, endedConferences: withEnded(facts.endedConferences, event) };
    case 'stepRecorded':
      return { ...facts, stepRecordingIds: including(facts.stepRecordingIds, event.recordingId) };
    case 'agentRequested':
    case 'agentUnavailable':
      return { ...facts, agents: advanceAgents(facts.agents, event) };
    case 'hangupRequested':
      return { ...facts, hangupRequestedAt: earliest(facts.hangupRequestedAt, event.at) };
    case 'nobodyCame':
      return { ...facts, nobodyCameAt: earliest(facts.nobodyCameAt, event.at) };
    case 'machineReached':
      return { ...facts, machineReachedAt: earliest(facts.machineReachedAt, event.at) };
    case 'ending':
      return { ...facts, endingAt: earliest(facts.endingAt, event.at) };
    case 'ended':
      return { ...facts, endedAt: earliest(facts.endedAt, event.at) };
    case 'placed':
    case 'initiated':
    case 'answered':
    case 'machineDetected':
    case 'greetingEnded':
    case 'said':
    case 'joined':
    case 'left':
    case 'muted':
    case 'hungUp':
    case 'disowned':
    case 'recordingStarted':
    case 'recordingSaved':
    case 'recordingFound':
    case 'recordingFailed':
    case 'inProgress':
    case 'followed':
      return withLeg(facts, event);
  }
}

function withEnded(
  ended: Facts['endedConferences'],
  { conferenceId, at }: EventOf<'conferenceEnded'>,
): Facts['endedConferences'] {
  const known = Object.hasOwn(ended, conferenceId) ? ended[conferenceId] : undefined;
  return { ...ended, [conferenceId]: known !== undefined && known < at ? known : at };
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

const UNHEARD_OF: Omit<LegFacts, 'identity' | 'named' | 'confirmed' | 'seenAt'> = {
  echoed: false,
  disowned: false,
  answeredAt: null,
  heardAt: null,
  firstJoinedAt: null,
  lastJoin: null,
  lastLeftAt: null,
  hangup: null,
  verdict: null,
  greetingEndedAt: null,
  followedAt: null,
  said: {},
  mute: null,
  recordingId: null,
  recordingStartedAt: null,
  recordingSavedAt: null,
  recordingFailure: null,
};

function seen(known: LegFacts | undefined, event: LegEvent): LegFacts {
  const { leg, at } = event;
  const names = event.kind !== 'joined' && event.kind !== 'left';
  if (!known) return { ...UNHEARD_OF, identity: leg, named: names, confirmed: shows(event), seenAt: at };
  const name = names && !known.named ? leg : known.identity;
  return {
    ...known,
    named: known.named || names,
    identity: {
      ...name,
      callLegId: known.identity.callLegId,
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
    case 'inProgress':
      return heard(leg, event);
    case 'joined':
      return {
        ...leg,
        firstJoinedAt: earliest(leg.firstJoinedAt, event.at),
        lastJoin: latestJoin(leg.lastJoin, event),
      };
    case 'left':
      return { ...leg, lastLeftAt: latest(leg.lastLeftAt, event.at) };
    case 'hungUp':
      return { ...leg, hangup: bestHangup(leg.hangup, hangupOf(event)) };
    case 'disowned':
      return { ...leg, disowned: true };
    case 'machineDetected':
      return { ...heard(leg, event), verdict: surest(leg.verdict, event.verdict) };
    case 'greetingEnded':
      // Only a machine greets: when its beep comes before the verdict, Telnyx sends no verdict.
      return {
        ...heard(leg, event),
        verdict: surest(leg.verdict, 'machine'),
        greetingEndedAt: earliest(leg.greetingEndedAt, event.at),
      };
    case 'said':
      return { ...heard(leg, event), said: { ...leg.said, [event.speech]: better(leg.said[event.speech], event) } };
    case 'muted':
      return { ...leg, mute: latestMute(leg.mute, event) };
    case 'recordingStarted':
      return { ...leg, recordingStartedAt: earliest(leg.recordingStartedAt, event.at) };
    case 'recordingSaved':
      return {
        ...leg,
        recordingId: least(leg.recordingId, event.recordingId),
        recordingStartedAt: earliest(leg.recordingStartedAt, event.startedAt),
        recordingSavedAt: earliest(leg.recordingSavedAt, event.at),
      };
    case 'recordingFailed':
      return { ...leg, recordingFailure: least(leg.recordingFailure, event.reason) };
    case 'followed':
      return { ...leg, followedAt: earliest(leg.followedAt, event.at) };
  }
}

function heard(leg: LegFacts, { at }: LegEvent): LegFacts {
  return { ...leg, heardAt: earliest(leg.heardAt, at) };
}

function advanceAgents(
  agents: Facts['agents'],
  event: EventOf<'agentRequested'> | EventOf<'agentUnavailable'>,
): Facts['agents'] {
  const participant = participantOf(event.agent);
  const known = agents.find((one) => one.participant === participant);
  const asked = event.kind === 'agentRequested';
  const requests = asked ? including(known?.requests ?? [], event.at) : (known?.requests ?? []);
  const saysMore = known === undefined || (asked && requests.at(-1) === event.at);
  const wanted = {
    participant,
    agent: saysMore ? event.agent : known.agent,
    requests,
    unavailableAfter: Math.max(known?.unavailableAfter ?? 0, asked ? 0 : event.requests),
  };
  return [...agents.filter((one) => one !== known), wanted].sort((a, b) => (a.participant < b.participant ? -1 : 1));
}

function hangupOf({ at, cause, hangupSource, sipCause }: EventOf<'hungUp'>): Hangup {
  return { at, cause, hangupSource, sipCause };
}

/** Evidence with a cause beats evidence without, evidence of who hung up beats evidence without; then the earliest; then any fixed order. */
function bestHangup(a: Hangup | null, b: Hangup): Hangup {
  if (a === null) return b;
  const order = (hangup: Hangup): string =>
    `${hangup.cause === null ? 1 : 0}/${hangup.hangupSource === null ? 1 : 0}/${hangup.at}/${hangup.cause}/${hangup.hangupSource}/${hangup.sipCause}`;
  return order(a) <= order(b) ? a : b;
}

function latestJoin(a: LegFacts['lastJoin'], { at, conferenceId }: EventOf<'joined'>): LegFacts['lastJoin'] {
  if (a === null || a.at < at) return { at, conferenceId };
  return a.at > at ? a : { at, conferenceId: least(a.conferenceId, conferenceId) };
}

/** From the weakest evidence to the strongest. */
const VERDICTS: readonly MachineVerdict[] = ['unknown', 'human', 'machine', 'fax'];

function surest(a: MachineVerdict | null, b: MachineVerdict): MachineVerdict {
  return a !== null && VERDICTS.indexOf(a) > VERDICTS.indexOf(b) ? a : b;
}

/** Heard to the end beats cut off; then the earliest. */
function better(a: Said | undefined, { at, completed }: EventOf<'said'>): Said {
  if (a === undefined || (completed && !a.completed)) return { at, completed };
  return a.completed === completed && at < a.at ? { at, completed } : a;
}

function latestMute(a: LegFacts['mute'], { at, muted }: EventOf<'muted'>): LegFacts['mute'] {
  if (a === null || a.at < at) return { at, muted };
  return a.at > at ? a : { at, muted: a.muted || muted };
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

/** A set, as a sorted list. */
function including(list: readonly string[], item: string): readonly string[] {
  return list.includes(item) ? list : [...list, item].sort();
}
