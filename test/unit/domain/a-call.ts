/** Builders for calls, legs and events: a test says only what matters to it. Instants are seconds after the start. */
import { LEAD } from '../../../domain/call';
import type { Agent, CallRequest, LegIdentity, LegName, SpeechName } from '../../../domain/call';
import type { CallEvent, EventOf, MachineVerdict } from '../../../domain/events';
import { advance, NOTHING_KNOWN } from '../../../domain/facts';
import type { Facts } from '../../../domain/facts';

export const at = (second: number): string => new Date(Date.UTC(2026, 0, 5, 12) + second * 1000).toISOString();

export const CALL_ID = 'COLD_CALL_01JGZ0ABCDEFGHJKMNPQRSTV0X';

export function aCall(changes: Partial<CallRequest> = {}): CallRequest {
  return {
    callId: CALL_ID,
    provider: 'telnyx',
    toPhone: '+15559999999',
    fromPhone: '+15551234567',
    handler: { type: 'conference' },
    agent: null,
    dialOrder: 'lead_first',
    answeringMachine: { policy: 'off' },
    record: true,
    recordingNotice: null,
    recordingFormat: 'mp3',
    ringTimeoutSeconds: 30,
    timeLimitSeconds: 3600,
    agentWaitSeconds: 30,
    businessId: '6f1c2a34-0b5d-4e6f-8a7b-9c0d1e2f3a4b',
    metadata: { order: 7 },
    createdAt: at(0),
    ...changes,
  };
}

function aLeg(name: LegName, id: string): LegIdentity {
  return { ...name, callLegId: id, callControlId: `v3:${id}`, callSessionId: 'session' };
}
export const lead = aLeg(LEAD, 'lead-leg');
/** A second leg of the same name: the carrier placed two. */
export const secondLead = aLeg(LEAD, 'lead-leg-2');
export const agent = aLeg({ role: 'agent', participant: 'ana', attempt: 1 }, 'agent-leg');

const webhook = (second: number) => ({ at: at(second), source: 'webhook' }) as const;
const ours = (second: number) => ({ at: at(second), source: 'command' }) as const;

export const dialSent = (second: number, leg: LegName = LEAD): CallEvent => ({
  ...ours(second),
  kind: 'dialSent',
  leg,
});
export const dialRefused = (second: number, code = '90041'): CallEvent => ({
  ...ours(second),
  kind: 'dialRefused',
  leg: LEAD,
  code,
  detail: `refused with ${code}`,
});
export const dialUnresolved = (second: number): CallEvent => ({ ...ours(second), kind: 'dialUnresolved', leg: LEAD });
export const placed = (second: number, leg = lead, recordingId: string | null = null): CallEvent => ({
  ...ours(second),
  kind: 'placed',
  leg,
  echoed: false,
  recordingId,
});
export const initiated = (second: number, leg = lead): CallEvent => ({ ...webhook(second), kind: 'initiated', leg });
export const answered = (second: number, leg = lead): CallEvent => ({ ...webhook(second), kind: 'answered', leg });
export const joined = (second: number, leg = lead): CallEvent => ({
  ...webhook(second),
  kind: 'joined',
  leg,
  conferenceId: 'conference',
});
export const left = (second: number, leg = lead): CallEvent => ({
  ...webhook(second),
  kind: 'left',
  leg,
  conferenceId: 'conference',
});
export const disowned = (second: number, leg = lead): CallEvent => ({
  at: at(second),
  source: 'poll',
  kind: 'disowned',
  leg,
});

export function hungUp(
  second: number,
  cause: string | null,
  hangupSource: string | null = null,
  leg = lead,
): CallEvent {
  return { ...webhook(second), kind: 'hungUp', leg, cause, hangupSource, sipCause: null };
}

/** As the carrier tells it: without a call_control_id. */
export function recordingSaved(second: number, changes: Partial<EventOf<'recordingSaved'>> = {}): CallEvent {
  return {
    ...webhook(second),
    kind: 'recordingSaved',
    leg: { ...lead, callControlId: null },
    recordingId: 'recording',
    startedAt: null,
    endedAt: null,
    ...changes,
  };
}
export const recordingFailed = (second: number, reason = 'no disk'): CallEvent => ({
  ...webhook(second),
  kind: 'recordingFailed',
  leg: lead,
  reason,
});
export const machineDetected = (second: number, verdict: MachineVerdict, leg = lead): CallEvent => ({
  ...webhook(second),
  kind: 'machineDetected',
  leg,
  verdict,
});
export const greetingEnded = (second: number, leg = lead): CallEvent => ({
  ...webhook(second),
  kind: 'greetingEnded',
  leg,
});
export const said = (second: number, speech: SpeechName, completed = true, leg = lead): CallEvent => ({
  ...webhook(second),
  kind: 'said',
  leg,
  speech,
  completed,
});
export const muted = (second: number, isMuted: boolean, leg = agent): CallEvent => ({
  at: at(second),
  source: 'api',
  kind: 'muted',
  leg,
  muted: isMuted,
});
export const ana: Agent = { type: 'webrtc', clientId: 'ana' };
export const agentRequested = (second: number, who: Agent = ana): CallEvent => ({
  at: at(second),
  source: 'api',
  kind: 'agentRequested',
  agent: who,
});
export const agentUnavailable = (second: number, requests = 1, who: Agent = ana): CallEvent => ({
  ...ours(second),
  kind: 'agentUnavailable',
  agent: who,
  requests,
});
export const machineReached = (second: number): CallEvent => ({ ...ours(second), kind: 'machineReached' });
export const ending = (second: number): CallEvent => ({ ...ours(second), kind: 'ending' });
export const recordingStarted = (second: number, leg = lead): CallEvent => ({
  ...ours(second),
  kind: 'recordingStarted',
  leg,
});
export const conferenceEnded = (second: number): CallEvent => ({
  ...webhook(second),
  kind: 'conferenceEnded',
  conferenceId: 'conference',
});
export const hangupRequested = (second: number): CallEvent => ({
  at: at(second),
  source: 'api',
  kind: 'hangupRequested',
});
export const nobodyCame = (second: number): CallEvent => ({ ...ours(second), kind: 'nobodyCame' });
export const commandFailed = (second: number, code: string): CallEvent => ({
  ...ours(second),
  kind: 'commandFailed',
  code,
  detail: `failed with ${code}`,
});
export const followed = (second: number): CallEvent => ({ ...webhook(second), kind: 'followed', leg: lead });
export const stepRecorded = (second: number, recordingId: string): CallEvent => ({
  ...webhook(second),
  kind: 'stepRecorded',
  recordingId,
});
export const ended = (second: number): CallEvent => ({ ...ours(second), kind: 'ended' });

export const factsAfter = (...events: readonly CallEvent[]): Facts => events.reduce(advance, NOTHING_KNOWN);
