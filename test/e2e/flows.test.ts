/**
 * Every example of flows/examples/ as real calls: once in peace, and with callbacks and documents that come late, twice,
 * out of order or not at all. Whoever is on the line hears the same.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { StatusDocument } from '../../domain/status';
import type { MischiefOptions } from '../../simulator/server';
import { heardBy, legWith, shortened } from '../support/heard';
import { replayAll } from '../support/histories';
import { until } from '../support/outside';
import { atScale } from '../support/scale';
import { BASE_PATH, delivered, hasEnded, startSystem, stopSystems } from '../support/system';
import type { System } from '../support/system';
import { together } from '../support/together';
import { aTexmlServer } from '../support/texml-server';
import type { TexmlRequest } from '../support/texml-server';

const EXAMPLES = path.join(__dirname, '../../flows/examples');
const PHONE_SPEED = 10;
const AT_ONCE = 8;
/** A callback that is lost is made up for by asking, half a minute later at times, and of a recording after a minute. */
const WITHIN_MS = 120_000;
/** Browsers of agents share one user. */
const BROWSER = 'sip:browsers@sip.telnyx.com';

/** What `PUT _simulator/phones/…` takes. */
type Phone = Readonly<Record<string, unknown>>;

interface Play {
  readonly flow: string;
  readonly variables?: Readonly<Record<string, string>>;
  /** The person's, who stays on the line. */
  readonly phone?: Phone;
  /** Phones that the flow dials. */
  readonly others?: Readonly<Record<string, Phone>>;
  /** The number that the person calls; absent: they are called. */
  readonly calls?: string;
  /** Somebody takes the person out of this queue. */
  readonly takenFrom?: string;
  /** The text of the flow comes with the request, in place of its name. */
  readonly isGiven?: boolean;
  /** Beginnings of lines. */
  readonly heard: readonly string[];
  /** @default 'completed' */
  readonly outcome?: StatusDocument['outcome'];
  /** Where the flow asks; else nobody knows. */
  readonly answeredBy?: StatusDocument['answered_by'];
  /** How many recordings steps make; one more is that of a call that we make. */
  readonly recorded?: number;
  /** What a server of the customer's is told, once. */
  readonly told?: Readonly<Record<string, string>>;
  /** And it answers 500. */
  readonly isTrouble?: boolean;
}

const TALKS_AND_HANGS_UP = { talkMs: 4_000 };
const BUSY = { then: 'busy' };
/** Longer than half a second at this speed: what is shorter is no recording. */
const MESSAGE = 'This is Ana. Please call me back tomorrow, in the morning if you can. Thank you, and goodbye.';

const office = (nth: number): string => `+15557010${nth}00`;
const APPOINTMENT = { name: 'Ana', time: 'tomorrow at nine' };
const REMINDER = 'document says Hello Ana, this is a reminder of your appointment tomorrow at nine.';
const COMPANY = { company: 'Example Books' };
const SCORE = 'document says Hello, this is Example Books. From 1 to 5';
const OFFER = { offer: 'Your roof is due.' };
const OFFERED = 'document says Hello, this is Example Solar. Your roof is due.';
const NEWS = { news: 'The shop opens on Monday.' };
const NEWS_HEARD = 'document says The shop opens on Monday. To get no more calls';
const HUNG_UP = 'document hangs up';
/** No browser has such a name. */
const AWAY = { agent: 'nobody at all' };
const OPEN_NUMBER = '+15551234568';
const CLOSED_NUMBER = '+15551234567';

