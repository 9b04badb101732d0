/**
 * Compares the carrier's list of recordings with our deliveries. Webhooks are lost, processes die, histories can be
 * terminated by hand: the list is what finds a recording that nobody delivers.
 */
import { getClient, heartbeat } from '@temporalio/activity';
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { z } from 'zod';
import { CALL_ID_PATTERN } from '../domain/call';
import type { CallId, CallRequest, ClientState } from '../domain/call';
import type { DeliveryPolicy } from '../domain/delivery';
import { deliveryWorkflowId } from '../domain/recordings';
import type { RecordingToDeliver } from '../domain/recordings';
import { decodeClientState } from '../platform/telnyx/client-state';
import type { TelnyxClient } from '../platform/telnyx/client';
import { callEventRow, callEventsAnswer } from './telnyx-answers';

export interface AccountsSettings {
  readonly telnyx: TelnyxClient;
  /** The Call Control Application's id: recordings of others are not ours. */
  readonly connectionId: string;
  /** OUTCALL_INSTALLATION. */
  readonly installation: string;
  /** For recordings whose call is not known here any more. */
  readonly businessId: string;
  readonly policy: DeliveryPolicy;
}

/** What became of every recording that the carrier lists. */
export interface Accounts {
  readonly listed: number;
  readonly delivered: number;
  /** On their way, at rest, or so new that their call will hand them over. */
  readonly open: number;
  /** Of other installations and systems on the same application. */
  readonly foreign: number;
  /** Ours and nobody's: to be delivered from now on. */
  readonly strangers: readonly RecordingToDeliver[];
  /** Had no delivery although it was high time, strangers included. */
  readonly unaccounted: readonly string[];
  /** ISO 8601, of the newest recording in the list. */
  readonly newestAt: string | null;
  readonly policy: DeliveryPolicy;
}

export interface AccountsActivities {
  /** Looks at recordings made since then, or at all that the carrier still keeps. Changes nothing. */
  accountForRecordings(question: { readonly since: string | null }): Promise<Accounts>;
}

const listAnswer = z.object({
  data: z.array(
    z.object({
      id: z.string().min(1),
      connection_id: z.string().nullish(),
      call_leg_id: z.string().nullish(),
      call_control_id: z.string().nullish(),
      from: z.string().nullish(),
      to: z.string().nullish(),
      created_at: z.string().nullish(),
      download_urls: z.object({ mp3: z.string().nullish(), wav: z.string().nullish() }).nullish(),
    }),
  ),
  meta: z.object({ total_pages: z.number().optional() }).optional(),
});
type Listed = z.infer<typeof listAnswer>['data'][number];

const PAGE_SIZE = 250;
/** A list that does not end must not be read for ever. */
const MOST_PAGES = 20_000;
/** More than these wait for the next look. */
const MOST_STRANGERS = 500;
/** A call hands its recording over within this; until then it is no stranger. */
const HANDED_OVER_MS = 2 * 60_000;
const HIGH_TIME_MS = 3600_000;
/** As in workflows/messages.ts, which activities do not import. */
const RECORDING_STATE = defineSearchAttributeKey('RecordingState', SearchAttributeType.KEYWORD);
const CALL_OUTCOME = defineSearchAttributeKey('CallOutcome', SearchAttributeType.KEYWORD);

export function createAccountsActivities(settings: AccountsSettings): AccountsActivities {
  const { telnyx, connectionId, policy } = settings;

  async function* pages(since: string): AsyncGenerator<readonly Listed[]> {
    const filter = { 'filter[connection_id]': connectionId, 'filter[created_at][gte]': since };
    for (let number = 1; number <= MOST_PAGES; number++) {
      const query = { ...filter, 'page[number]': number, 'page[size]': PAGE_SIZE };
      const { data, meta } = await telnyx.request('get', '/recordings', listAnswer, { query });
      heartbeat(number);
      yield data.filter((row) => (row.connection_id ?? connectionId) === connectionId);
      if (data.length === 0 || number >= (meta?.total_pages ?? 1)) return;
    }
  }

  return {
    async accountForRecordings({ since }) {
      const nowMs = Date.now();
      const from = since ?? new Date(nowMs - policy.retentionMs).toISOString();
      const books = { listed: 0, delivered: 0, open: 0, foreign: 0, newestAt: null as string | null };
      const strangers: RecordingToDeliver[] = [];
      const unaccounted: string[] = [];
      for await (const page of pages(from)) {
        const known = await deliveriesOf(page.map(({ id }) => id));
        for (const row of page) {
          books.listed += 1;
          if ((row.created_at ?? '') > (books.newestAt ?? '')) books.newestAt = row.created_at ?? null;
          const ageMs = (nowMs - Date.parse(row.created_at ?? from)) * policy.timeScale;
          const state = known.get(row.id) ?? (ageMs < HANDED_OVER_MS ? 'open' : null);
          if (state !== null) {
            books[state] += 1;
            continue;
          }
          heartbeat(books.listed);
          const owner = await ownerOf(row, settings);
          if (owner === 'foreign') {
            books.foreign += 1;
            continue;
          }
          if (ageMs > HIGH_TIME_MS) unaccounted.push(row.id);
          if (owner !== 'unknown' && strangers.length < MOST_STRANGERS) strangers.push(owner);
        }
      }
      return { ...books, strangers, unaccounted, policy };
    },
  };
}

