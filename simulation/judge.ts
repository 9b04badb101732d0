/** Looks on while a seed runs: keeps records, counts what happens, and asks the oracles after every event. */
import type { CallId } from '../domain/call';
import type { StatusDocument } from '../domain/status';
import type { Carrier } from '../simulator/carrier/carrier';
import type { Clock, Webhook } from '../simulator/carrier/world';
import { phoneAt } from '../simulator/phones';
import type { MuteAnswer, MuteRequest } from '../workflows/messages';
import type { Attempt } from './attempts';
import type { CallWatch, RunningCall } from './call';
import type { Chance } from './chance';
import type { NetworkWatch, Sent } from './network';
import { atTheEnd, whenDialSent, whenEnded, whenPlaced, whenSent, whenStatusChanges } from './oracles';
import type { Wish } from './kinds';
import type { Plan, PlannedCall } from './plan';
import { createRecord, lastCompleteLook, legIn, noteAnswer, succeeded } from './records';
import type { CallRecord } from './records';

export interface Violation {
  /** `C1` … of the table in `oracles.ts`. */
  readonly oracle: string;
  readonly callId: CallId | null;
  readonly what: string;
}

/** What an oracle says: nothing, or what is wrong. */
export type Verdict = Omit<Violation, 'callId'>;

export interface Judge extends NetworkWatch {
  /** Whom it looks on; when the only legs are the strangers'. */
  follow(carrier: Carrier, calls: readonly RunningCall[]): void;
  watchCall(planned: PlannedCall): CallWatch;
  /** The carrier has said something. */
  said(webhook: Webhook): void;
  /** It has reached the server. */
  webhook(webhook: Webhook): void;
  /** The workflow has learned of it. */
  heardWebhook(callId: CallId, webhook: Webhook): void;
  heardAttempt(attempt: Attempt): void;
  /** The story got this for a command or a question. */
  answeredStory(name: string, answer: unknown): void;
  /** Somebody has asked for something; `granted`: the call was not over. */
  wished(callId: CallId, wish: Wish, granted: boolean): void;
  muteAnswered(callId: CallId, request: MuteRequest, answer: MuteAnswer): void;
  broken(error: unknown): void;
  /** Nothing more happens. */
  concludes(): void;
  readonly violations: readonly Violation[];
}

/** Numbers of phones that answer and stay, with legs of other systems. */
export const STRANGERS = ['+15559998006', '+15559999006', '+15559997006'] as const;

export interface JudgeDeps {
  readonly clock: Clock;
  readonly plan: Plan;
  readonly chance: Chance;
  readonly count: (what: string) => void;
  readonly note: (what: () => string) => void;
}