const PLAYS: readonly (readonly [string, Play])[] = Object.entries<Play>({
  'appointment-reminder: 1 confirms': {
    flow: 'appointment-reminder',
    variables: APPOINTMENT,
    phone: { presses: ['1'] },
    heard: ['phone answers', REMINDER, 'phone presses 1', 'document says Thank you, we look forward', HUNG_UP],
  },
  'appointment-reminder: a wrong key is asked again, then 2 connects with the office': {
    flow: 'appointment-reminder',
    variables: { ...APPOINTMENT, office: office(1) },
    phone: { presses: ['7', '2'] },
    others: { [office(1)]: TALKS_AND_HANGS_UP },
    heard: [
      ...['phone answers', REMINDER, 'phone presses 7', REMINDER, 'phone presses 2'],
      ...['document says One moment, I connect you', `document dials ${office(1)}`, `carrier bridges ${office(1)}`],
      ...['carrier ends the dial completed', HUNG_UP],
    ],
  },
  'appointment-reminder: an office that is busy is told of': {
    flow: 'appointment-reminder',
    variables: { ...APPOINTMENT, office: office(2) },
    phone: { presses: ['2'] },
    others: { [office(2)]: BUSY },
    heard: [
      ...['phone answers', REMINDER, 'phone presses 2', 'document says One moment, I connect you'],
      ...[`document dials ${office(2)}`, 'carrier ends the dial busy'],
      ...['document says Nobody can take your call right now.', HUNG_UP],
    ],
  },
  'appointment-reminder: silence is asked again twice': {
    flow: 'appointment-reminder',
    variables: APPOINTMENT,
    heard: [
      'phone answers',
      ...[REMINDER, 'phone is silent', REMINDER, 'phone is silent', REMINDER, 'phone is silent'],
      ...['document says We could not hear you.', HUNG_UP],
    ],
  },
  'survey: silence is asked again, a bad score is asked for its reason': {
    flow: 'survey',
    variables: COMPANY,
    phone: { presses: ['', '2'], says: ['', 'Answer the phone'] },
    heard: [
      ...['phone answers', SCORE, 'phone is silent', SCORE, 'phone presses 2'],
      ...['document says We are sorry to hear that.', 'document says What should we do better?'],
      ...['phone says Answer the phone', 'document says Thank you for your time.', HUNG_UP],
    ],
    told: { score: '2', comment: 'Answer the phone' },
  },
  'survey: a good score may be spoken': {
    flow: 'survey',
    variables: COMPANY,
    isGiven: true,
    phone: { says: ['I would say four'] },
    heard: [
      ...['phone answers', SCORE, 'phone says I would say four', 'document says We are glad to hear that.'],
      ...['document says Thank you for your time.', HUNG_UP],
    ],
    told: { score: 'I would say four', comment: 'none' },
  },
  "press-1-for-agent: 1 rings the agent's browser, and the talk is recorded": {
    flow: 'press-1-for-agent',
    variables: OFFER,
    phone: { presses: ['1'] },
    others: { [BROWSER]: TALKS_AND_HANGS_UP },
    heard: [
      ...['phone answers', OFFERED, 'phone presses 1', 'document says One moment, please.'],
      ...[`document dials ${BROWSER}`, `carrier bridges ${BROWSER}`, 'carrier ends the dial completed', HUNG_UP],
    ],
    recorded: 1,
  },
  'press-1-for-agent: without an agent, who waits too long leaves a message': {
    flow: 'press-1-for-agent',
    variables: { ...OFFER, ...AWAY },
    phone: { says: ['yes please', MESSAGE] },
    heard: [
      ...['phone answers', OFFERED, 'phone says yes please', 'document says One moment, please.'],
      ...['document enqueues sales', 'document plays', 'carrier leaves the queue maxWaitTime'],
      ...['document says Everybody is talking right now.', 'document records after a beep', `phone says ${MESSAGE}`],
      ...['document says Thank you, we call you back.', 'document says Goodbye.', HUNG_UP],
    ],
    recorded: 1,
  },
  'press-1-for-agent: without an agent, somebody takes who waits out of the queue': {
    flow: 'press-1-for-support',
    variables: { ...OFFER, ...AWAY },
    phone: { presses: ['1'] },
    takenFrom: 'support',
    heard: [
      ...['phone answers', OFFERED, 'phone presses 1', 'document says One moment, please.'],
      ...['document enqueues support', 'document plays', 'carrier leaves the queue bridged', HUNG_UP],
    ],
  },
  'press-1-for-agent: silence is no yes': {
    flow: 'press-1-for-agent',
    variables: OFFER,
    heard: ['phone answers', OFFERED, 'phone is silent', 'document says Goodbye.', HUNG_UP],
  },
  'voicemail-drop: a machine gets the message, once its greeting is over': {
    flow: 'voicemail-drop',
    phone: { like: '020', talkMs: null },
    heard: ['phone answers', 'document says Hello, this is Example Books. Your order is ready.', HUNG_UP],
    outcome: 'voicemail',
    answeredBy: 'machine',
  },
  'voicemail-drop: a person is connected with the store': {
    flow: 'voicemail-drop',
    variables: { office: office(3) },
    others: { [office(3)]: TALKS_AND_HANGS_UP },
    heard: [
      ...['phone answers', 'document says Hello, this is Example Books. I connect you', `document dials ${office(3)}`],
      ...[`carrier bridges ${office(3)}`, 'carrier ends the dial completed', HUNG_UP],
    ],
    answeredBy: 'human',
  },
  'opt-out: 9 takes the number off the list': {
    flow: 'opt-out',
    variables: NEWS,
    phone: { presses: ['9'] },
    heard: [
      ...['phone answers', NEWS_HEARD, 'phone presses 9'],
      ...['document says You will get no more calls from us.', HUNG_UP],
    ],
    told: {},
  },
  'opt-out: a list that cannot be reached is told of': {
    flow: 'opt-out',
    variables: NEWS,
    phone: { presses: ['9'] },
    heard: [
      ...['phone answers', NEWS_HEARD, 'phone presses 9'],
      ...['document says We could not do that right now.', HUNG_UP],
    ],
    told: {},
    isTrouble: true,
  },
  'opt-out: nothing else takes it off': {
    flow: 'opt-out',
    variables: NEWS,
    phone: { presses: ['1'] },
    heard: ['phone answers', NEWS_HEARD, 'phone presses 1', 'document says Thank you. Goodbye.', HUNG_UP],
  },
  'after-hours: an office that is busy gets a message': {
    flow: 'after-hours-open',
    variables: { office: office(4) },
    phone: { says: [MESSAGE] },
    others: { [office(4)]: BUSY },
    heard: [
      ...['phone answers', `document dials ${office(4)}`, 'carrier ends the dial busy'],
      ...['document says Everybody is busy right now.', 'document says Please leave a message after the beep'],
      ...['document records after a beep', `phone says ${MESSAGE}`, 'document says Thank you, we call you back.'],
      HUNG_UP,
    ],
    recorded: 1,
  },
  'after-hours: who calls in the hours is connected with the office': {
    flow: 'after-hours-open',
    calls: OPEN_NUMBER,
    others: { [office(5)]: TALKS_AND_HANGS_UP },
    heard: [
      ...[`phone calls ${OPEN_NUMBER}`, 'document answers', `document dials ${office(5)}`],
      ...[`carrier bridges ${office(5)}`, 'carrier ends the dial completed', HUNG_UP],
    ],
    recorded: 1,
  },
  'after-hours: who calls at other times leaves a message': {
    flow: 'after-hours-closed',
    calls: CLOSED_NUMBER,
    phone: { presses: ['#'], says: [MESSAGE] },
    heard: [
      ...[`phone calls ${CLOSED_NUMBER}`, 'document answers', 'document says We are open Monday to Friday'],
      ...['document says Please leave a message after the beep', 'document records after a beep'],
      ...[`phone says ${MESSAGE}`, 'phone presses #', 'document says Thank you, we call you back.', HUNG_UP],
    ],
    recorded: 1,
  },
});
/** The number of whoever is on the line. */
const personOf = (name: string): string =>
  `+1555700${String(PLAYS.findIndex(([other]) => other === name)).padStart(2, '0')}00`;
