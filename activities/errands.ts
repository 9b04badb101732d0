/**
 * What a script needs found out before the next document: an answer of the customer's server, an agent's address,
 * whether a number may be dialed. Requests go to public addresses by https, or to where OUTBOUND_ALLOW_HOSTS allows; they
 * are never redirected, and an `Idempotency-Key` makes a repeat harmless to a server that looks at it.
 */
import { log } from '@temporalio/activity';
import { Webhook } from 'standardwebhooks';
import { SECOND_MS } from '../domain/time';
import type { DocumentTarget, Errand, Fields, HttpRequest, Report } from '../flows/script';
import { targetProblem } from '../platform/destinations';
import { isListed, outboundUrlProblem } from '../platform/outbound-url';
import type { BrowserAccess } from '../platform/telnyx/browser-access';
import { readText, send } from './outbound';
import { kindOf } from './undelivered';

export interface ErrandSettings {
  /** `host:port` pairs that may be asked besides public ones. Plain http and private addresses only by this. */
  readonly allowedHosts: readonly string[];
  /** `whsec_…`: signs every request the Standard Webhooks way; null: they are not signed. */
  readonly signingSecret: string | null;
  /** How agents' browsers are reached; null when none can be. */
  readonly browsers: BrowserAccess | null;
  /** Countries and prefixes that may be called, or everywhere. */
  readonly destinations: readonly string[] | '*';
}

type Answering<K extends Report['kind']> = Promise<Extract<Report, { kind: K }>>;
type About<K extends Errand['kind']> = Extract<Errand, { kind: K }>;

/** `key` names the errand of its call: the same for every attempt. */
interface Keyed {
  readonly key: string;
}

export interface ErrandActivities {
  requestForFlow(errand: About<'http'> & Keyed): Answering<'http'>;
  fetchDocument(errand: About<'document'> & Keyed): Answering<'document'>;
  addressOfAgent(errand: About<'address'>): Answering<'address'>;
  /** The first number or address that may not be dialed from a call to this lead; null: all may be. */
  checkTargets(question: { readonly targets: readonly string[]; readonly leadPhone: string }): Promise<string | null>;
}

/** Telnyx itself waits 5 seconds for a document. */
const DOCUMENT_LIMIT_MS = 5 * SECOND_MS;
const LONGEST_ANSWER_BYTES = 64 * 1024;

interface Answer {
  readonly status: number | null;
  readonly body: string;
}

const NO_ANSWER: Answer = { status: null, body: '' };

interface Sending extends Pick<HttpRequest, 'method' | 'headers' | 'body'> {
  readonly limitMs: number;
  /** Connects to public addresses only, whatever the name resolves to. */
  readonly publicOnly: boolean;
}

export type Exchange = (url: URL, request: Sending) => Promise<Answer>;

const exchangeByHttp: Exchange = async (url, { method, headers, body, limitMs, publicOnly }) => {
  const bytes = Buffer.from(body ?? '');
  const { response } = await send(url, {
    method,
    headers: { ...headers, ...(body !== null && { 'content-length': String(bytes.length) }) },
    ...(body !== null && { body: [bytes] }),
    publicOnly,
    signal: AbortSignal.timeout(limitMs),
  });
  return { status: response.statusCode ?? null, body: await readText(response, LONGEST_ANSWER_BYTES) };
};

/** @param exchange sends a request and gives what came back, or throws. @default by HTTP */
export function createErrandActivities(
  settings: ErrandSettings,
  exchange: Exchange = exchangeByHttp,
): ErrandActivities {
  const { allowedHosts, signingSecret, browsers, destinations } = settings;

  function signed(key: string, body: string): Record<string, string> {
    if (signingSecret === null) return {};
    const now = new Date();
    return {
      'webhook-id': key,
      'webhook-timestamp': String(Math.floor(now.getTime() / SECOND_MS)),
      'webhook-signature': new Webhook(signingSecret).sign(key, now, body),
    };
  }

  async function ask({ method, url, headers, body, limitMs, key }: Asking): Promise<Answer> {
    if (outboundUrlProblem(url, allowedHosts) !== null) return NO_ANSWER;
    const address = new URL(url);
    const publicOnly = !isListed(address, allowedHosts);
    const sending = { ...headers, ...signed(key, body ?? ''), 'idempotency-key': key };
    try {
      return await exchange(address, { method, headers: sending, body, limitMs, publicOnly });
    } catch (error) {
      log.warn('a server of a flow did not answer', {
        event: 'flow.unanswered',
        host: address.host,
        reason: kindOf(error),
      });
      return NO_ANSWER;
    }
  }

  const askForDocument = (target: DocumentTarget, fields: Fields, key: string): Promise<Answer> =>
    ask({ ...documentRequest(target, fields), limitMs: DOCUMENT_LIMIT_MS, key });

  return {
    async requestForFlow({ request, key }) {
      const limitMs = request.timeoutSeconds * SECOND_MS;
      const headers = { ...(request.body !== null && { 'content-type': 'application/json' }), ...request.headers };
      return { kind: 'http', ...(await ask({ ...request, headers, limitMs, key })) };
    },

    async fetchDocument({ target, fallbackUrl, fields, key }) {
      const { status, body } = await askForDocument(target, fields, key);
      if (status === 200) return { kind: 'document', texml: body, url: target.url };
      if (fallbackUrl === null) return { kind: 'document', texml: null, url: target.url };
      const second = await askForDocument({ url: fallbackUrl, method: 'POST' }, fields, `${key}/fallback`);
      return { kind: 'document', texml: second.status === 200 ? second.body : null, url: fallbackUrl };
    },

    async addressOfAgent({ clientId }) {
      const sipUri = browsers && `sip:${await browsers.sipUsername(clientId)}@sip.telnyx.com`;
      return { kind: 'address', sipUri };
    },

    checkTargets: ({ targets, leadPhone }) =>
      Promise.resolve(
        targets.find((target) => target === leadPhone || targetProblem(target, destinations) !== null) ?? null,
      ),
  };
}

interface Asking extends Omit<Sending, 'publicOnly'>, Pick<HttpRequest, 'url'>, Keyed {}

/** The carrier's fields as a form, in the body or, by GET, in the query. */
function documentRequest({ url, method }: DocumentTarget, fields: Fields): Omit<Asking, 'limitMs' | 'key'> {
  const form = new URLSearchParams(fields);
  if (method === 'POST') {
    return { method, url, headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: form.toString() };
  }
  const target = URL.canParse(url) ? new URL(url) : null;
  for (const [name, value] of form) target?.searchParams.append(name, value);
  return { method, url: target?.href ?? url, headers: {}, body: null };
}
