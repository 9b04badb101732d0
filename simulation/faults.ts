/**
 * What can go wrong, as tables: a new fault is a new row, and the runs count how often each has happened. Rows of the
 * simulator's own phone table (a busy phone, a dial whose answer is lost) come on top.
 */
import type { Fault } from '../simulator/phones';
import type { Settings } from '../simulator/carrier/settings';
import type { Draws, Weighted } from './chance';

/** What a request is for; not every fault makes sense for each. */
export type Sort = 'dial' | 'texmlDial' | 'command' | 'question';

export type RequestFault =
  | Fault
  /** The connection fails before a byte is written. */
  | { readonly kind: 'unreachable'; readonly code: string }
  /** The carrier carries it out when we have given it up. */
  | { readonly kind: 'arrivesLate'; readonly ms: number }
  /**
   * The answer names a leg of somebody else's; `echo` says whether together with our client_state. With it, theirs has one
   * of its own: a leg without any that is named together with our client_state cannot be told from ours.
   */
  | { readonly kind: 'strangersLeg'; readonly echo: boolean; readonly whose: 'marked' | 'unmarked' | 'another' };

interface Row extends Weighted {
  readonly kind: string;
}

export interface RequestRow extends Row {
  readonly on: readonly Sort[];
  make(draws: Draws): RequestFault;
}

const ALL: readonly Sort[] = ['dial', 'texmlDial', 'command', 'question'];
const CHANGES: readonly Sort[] = ['dial', 'texmlDial', 'command'];
const RETRY_AFTER = ['1', '30', '0', '-5', 'soon', '315360000', 'Wed, 21 Oct 2065 07:28:00 GMT', null];

const errors = (code: string, detail: string): object => ({ errors: [{ code, title: 'Refused', detail }] });
const refusal = (status: number, code: string, detail: string): Fault => ({
  kind: 'status',
  status,
  body: errors(code, detail),
  applied: false,
});
const notDone = (draws: Draws): Fault => ({
  kind: 'status',
  status: draws.pick([500, 502, 503, 504, 408, 409]),
  applied: false,
});

export const REQUEST_FAULTS: readonly RequestRow[] = [
  {
    kind: 'unreachable',
    weight: 2,
    on: ALL,
    make: (draws) => ({ kind: 'unreachable', code: draws.pick(['ECONNREFUSED', 'ENOTFOUND', 'CERT_HAS_EXPIRED']) }),
  },
  { kind: 'request lost', weight: 2, on: ALL, make: () => ({ kind: 'reset', applied: false }) },
  { kind: 'answer lost', weight: 4, on: ALL, make: () => ({ kind: 'reset', applied: true }) },
  {
    kind: 'request arrives after we gave it up',
    weight: 2,
    on: CHANGES,
    make: (draws) => ({ kind: 'arrivesLate', ms: draws.between(10_000, 14_000) }),
  },
  { kind: 'slow answer', weight: 3, on: ALL, make: (draws) => ({ kind: 'delay', ms: draws.between(100, 9_800) }) },
  {
    kind: 'answer after we gave it up',
    weight: 2,
    on: ALL,
    make: (draws) => ({ kind: 'delay', ms: draws.between(10_000, 40_000) }),
  },
  { kind: 'answer stalls, done', weight: 1, on: ALL, make: () => ({ kind: 'stallBody', applied: true }) },
  { kind: 'answer stalls, not done', weight: 1, on: ALL, make: () => ({ kind: 'stallBody', applied: false }) },
  { kind: 'html, done', weight: 1, on: ALL, make: () => ({ kind: 'html', applied: true }) },
  { kind: 'html, not done', weight: 1, on: ALL, make: () => ({ kind: 'html', applied: false }) },
  { kind: 'broken JSON, done', weight: 1, on: ALL, make: () => ({ kind: 'brokenJson', applied: true }) },
  { kind: 'broken JSON, not done', weight: 1, on: ALL, make: () => ({ kind: 'brokenJson', applied: false }) },
  { kind: 'answer without ids', weight: 1, on: ALL, make: () => ({ kind: 'missingIds', applied: true }) },
  { kind: 'answer with ids of nothing', weight: 2, on: ['dial'], make: () => ({ kind: 'foreignIds', applied: true }) },
  {
    kind: "answer with a stranger's leg",
    weight: 2,
    on: ['dial'],
    make: (draws) => ({
      kind: 'strangersLeg',
      echo: draws.happens(0.5),
      whose: draws.happens(0.5) ? 'unmarked' : draws.pick(['marked', 'another']),
    }),
  },
  {
    kind: 'server error, done',
    weight: 3,
    on: CHANGES,
    make: (draws) => ({ ...notDone(draws), applied: true }) as Fault,
  },
  { kind: 'server error, not done', weight: 3, on: ALL, make: notDone },
  {
    kind: 'too many requests',
    weight: 1,
    on: ALL,
    make: (draws) => {
      const after = draws.pick(RETRY_AFTER);
      return {
        kind: 'status',
        status: 429,
        applied: false,
        ...(after !== null && { headers: { 'retry-after': after } }),
      };
    },
  },
  {
    kind: 'key refused',
    weight: 1,
    on: ALL,
    make: (draws) => refusal(draws.pick([401, 403]), '10009', 'Authentication failed'),
  },
  {
    kind: 'channel limit',
    weight: 1,
    on: ['dial', 'texmlDial'],
    make: () => refusal(403, '10010', 'Concurrent call limit reached D1'),
  },
  { kind: 'refused', weight: 1, on: CHANGES, make: () => refusal(422, '10032', 'Invalid value') },
  {
    kind: 'a living leg called unknown',
    weight: 2,
    on: ['command'],
    make: (draws) => refusal(draws.pick([404, 422]), '90015', 'Invalid Call Control ID'),
  },
];

