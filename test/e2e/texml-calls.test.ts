/**
 * TeXML calls that follow the customer's own documents, and what surrounds them: given documents and those of a server,
 * machines that answer, hangups, people who call. Calls that need nobody's help are made before the tests look at them.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Webhook } from 'standardwebhooks';
import type { StatusDocument } from '../../domain/status';
import { heardBy, legWith, transcriptWith } from '../support/heard';
import { until } from '../support/outside';
import { BASE_PATH, hasEnded, startSystem, stopSystems } from '../support/system';
import type { System } from '../support/system';
import { together } from '../support/together';
import { aTexmlServer } from '../support/texml-server';
import type { TexmlRequest } from '../support/texml-server';

const SECRET = `whsec_${Buffer.alloc(24, 7).toString('base64')}`;
const AT_ONCE = 6;
/** Slow enough for a verdict that comes later than a person would be left in silence. */
const PHONE_SPEED = 3;
const LATE_MS = 9_500 * PHONE_SPEED;
const LATE_MACHINE = {
  like: '020',
  talkMs: null,
  machine: { verdict: 'machine', verdictAfterMs: LATE_MS, greetingEndsAfterMs: LATE_MS, beep: true },
};
const MACHINE = { like: '020', talkMs: null };
const PREMIUM = '+19005550123';
const OUR_NUMBER = '+15551234567';
/** Calls, and hangs up before the first document is there. */
const GIVES_UP = '+15557280006';
const MESSAGE = 'Please call us back.';
const LEAVE = { leave_message: { say: MESSAGE } };

const response = (verbs: string): string => `<Response>${verbs}</Response>`;
const HELLO = response('<Say>Hello.</Say>');
/** Somebody could listen to it for half a minute. */
const LONG = response('<Say>Hello.</Say><Pause length="120"/><Say>Goodbye.</Say>');

/** What the customer's server answers, by path. SERVER is itself; it has no other pages, and at /silent it says nothing. */
const PAGES: Readonly<Record<string, string>> = {
  '/menu': response('<Gather numDigits="1" action="chosen?from=menu"><Say>Press 1.</Say></Gather>'),
  '/chosen': response('<Say>You pressed it.</Say><Redirect method="GET">SERVER/bye</Redirect>'),
  '/bye': response('<Say>Goodbye.</Say>'),
  '/long-bye': response('<Say>Thank you.</Say><Pause length="30"/><Say>Goodbye.</Say>'),
  '/then-nowhere': response('<Say>Hello.</Say><Redirect>/nowhere</Redirect>'),
  '/fallback': response('<Say>We are here, too.</Say>'),
  '/premium': response(`<Say>Hello.</Say><Dial>${PREMIUM}</Dial>`),
  '/round': response('<Redirect>/round</Redirect>'),
  '/no-texml': '<html><body>Hello.</body></html>',
  '/long': LONG,
};

let server: Awaited<ReturnType<typeof aTexmlServer>>;
let system: System;
const flows = mkdtempSync(path.join(os.tmpdir(), 'outcall-flows-'));

interface Asked {
  /** One of both: a document, in which SERVER stands for the address of the customer's server, or a path there. */
  readonly texml?: string;
  readonly url?: string;
  readonly fallback?: string;
  readonly phone?: Readonly<Record<string, unknown>>;
  readonly answering_machine?: unknown;
}