/** Which of these are delivered or on their way. A run that was ended by hand is neither. */
async function deliveriesOf(recordingIds: readonly string[]): Promise<Map<string, 'delivered' | 'open'>> {
  const found = new Map<string, 'delivered' | 'open'>();
  const idOf = new Map(recordingIds.map((id) => [deliveryWorkflowId(id), id]));
  const names = [...idOf.keys()];
  const atOnce = 50;
  for (let first = 0; first < names.length; first += atOnce) {
    const quoted = names.slice(first, first + atOnce).map((name) => JSON.stringify(name));
    for await (const run of getClient().workflow.list({ query: `WorkflowId IN (${quoted.join()})` })) {
      const id = idOf.get(run.workflowId) ?? '';
      const isDelivered = run.typedSearchAttributes.get(RECORDING_STATE) === 'delivered';
      if (run.status.name === 'RUNNING') found.set(id, 'open');
      else if (isDelivered && !found.has(id)) found.set(id, 'delivered');
    }
  }
  return found;
}

/** Whose a recording is: the carrier's log of its leg has what we, or another, wrote into it. */
async function ownerOf(
  row: Listed,
  { telnyx, installation, businessId }: AccountsSettings,
): Promise<RecordingToDeliver | 'foreign' | 'unknown'> {
  const query = { 'filter[leg_id]': row.call_leg_id ?? '', 'filter[type]': 'webhook', 'page[size]': PAGE_SIZE };
  const { data } = await telnyx.request('get', '/call_events', callEventsAnswer, { query });
  // The log forgets: what it says nothing of may be ours, and a person has to look.
  if (data.length === 0) return 'unknown';
  const states = data.flatMap((event) => stateIn(callEventRow.safeParse(event).data?.metadata) ?? []);
  const callId = states.find((state) => state.installation === installation)?.callId;
  if (callId === undefined) return 'foreign';
  const call = await findCall(callId);
  const common = {
    recordingId: row.id,
    callId,
    callControlId: row.call_control_id ?? null,
    provider: 'telnyx',
    announced: true,
  } as const;
  if (call === null) {
    const format = row.download_urls?.wav ? 'wav' : 'mp3';
    const { from, to } = row;
    return { ...common, format, businessId, fromPhone: from ?? '', toPhone: to ?? '', metadata: {}, orphan: true };
  }
  const { businessId: business, fromPhone, toPhone, metadata, recordingFormat: format } = call.request;
  return { ...common, format, businessId: business, fromPhone, toPhone, metadata, orphan: call.isUnclear };
}

/** The event may stand inside of the row, and not at its top. */
function stateIn(value: unknown): ClientState | null {
  if (typeof value !== 'object' || value === null) return null;
  const { client_state: own, ...others } = value as Record<string, unknown>;
  const state = decodeClientState(own);
  if (state) return state;
  for (const key of ['event', 'data', 'payload']) {
    const inner = stateIn(others[key]);
    if (inner) return inner;
  }
  return null;
}

interface KnownCall {
  readonly request: CallRequest;
  /** It never became known here that its leg was placed. */
  readonly isUnclear: boolean;
}

async function findCall(callId: CallId): Promise<KnownCall | null> {
  if (!CALL_ID_PATTERN.test(callId)) return null;
  try {
    const { memo, typedSearchAttributes: known } = await getClient().workflow.getHandle(callId).describe();
    const request = (memo?.['call'] as { readonly request?: CallRequest } | undefined)?.request;
    return request ? { request, isUnclear: known.get(CALL_OUTCOME) === 'dial_unknown' } : null;
  } catch (error) {
    if (error instanceof Error && error.name === 'WorkflowNotFoundError') return null;
    throw error;
  }
}