const recordingsOf = ({ calls, recorded = 0 }: Play): number => (calls === undefined ? 1 : 0) + recorded;
const TAKER = '+15557020006';

/** A day that it is nowhere on earth today. */
const OTHER_DAY = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'][(new Date().getUTCDay() + 3) % 7] ?? '';

/** The examples, with a server of this machine in place of those that they name, and after-hours at both times of the day. */
function writeFlows(folder: string, serverUrl: string): void {
  const read = (name: string): string => readFileSync(path.join(EXAMPLES, `${name}.yaml`), 'utf8');
  const write = (name: string, text: string): void => {
    writeFileSync(path.join(folder, `${name}.yaml`), text.replace(/https:\/\/\w+\.example\.com/, serverUrl));
  };
  for (const file of readdirSync(EXAMPLES)) write(path.parse(file).name, read(path.parse(file).name));
  const hours = read('after-hours');
  write('after-hours-open', hours.replace('mon-fri 09:00-17:00', 'mon-sun').replace('+15551234567', office(5)));
  write('after-hours-closed', hours.replace('mon-fri', OTHER_DAY).replace('sat ', `${OTHER_DAY} `));
  write('press-1-for-support', read('press-1-for-agent').replace('enqueue: sales', 'enqueue: support'));
}

const tellingOf = ({ raw }: TexmlRequest): Readonly<Record<string, string>> =>
  JSON.parse(raw) as Record<string, string>;