/** Calls that need nobody's help. */
const CALLS = {
  given: { texml: response('<Say>Hello.</Say><Play>https://example.com/song.mp3</Play>') },
  givenMenu: {
    texml: response('<Gather numDigits="1" action="SERVER/bye"><Say>Press 1.</Say></Gather>'),
    phone: { presses: ['1'] },
  },
  ofServer: { url: '/menu', phone: { presses: ['1'] } },
  firstFails: { url: '/nowhere', fallback: '/fallback' },
  firstIsSilent: { url: '/silent', fallback: '/fallback' },
  secondFails: { url: '/then-nowhere', fallback: '/fallback' },
  bothFail: { url: '/nowhere', fallback: '/nowhere-either' },
  noTexml: { url: '/no-texml' },
  premium: { url: '/premium' },
  round: { url: '/round' },
  person: { texml: HELLO, answering_machine: LEAVE },
  hangUp: { texml: HELLO, answering_machine: 'hang_up', phone: MACHINE },
  connect: { texml: LONG, answering_machine: 'connect', phone: { ...MACHINE, talkMs: 24_000 } },
  leave: { texml: HELLO, answering_machine: LEAVE, phone: MACHINE },
  lateHangUp: { texml: LONG, answering_machine: 'hang_up', phone: LATE_MACHINE },
  lateLeave: { texml: LONG, answering_machine: LEAVE, phone: LATE_MACHINE },
  lateButAnswered: {
    texml: response('<Gather numDigits="1" action="SERVER/long-bye"><Say>Press 1.</Say></Gather>'),
    answering_machine: LEAVE,
    phone: { ...LATE_MACHINE, presses: ['1'] },
  },
} satisfies Readonly<Record<string, Asked>>;
type Name = keyof typeof CALLS;

const NAMES = Object.keys(CALLS) as Name[];
const numberOf = (name: Name): string => `+1555710${String(NAMES.indexOf(name)).padStart(2, '0')}06`;
const documents = new Map<Name, StatusDocument>();

beforeAll(async () => {
  server = await aTexmlServer(({ path }) => {
    const page = PAGES[path]?.replace('SERVER', server.url);
    return path === '/silent' ? null : (page ?? { status: 404 });
  });
  writeFileSync(path.join(flows, 'welcome.yaml'), 'steps:\n  hello: { say: Thank you for your call. }\n');
  system = await startSystem({
    env: {
      FLOWS_DIR: flows,
      INBOUND_FLOWS: `${OUR_NUMBER}=welcome`,
      OUTBOUND_ALLOW_HOSTS: new URL(server.url).host,
      // Nothing is recorded here.
      WEB_BACKEND_URL: server.url,
      WEB_BACKEND_SIGNING_SECRET: SECRET,
    },
    // A busy machine of tests may take the five seconds that the carrier waits.
    settings: { phoneSpeed: PHONE_SPEED, texmlFailedDocument: 'askedAgain' },
  });
  const fault = { kind: 'delay', ms: 60_000 };
  await system.control('POST', 'faults', { operation: 'instructions', to: OUR_NUMBER, fault });
  await callIn(GIVES_UP, OUR_NUMBER);
  const play = async (name: Name): Promise<void> => {
    const callId = await begin(numberOf(name), CALLS[name]);
    documents.set(name, await system.until(callId, hasEnded, 60_000).catch(() => system.status(callId)));
  };
  const isLate = (name: Name): boolean => name.startsWith('late');
  await together(
    AT_ONCE,
    NAMES.filter((name) => !isLate(name)),
    play,
  );
  // By themselves: the machine has seconds to be as late as it should.
  await together(AT_ONCE, NAMES.filter(isLate), play);
}, 180_000);
afterAll(async () => {
  await stopSystems();
  await server.close();
  rmSync(flows, { recursive: true });
});

/** Calls somebody, who stays on the line unless the phone says otherwise; returns the call's id. */
async function begin(to_phone: string, { texml, url, fallback, phone, answering_machine = 'off' }: Asked) {
  await system.control('PUT', `phones/${to_phone}`, { like: '006', ...phone });
  const handler =
    url === undefined
      ? { texml: texml?.replace('SERVER', server.url) }
      : { url: `${server.url}${url}`, ...(fallback !== undefined && { fallback_url: `${server.url}${fallback}` }) };
  return system.call({ to_phone, handler: { type: 'texml', ...handler }, answering_machine, record: false });
}

/** Somebody calls a number of ours. */
const callIn = (from: string, to: string): Promise<void> =>
  system.control('POST', 'calls', { from, to, connection_id: system.simulator.texmlApplicationId });

/** What the customer's server was asked in a call to this number. */
const requestsTo = (number: string): readonly TexmlRequest[] =>
  server.requests.filter(({ fields }) => fields['To'] === number);
