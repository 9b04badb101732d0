/**
 * Answers and refusals of the REST interface: success envelopes, both kinds of pages, and the error codes we use
 * (Telnyx API reference, "API error codes").
 */
import type { Answer, JsonObject } from './world';

export const ok = (data: unknown): Answer => ({ status: 200, body: { data } });
export const accepted: Answer = ok({ result: 'ok' });

interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly title: string;
}

/** Every refusal the simulator speaks. One row a cause; the same code under two statuses is two rows. */
const refusals = {
  missing: { status: 422, code: '10004', title: 'Missing required parameter' },
  notFound: { status: 404, code: '10005', title: 'Resource not found' },
  malformed: { status: 400, code: '10015', title: 'Bad Request' },
  unauthenticated: { status: 401, code: '10009', title: 'Authentication failed' },
  forbidden: { status: 403, code: '10010', title: 'Authorization failed' },
  tooMany: { status: 429, code: '10011', title: 'Too many requests' },
  notAnApplication: { status: 422, code: '10015', title: 'Invalid value for connection_id (Call Control App ID)' },
  notE164: { status: 422, code: '10016', title: 'Phone number must be in +E164 format' },
  duplicate: { status: 422, code: '10012', title: 'Duplicate resource' },
  invalid: { status: 422, code: '10032', title: 'Invalid enumerated value' },
  speech: { status: 422, code: '90010', title: 'Invalid payload' },
  unknownLeg: { status: 422, code: '90015', title: 'Invalid Call Control ID' },
  clientState: { status: 422, code: '90017', title: 'Invalid client state' },
  ended: { status: 422, code: '90018', title: 'Call has already ended' },
  conferenceEnded: { status: 422, code: '90019', title: 'Conference has already ended' },
  noAudioYet: { status: 422, code: '90020', title: 'Call recording cannot be started' },
  ringTimeout: { status: 422, code: '90028', title: 'Invalid timeout_secs' },
  timeLimit: { status: 422, code: '90029', title: 'Invalid time_limit_secs' },
  conferenceFull: { status: 422, code: '90032', title: 'Conference is full' },
  nameTaken: { status: 422, code: '90033', title: 'Unable to execute command' },
  notAnswered: { status: 422, code: '90034', title: 'Call not answered yet' },
  joinedTwice: { status: 422, code: '90044', title: 'Call already in the conference' },
  webhookUrls: { status: 422, code: '90057', title: 'Invalid webhook_urls' },
  unknownConference: { status: 404, code: '90058', title: 'Conference does not exist' },
  outboundAnswer: { status: 422, code: '90102', title: 'Outbound call cannot be answered' },
  unexpected: { status: 500, code: '10007', title: 'Unexpected error' },
  unavailable: { status: 503, code: '10007', title: 'Service unavailable' },
} as const satisfies Record<string, Refusal>;

export type RefusalName = keyof typeof refusals;

/** A refusal in the carrier's envelope. `pointer` is a JSON pointer into the body, `status` replaces the table's. */
export function refuse(
  name: RefusalName,
  { detail, pointer, status }: { readonly detail: string; readonly pointer?: string; readonly status?: number },
): Answer {
  const { code, title, status: usual } = refusals[name];
  const error = {
    code,
    title,
    detail,
    ...(pointer === undefined ? {} : { source: { pointer } }),
    meta: { url: `https://developers.telnyx.com/docs/overview/errors/${code}` },
  };
  return { status: status ?? usual, body: { errors: [error] } };
}

const numberIn = (text: string | undefined, { least, most, usual }: { least: number; most: number; usual: number }) => {
  const value = Number(text ?? usual);
  return Number.isInteger(value) ? Math.min(most, Math.max(least, value)) : usual;
};

/** A numbered page. All four fields of `meta` are always there: clients loop for ever without them. */
export function numberedPage(items: readonly unknown[], query: Readonly<Record<string, string>>): Answer {
  const size = numberIn(query['page[size]'], { least: 1, most: 250, usual: 20 });
  const number = numberIn(query['page[number]'], { least: 1, most: 1_000_000, usual: 1 });
  const meta = {
    page_number: number,
    page_size: size,
    total_pages: Math.ceil(items.length / size),
    total_results: items.length,
  };
  return { status: 200, body: { data: items.slice((number - 1) * size, number * size), meta } };
}

/**
 * A page between cursors. Items come in the order of their ordinals, which never change, so that a list that grows or
 * shrinks between two pages neither repeats nor skips what stayed.
 */
export function cursorPage(
  items: readonly { readonly ordinal: number; readonly data: JsonObject }[],
  query: Readonly<Record<string, string>>,
  path: string,
): Answer {
  const limit = numberIn(query['page[limit]'], { least: 1, most: 250, usual: 20 });
  const after = ordinalOf(query['page[after]']);
  const before = ordinalOf(query['page[before]']);
  const within = items.filter(
    (item) => (after === null || item.ordinal > after) && (before === null || item.ordinal < before),
  );
  const shown = before === null ? within.slice(0, limit) : within.slice(-limit);
  const first = shown[0]?.ordinal;
  const last = shown.at(-1)?.ordinal;
  const more = last !== undefined && items.some((item) => item.ordinal > last);
  const earlier = first !== undefined && items.some((item) => item.ordinal < first);
  // A direction in which there is nothing has no keys: the schema knows no null here.
  const onward = more ? { cursor: { after: cursorOf(last) }, next: `${path}?page[after]=${cursorOf(last)}` } : null;
  const back = earlier
    ? { cursor: { before: cursorOf(first) }, previous: `${path}?page[before]=${cursorOf(first)}` }
    : null;
  const meta = {
    cursors: { ...onward?.cursor, ...back?.cursor },
    ...(onward === null ? {} : { next: onward.next }),
    ...(back === null ? {} : { previous: back.previous }),
    total_items: items.length,
  };
  return { status: 200, body: { data: shown.map((item) => item.data), meta } };
}

const cursorOf = (ordinal: number): string => `v1:${ordinal.toString(36).padStart(8, '0')}`;

function ordinalOf(cursor: string | undefined): number | null {
  if (cursor === undefined || cursor === '' || cursor === 'null') return null;
  const ordinal = Number.parseInt(cursor.replace(/^v1:/, ''), 36);
  return Number.isNaN(ordinal) ? null : ordinal;
}