export function createJudge({ clock, plan, chance, count, note }: JudgeDeps): Judge {
  const records = new Map<CallId, CallRecord>();
  const violations: Violation[] = [];
  let carrier: Carrier | null = null;
  let running: readonly RunningCall[] = [];
  let strangers: readonly string[] = [];
  const ledgerLegs = () => carrier?.ledger().legs ?? [];

  const of = (callId: CallId): CallRecord => {
    const record = records.get(callId);
    if (!record) throw new Error(`no record of ${callId}`);
    return record;
  };
  const object = (callId: CallId | null, verdicts: readonly Verdict[]): void => {
    for (const verdict of verdicts) {
      note(() => `VIOLATION of ${verdict.oracle}: ${verdict.what}`);
      violations.push({ ...verdict, callId });
    }
  };
  const nick = (callId: CallId): string => (plan.calls.length === 1 ? '' : `call ${callId.slice(-1)}: `);

  return {
    violations,
    follow(model, calls) {
      carrier = model;
      running = calls;
      strangers = ledgerLegs().map(({ call_control_id }) => call_control_id);
    },

    sent(request, fault) {
      const { attempt, operation } = request;
      const record = of(attempt.callId);
      note(() => `${nick(attempt.callId)}→ ${operation}${fault === null ? '' : ` (${fault})`}`);
      count(`request: ${operation}`);
      object(attempt.callId, whenSent(record, request));
      if (operation !== 'dial') return;
      const leg = legIn(request.body['client_state']);
      const dial = {
        request,
        leg,
        look: lastCompleteLook(record, String(request.body['to'])),
        told: new Set(record.told),
      };
      record.dials.push(dial);
      object(attempt.callId, whenDialSent(record, dial));
    },
    done(request, reply) {
      const { attempt, operation } = request;
      note(() => `${nick(attempt.callId)}  the carrier has done ${operation}: ${reply.status}`);
      if (request.method !== 'GET') object(attempt.callId, strangersAreLeftAlone(request, strangers));
      if (operation !== 'dial' || !succeeded(reply)) return;
      object(attempt.callId, whenPlaced(of(attempt.callId), request, ledgerLegs(), count));
    },
    answered(request, body) {
      noteAnswer(of(request.attempt.callId), request, body);
      note(() => `${nick(request.attempt.callId)}← ${request.operation} answered`);
    },
    failed(request, error) {
      note(() => `${nick(request.attempt.callId)}← ${request.operation} failed: ${describe(error)}`);
    },

    said: ({ eventType }) => {
      note(() => `  the carrier says ${eventType}`);
    },
    webhook: ({ eventType }) => {
      note(() => `webhook ${eventType}`);
    },
    heardWebhook(callId, { eventType, data }) {
      const payload = data['payload'] as Record<string, unknown>;
      of(callId).told.add(`${eventType} ${String(payload['call_leg_id'])}`);
    },
    heardAttempt({ callId, name }) {
      const record = of(callId);
      for (const told of record.tellings.get(name) ?? []) record.told.add(told);
    },
    answeredStory(name, answer) {
      const isObject = typeof answer === 'object' && answer !== null;
      const kind = isObject && 'kind' in answer ? String(answer.kind) : isObject ? 'answered' : 'no answer';
      count(`${name}: ${kind}`);
      note(() => `  the story hears: ${name}: ${kind}`);
    },
    wished(callId, { kind }, granted) {
      if (kind === 'hangUp' && granted) of(callId).hangupAcceptedAtMs ??= clock.now();
      if ((kind === 'takeOut' || kind === 'endConference') && granted) of(callId).takenOutAtMs ??= clock.now();
      count(`api: ${kind} ${granted ? 'accepted' : 'too late'}`);
      note(() => `${nick(callId)}the API ${granted ? 'accepts' : 'refuses'} a wish: ${kind}`);
    },
    muteAnswered(callId, { participant, muted }, answer) {
      count(`mute: ${answer}`);
      note(() => `${nick(callId)}the API answers ${muted ? 'mute' : 'unmute'} ${participant}: ${answer}`);
    },
    broken(error) {
      object(null, [{ oracle: 'no bug', what: `an activity threw ${explain(error)}` }]);
    },

    watchCall({ request, wishes }) {
      const { machine } = carrier?.phone(request.toPhone) ?? phoneAt(request.toPhone);
      const record = createRecord({ request, wishes, machine, acceptedAtMs: clock.now() });
      const { callId } = request;
      records.set(callId, record);
      note(() => `${nick(callId)}accepted: ${JSON.stringify(request)}`);
      return {
        learned(event, before, after) {
          count(`event: ${event.kind}`);
          note(() => `${nick(callId)}learned ${JSON.stringify(event)}`);
          if (before.status !== after.status) {
            count(`status: ${before.status} → ${after.status}`);
            note(() => `${nick(callId)}STATUS ${before.status} → ${after.status}`);
          }
          object(callId, whenStatusChanges(before, after));
          if (before.status === 'ended' || after.status !== 'ended') return;
          record.endedAtMs = clock.now();
          record.toldByTheEnd = new Set(record.told);
          record.calmSinceMs = chance.calmSinceMs();
          object(callId, whenEnded(record, ledgerLegs()));
        },
        waits: (summary, timeoutMs) => {
          note(() => `${nick(callId)}waits: ${summary}${timeoutMs === Infinity ? '' : `, at most ${timeoutMs} ms`}`);
        },
        ended(error) {
          record.storyOverAtMs = clock.now();
          note(() => `${nick(callId)}the story is over`);
          if (error !== null) object(callId, [{ oracle: 'no bug', what: `the story threw ${explain(error)}` }]);
        },
      };
    },

    concludes() {
      const ledger = carrier?.ledger();
      if (!ledger) return;
      const calm = chance.met.length === 0;
      const dedupes = carrier?.settings().dedupeCommandIds ?? true;
      for (const call of running) {
        const record = of(call.request.callId);
        const document = call.document();
        countEnd(document, count);
        note(() => `${nick(call.request.callId)}at last: ${JSON.stringify(document)}`);
        object(call.request.callId, atTheEnd({ record, document, ledger, deliveries: call.deliveries, calm, dedupes }));
      }
      note(() => `the carrier's books: ${JSON.stringify({ legs: ledger.legs, recordings: ledger.recordings })}`);
    },
  };
}

/** @param strangers call_control_ids of legs that are not ours. */
function strangersAreLeftAlone({ operation, path, body }: Sent, strangers: readonly string[]): readonly Verdict[] {
  const named = `${decodeURIComponent(path)} ${JSON.stringify(body)}`;
  const isTouched = strangers.some((id) => named.includes(id));
  return isTouched ? [{ oracle: 'C3', what: `${operation} of somebody else's leg` }] : [];
}

function countEnd(document: StatusDocument, count: (what: string) => void): void {
  count(`outcome: ${document.outcome}`);
  count(`ended by: ${document.ended_by}`);
  count(`message: ${document.message?.state ?? 'none'}`);
  count(`answered by: ${document.answered_by ?? 'not told'}`);
  count(`recording: ${document.recording === null ? 'not wanted' : document.recording.state}`);
}

const describe = (error: unknown): string =>
  error instanceof Error ? `${error.constructor.name}: ${error.message.slice(0, 100)}` : String(error);

/** A bug of ours: where it is matters. */
const explain = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error));