const requestsOf = (name: Name): readonly TexmlRequest[] => requestsTo(numberOf(name));
const heard = (name: Name): readonly string[] => heardBy(numberOf(name), system.ledger());
const said = (name: Name): readonly string[] => heard(name).filter((line) => line.startsWith('document says '));
const ended = (name: Name) => {
  const { status, outcome, ended_by, answered_by, error_code } = documents.get(name) ?? {};
  return { status, outcome, ended_by, answered_by, error_code };
};
const BY_DOCUMENT = { status: 'ended', outcome: 'completed', ended_by: 'system', answered_by: null, error_code: null };
const BY_MACHINE = { ...BY_DOCUMENT, outcome: 'voicemail', answered_by: 'machine' };
const APOLOGY = 'document says We are sorry, this call cannot go on. Goodbye.';
const OTHER_APOLOGY = 'document says We are sorry, something went wrong. Goodbye.';

test('nobody is rung twice, and no leg is left', () => {
  const { legs } = system.ledger();
  expect(NAMES.map((name) => legs.filter(({ to }) => to === numberOf(name)).length)).toEqual(NAMES.map(() => 1));
  expect(legs.filter(({ ended_at }) => ended_at === null)).toEqual([]);
});

describe('a given document', () => {
  test('is heard as it is, and the call ends with it', () => {
    expect(heard('given')).toEqual([
      ...['phone answers', 'document says Hello.', 'document plays https://example.com/song.mp3'],
      'document hangs up it came to its end',
    ]);
    expect(ended('given')).toEqual(BY_DOCUMENT);
  });

  test('leads on to documents of a server', () => {
    expect(said('givenMenu')).toEqual(['document says Press 1.', 'document says Goodbye.']);
  });

  test('that names a number which may not be dialed is refused before anybody is called', async () => {
    const to_phone = '+15557200006';
    const handler = { type: 'texml', texml: response(`<Dial>${PREMIUM}</Dial>`) };
    const answer = await system.request('POST', `${BASE_PATH}/initiate`, { body: { to_phone, handler } });
    expect({ ...answer.body, status: answer.status }).toMatchObject({ status: 403, code: 'destination_not_allowed' });
    expect(legWith(to_phone, system.ledger())).toBeUndefined();
  });
});

describe('documents of a server', () => {
  test('are asked for one after the other, with what was pressed', () => {
    const asked = requestsOf('ofServer').map(({ method, path, fields: { Digits, from } }) => [
      method,
      path,
      Digits,
      from,
    ]);
    expect(asked).toEqual([
      ['POST', '/menu', undefined, undefined],
      ['POST', '/chosen', '1', undefined],
      ['GET', '/bye', undefined, undefined],
    ]);
    expect(said('ofServer')).toEqual([
      ...['document says Press 1.', 'document says You pressed it.', 'document says Goodbye.'],
    ]);
    expect(ended('ofServer')).toEqual(BY_DOCUMENT);
  });

  test('are asked for with a signature, each with an id of its own', () => {
    const webhook = new Webhook(SECRET);
    const requests = requestsOf('ofServer');
    for (const { raw, headers } of requests) {
      expect(() => webhook.verify(raw, headers, { jsonParse: false })).not.toThrow();
      expect(() => webhook.verify(`${raw}&Digits=2`, headers, { jsonParse: false })).toThrow();
    }
    const ids = requests.map(({ headers }) => headers['webhook-id']);
    expect(new Set(ids).size).toBe(3);
    expect(requests.map(({ headers }) => headers['idempotency-key'])).toEqual(ids);
  });

  test.each<[string, Name, readonly string[], readonly string[]]>([
    ['the first is answered 404', 'firstFails', ['/nowhere', '/fallback'], ['We are here, too.']],
    ['the first is not answered', 'firstIsSilent', ['/silent', '/fallback'], ['We are here, too.']],
    [
      ...(['the second is answered 404', 'secondFails'] as const),
      ['/then-nowhere', '/nowhere', '/fallback'],
      ['Hello.', 'We are here, too.'],
    ],
  ])('are asked of the fallback when %s', (_what, name, paths, lines) => {
    expect(requestsOf(name).map(({ path }) => path)).toEqual(paths);
    expect(said(name)).toEqual(lines.map((line) => `document says ${line}`));
    expect(ended(name)).toEqual(BY_DOCUMENT);
  });

  test.each<[string, Name, readonly string[]]>([
    ['neither server has one', 'bothFail', ['/nowhere', '/nowhere-either']],
    ['what comes is no TeXML', 'noTexml', ['/no-texml']],
  ])('are apologized for when %s', (_what, name, paths) => {
    expect(requestsOf(name).map(({ path }) => path)).toEqual(paths);
    expect(said(name)).toEqual([APOLOGY]);
    expect(ended(name)).toEqual(BY_DOCUMENT);
  });

  test('dial no number that may not be dialed', () => {
    expect(said('premium')).toEqual([OTHER_APOLOGY]);
    expect(legWith(PREMIUM, system.ledger())).toBeUndefined();
    expect(ended('premium')).toEqual({ ...BY_DOCUMENT, error_code: 'destination_not_allowed' });
  });

  test('that lead round and round end after a hundred, with an apology', () => {
    expect(requestsOf('round')).toHaveLength(100);
    expect(said('round')).toEqual([OTHER_APOLOGY]);
    expect(ended('round')).toEqual(BY_DOCUMENT);
  });
});