/** What can happen to a webhook on its way. Each number is a copy, in milliseconds of delay. */
export interface WebhookRow extends Row {
  copies(draws: Draws): readonly number[];
}

export const WEBHOOK_FAULTS: readonly WebhookRow[] = [
  { kind: 'webhook lost', weight: 3, copies: () => [] },
  { kind: 'webhook late', weight: 3, copies: (draws) => [draws.between(100, 3_000)] },
  { kind: 'webhook very late', weight: 1, copies: (draws) => [draws.between(3_000, 120_000)] },
  { kind: 'webhook twice', weight: 2, copies: (draws) => [0, draws.between(1, 60_000)] },
  {
    kind: 'webhook many times',
    weight: 1,
    copies: (draws) => Array.from({ length: 20 }, () => draws.between(0, 5_000)),
  },
];

/** One arrival of a request for a document, so long after it was sent. */
export interface DocumentCopy {
  readonly afterMs: number;
  /** `temporalAway`: the API server cannot reach Temporal. `badGateway`: something before it says so. */
  readonly fate: 'answered' | 'answerLost' | 'garbled' | 'badGateway' | 'temporalAway';
}

/** What can happen to a request for a document, and to the answer. Without a copy that is answered the carrier gives up. */
export interface DocumentRow extends Row {
  copies(draws: Draws): readonly DocumentCopy[];
}

const again = (draws: Draws): DocumentCopy => ({ afterMs: draws.between(200, 4_000), fate: 'answered' });

export const DOCUMENT_FAULTS: readonly DocumentRow[] = [
  { kind: 'document: request lost', weight: 1, copies: () => [] },
  { kind: 'document: request lost, asked again', weight: 3, copies: (draws) => [again(draws)] },
  { kind: 'document: answer lost', weight: 1, copies: () => [{ afterMs: 0, fate: 'answerLost' }] },
  {
    kind: 'document: answer lost, asked again',
    weight: 4,
    copies: (draws) => [{ afterMs: 0, fate: 'answerLost' }, again(draws)],
  },
  {
    kind: 'document: asked twice at once',
    weight: 3,
    copies: (draws) => [
      { afterMs: 0, fate: 'answered' },
      { afterMs: draws.between(0, 3), fate: 'answered' },
    ],
  },
  {
    kind: 'document: request late',
    weight: 2,
    copies: (draws) => [{ afterMs: draws.between(200, 4_500), fate: 'answered' }],
  },
  { kind: 'document: answer garbled', weight: 1, copies: () => [{ afterMs: 0, fate: 'garbled' }] },
  { kind: 'document: bad gateway', weight: 1, copies: () => [{ afterMs: 0, fate: 'badGateway' }] },
  { kind: 'document: Temporal away', weight: 3, copies: () => [{ afterMs: 0, fate: 'temporalAway' }] },
];

/** What the customer's server does with a request of a script. */
export interface CustomerRow extends Row {
  /** `answer` null: its usual one, so much later. */
  make(draws: Draws): { readonly afterMs: number; readonly answer: { status: number; body: string } | null };
}

const NEVER_MS = 60_000;
const answering = (status: number, body: string) => ({ afterMs: 0, answer: { status, body } });

