/**
 * The commands and questions of a call's story, as requests to Telnyx. Each sends the `command_id` that belongs to it,
 * so a repeat after a crash is the same command to the carrier. Failures are read by `failures.ts`; what is retried is
 * thrown, everything else is an answer.
 */
import { activityInfo, ApplicationFailure, log } from '@temporalio/activity';
import { ApplicationFailureCategory } from '@temporalio/common';
import { z } from 'zod';
import { commandName } from '../domain/call';
import type { CallId, LegIdentity, LegName, ReachableLeg } from '../domain/call';
import type { CallEvent } from '../domain/events';
import { decodeClientState, encodeClientState } from '../platform/telnyx/client-state';
import type { TelnyxClient } from '../platform/telnyx/client';
import { commandId } from '../platform/telnyx/command-id';
import { eventsOf, translate } from '../platform/telnyx/events';
import type { Translated } from '../platform/telnyx/events';
// Types only: the story's side of these activities.
import type { Carrier, CommandAnswer, DialAnswer, DialCommand, FindLegQuestion } from '../workflows/runtime';
import { buildDial } from './dial-request';
import type { DialSettings } from './dial-request';
import { classify } from './failures';

export type CarrierActivities = Carrier;

export interface CarrierDependencies extends DialSettings {
  readonly telnyx: TelnyxClient;
}

/** A dial that waited longer than this for its worker is not sent: nobody knows any more whether it is still wanted. */
const DIAL_TOO_OLD_MS = 5_000;

const call = z.object({
  data: z.object({
    call_control_id: z.string().min(1),
    call_leg_id: z.string().min(1),
    call_session_id: z.string().min(1),
    client_state: z.string().nullish(),
    is_alive: z.boolean().optional(),
    end_time: z.string().nullish(),
    recording_id: z.string().nullish(),
  }),
});
const activeCalls = z.object({
  data: z.array(call.shape.data.partial({ call_leg_id: true, call_session_id: true })),
  meta: z.object({ cursors: z.object({ after: z.string().nullish() }).optional() }).optional(),
});
const callEvents = z.object({
  data: z.array(
    z.object({
      type: z.string(),
      name: z.string(),
      event_timestamp: z.string().nullish(),
      metadata: z.record(z.string(), z.unknown()).nullish(),
    }),
  ),
});
const conferences = z.object({ data: z.array(z.object({ id: z.string().min(1), name: z.string() })) });
const participants = z.object({
  data: z.array(z.object({ call_leg_id: z.string(), status: z.string(), created_at: z.string().nullish() })),
});
const recordings = z.object({ data: z.array(z.object({ id: z.string().min(1) })) });
const accepted = z.object({ data: z.unknown() });

/** Never more pages than this: a list that does not end must not hold up a call. */
const MAX_PAGES = 40;

