/**
 * The life of a leg: placed, answered or not, ended. Recordings, conferences and machine detection hang on through
 * `whenAnswered` and `whenEnded`; requests are checked elsewhere.
 */
import { phoneAt } from '../phones';
import type { PhoneBehaviour } from '../phones';
import { callControlId, timeUuid, uuid } from './ids';
import { instant, sayOfLeg } from './events';
import { textOf, wholeOf } from './wishes';
import { dropTimers, isEnded, isRinging, schedule } from './world';
import type { JsonObject, Leg, LegEnd, World } from './world';

export interface Placing {
  readonly connectionId: string;
  readonly direction: Leg['direction'];
  readonly to: string;
  readonly from: string;
  readonly request: JsonObject;
}

/** How a leg ends that nobody answered, by what the phone did. SIP codes as in RFC 3261. */
const unansweredEnds: Readonly<Record<Exclude<PhoneBehaviour['then'], 'answers' | 'neverAnswers'>, LegEnd>> = {
  busy: { cause: 'user_busy', source: 'callee', sip: '486' },
  rejects: { cause: 'call_rejected', source: 'callee', sip: '603' },
  notInService: { cause: 'not_found', source: 'unknown', sip: '404' },
  carrierFails: { cause: 'unspecified', source: 'unknown', sip: '503' },
};

/** Places a leg and lets the phone act. An inbound leg waits for `answer` instead. */
export function placeLeg(world: World, { connectionId, direction, to, from, request }: Placing): Leg {
  const { random, clock } = world.deps;
  const leg: Leg = {
    ordinal: world.legs.size + 1,
    callControlId: callControlId(random),
    callLegId: timeUuid(random),
    callSessionId: linkedSession(world, request) ?? timeUuid(random),
    connectionId,
    direction,
    to,
    from,
    commandId: textOf(request, 'command_id'),
    request,
    phone: phoneOf(world, direction === 'outgoing' ? to : from),
    clientState: textOf(request, 'client_state'),
    placedAtMs: clock.now(),
    answeredAtMs: null,
    endedAtMs: null,
    end: null,
    dialRecordingId: textOf(request, 'record') === null ? null : uuid(random),
    recordingIds: [],
    timers: new Set(),
    media: new Set(),
    sounds: [],
  };
  world.legs.set(leg.callControlId, leg);
  const state = direction === 'outgoing' ? 'bridging' : 'parked';
  sayOfLeg(world, leg, 'call.initiated', { direction, state, start_time: instant(leg.placedAtMs) });
  if (direction === 'outgoing') ring(world, leg);
  else waitForAnswer(world, leg);
  return leg;
}

/** What the phone at a number does: as set over the control interface, else as the table says. */
export const phoneOf = (world: World, to: string): PhoneBehaviour => world.phoneOverrides.get(to) ?? phoneAt(to);

/** A caller gives up after half a minute. */
function waitForAnswer(world: World, leg: Leg): void {
  schedule(world, leg, 30_000, () => {
    endLeg(world, leg, { cause: 'originator_cancel', source: 'caller', sip: '487' });
  });
}

function linkedSession(world: World, request: JsonObject): string | undefined {
  return world.legs.get(textOf(request, 'link_to') ?? '')?.callSessionId;
}

function ring(world: World, leg: Leg): void {
  const { then, ringMs } = leg.phone;
  const timeoutMs = wholeOf(leg.request, 'timeout_secs', 30) * 1000;
  // With retry_on_timeout off the whole attempt is given up, and the cause says so (Telnyx API reference, dial).
  const cause = leg.request['retry_on_timeout'] === false ? 'no_answer' : 'timeout';
  schedule(world, leg, timeoutMs, () => {
    if (isRinging(leg)) endLeg(world, leg, { cause, source: 'unknown', sip: '487' });
  });
  if (then === 'neverAnswers') return;
  schedule(world, leg, ringMs, () => {
    if (then === 'answers') answerLeg(world, leg);
    else endLeg(world, leg, unansweredEnds[then]);
  });
}

/** The leg is answered: by the phone when we dialed, by our command when it came in. */
export function answerLeg(world: World, leg: Leg): void {
  if (!isRinging(leg)) return;
  dropTimers(leg);
  leg.answeredAtMs = world.deps.clock.now();
  sayOfLeg(world, leg, 'call.answered', { state: 'answered', start_time: instant(leg.placedAtMs) });
  const limitMs = wholeOf(leg.request, 'time_limit_secs', 14_400) * 1000;
  schedule(world, leg, limitMs, () => {
    endLeg(world, leg, { cause: 'time_limit', source: 'unknown', sip: '200' });
  });
  if (leg.phone.talkMs !== null) {
    schedule(world, leg, leg.phone.talkMs, () => {
      phoneHangsUp(world, leg);
    });
  }
  for (const react of world.whenAnswered) react(leg);
}

/** The far side hangs up: the callee of a leg we dialed, the caller of one that came in. */
export function phoneHangsUp(world: World, leg: Leg): void {
  const source = leg.direction === 'outgoing' ? 'callee' : 'caller';
  endLeg(world, leg, { cause: 'normal_clearing', source, sip: '200' });
}

/** The way a leg ends when the carrier's customer asked for it. */
export function hangUpLeg(world: World, leg: Leg): void {
  const source = leg.direction === 'outgoing' ? 'caller' : 'callee';
  if (isRinging(leg)) endLeg(world, leg, { cause: 'originator_cancel', source, sip: '487' });
  else endLeg(world, leg, { cause: 'normal_clearing', source, sip: '200' });
}

/** Ends a leg; ending it again changes nothing. */
export function endLeg(world: World, leg: Leg, end: LegEnd): void {
  if (isEnded(leg)) return;
  dropTimers(leg);
  leg.endedAtMs = world.deps.clock.now();
  leg.end = end;
  for (const stop of leg.media) stop('call_hangup');
  leg.media.clear();
  sayOfLeg(world, leg, 'call.hangup', {
    state: 'hangup',
    start_time: instant(leg.placedAtMs),
    end_time: instant(leg.endedAtMs),
    hangup_cause: end.cause,
    hangup_source: end.source,
    sip_hangup_cause: end.sip,
    call_quality_stats: leg.answeredAtMs === null ? null : qualityStats,
  });
  for (const react of world.whenEnded) react(leg);
}

/** Numbers are strings here, as in captured webhooks. */
const qualityStats = {
  inbound: {
    mos: '4.50',
    jitter_max_variance: '3.20',
    jitter_packet_count: '0',
    packet_count: '500',
    skip_packet_count: '0',
  },
  outbound: { packet_count: '500', skip_packet_count: '0' },
};
