/**
 * `kill -9` of the worker, of the API, or of both, before and after each step of a call: it ends as it does without, the
 * lead is rung once, no leg lives on, and the recording arrives. Each process is to die at one point; the next one finds
 * what it left behind.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { isSettled } from '../../domain/status';
import type { StatusDocument } from '../../domain/status';
import { API_KEY, startOutside, until } from '../support/outside';
import type { Outside } from '../support/outside';
import { dyingAt, startPart } from '../support/processes';
import type { Part } from '../support/processes';
import { atScale } from '../support/scale';
import { BASE_PATH } from '../support/system';

/** What people do in a call, and how it ends. */
const KINDS = {
  agent: { body: { agent: true }, talks: true, outcome: 'completed', ended_by: 'lead' },
  'hung up by the API': { body: { agent: true }, talks: false, outcome: 'completed', ended_by: 'api' },
  alone: { body: {}, talks: false, outcome: 'agent_unavailable', ended_by: 'system' },
  announced: { body: { record: 'announce' }, talks: false, outcome: 'agent_unavailable', ended_by: 'system' },
  'rings for long': { body: {}, talks: true, outcome: 'completed', ended_by: 'lead' },
} as const;
type Kind = keyof typeof KINDS;

interface Step {
  readonly kind: Kind;
  readonly point: string;
  /** Whose request; otherwise a text that it has. */
  readonly about: 'lead' | 'agent' | 'call' | (string & {});
}

const around = (kind: Kind, name: string, about: Step['about']): readonly Step[] =>
  ['before', 'answered'].map((when) => ({ kind, point: `${name}:${when}`, about }));

/** Of the worker: commands and questions to the carrier. */
const WORKER_STEPS: readonly Step[] = [
  ...around('agent', 'dial', 'lead'),
  ...around('agent', 'dial', 'agent'),
  ...around('hung up by the API', 'hangup', 'call'),
  ...around('rings for long', 'leg', ''),
  ...around('agent', 'conference', 'call'),
  ...around('agent', 'play', 'call'),
  ...around('agent', 'stop', 'call'),
];
/** And where nobody comes to the lead. */
const LONELY_STEPS: readonly Step[] = [
  ...around('announced', 'record_start', 'call'),
  ...around('alone', 'conference', 'call'),
  ...around('alone', 'leave', 'call'),
  ...around('alone', 'speak', 'call'),
  ...around('announced', 'speak', 'call'),
];

const WEBHOOKS = ['call.answered', 'call.hangup', 'call.initiated', 'conference.participant.joined'];
/** Of the API: what clients ask, and what the carrier tells. */
const API_STEPS: readonly Step[] = [
  ...['start:after', 'body:before', 'body:after', 'start:before', 'answer:before', 'answer:after'].map(
    (point): Step => ({ kind: 'agent', point, about: 'lead' }),
  ),
  ...['signal:after', 'signal:before', 'answer:before', 'answer:after'].map((point): Step => ({
    kind: 'hung up by the API',
    point,
    about: '/hangup',
  })),
  ...WEBHOOKS.flatMap((about) =>
    ['signal:before', 'body:after', 'signal:after', 'answer:after'].map((point): Step => ({
      kind: 'agent',
      point,
      about,
    })),
  ),
];
const few = (steps: readonly Step[], quick: number): readonly Step[] =>
  steps.slice(0, atScale({ quick, ci: steps.length, full: steps.length }));

const DIES_WITHIN_MS = 60_000;
const ENDS_WITHIN_MS = 120_000;

let outside: Outside;
let api: Part | null = null;
let worker: Part | null = null;
interface Placed {
  readonly what: string;
  readonly kind: Kind;
  readonly callId: string;
  readonly lead: string;
  readonly agent: string;
}
const calls: Placed[] = [];

beforeAll(async () => {
  outside = await startOutside({ seed: 7 });
}, 120_000);
afterAll(async () => {
  await Promise.all([worker?.kill(), api?.kill()]);
  await outside.stop();
});

async function startWorker(dying: Readonly<Record<string, string>> = {}): Promise<Part> {
  worker = await startPart(['work'], 'workers.running', { ...outside.env, ...dying });
  return worker;
}
/** Agents are waited for long enough that a dial which died is made again, also on a slow machine. */
async function startApi(changes: Readonly<Record<string, string>> = {}): Promise<Part> {
  await api?.kill();
  api = await startPart(['serve'], 'api.listening', { ...outside.env, AGENT_WAIT_SECS: '90', ...changes });
  return api;
}

/** As a client does: the same request until it is answered. */
async function asked(method: string, route: string, body?: object, key?: string): Promise<StatusDocument> {
  for (;;) {
    const answer = await fetch(`${outside.url}${BASE_PATH}${route}`, {
      method,
      headers: { 'x-api-key': API_KEY, 'content-type': 'application/json', ...(key && { 'idempotency-key': key }) },
      ...(body && { body: JSON.stringify(body) }),
    }).catch(() => null);
    if (answer?.ok) return (await answer.json()) as StatusDocument;
    if (answer !== null && answer.status < 500) throw new Error(`${route}: ${answer.status}`);
    await sleep(100);
  }
}

const statusOf = (callId: string): Promise<StatusDocument> => asked('GET', `/calls/${callId}`);

let begun = 0;

/** Longer than it takes until a command is made again whose worker died: no call is to meet the deaths of two. */
const RINGS_FOR_MS = 6_000;