/** A server of surveys and opt-outs. */
const aServer = () =>
  aTexmlServer((request) => {
    const { phone } = tellingOf(request);
    const isTrouble = PLAYS.some(([name, play]) => play.isTrouble === true && personOf(name) === phone);
    return { status: isTrouble ? 500 : 200, body: '{}' };
  });

/** The first one loses documents and callbacks, but none whose loss takes long to find out. */
const SEEDS = [1761, 1, 2, 3, 4, 5, 6, 7, 8, 9].slice(0, atScale({ quick: 1, ci: 3, full: 10 }));
const ORDERS: readonly (readonly [string, MischiefOptions | null])[] = [
  ['in order', null],
  ...SEEDS.map(
    (seed) =>
      [
        `late, twice, out of order or not at all (${seed})`,
        { seed, delay: 0.4, duplicate: 0.3, reorder: 0.3, drop: 0.1 },
      ] as const,
  ),
];

describe.each(ORDERS)('callbacks and documents that come %s', (_order, mischief) => {
  let server: Awaited<ReturnType<typeof aTexmlServer>>;
  let system: System;
  const folder = mkdtempSync(path.join(os.tmpdir(), 'outcall-flows-'));
  const documents = new Map<string, StatusDocument>();

  beforeAll(async () => {
    server = await aServer();
    writeFlows(folder, server.url);
    const INBOUND_FLOWS = `${OPEN_NUMBER}=after-hours-open,${CLOSED_NUMBER}=after-hours-closed`;
    system = await startSystem({
      env: {
        FLOWS_DIR: folder,
        INBOUND_FLOWS,
        OUTBOUND_ALLOW_HOSTS: new URL(server.url).host,
        TELNYX_SIP_USERNAME: 'browsers',
      },
      // A busy machine of tests may take the five seconds that the carrier waits.
      settings: { texmlFailedDocument: 'askedAgain' },
      ...(mischief && { mischief }),
    });
    for (const [name, play] of PLAYS) await prepare(personOf(name), play);
    // In life: whoever calls gives up after half a minute, which at this speed could be less than a busy machine takes.
    for (const [name, { calls }] of PLAYS) if (calls !== undefined) await callIn(personOf(name), calls);
    await system.control('PATCH', 'settings', { phoneSpeed: PHONE_SPEED });
    await together(AT_ONCE, PLAYS, async ([name, play]) => {
      documents.set(name, await playOut(personOf(name), play));
    });
  }, 300_000);
  afterAll(async () => {
    await stopSystems();
    await server.close();
    rmSync(folder, { recursive: true });
  });

  async function prepare(person: string, { phone, others = {} }: Play): Promise<void> {
    const phones = { ...others, [person]: { like: '006', ...phone } };
    for (const [number, does] of Object.entries(phones))
      await system.control('PUT', `phones/${encodeURIComponent(number)}`, does);
  }

  const callIn = (from: string, to: string): Promise<void> =>
    system.control('POST', 'calls', { from, to, connection_id: system.simulator.texmlApplicationId });

  /** A call to the delivery of its recordings, or as far as it came. */
  async function playOut(person: string, play: Play): Promise<StatusDocument> {
    const { flow, variables, isGiven, calls, takenFrom } = play;
    const source = isGiven ? { flow_source: readFileSync(path.join(folder, `${flow}.yaml`), 'utf8') } : { flow };
    const handler = { type: 'texml', ...source, variables };
    const callId = calls ? await callFrom(person) : await system.call({ to_phone: person, handler });
    // What fails there is seen in what is heard.
    if (takenFrom !== undefined) await takeOut(person, takenFrom).catch(() => undefined);
    const isDelivered = ({ recordings }: StatusDocument): boolean =>
      recordings.filter(({ state }) => state === 'delivered').length === recordingsOf(play);
    const isDone = (document: StatusDocument): boolean => hasEnded(document) && isDelivered(document);
    return system.until(callId, isDone, WITHIN_MS).catch(() => system.status(callId));
  }

  /** The list of calls tells which call of ours somebody's is. */
  async function callFrom(from: string): Promise<string> {
    let callId = '';
    const isListed = async (): Promise<boolean> => {
      const { body } = await system.request('GET', `${BASE_PATH}/calls?limit=100`);
      callId = (body['calls'] as StatusDocument[]).find(({ from_phone }) => from_phone === from)?.call_id ?? '';
      return callId !== '';
    };
    await until(`a call from ${from}`, isListed, 30_000);
    return callId;
  }

  /** Somebody else is connected with the first who waits, and hangs up. */
  async function takeOut(person: string, queue: string): Promise<void> {
    const hears = (line: string) => () => heardBy(person, system.ledger()).some((one) => one.startsWith(line));
    await until('music in the queue', hears('document plays'), WITHIN_MS, 50);
    const texml = `<Response><Dial><Queue>${queue}</Queue></Dial></Response>`;
    const callId = await system.call({ to_phone: TAKER, handler: { type: 'texml', texml }, record: false });
    await until('somebody takes them out', hears('carrier leaves the queue'), WITHIN_MS, 50);
    await system.request('POST', `${BASE_PATH}/calls/${callId}/hangup`);
  }

  /** With `unknown` for the state of a recording that the status document does not have. */
  function recordingsWith(person: string, document: StatusDocument | undefined) {
    const ledger = system.ledger();
    const mine = ledger.recordings.filter(({ leg }) => leg === legWith(person, ledger)?.call_control_id);
    return mine.map(({ id }) => {
      const told = document?.recordings.find(({ recording_id }) => recording_id === id);
      const times = ledger.deliveries.filter(({ metadata }) => delivered(metadata).recording_sid === id).length;
      return [told?.state ?? 'unknown', times];
    });
  }

  const timesRung = (number: string): number =>
    system.ledger().legs.filter(({ direction, to, from }) => (direction === 'outgoing' ? to : from) === number).length;

  /** Only the carrier's last callback tells who ended a call. */
  function endedBySystem(person: string, { calls }: Play): StatusDocument['ended_by'] {
    const isIt = ({ event_type, to }: { event_type: string; to: string }): boolean =>
      event_type === 'texml.completed' && to === (calls ?? person);
    const [last] = system.ledger().webhooks.filter(isIt);
    return last?.status === 'dropped' ? 'unknown' : 'system';
  }

  test.each(PLAYS)('%s', (name, play) => {
    const { heard, outcome = 'completed', answeredBy = null, others = {}, told } = play;
    const person = personOf(name);
    const numbers = [person, ...Object.keys(others)];
    const document = documents.get(name);
    const tellings = server.requests.map(tellingOf).filter(({ phone }) => phone === person);
    expect({
      heard: shortened(heardBy(person, system.ledger()), heard),
      outcome: document?.outcome,
      endedBy: document?.ended_by,
      answeredBy: document?.answered_by,
      recordings: recordingsWith(person, document),
      rung: numbers.map((number) => [number, timesRung(number)]),
      told: tellings.map(({ score, comment }) => ({ score, comment })),
    }).toEqual({
      heard,
      outcome,
      endedBy: endedBySystem(person, play),
      answeredBy,
      recordings: Array.from({ length: recordingsOf(play) }, () => ['delivered', 1]),
      rung: numbers.map((number) => [number, 1]),
      told: told ? [told] : [],
    });
  });

  test('no leg is left alive', () => {
    expect(system.ledger().legs.filter(({ ended_at }) => ended_at === null)).toEqual([]);
  });

  test('every history replays on the code that made it', async () => {
    expect(await replayAll(system)).toEqual([]);
  });

  test('the mischief that was asked for happened', () => {
    const counts = Object.values(system.ledger().mischief);
    expect(counts.map((count) => count > 0)).toEqual(counts.map(() => mischief !== null));
  });
});
