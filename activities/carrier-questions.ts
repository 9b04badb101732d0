/**
 * Asking Telnyx what a webhook should have told. Every answer is a list of events with source `poll`, so that what is
 * asked and what is told meet in the same facts.
 */
import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import type { z } from 'zod';
import { isSameLeg } from '../domain/call';
import type { CallId, LegName, ReachableLeg } from '../domain/call';
import type { Carrier, FindLegQuestion } from '../domain/carrier';
import type { CallEvent, EventOf } from '../domain/events';
import { parseInstant } from '../domain/time';
import type { TelnyxClient } from '../platform/telnyx/client';
import { decodeClientState } from '../platform/telnyx/client-state';
import { translate } from '../platform/telnyx/events';
import { activeCalls } from './active-calls';
import { classify } from './failures';
import {
  callAnswer,
  callEventRow,
  callEventsAnswer,
  conferencesAnswer,
  participantsAnswer,
  recordingsAnswer,
} from './telnyx-answers';

export interface QuestionSettings {
  readonly telnyx: TelnyxClient;
  /** OUTCALL_INSTALLATION. */
  readonly installation: string;
  /** The Call Control Application's id. */
  readonly connectionId: string;
}

export type CarrierQuestions = Pick<Carrier, 'askLeg' | 'askParticipants' | 'findLeg' | 'listRecordings'>;