async function begin({ kind, point, about }: Step, ringsForMs = 500): Promise<Omit<Placed, 'callId'>> {
  const number = String((begun += 1)).padStart(3, '0');
  const [lead, agent] = [`+1555400${number}006`, `+1555500${number}006`];
  const { talks, body } = KINDS[kind];
  const ringMs = kind === 'rings for long' ? 7_000 : ringsForMs;
  const hasAgent = 'agent' in body;
  const phone = { like: '006', talkMs: talks ? 3_000 : null, recordingReadyMs: 200 };
  await setPhone(lead, { ...phone, ringMs: hasAgent ? 500 : ringMs });
  if (hasAgent) await setPhone(agent, { like: '006', ringMs });
  return { what: `${kind}, ${point} ${about}`, kind, lead, agent };
}

async function setPhone(number: string, behavior: object): Promise<void> {
  const url = `${outside.simulator.url}/_simulator/phones/${encodeURIComponent(number)}`;
  await fetch(url, { method: 'PUT', body: JSON.stringify(behavior) });
}

async function initiate(call: Omit<Placed, 'callId'>): Promise<Placed> {
  const { agent: hasAgent, ...more } = KINDS[call.kind].body as { agent?: boolean };
  const body = { to_phone: call.lead, ...more, ...(hasAgent && { agent: { type: 'phone', number: call.agent } }) };
  const { call_id: callId } = await asked('POST', '/initiate', body, call.lead);
  const placed = { ...call, callId };
  calls.push(placed);
  return placed;
}

const textOf = (about: string, call: Partial<Placed>): string => {
  const texts: Readonly<Record<string, string | undefined>> = { lead: call.lead, agent: call.agent, call: call.callId };
  return texts[about] ?? about;
};

/** Whoever asks while no worker is there asks again. */
async function hangUpWhenJoined({ callId }: Placed): Promise<void> {
  while ((await statusOf(callId)).status !== 'in_progress') await sleep(100);
  await asked('POST', `/calls/${callId}/hangup`);
}
/** Hangups that are still to be accepted. */
const hangingUp: Promise<void>[] = [];

async function throughDeathOfWorker(step: Step): Promise<void> {
  const call = await initiate(await begin(step, RINGS_FOR_MS));
  const doomed = await startWorker(dyingAt(step.point, textOf(step.about, call)));
  if (step.kind === 'hung up by the API') hangingUp.push(hangUpWhenJoined(call));
  await until(`the worker's death: ${call.what}`, () => doomed.isDead(), DIES_WITHIN_MS, 20);
}

async function throughDeathOfApi(step: Step): Promise<void> {
  const call = await begin(step);
  const doomed = await startApi(dyingAt(step.point, textOf(step.about, call)));
  const placed = initiate(call);
  if (step.kind === 'hung up by the API') hangingUp.push(placed.then(hangUpWhenJoined));
  await until(`the API's death: ${call.what}`, () => doomed.isDead(), DIES_WITHIN_MS, 20);
  await startApi();
  await placed;
}

/** By the carrier. All are, but those of which a notice comes first. */
const isRecorded = ({ kind, lead }: Placed): boolean =>
  kind !== 'announced' ||
  outside.simulator.ledger().legs.some((leg) => leg.to === lead && leg.recording_ids.length > 0);

/** Waits for the end of all calls so far; returns what became of each, and what should have. */
async function ends(): Promise<{ readonly seen: readonly object[]; readonly wanted: readonly object[] }> {
  await Promise.all(hangingUp.splice(0));
  for (const call of calls) {
    // Whether a recording was started is looked for during a day when all tries to start it died.
    const isOver = (document: StatusDocument): boolean =>
      isRecorded(call) ? isSettled(document) : document.status === 'ended';
    await until(call.what, async () => isOver(await statusOf(call.callId)), ENDS_WITHIN_MS);
  }
  const { legs, deliveries } = outside.simulator.ledger();
  const seen: object[] = [{ alive: legs.filter(({ ended_at }) => ended_at === null) }];
  const wanted: object[] = [{ alive: [] }];
  for (const call of calls.splice(0)) {
    const { what, kind, callId, lead, agent } = call;
    const { outcome, ended_by, recording } = await statusOf(callId);
    const rung = [lead, agent].map((to) => legs.filter((leg) => leg.to === to).length);
    const stored = deliveries.filter(({ metadata }) => JSON.stringify(metadata).includes(callId)).length;
    seen.push({ what, outcome, ended_by, rung, recording: recording?.state, stored });
    const { body, outcome: right, ended_by: by } = KINDS[kind];
    const times = [1, 'agent' in body ? 1 : 0];
    const kept = isRecorded(call) ? { recording: 'delivered', stored: 1 } : { recording: 'expected', stored: 0 };
    wanted.push({ what, outcome: right, ended_by: by, rung: times, ...kept });
  }
  return { seen, wanted };
}

test('the worker dies at each step', async () => {
  await startApi();
  for (const step of few(WORKER_STEPS, 1)) await throughDeathOfWorker(step);
  await startApi({ AGENT_WAIT_SECS: '5' });
  for (const step of few(LONELY_STEPS, 0)) await throughDeathOfWorker(step);
  await startWorker();
  const { seen, wanted } = await ends();
  expect(seen).toEqual(wanted);
}, 900_000);

test('the API dies at each step', async () => {
  await startApi();
  for (const step of few(API_STEPS, 1)) await throughDeathOfApi(step);
  const { seen, wanted } = await ends();
  expect(seen).toEqual(wanted);
}, 900_000);

test('both die', async () => {
  await worker?.kill();
  for (const step of few(WORKER_STEPS.slice(0, 6), 1)) {
    await throughDeathOfWorker(step);
    await startApi();
  }
  await startWorker();
  for (const step of few(API_STEPS.slice(0, 6), 0)) {
    await throughDeathOfApi(step);
    await worker?.kill();
    await startWorker();
  }
  const { seen, wanted } = await ends();
  expect(seen).toEqual(wanted);
}, 900_000);