export function createCarrierActivities(dependencies: CarrierDependencies): CarrierActivities {
  const { telnyx, installation, connectionId } = dependencies;

  async function dial(command: DialCommand): Promise<DialAnswer> {
    const { callId } = command.call;
    if (Date.now() - activityInfo().currentAttemptScheduledTimestampMs > DIAL_TOO_OLD_MS) return { kind: 'late' };
    try {
      const { data } = await telnyx.request('post', '/calls', call, { body: buildDial(command, dependencies) });
      if (data.client_state && !isOurs(data.client_state, callId)) {
        return { kind: 'ambiguous', detail: 'the carrier answered with the leg of another call' };
      }
      log.info(`Telnyx outbound call created: call_control_id=${data.call_control_id}`, { event: 'call.dialed', callId });
      return { kind: 'placed', leg: identityOf(data, command.leg), recordingId: data.recording_id ?? null };
    } catch (error) {
      const failure = classify(error);
      const { code, detail, retryAfterMs } = failure;
      log.warn('dial not accepted', { event: 'call.dial_failed', callId, code, detail, verdict: failure.verdict });
      switch (failure.verdict) {
        case 'unclear':
          return { kind: 'ambiguous', detail: `${code}: ${detail}` };
        case 'later':
          return { kind: 'notPlaced', code, detail, retryAfterMs };
        case 'final':
        case 'gone':
          return { kind: 'refused', code, detail };
      }
    }
  }

  const legPath = (leg: ReachableLeg): string => `/calls/${encodeURIComponent(leg.callControlId)}`;
  const stamp = (callId: CallId, leg: LegName, purpose: string): { command_id: string; client_state: string } => ({
    command_id: commandId(commandName(callId, leg, purpose)),
    client_state: encodeClientState({ installation, callId, leg: nameOf(leg) }),
  });
  const isOurs = (clientState: string, callId: CallId): boolean => {
    const state = decodeClientState(clientState);
    return state?.callId === callId && state.installation === installation;
  };

  /** Makes the conference out of this leg; when it exists already, joins it. */
  async function createOrJoin(callId: CallId, leg: ReachableLeg, attempt: number): Promise<void> {
    const create = { call_control_id: leg.callControlId, name: callId, beep_enabled: 'never' };
    try {
      const body = { ...create, ...stamp(callId, leg, `create conference ${attempt}`) };
      await telnyx.request('post', '/conferences', accepted, { body });
    } catch (error) {
      const { code } = classify(error);
      if (code === '90044') return;
      // 90033 is also told of other things (developers.telnyx.com: API error codes), so the list decides.
      const id = code === '90033' ? await conferenceId(callId) : null;
      if (id === null) throw error;
      await join(callId, leg, id, attempt);
    }
  }

  async function join(callId: CallId, leg: ReachableLeg, id: string, attempt: number): Promise<void> {
    const body = {
      call_control_id: leg.callControlId,
      end_conference_on_exit: leg.role === 'lead',
      ...stamp(callId, leg, `join ${attempt}`),
    };
    try {
      await telnyx.request('post', `/conferences/${encodeURIComponent(id)}/actions/join`, accepted, { body });
    } catch (error) {
      if (classify(error).code !== '90044') throw error;
    }
  }

  async function conferenceId(callId: CallId): Promise<string | null> {
    const query = { 'filter[name]': callId, 'filter[status]': 'in_progress' };
    const { data } = await telnyx.request('get', '/conferences', conferences, { query });
    return data.find((conference) => conference.name === callId)?.id ?? null;
  }

  /** The carrier's own log of what it told us. */
  async function eventLog(query: Readonly<Record<string, string>>): Promise<Translated[]> {
    const { data } = await telnyx.request('get', '/call_events', callEvents, {
      query: { ...query, 'filter[type]': 'webhook', 'page[size]': 250 },
    });
    const learned = { source: 'poll', receivedAt: new Date().toISOString(), installation } as const;
    return data.map(({ name, event_timestamp, metadata }) =>
      translate({ event_type: name, occurred_at: event_timestamp ?? undefined, payload: metadata ?? {} }, learned),
    );
  }

  async function activeLeg({ callId, leg }: FindLegQuestion): Promise<CallEvent[]> {
    let after: string | null = null;
    for (let page = 0; page < MAX_PAGES; page++) {
      const query = { 'page[limit]': 250, ...(after !== null && { 'page[after]': after }) };
      const path = `/connections/${encodeURIComponent(connectionId)}/active_calls`;
      const { data, meta }: z.infer<typeof activeCalls> = await telnyx.request('get', path, activeCalls, { query });
      for (const found of data) {
        const state = decodeClientState(found.client_state);
        const { call_leg_id, call_session_id = '' } = found;
        if (!state || !call_leg_id || !isOurs(found.client_state ?? '', callId)) continue;
        if (commandName(callId, state.leg, '') !== commandName(callId, leg, '')) continue;
        const identity = identityOf({ ...found, call_leg_id, call_session_id }, leg);
        return [{ kind: 'initiated', at: new Date().toISOString(), source: 'poll', leg: identity }];
      }
      after = meta?.cursors?.after ?? null;
      if (after === null || data.length === 0) return [];
    }
    return [];
  }

  return {
    dial,

    hangUp: ({ callId, leg }) =>
      answered(() =>
        telnyx.request('post', `${legPath(leg)}/actions/hangup`, accepted, { body: stamp(callId, leg, 'hang up') }),
      ),

    async enterConference({ callId, leg, attempt }) {
      log.info(`Conference ID prepared for Telnyx: ${callId}`, { event: 'conference.prepared', callId });
      return answered(() => createOrJoin(callId, leg, attempt));
    },

    async askLeg({ callId, leg }) {
      const now = new Date().toISOString();
      const status = await telnyx.request('get', legPath(leg), call).catch((error: unknown) => {
        if (classify(error).verdict === 'gone') return null;
        throw error;
      });
      if (status && !isOurs(status.data.client_state ?? '', callId)) {
        return [{ kind: 'disowned', at: now, source: 'poll', leg }];
      }
      const events = eventsOf(await eventLog({ 'filter[leg_id]': leg.callLegId }), callId);
      const over = status?.data.is_alive !== true;
      if (!over || events.some((event) => event.kind === 'hungUp')) return events;
      const at = status?.data.end_time ? new Date(status.data.end_time).toISOString() : now;
      return [...events, { kind: 'hungUp', at, source: 'poll', leg, cause: null, hangupSource: null, sipCause: null }];
    },

    async askParticipants({ callId, legs }) {
      const id = await conferenceId(callId);
      if (id === null) return [];
      const { data } = await telnyx.request('get', `/conferences/${encodeURIComponent(id)}/participants`, participants);
      return legs.flatMap((leg): CallEvent[] => {
        const row = data.find((one) => one.call_leg_id === leg.callLegId && one.status === 'joined');
        if (!row) return [];
        const at = row.created_at ? new Date(row.created_at).toISOString() : new Date().toISOString();
        return [{ kind: 'joined', at, source: 'poll', leg, conferenceId: id }];
      });
    },

    async findLeg(question) {
      const { callId, leg, toPhone, since } = question;
      const query = { 'filter[to]': toPhone, 'filter[occurred_at][gte]': since };
      const [alive, logged] = await Promise.all([activeLeg(question), eventLog(query)]);
      const told = eventsOf(logged, callId).filter(
        (event) => 'leg' in event && commandName(callId, event.leg, '') === commandName(callId, leg, ''),
      );
      return [...alive, ...told];
    },

    async listRecordings({ callLegId }) {
      const { data } = await telnyx.request('get', '/recordings', recordings, {
        query: { 'filter[call_leg_id]': callLegId },
      });
      return data.map(({ id }) => id);
    },
  };
}

/** A command's answer; a failure that may pass is thrown, so that Temporal sends the same command again. */
async function answered(send: () => Promise<unknown>): Promise<CommandAnswer> {
  try {
    await send();
    return { kind: 'accepted' };
  } catch (error) {
    const { verdict, code, detail, retryAfterMs } = classify(error);
    if (verdict === 'gone') return { kind: 'gone' };
    if (verdict === 'final') return { kind: 'refused', code, detail };
    throw ApplicationFailure.create({
      type: code,
      message: `${detail} (${verdict})`,
      category: ApplicationFailureCategory.BENIGN,
      ...(retryAfterMs !== null && { nextRetryDelay: Math.min(retryAfterMs, 10_000) }),
    });
  }
}

function nameOf({ role, participant, attempt }: LegName): LegName {
  return { role, participant, attempt };
}

function identityOf(
  data: { call_control_id: string; call_leg_id: string; call_session_id: string },
  leg: LegName | LegIdentity,
): ReachableLeg {
  return {
    ...nameOf(leg),
    callControlId: data.call_control_id,
    callLegId: data.call_leg_id,
    callSessionId: data.call_session_id,
  };
}