describe('a machine that answers', () => {
  test('is hung up on before anything is said, where that is wanted', () => {
    expect(said('hangUp')).toEqual([]);
    expect(ended('hangUp')).toEqual(BY_MACHINE);
  });

  test('hears the document, where it is only to be found out', () => {
    expect(said('connect')).toEqual(['document says Hello.']);
    expect(ended('connect')).toEqual({ ...BY_DOCUMENT, ended_by: 'lead', answered_by: 'machine' });
  });

  test('hears a message in place of the document, after its greeting and once', () => {
    expect(said('leave')).toEqual([`document says ${MESSAGE}`]);
    const happened = transcriptWith(numberOf('leave'), system.ledger()).map(({ does }) => does);
    expect(happened.indexOf('detects')).toBeLessThan(happened.indexOf('says'));
    expect(ended('leave')).toEqual(BY_MACHINE);
    expect(documents.get('leave')?.message).toMatchObject({ state: 'left' });
  });

  test('is none when a person answers', () => {
    expect(said('person')).toEqual(['document says Hello.']);
    expect(ended('person')).toEqual({ ...BY_DOCUMENT, answered_by: 'human' });
    expect(documents.get('person')?.message).toBeNull();
  });

  test('and is found out late hears the document until then, and is hung up on', () => {
    expect(said('lateHangUp')).toEqual(['document says Hello.']);
    expect(ended('lateHangUp')).toEqual(BY_MACHINE);
  });

  test('and is found out late hears the document until then, and the message', () => {
    expect(said('lateLeave')).toEqual(['document says Hello.', `document says ${MESSAGE}`]);
    expect(ended('lateLeave')).toEqual(BY_MACHINE);
    expect(documents.get('lateLeave')?.message).toMatchObject({ state: 'left' });
  });

  test('and is taken for one after a key was pressed hears the document to its end', () => {
    expect(said('lateButAnswered')).toEqual([
      ...['document says Press 1.', 'document says Thank you.', 'document says Goodbye.'],
    ]);
  });
});

