/**
 * `kill -9` between any two prompts of a survey, and in the middle of a callback: whoever is on the line hears what they
 * would have heard, but for pauses. Two APIs stand behind one address, as behind a load balancer; a worker is started
 * when the other one is dead.
 */
import { readFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { isSettled } from '../../domain/status';
import type { StatusDocument } from '../../domain/status';
import { freePort } from '../../cli/programs/child';
import { startOutside, until } from '../support/outside';
import type { Outside } from '../support/outside';
import { dyingAt, startPart } from '../support/processes';
import type { Part } from '../support/processes';
import { atScale } from '../support/scale';
import { delivered } from '../support/system';

const SURVEY = readFileSync(path.join(__dirname, '../../flows/examples/survey.yaml'), 'utf8');
const COMPANY = 'Example Books';
/** Silent at first, then 2; whoever is asked once more for a key that was lost presses it again. */
const PHONE = {
  like: '006',
  ringMs: 500,
  presses: ['', '2', '2'],
  says: ['', 'Answer the phone', 'Answer the phone'],
  recordingReadyMs: 200,
};
/** Documents of that call: the question, the question again, what to do better, a thank you. */
const DOCUMENTS = 4;
const PHONE_SPEED = 10;
const WITHIN_MS = 60_000;

/** What the caller hears and does. Who waits for a document hears a pause. */
interface Heard {
  readonly does: string;
  readonly text: string;
}

interface Seen {
  readonly heard: readonly Heard[];
  readonly outcome: StatusDocument['outcome'];
  readonly endedBy: StatusDocument['ended_by'];
  readonly recordings: readonly (readonly [state: string, times: number])[];
  /** What the server of the survey was told. */
  readonly answers: readonly unknown[];
}

interface Survey {
  readonly to: string;
  readonly callId: string;
}

let outside: Outside;
let worker: Part;
let standby: Part;
let doomed: Part | undefined;
/** What a call is like that nothing happens to. */
let undisturbed: Seen;

/** The first that takes the connection gets it; when it dies, the connection breaks. */
const apiPorts: number[] = [];
const balancer = net.createServer((incoming) => {
  connectTo(apiPorts, incoming);
});
function connectTo([port, ...others]: readonly number[], incoming: net.Socket): void {
  if (port === undefined) {
    incoming.destroy();
    return;
  }
  const outgoing = net.connect(port, '127.0.0.1');
  let connected = false;
  outgoing.on('connect', () => {
    connected = true;
    incoming.pipe(outgoing).pipe(incoming);
  });
  outgoing.on('error', () => {
    if (connected) incoming.resetAndDestroy();
    else connectTo(others, incoming);
  });
  outgoing.on('close', () => {
    if (connected) incoming.destroy();
  });
  incoming.on('error', () => outgoing.destroy());
}

/** Answers of the survey, by the phone that they came from; `onAnswer` sees each before it is taken. */
const answers: { readonly phone: string; readonly score: string; readonly comment: string }[] = [];
let onAnswer: () => Promise<void> = () => Promise.resolve();
const surveys = http.createServer((request, response) => {
  const pieces: Buffer[] = [];
  request.on('data', (piece: Buffer) => pieces.push(piece));
  request.on('end', () => {
    answers.push(JSON.parse(Buffer.concat(pieces).toString()) as (typeof answers)[number]);
    void onAnswer().then(() => response.end('{}'));
  });
});

beforeAll(async () => {
  outside = await startOutside({ seed: 7 });
  outside.simulator.changeSettings({ phoneSpeed: PHONE_SPEED });
  await new Promise<void>((resolve) => surveys.listen(0, '127.0.0.1', resolve));
  await new Promise<void>((resolve) => balancer.listen(Number(outside.env['PORT']), '127.0.0.1', resolve));
  [worker, standby] = await Promise.all([startWorker(), startApi()]);
  undisturbed = await seenOf(await ask());
}, 120_000);
afterAll(async () => {
  await Promise.all([worker.kill(), standby.kill(), doomed?.kill()]);
  for (const server of [surveys, balancer]) server.close();
  await outside.stop();
});

const surveysHost = (): string => `127.0.0.1:${(surveys.address() as AddressInfo).port}`;
const env = (): Record<string, string> => ({
  ...outside.env,
  OUTBOUND_ALLOW_HOSTS: `${outside.env['OUTBOUND_ALLOW_HOSTS'] ?? ''},${surveysHost()}`,
});

const startWorker = (dying: Readonly<Record<string, string>> = {}): Promise<Part> =>
  startPart(['work'], 'workers.running', { ...env(), ...dying });

/** The newest is asked first. */
async function startApi(dying: Readonly<Record<string, string>> = {}): Promise<Part> {
  const port = await freePort();
  const part = await startPart(['serve'], 'api.listening', { ...env(), PORT: String(port), ...dying });
  apiPorts.unshift(port);
  return part;
}

let begun = 0;

/** Calls somebody to ask them. */
async function ask(): Promise<Survey> {
  const to = `+1555600${String((begun += 1)).padStart(4, '0')}`;
  await fetch(`${outside.simulator.url}/_simulator/phones/${encodeURIComponent(to)}`, {
    method: 'PUT',
    body: JSON.stringify(PHONE),
  });
  const flow_source = SURVEY.replace('https://surveys.example.com', `http://${surveysHost()}`);
  const handler = { type: 'texml', flow_source, variables: { company: COMPANY } };
  const answer = await outside.request('POST', '/initiate', { to_phone: to, handler });
  expect(answer).toMatchObject({ status: 'initiated' });
  return { to, callId: answer.call_id };
}

const transcriptOf = ({ to }: Survey) =>
  outside.simulator.ledger().texml_calls.find((call) => call.to === to)?.transcript ?? [];

const heardOf = (survey: Survey): readonly Heard[] =>
  transcriptOf(survey)
    .filter(({ who, does }) => does !== 'fetches' && does !== 'pauses' && who !== 'carrier')
    .map(({ does, text }) => ({ does, text }));

/** Whether the carrier plays this document, or a later one. */
const plays = (survey: Survey, number: number): boolean =>
  transcriptOf(survey).some(({ does, text }) => does === 'fetches' && isOf(number, text));
const isOf = (number: number, text: string): boolean => new RegExp(`/instructions/${number}\\b.* → 200$`).test(text);

async function seenOf(survey: Survey): Promise<Seen> {
  const { to, callId } = survey;
  const status = (): Promise<StatusDocument> => outside.request('GET', `/calls/${callId}`);
  await until(`the end of ${callId}`, async () => isSettled(await status()), WITHIN_MS);
  const { outcome, ended_by: endedBy, recordings } = await status();
  const { deliveries } = outside.simulator.ledger();
  const times = (id: string | null): number =>
    deliveries.filter(({ metadata }) => delivered(metadata).recording_sid === id).length;
  return {
    heard: heardOf(survey),
    outcome,
    endedBy,
    recordings: recordings.map(({ state, recording_id }) => [state, times(recording_id)] as const),
    answers: answers.filter(({ phone }) => phone === to).map(({ score, comment }) => ({ score, comment })),
  };
}

test('a survey that nothing happens to is asked to its end', () => {
  expect(undisturbed).toMatchObject({
    outcome: 'completed',
    recordings: [['delivered', 1]],
    answers: [{ score: '2', comment: 'Answer the phone' }],
  });
  expect(undisturbed.heard.map(({ does }) => does)).toEqual([
    ...['answers', 'says', 'is silent', 'says', 'presses', 'says', 'says', 'says', 'says', 'hangs up'],
  ]);
});

test('the worker dies after each document', async () => {
  const first = atScale({ quick: DOCUMENTS - 1, ci: 1, full: 1 });
  for (let number = first; number < DOCUMENTS; number++) {
    const survey = await ask();
    await until(`document ${number}`, () => plays(survey, number), WITHIN_MS, 5);
    await worker.kill();
    worker = await startWorker();
    expect({ after: number, ...(await seenOf(survey)) }).toEqual({ after: number, ...undisturbed });
  }
}, 300_000);

/** Where the API dies, with the key of document 2 in its hands. */
const POINTS = [
  // The update was made and its answer is here, but not at the carrier.
  { point: 'answer:before', keeps: 'all' },
  { point: 'update:after', keeps: 'all' },
  // Temporal may have read the update, or not.
  { point: 'update:sent', keeps: 'unknown' },
  { point: 'update:before', keeps: 'nothing' },
  { point: 'body:after', keeps: 'nothing' },
] as const;
type Keeps = (typeof POINTS)[number]['keeps'];

/** Whoever pressed a key that nobody was told of is asked once more, and presses it again. */
function onceMore({ heard, ...rest }: Seen): Seen {
  const answered = heard.findIndex(({ does }) => does === 'presses') + 1;
  return { heard: [...heard.slice(0, answered), ...heard.slice(answered - 2)], ...rest };
}

/** The API that this call's key comes to dies of it; the other one goes on. */
async function throughDeathOfApi(point: string, about: string): Promise<Survey> {
  const dying = await startApi(dyingAt(point, about));
  doomed = dying;
  const survey = await ask();
  await until(`the API's death at ${point}`, () => dying.isDead(), WITHIN_MS, 20);
  apiPorts.shift();
  return survey;
}

const few = <T>(all: readonly T[], quick: number): readonly T[] =>
  all.slice(0, atScale({ quick, ci: all.length, full: all.length }));

describe('the API dies while it has a key in its hands', () => {
  const asked = '/instructions/3 ';

  test.each(few(POINTS, 1))(
    'at $point, and the carrier asks the same again: nothing changes',
    async ({ point }) => {
      outside.simulator.changeSettings({ texmlFailedDocument: 'askedAgain' });
      expect(await seenOf(await throughDeathOfApi(point, asked))).toEqual(undisturbed);
    },
    WITHIN_MS * 2,
  );

  test.each(few(POINTS, 1))(
    'at $point, and the carrier asks the fallback: what reached the call is kept, and what did not is asked once more',
    async ({ point, keeps }) => {
      outside.simulator.changeSettings({ texmlFailedDocument: 'fallback' });
      const seen = await seenOf(await throughDeathOfApi(point, asked));
      const allowed: Readonly<Record<Keeps, readonly Seen[]>> = {
        all: [undisturbed],
        nothing: [onceMore(undisturbed)],
        unknown: [undisturbed, onceMore(undisturbed)],
      };
      expect(allowed[keeps]).toContainEqual(seen);
    },
    WITHIN_MS * 2,
  );
});

test('the API dies while the call asks a server: its answer is heard, and it is asked once', async () => {
  outside.simulator.changeSettings({ texmlFailedDocument: 'fallback' });
  const dying = await startApi();
  doomed = dying;
  onAnswer = () => dying.kill();
  const survey = await ask();
  await until('the death of the API', () => dying.isDead(), WITHIN_MS, 20);
  apiPorts.shift();
  onAnswer = () => Promise.resolve();
  expect(await seenOf(survey)).toEqual(undisturbed);
}, 120_000);

test('the API dies of a callback about the call: it is told again, and nothing changes', async () => {
  expect(await seenOf(await throughDeathOfApi('signal:before', '/status '))).toEqual(undisturbed);
}, 120_000);