export function createCarrierQuestions({ telnyx, installation, connectionId }: QuestionSettings): CarrierQuestions {
  /** Which leg of this call carries the state; null for everybody else's. */
  const legIn = (clientState: string | null | undefined, callId: CallId): LegName | null => {
    const state = decodeClientState(clientState);
    return state?.callId === callId && state.installation === installation ? state.leg : null;
  };

  /** The carrier's own log of what it told us about this call. */
  async function eventLog(callId: CallId, filter: Readonly<Record<string, string>>): Promise<CallEvent[]> {
    const query = { ...filter, 'filter[type]': 'webhook', 'page[size]': 250 };
    const { data } = await telnyx.request('get', '/call_events', callEventsAnswer, { query });
    const learned = { source: 'poll', receivedAt: new Date().toISOString(), installation } as const;
    return data.flatMap((row) => {
      const { name = '', event_timestamp: occurred_at, metadata } = callEventRow.safeParse(row).data ?? {};
      const read = translate({ event_type: name, occurred_at, payload: payloadIn(metadata ?? {}) }, learned);
      return read.kind === 'event' && read.callId === callId ? [read.event] : [];
    });
  }

  /** Null: the carrier does not know this leg, or no more: it forgets a leg 10 minutes after its end. */
  async function statusOf(leg: ReachableLeg): Promise<z.infer<typeof callAnswer>['data'] | null> {
    try {
      return (await telnyx.request('get', `/calls/${encodeURIComponent(leg.callControlId)}`, callAnswer)).data;
    } catch (error) {
      if (classify(error).verdict === 'gone') return null;
      throw error;
    }
  }

  /** The running conference of this name: names are unique among them, and ours is the call's id. */
  async function findConference(callId: CallId): Promise<string | null> {
    const query = { 'filter[name]': callId, 'filter[status]': 'in_progress' };
    const { data } = await telnyx.request('get', '/conferences', conferencesAnswer, { query });
    return data.find(({ name }) => name === callId)?.id ?? null;
  }

  /** The call's legs, up to the one that is looked for. */
  async function activeLegs({ callId, leg }: FindLegQuestion): Promise<CallEvent[]> {
    const events: CallEvent[] = [];
    for await (const page of activeCalls(telnyx, connectionId)) {
      const at = new Date().toISOString();
      // All of this call: a carrier that placed two lists two, and both are to be hung up.
      const found = page.flatMap((row): EventOf<'initiated'>[] => {
        const name = legIn(row.client_state, callId);
        return name ? [{ kind: 'initiated', at, source: 'poll', leg: identityOf(row, name) }] : [];
      });
      events.push(...found);
      if (found.some((event) => isSameLeg(event.leg, leg))) break;
    }
    return events;
  }

  return {
    askLeg: asked(async ({ callId, leg, confirmed, echoed }) => {
      const now = new Date().toISOString();
      const status = await statusOf(leg);
      const told = await eventLog(callId, { 'filter[leg_id]': leg.callLegId }).catch(() => null);
      const unmarked = status !== null && !status.client_state;
      const marked = legIn(status?.client_state, callId) !== null || (told ?? []).length > 0;
      const shown = confirmed || marked || (echoed && unmarked);
      if (!shown) {
        // Another's state, or no such leg: not ours. No state at all says nothing.
        return unmarked ? [] : [{ kind: 'disowned', at: now, source: 'poll', leg }];
      }
      const events: CallEvent[] = [{ kind: 'initiated', at: now, source: 'poll', leg }, ...(told ?? [])];
      // `is_alive: false` alone proves nothing: the answer to a dial says so, too, and the schema not when it turns true.
      const isOver = status === null || typeof status.end_time === 'string';
      if (!isOver || events.some(({ kind }) => kind === 'hungUp')) return events;
      const at = parseInstant(status?.end_time) ?? now;
      return [...events, { kind: 'hungUp', at, source: 'poll', leg, cause: null, hangupSource: null, sipCause: null }];
    }),

    askParticipants: asked(async ({ callId, legs }) => {
      const id = await findConference(callId);
      if (id === null) return [];
      const path = `/conferences/${encodeURIComponent(id)}/participants`;
      const { data } = await telnyx.request('get', path, participantsAnswer);
      return legs.flatMap((leg): CallEvent[] => {
        const row = data.find((one) => one.call_leg_id === leg.callLegId && one.status === 'joined');
        const at = parseInstant(row?.created_at) ?? new Date().toISOString();
        return row ? [{ kind: 'joined', at, source: 'poll', leg, conferenceId: id }] : [];
      });
    }),

    findLeg: asked(async (question) => {
      const { callId, toPhone, since } = question;
      const looks = await Promise.allSettled([
        activeLegs(question),
        toPhone === null ? [] : eventLog(callId, { 'filter[to]': toPhone, 'filter[occurred_at][gte]': since }),
      ]);
      const events = looks.flatMap((look) => (look.status === 'fulfilled' ? look.value : []));
      return { events, complete: looks.every(({ status }) => status === 'fulfilled') };
    }),

    listRecordings: asked(async ({ callLegId }) => {
      const query = { 'filter[call_leg_id]': callLegId };
      const { data } = await telnyx.request('get', '/recordings', recordingsAnswer, { query });
      return data.map(({ id }) => id);
    }),
  };
}

/** A question whose failure says what it means and shows no text of the carrier's: that may name a number. */
export function asked<Q, A>(ask: (question: Q) => Promise<A>): (question: Q) => Promise<A> {
  return async (question) => {
    try {
      return await ask(question);
    } catch (error) {
      const { code, detail } = classify(error);
      throw ApplicationFailure.create({ type: code, message: detail, category: ApplicationFailureCategory.BENIGN });
    }
  };
}

/** The log holds the raw event; whether as the metadata itself or inside of it, the API reference does not say. */
function payloadIn(metadata: Record<string, unknown>): Record<string, unknown> {
  if ('call_leg_id' in metadata) return metadata;
  for (const key of ['event', 'data', 'payload']) {
    const inner = metadata[key];
    if (typeof inner === 'object' && inner !== null) return payloadIn(inner as Record<string, unknown>);
  }
  return metadata;
}

interface CarrierIds {
  readonly call_control_id: string;
  readonly call_leg_id: string;
  readonly call_session_id: string;
}

export function identityOf(ids: CarrierIds, { role, participant, attempt }: LegName): ReachableLeg {
  return {
    role,
    participant,
    attempt,
    callControlId: ids.call_control_id,
    callLegId: ids.call_leg_id,
    callSessionId: ids.call_session_id,
  };
}