describe('a hangup by the API', () => {
  test('ends a document that plays, and no other is asked for', async () => {
    const person = '+15557210006';
    const callId = await begin(person, { url: '/long' });
    await system.until(callId, ({ status }) => status === 'in_progress');
    await until('something is heard', () => heardBy(person, system.ledger()).length > 1, 10_000, 50);
    const answer = await system.request('POST', `${BASE_PATH}/calls/${callId}/hangup`);
    expect(answer.status).toBe(200);
    const document = await system.until(callId, hasEnded);
    expect(document).toMatchObject({ outcome: 'completed', ended_by: 'api' });
    expect(heardBy(person, system.ledger())).toEqual(['phone answers', 'document says Hello.']);
    expect(legWith(person, system.ledger())?.ended_at).not.toBeNull();
    expect(requestsTo(person)).toHaveLength(1);
  });

  test('ends the ringing', async () => {
    const person = '+15557220003';
    const callId = await begin(person, { url: '/long', phone: { like: '003' } });
    await system.until(callId, ({ status }) => status === 'ringing');
    await system.request('POST', `${BASE_PATH}/calls/${callId}/hangup`);
    expect(await system.until(callId, hasEnded)).toMatchObject({ outcome: 'canceled', ended_by: 'api' });
    expect(legWith(person, system.ledger())).toMatchObject({ answered_at: null, hangup_cause: 'originator_cancel' });
  });
});

test('nobody can join a call that follows TeXML', async () => {
  const person = '+15557230006';
  const callId = await begin(person, { url: '/long' });
  await system.until(callId, ({ status }) => status === 'in_progress');
  const body = { conference_id: callId, client_id: 'ana' };
  const answer = await system.request('POST', `${BASE_PATH}/webrtc-join`, { body });
  expect({ ...answer.body, status: answer.status }).toMatchObject({ status: 409, code: 'not_a_conference' });
  await system.request('POST', `${BASE_PATH}/calls/${callId}/hangup`);
  await system.until(callId, hasEnded);
  expect(system.ledger().legs.filter(({ to }) => to.startsWith('sip:'))).toEqual([]);
});

describe('somebody who calls', () => {
  const isOver = (from: string) => (): boolean => (legWith(from, system.ledger())?.ended_at ?? null) !== null;
  const callFrom = async (from: string): Promise<StatusDocument | undefined> => {
    const { body } = await system.request('GET', `${BASE_PATH}/calls?limit=100`);
    return (body['calls'] as StatusDocument[]).find(({ from_phone }) => from_phone === from);
  };

  test('a number with a flow hears it, and is listed as a call', async () => {
    const person = '+15557240006';
    await callIn(person, OUR_NUMBER);
    await until('the end of it', isOver(person), 20_000);
    expect(heardBy(person, system.ledger())).toEqual([
      ...[`phone calls ${OUR_NUMBER}`, 'document answers', 'document says Thank you for your call.'],
      'document hangs up',
    ]);
    await until('it is listed as ended', async () => (await callFrom(person))?.status === 'ended', 20_000);
    expect(await callFrom(person)).toMatchObject({ to_phone: OUR_NUMBER, outcome: 'completed', ended_by: 'system' });
  });

  test('and hangs up has ended the call', async () => {
    const person = '+15557250007';
    await callIn(person, OUR_NUMBER);
    await until('the end of it', isOver(person), 20_000);
    await until('it is listed as ended', async () => (await callFrom(person))?.status === 'ended', 20_000);
    expect(await callFrom(person)).toMatchObject({ outcome: 'completed', ended_by: 'lead' });
  });

  test('and gives up before the first document is there was not answered', async () => {
    await until('the end of it', isOver(GIVES_UP), 20_000);
    await until('it is listed as ended', async () => (await callFrom(GIVES_UP))?.status === 'ended', 20_000);
    const listed = await callFrom(GIVES_UP);
    expect(listed).toMatchObject({ outcome: 'no_answer', ended_by: 'lead', answered_at: null });
  });

  test('another number of the application is rejected, and no call of ours', async () => {
    const person = '+15557260006';
    await callIn(person, '+15551230000');
    await until('the end of it', isOver(person), 20_000);
    expect(legWith(person, system.ledger())).toMatchObject({ answered_at: null, hangup_cause: 'call_rejected' });
    // When the list shows a later call, it would show this one.
    await callIn('+15557270006', OUR_NUMBER);
    await until('a later call is listed', async () => (await callFrom('+15557270006')) !== undefined, 20_000);
    expect(await callFrom(person)).toBeUndefined();
  });
});
