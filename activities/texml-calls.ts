/**
 * A TeXML call at the carrier: dialed, ended, sent to another document, asked about. TeXML takes no `command_id` and no
 * `client_state`, and the answer to its dial names nothing, so addresses say whose a call is, and nothing is sent twice
 * (developers.telnyx.com: API reference, TeXML REST commands).
 */
import { log } from '@temporalio/activity';
import { LEAD, limitSecondsOf, ringSecondsOf } from '../domain/call';
import type { CallId, CallRequest, ReachableLeg } from '../domain/call';
import type { Carrier, DialAnswer, DialCommand, FindLegQuestion } from '../domain/carrier';
import type { CallEvent } from '../domain/events';
import { iso } from '../domain/time';
import type { TelnyxClient } from '../platform/telnyx/client';
import type { TexmlAddresses } from '../platform/telnyx/texml-address';
import { asked } from './carrier-questions';
import { answerOf, isTooOld } from './command';
import { readDialFailure } from './carrier';
import { classify } from './failures';
import { eventsOf, texmlCall, texmlCalls, texmlRecordings, texmlTaken, wasPlacedSoonAfter } from './texml-answers';
import { anyAnswer } from './telnyx-answers';

export interface TexmlSettings {
  readonly telnyx: TelnyxClient;
  /** Null: TeXML calls are not configured here. */
  readonly texml: { readonly accountSid: string; readonly applicationId: string } | null;
  readonly addresses: TexmlAddresses;
  /** How many calls of ours to a number, this one not counted, were accepted since then. Rejects when nobody can say. */
  readonly otherCallsTo: (question: { callId: CallId; toPhone: string; since: string }) => Promise<number>;
}

/** As of every call, by other names: in the Temporal UI they tell what was really asked. */
export interface TexmlActivities {
  dialTexml: Carrier['dial'];
  hangUpTexml: Carrier['hangUp'];
  redirectTexml: Carrier['redirect'];
  askTexmlLeg: Carrier['askLeg'];
  findTexmlLeg: Carrier['findLeg'];
  listTexmlRecordings: Carrier['listRecordings'];
}

/** How far the carrier's clock may be from ours. */
const CLOCKS_DIFFER_MS = 30_000;
/** How much later than its acceptance a call may be placed: the last dial goes out after two minutes. */
const DIALED_WITHIN_MS = 3 * 60_000;

const NOT_CONFIGURED = {
  code: 'texml_not_configured',
  detail: 'the worker has no TELNYX_ACCOUNT_SID or no TELNYX_TEXML_APPLICATION_ID',
};

export function createTexmlActivities({ telnyx, texml, addresses, otherCallsTo }: TexmlSettings): TexmlActivities {
  const calls = `/texml/Accounts/${encodeURIComponent(texml?.accountSid ?? '')}/Calls`;
  const pathOf = ({ callControlId }: ReachableLeg): string => `${calls}/${encodeURIComponent(callControlId)}`;

  async function dialTexml({ call }: DialCommand): Promise<DialAnswer> {
    const { callId } = call;
    if (texml === null) return { kind: 'refused', ...NOT_CONFIGURED };
    if (isTooOld()) return { kind: 'late' };
    try {
      const body = buildTexmlDial(call, { applicationId: texml.applicationId, base: addresses.base(callId) });
      await telnyx.request('post', calls, texmlTaken, { body });
      log.info('Telnyx TeXML call taken', { event: 'call.dialed', callId });
      return { kind: 'taken' };
    } catch (error) {
      return readDialFailure(callId, error);
    }
  }

  /** Rows do not say whose they are: one is this call's if nothing else of ours can be meant by it. */
  async function placedCalls(question: FindLegQuestion): Promise<readonly CallEvent[]> {
    const { callId, toPhone, fromPhone } = question;
    const since = iso(Date.parse(question.dialedAt ?? question.since) - CLOCKS_DIFFER_MS);
    const query = { To: toPhone ?? '', From: fromPhone, StartTime_gt: since, PageSize: 100 };
    const { calls: rows } = await telnyx.request('get', calls, texmlCalls, { query });
    const [row, second] = rows.filter((one) => wasPlacedSoonAfter(one, since));
    if (row === undefined || second !== undefined) return [];
    const acceptedSince = iso(Date.parse(since) - DIALED_WITHIN_MS);
    if ((await otherCallsTo({ callId, toPhone: toPhone ?? '', since: acceptedSince })) > 0) return [];
    return eventsOf(row, { ...LEAD, callControlId: row.sid, callLegId: row.sid, callSessionId: null });
  }

  return {
    dialTexml,
    hangUpTexml: ({ leg }) =>
      answerOf(() => telnyx.request('post', pathOf(leg), anyAnswer, { body: { Status: 'completed' } })),
    redirectTexml: ({ leg, url }) =>
      answerOf(() => telnyx.request('post', pathOf(leg), anyAnswer, { body: { Url: url, UrlMethod: 'POST' } })),
    askTexmlLeg: asked(async ({ leg }) => {
      try {
        return eventsOf(await telnyx.request('get', pathOf(leg), texmlCall), leg);
      } catch (error) {
        // Lists and records lag behind (API reference: eventually consistent), so a call that is not there says nothing.
        if (classify(error).verdict === 'gone') return [];
        throw error;
      }
    }),
    findTexmlLeg: asked(async (question) => ({ events: await placedCalls(question), complete: true })),
    listTexmlRecordings: asked(async ({ callLegId, of = 'call' }) => {
      const path = `${calls}/${encodeURIComponent(callLegId)}/Recordings.json`;
      const { recordings } = await telnyx.request('get', path, texmlRecordings);
      // OutboundAPI is the dial's; DialVerb, RecordVerb and the like are those of documents.
      return recordings.filter(({ source }) => (source === 'OutboundAPI') === (of === 'call')).map(({ sid }) => sid);
    }),
  };
}

interface Place {
  readonly applicationId: string;
  /** Where the carrier finds this call: `TexmlAddresses.base`. */
  readonly base: string;
}

/** The body of the dial. Pure. */
export function buildTexmlDial(call: CallRequest, { applicationId, base }: Place): object {
  return {
    ApplicationSid: applicationId,
    To: call.toPhone,
    From: call.fromPhone,
    Url: `${base}/instructions/1`,
    UrlMethod: 'POST',
    FallbackUrl: `${base}/instructions/again`,
    StatusCallback: `${base}/status`,
    StatusCallbackMethod: 'POST',
    StatusCallbackEvent: 'initiated ringing answered completed',
    Timeout: ringSecondsOf(call, LEAD),
    TimeLimit: limitSecondsOf(call, LEAD),
    ...(call.record && {
      Record: true,
      RecordingChannels: 'dual',
      RecordingStatusCallback: `${base}/recordings`,
      RecordingStatusCallbackMethod: 'POST',
      RecordingStatusCallbackEvent: 'completed absent',
    }),
    ...detectionOf(call, `${base}/machine`),
  };
}

/** Beside the document, so that nobody waits in silence: the story decides how long a verdict is waited for. */
function detectionOf({ answeringMachine: { policy }, handler }: CallRequest, callback: string): object {
  const waitsForBeep = policy === 'leave_message' || (handler.type === 'texml' && handler.listens);
  if (policy === 'off' && !waitsForBeep) return {};
  return {
    MachineDetection: waitsForBeep ? 'DetectMessageEnd' : 'Enable',
    DetectionMode: 'Premium',
    AsyncAmd: true,
    AsyncAmdStatusCallback: callback,
    AsyncAmdStatusCallbackMethod: 'POST',
    CancelPlaybackOnMachineDetection: false,
  };
}
