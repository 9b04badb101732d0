/**
 * Between us and the carrier: the client that the activities are handed, over the carrier model instead of HTTP. Errors
 * are those of the SDK, so that what they mean is decided by the real table.
 */
import { APIConnectionError, APIError, APIUserAbortError } from 'telnyx';
import { UnreadableAnswerError } from '../platform/telnyx/client';
import type { TelnyxClient, TelnyxRequest } from '../platform/telnyx/client';
import type { Carrier } from '../simulator/carrier/carrier';
import type { Clock, JsonObject } from '../simulator/carrier/world';
import { createFaults } from '../simulator/faults';
import { failure, withForeignIds, withoutIds } from '../simulator/http';
import type { Attempt } from './attempts';
import { currentAttempt } from './attempts';
import type { Chance } from './chance';
import { REQUEST_FAULTS } from './faults';
import type { RequestFault, RequestRow, Sort } from './faults';
import { overTheWire } from './wire';

/** One request that left us. */
export interface Sent {
  readonly attempt: Attempt;
  /** The carrier's operation: `dial`, `hangup`, `getCall`. */
  readonly operation: string;
  readonly method: string;
  readonly path: string;
  readonly body: JsonObject;
  readonly atMs: number;
}

/** An answer as it came out of the carrier. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Plain JSON. */
  readonly body: unknown;
}

/** Legs on the same account that are not of the calls, as the answers to their dials show them: with a client_state, and without. */
export interface Strangers {
  readonly marked: JsonObject;
  readonly unmarked: JsonObject;
  /** Of another call of ours. */
  readonly another: JsonObject;
}

type StrangersLeg = Extract<RequestFault, { kind: 'strangersLeg' }>;

export interface NetworkDeps {
  readonly clock: Clock;
  readonly carrier: Carrier;
  readonly chance: Chance;
  /** How likely a request is to meet a fault. */
  readonly faulty: number;
  readonly strangers: Strangers;
  readonly watch: NetworkWatch;
}

/** Who looks on. */
export interface NetworkWatch {
  sent(request: Sent, fault: string | null): void;
  /** The carrier has carried it out, whether or not anybody hears of it. */
  done(request: Sent, reply: Reply): void;
  /** The answer as it reached us, parsed. */
  answered(request: Sent, body: unknown): void;
  failed(request: Sent, error: unknown): void;
}

/** As in `platform/telnyx/client.ts`. */
const LIMIT_MS = 10_000;

export function createNetwork(deps: NetworkDeps): TelnyxClient {
  const { carrier, clock, watch } = deps;
  const meetFault = faultsOf(deps);
  return {
    async request(method, path, answer, { query = {}, body = {} }: TelnyxRequest = {}) {
      const attempt = currentAttempt();
      await attempt.running();
      const asked = { method: method.toUpperCase(), path, query: texts(query), body: overTheWire(body) as JsonObject };
      const matched = carrier.match(asked);
      if (!matched) throw new Error(`the carrier model does not know ${asked.method} ${path}`);
      const request = { ...asked, attempt, operation: matched.operation, atMs: clock.now() };
      const fault = meetFault(request);
      const run = (): Reply => {
        const { status, headers = {}, body: said } = matched.run();
        const reply = { status, headers, body: overTheWire(said) };
        watch.done(request, reply);
        return reply;
      };
      try {
        const received = await exchange(deps, { request, fault, run });
        await attempt.running();
        const parsed = answer.safeParse(received);
        if (!parsed.success)
          throw new UnreadableAnswerError(`${asked.method} ${path} was answered with something else`);
        watch.answered(request, received);
        return parsed.data;
      } catch (error) {
        await attempt.running();
        watch.failed(request, error);
        throw error;
      }
    },
  };
}

const texts = (query: Readonly<Record<string, string | number>>): Record<string, string> =>
  Object.fromEntries(Object.entries(query).map(([key, value]) => [key, String(value)]));

/** Operations that few calls need meet faults more often, so that each answer to them happens in a run. */
const RARE: readonly string[] = [
  ...['leave', 'mute', 'unmute', 'recordStart', 'play', 'stop'],
  ...['texmlDial', 'texmlListCalls', 'texmlUpdateCall'],
];

const faultsOn = (sort: Sort): readonly RequestRow[] => REQUEST_FAULTS.filter(({ on }) => on.includes(sort));
const FAULTS_ON: Readonly<Record<Sort, readonly RequestRow[]>> = {
  dial: faultsOn('dial'),
  texmlDial: faultsOn('texmlDial'),
  command: faultsOn('command'),
  question: faultsOn('question'),
};

