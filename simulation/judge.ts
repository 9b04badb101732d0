/** Looks on while a seed runs: keeps records, counts what happens, and asks the oracles after every event. */
import { classify } from '../activities/failures';
import type { CallId } from '../domain/call';
import type { StatusDocument } from '../domain/status';
import type { Report } from '../flows/script';
import type { Carrier } from '../simulator/carrier/carrier';
import { defaultSettings } from '../simulator/carrier/settings';
import type { Clock, Webhook } from '../simulator/carrier/world';
import { phoneAt } from '../simulator/phones';
import type { MuteAnswer, MuteRequest } from '../workflows/messages';
import type { Attempt } from './attempts';
import type { CallWatch, RunningCall } from './call';
import type { Chance } from './chance';
import type { DocumentsWatch } from './documents';
import type { NetworkWatch, Sent } from './network';
import { atTheEnd, whenDialSent, whenEnded, whenPlaced, whenSent, whenStatusChanges } from './oracles';
import type { Wish } from './kinds';
import type { Plan, PlannedCall } from './plan';
import { calledIn, createRecord, isDial, lastCompleteLook, legIn, noteAnswer, succeeded } from './records';
import type { CallRecord } from './records';

export interface Violation {
  /** `C1` … of the table in `oracles.ts`. */
  readonly oracle: string;
  readonly callId: CallId | null;
  readonly what: string;
}

/** What an oracle says: nothing, or what is wrong. */
export type Verdict = Omit<Violation, 'callId'>;

export interface Judge extends NetworkWatch, DocumentsWatch {
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
  answeredStory(asked: { callId: CallId; name: string; question: unknown }, answer: unknown): void;
  /** It got this for an errand of its script. */
  reported(callId: CallId, key: string, report: Report): void;
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
  const ledgerLegs = () => carrier?.legs() ?? [];

  /** The leg that this request has placed: nobody else's is to this number and not known yet. */
  const notePlaced = (request: Sent): void => {
    const known = new Set([...records.values()].flatMap(({ placed }) => [...placed]));
    const leg = ledgerLegs().findLast(
      ({ to, call_control_id }) => to === calledIn(request) && !known.has(call_control_id),
    );
    if (leg) of(request.attempt.callId).placed.add(leg.call_control_id);
  };
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
      if (!isDial(request)) return;
      const leg = operation === 'texmlDial' ? 'lead lead 1' : legIn(request.body['client_state']);
      const look = lastCompleteLook(record, calledIn(request));
      const dial = { request, leg, look, told: new Set(record.told), isRefused: false };
      record.dials.push(dial);
      object(attempt.callId, whenDialSent(record, dial));
    },
    done(request, reply) {
      const { attempt, operation } = request;
      note(() => `${nick(attempt.callId)}  the carrier has done ${operation}: ${reply.status}`);
      if (request.method !== 'GET') object(attempt.callId, strangersAreLeftAlone(request, strangers));
      if (!isDial(request) || !succeeded(reply)) return;
      if (operation === 'texmlDial') notePlaced(request);
      object(attempt.callId, whenPlaced(of(attempt.callId), request, ledgerLegs(), count));
    },
    answered(request, body) {
      noteAnswer(of(request.attempt.callId), request, body);
      note(() => `${nick(request.attempt.callId)}← ${request.operation} answered`);
    },
    failed(request, error) {
      const dial = of(request.attempt.callId).dials.find((one) => one.request === request);
      if (dial) dial.isRefused = classify(error).verdict !== 'unclear';
      note(() => `${nick(request.attempt.callId)}← ${request.operation} failed: ${describe(error)}`);
    },

    said: ({ eventType }) => {
      note(() => `  the carrier says ${eventType}`);
    },
    webhook: ({ eventType }) => {
      note(() => `webhook ${eventType}`);
    },
    heardWebhook(callId, { eventType, data, form }) {
      const payload = data['payload'] as Record<string, unknown> | undefined;
      const named = form ? [data['CallSid'], data['RecordingSid']] : [payload?.['call_leg_id']];
      for (const name of named) if (typeof name === 'string') of(callId).told.add(`${eventType} ${name}`);
    },
    asked(callId, { url, fields }) {
      note(() => `${nick(callId)}the carrier asks for ${url.split('/').slice(8).join('/')} ${JSON.stringify(fields)}`);
    },
    heardQuestion(callId, callSid) {
      of(callId).told.add(`document ${callSid}`);
    },
    instructed(callId, how, texml) {
      const call = running.find(({ request }) => request.callId === callId);
      const isLate = how === 'over' && call?.document().outcome === 'dial_unknown';
      count(`document: ${how}${isLate ? ', for a leg that nobody knew of' : ''}`);
      note(() => `${nick(callId)}it is answered (${how}): ${texml.replace(/^<\?xml[^>]*>\s*/, '')}`);
    },
    reported(callId, key, report) {
      of(callId).reports.set(key, report);
      const isNothing = Object.values(report).includes(null);
      count(`errand: ${report.kind} ${isNothing ? 'not answered' : 'answered'}`);
      note(() => `${nick(callId)}the story hears of its errand ${key}: ${JSON.stringify(report)}`);
    },
    heardAttempt({ callId, name }) {
      const record = of(callId);
      for (const told of record.tellings.get(name) ?? []) record.told.add(told);
    },
    answeredStory({ callId, name, question }, answer) {
      const { of: whose } = question as { of?: string };
      if (whose === 'steps' && Array.isArray(answer))
        for (const id of answer) of(callId).told.add(`listed ${String(id)}`);
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
      object(null, [
        { oracle: 'no bug', what: `an activity threw, or an address of ours leads nowhere: ${explain(error)}` },
      ]);
    },

    watchCall({ request, script = null, wishes }) {
      const { machine } = carrier?.phone(request.toPhone) ?? phoneAt(request.toPhone);
      const isAlone = plan.calls.filter((one) => one.request.toPhone === request.toPhone).length === 1;
      const record = createRecord({ request, script, isAlone, wishes, machine, acceptedAtMs: clock.now() });
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
      const settings = carrier?.settings() ?? defaultSettings;
      const phone = (to: string) => carrier?.phone(to) ?? phoneAt(to);
      for (const call of running) {
        const record = of(call.request.callId);
        const document = call.document();
        countEnd(document, count);
        note(() => `${nick(call.request.callId)}at last: ${JSON.stringify(document)}`);
        const { deliveries } = call;
        object(call.request.callId, atTheEnd({ record, document, ledger, deliveries, calm, settings, phone }));
      }
      note(() => `the carrier's books: ${JSON.stringify({ legs: ledger.legs, recordings: ledger.recordings })}`);
      for (const { to, transcript } of ledger.texml_calls)
        note(() => `heard at ${to}: ${transcript.map((line) => Object.values(line).join(' ')).join(' | ')}`);
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