export const CUSTOMER_FAULTS: readonly CustomerRow[] = [
  { kind: 'customer: no answer', weight: 2, make: () => ({ afterMs: NEVER_MS, answer: null }) },
  { kind: 'customer: slow', weight: 2, make: (draws) => ({ afterMs: draws.between(500, 4_500), answer: null }) },
  { kind: 'customer: server error', weight: 2, make: (draws) => answering(draws.pick([500, 502, 503]), 'Sorry.') },
  { kind: 'customer: not TeXML', weight: 1, make: () => answering(200, '<html><body>One moment.</body></html>') },
  { kind: 'customer: leads elsewhere', weight: 1, make: () => answering(302, '') },
];

/** What can happen to the process that works; the times are milliseconds. */
export interface ProcessRow extends Row {
  readonly fate: 'killed' | 'paused';
  lastsMs(draws: Draws): number;
}

export const WORKER_FAULTS: readonly ProcessRow[] = [
  { kind: 'worker killed', weight: 3, fate: 'killed', lastsMs: (draws) => draws.between(500, 4_000) },
  { kind: 'worker away for long', weight: 1, fate: 'killed', lastsMs: (draws) => draws.between(4_000, 180_000) },
  { kind: 'worker paused', weight: 2, fate: 'paused', lastsMs: (draws) => draws.between(500, 90_000) },
];

/** What can happen to one attempt of an activity. */
export interface AttemptRow extends Row {
  readonly fate: 'resultLost' | 'startsLate';
}

export const ATTEMPT_FAULTS: readonly AttemptRow[] = [
  { kind: 'result of an activity lost', weight: 1, fate: 'resultLost' },
  { kind: 'activity handed out, started late', weight: 1, fate: 'startsLate' },
];

/** Nobody answers webhooks for a while. */
export const SERVER_FAULTS: readonly (Row & { lastsMs(draws: Draws): number })[] = [
  { kind: 'server down', weight: 3, lastsMs: (draws) => draws.between(1_000, 20_000) },
  { kind: 'server down for ten minutes', weight: 1, lastsMs: () => 600_000 },
];

/** The carrier behaves in a way that its documentation leaves open. */
export interface SwitchRow extends Row {
  /** Of a hundred worlds, how many are like this. */
  readonly percent: number;
  change(draws: Draws): Partial<Settings>;
}

const row = (kind: string, percent: number, change: (draws: Draws) => Partial<Settings>): SwitchRow => ({
  kind: `carrier: ${kind}`,
  weight: 1,
  percent,
  change,
});

export const SWITCHES: readonly SwitchRow[] = [
  row('ignores command_id', 20, () => ({ dedupeCommandIds: false })),
  row('answers a repeated dial in its own way', 20, (draws) => ({
    duplicateAnswer: draws.pick(['newIds', 'error'] as const),
  })),
  row('lists no ringing legs', 20, () => ({ ringingLegsListed: false })),
  row('sends no webhooks', 5, () => ({ webhooksOff: true })),
  row('404 for unknown legs', 30, () => ({ unknownLegStatus: 404 })),
  row('names the recording in its webhook', 30, () => ({ recordingIdInSavedWebhook: true })),
  row('dates conferences elsewhere', 30, (draws) => ({
    conferenceOccurredAtIn: draws.pick(['data', 'both'] as const),
  })),
  row('leaves empty client_state out', 30, () => ({ nullClientState: 'missing' })),
  row('sends only what its schema promises', 30, () => ({ payloadKeys: 'schema' })),
  row('its log is late', 20, (draws) => ({ callEventsLagMs: draws.between(100, 20_000) })),
  row('its list of calls is late', 20, (draws) => ({ activeCallsLagMs: draws.between(100, 20_000) })),
  row('logs whole events', 30, () => ({ callEventMetadata: 'event' })),
  // What the one documented limit takes; see `mayBeSecond` in oracles.ts.
  row('shows nothing of a dial for long, and ignores command_id', 2, (draws) => ({
    dedupeCommandIds: false,
    webhooksOff: true,
    activeCallsLagMs: draws.between(10_000, 40_000),
    callEventsLagMs: draws.between(10_000, 40_000),
  })),
  row('detection stops what is said', 30, () => ({ detectionStopsSounds: true })),
  row('ends the conference’s maker in its own way', 30, () => ({ creatorLegEndCause: 'normal_clearing' })),
  row('makes no conference at the answer', 20, () => ({ conferenceConfigCreates: false })),
  row('lists no TeXML calls that live', 30, () => ({ texmlLiveCallsListed: false })),
  row('its list of TeXML calls is late', 20, (draws) => ({ texmlCallsLagMs: draws.between(100, 30_000) })),
  row('asks for the next document when nothing was pressed', 40, () => ({ emptyGatherAction: true })),
  row('recordings take their time', 20, (draws) => ({ recordingReadyMs: draws.between(0, 300_000) })),
];