/** Which fault the n-th request of its kind meets: one of the called phone's own, or one that is drawn. */
function faultsOf({ carrier, chance, faulty, watch }: NetworkDeps): (request: Sent) => RequestFault | null {
  const ofPhones = createFaults();
  const counts = new Map<string, number>();
  return (request) => {
    const { operation, method, body } = request;
    const nth = (counts.get(operation) ?? 0) + 1;
    counts.set(operation, nth);
    const isDial = operation === 'dial' || operation === 'texmlDial';
    const sort: Sort = isDial ? operation : method === 'GET' ? 'question' : 'command';
    const likely = RARE.includes(operation) ? Math.min(1, faulty * 4) : faulty;
    const drawn = chance.fault(`${operation} ${nth}`, likely, FAULTS_ON[sort]);
    if (drawn) {
      watch.sent(request, drawn.row.kind);
      return drawn.row.make(drawn.draws);
    }
    const to = body['to'] ?? body['To'];
    const own = isDial && typeof to === 'string' ? ofPhones.take(operation, { to, phone: carrier.phone(to) }) : null;
    watch.sent(request, own && `the phone's own: ${own.kind}`);
    return own;
  };
}

interface Exchange {
  readonly request: Sent;
  readonly fault: RequestFault | null;
  /** The carrier carries the request out. */
  readonly run: () => Reply;
}

/** Sends a request through a fault and gives what comes back, or throws what the SDK would. */
async function exchange(deps: NetworkDeps, { request, fault, run }: Exchange): Promise<unknown> {
  const { clock, chance, strangers } = deps;
  const draws = chance.draws(`travel ${clock.now()} ${request.path}`);
  const pause = (ms: number): Promise<void> => new Promise((resolve) => void clock.after(ms, resolve));
  const givenUp = async (): Promise<never> => {
    await pause(request.atMs + LIMIT_MS - clock.now());
    throw new APIUserAbortError();
  };
  if (fault?.kind === 'unreachable') throw connectionError(fault.code);
  await pause(draws.between(5, 60));
  const reply = fault === null || !('applied' in fault) || fault.applied ? applied(fault, clock, run) : null;
  await pause(draws.between(5, 60));
  if (fault === null) return bodyOf(reply ?? run());
  if (reply && reply.status >= 300 && fault.kind !== 'status') return bodyOf(reply);
  const honest = reply ?? { status: 200, headers: {}, body: { data: {} } };
  switch (fault.kind) {
    case 'arrivesLate':
    case 'stallBody':
      return givenUp();
    case 'delay':
      if (fault.ms >= LIMIT_MS - 200) return givenUp();
      await pause(fault.ms);
      return bodyOf(honest);
    case 'reset':
      throw connectionError('ECONNRESET');
    case 'html':
      return '<html><body>One moment, please.</body></html>';
    case 'brokenJson':
      throw new SyntaxError('Unexpected end of JSON input');
    case 'status': {
      const { status, body, headers = {} } = failure(fault);
      return bodyOf({ status, headers, body: overTheWire(body) });
    }
    case 'missingIds':
      return bodyOf({ ...honest, body: withoutIds(honest.body) });
    case 'foreignIds':
      return bodyOf({ ...honest, body: withForeignIds(honest.body) });
    case 'strangersLeg':
      return bodyOf({ ...honest, body: ofStranger(honest.body, strangers, fault) });
    // Of files, which nobody fetches here.
    case 'cut':
    case 'truncated':
    case 'slow':
      return bodyOf(honest);
  }
}

/** Null: the carrier has done nothing yet. */
function applied(fault: RequestFault | null, clock: Clock, run: () => Reply): Reply | null {
  if (fault?.kind !== 'arrivesLate') return run();
  clock.after(fault.ms, run);
  return null;
}

function connectionError(code: string): Error {
  const cause = Object.assign(new TypeError('fetch failed'), { cause: Object.assign(new Error(code), { code }) });
  return new APIConnectionError({ cause });
}

/** What the SDK makes of an answer. */
function bodyOf({ status, headers, body }: Reply): unknown {
  if (status < 300) return body;
  throw APIError.generate(status, body as object, undefined, new Headers(headers));
}

/** The answer to a dial with the ids of somebody else's leg, and our client_state or what theirs has. */
function ofStranger(body: unknown, strangers: Strangers, { echo, whose }: StrangersLeg): unknown {
  const { data } = body as { data?: JsonObject };
  if (echo) return { data: { ...data, ...withoutState(strangers.marked) } };
  return { data: { ...withoutState(data ?? {}), ...strangers[whose] } };
}

function withoutState(leg: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(leg).filter(([key]) => key !== 'client_state'));
}
