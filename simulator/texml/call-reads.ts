/** `GET …/Calls`, `GET …/Calls/{sid}` and the recordings of a call, in the words of TeXML. */
import { durationMs, urlsOf } from '../carrier/recordings';
import { isEnded } from '../carrier/world';
import type { Answer, JsonObject, Recording, World } from '../carrier/world';
import { durationSecsOf, statusOf } from './callbacks';
import { accountSid } from '../carrier/provisioning';
import type { TexmlCall } from './state';

type Query = Readonly<Record<string, string>>;

export const notFound = (): Answer => ({ status: 404, body: { errors: [{ detail: 'Resource not found' }] } });

const callsPath = `/v2/texml/Accounts/${accountSid}/Calls`;

export function callResource(world: World, call: TexmlCall): JsonObject {
  const { leg, answeredBy, callerId } = call;
  return {
    sid: leg.callControlId,
    account_sid: accountSid,
    status: statusOf(call),
    direction: leg.direction === 'outgoing' ? 'outbound' : 'inbound',
    from: leg.from,
    to: leg.to,
    ...(callerId === null ? {} : { caller_name: callerId }),
    ...(answeredBy === null ? {} : { answered_by: answeredBy }),
    date_created: mailDate(leg.placedAtMs),
    date_updated: mailDate(leg.endedAtMs ?? leg.answeredAtMs ?? leg.placedAtMs),
    start_time: mailDate(leg.placedAtMs),
    ...(leg.endedAtMs === null ? {} : { end_time: mailDate(leg.endedAtMs) }),
    duration: String(durationSecsOf(world, call)),
    uri: `${callsPath}/${leg.callControlId}.json`,
  };
}

/** `Thu, 15 Jun 2023 09:56:45 +0000` */
const mailDate = (ms: number): string => new Date(ms).toUTCString().replace('GMT', '+0000');

export function getCall(world: World, callSid: string): Answer {
  const call = world.texml.calls.get(callSid);
  return call === undefined ? notFound() : { status: 200, body: callResource(world, call) };
}

export function listCalls(world: World, query: Query): Answer {
  const newestMs = world.deps.clock.now() - world.settings.texmlCallsLagMs;
  const shown = [...world.texml.calls.values()].filter(
    (call) =>
      call.leg.placedAtMs <= newestMs &&
      (world.settings.texmlLiveCallsListed || isEnded(call.leg)) &&
      (query['To'] ?? call.leg.to) === call.leg.to &&
      (query['From'] ?? call.leg.from) === call.leg.from &&
      (query['Status'] ?? statusOf(call)) === statusOf(call) &&
      inTime(call.leg.placedAtMs, 'StartTime', query) &&
      inTime(call.leg.endedAtMs, 'EndTime', query),
  );
  return page(
    'calls',
    shown.map((call) => callResource(world, call)),
    query,
  );
}

/** A date without a time means that day. */
function inTime(ms: number | null, key: string, query: Query): boolean {
  const [on, later, earlier] = [query[key], query[`${key}_gt`], query[`${key}_lt`]];
  if (on === undefined && later === undefined && earlier === undefined) return true;
  if (ms === null) return false;
  const fits = on === undefined || new Date(ms).toISOString().startsWith(on) || Date.parse(on) === ms;
  return fits && (later === undefined || ms > Date.parse(later)) && (earlier === undefined || ms < Date.parse(earlier));
}

/** Pages count from 0 here, and their last element is counted too. */
function page(name: string, items: readonly JsonObject[], query: Query): Answer {
  const number = Math.max(0, Number(query['Page'] ?? 0) || 0);
  const size = Math.min(1000, Math.max(1, Number(query['PageSize'] ?? 20) || 20));
  const first = number * size;
  const shown = items.slice(first, first + size);
  const uri = (at: number): string => `${callsPath}.json?Page=${at}&PageSize=${size}`;
  const body = {
    [name]: shown,
    page: number,
    page_size: size,
    start: first,
    end: Math.max(first, first + shown.length - 1),
    uri: uri(number),
    first_page_uri: uri(0),
    ...(first + size < items.length ? { next_page_uri: uri(number + 1) } : {}),
  };
  return { status: 200, body };
}

export function listRecordings(world: World, callSid: string, query: Query): Answer {
  const call = world.texml.calls.get(callSid);
  if (call === undefined) return notFound();
  const all = call.leg.recordingIds.flatMap((id) => world.recordings.get(id) ?? []);
  const shown = all.filter(({ state }) => state !== 'deleted');
  return page(
    'recordings',
    shown.map((recording) => recordingResource(world, recording)),
    query,
  );
}

function recordingResource(world: World, recording: Recording): JsonObject {
  const done = recording.state === 'completed';
  return {
    sid: recording.id,
    account_sid: accountSid,
    call_sid: recording.leg.callControlId,
    channels: recording.channels === 'dual' ? 2 : 1,
    source: recording.initiatedBy,
    status: done ? 'completed' : recording.state === 'recording' ? 'in-progress' : 'processing',
    duration: String(Math.round(durationMs(recording) / 1000)),
    start_time: mailDate(recording.startedAtMs),
    date_created: mailDate(recording.startedAtMs),
    date_updated: mailDate(recording.readyAtMs ?? recording.startedAtMs),
    media_url: done ? urlsOf(world, recording)[recording.format] : null,
    uri: `/v2/texml/Accounts/${accountSid}/Recordings/${recording.id}.json`,
  };
}
