/** TeXML over HTTP: routes, documents fetched from a server, and callbacks as they go over the wire. */
import { createPublicKey, verify } from 'node:crypto';
import { aSimulator, eventually } from './running-simulator';
import type { Running } from './running-simulator';
import { aTexmlServer } from '../../support/texml-server';
import type { TexmlRequest } from '../../support/texml-server';

let running: Running;
let server: Awaited<ReturnType<typeof aTexmlServer>>;

type Pages = Parameters<typeof aTexmlServer>[0];
const response = (verbs: string): string => `<?xml version="1.0" encoding="UTF-8"?><Response>${verbs}</Response>`;
const callbacks = new Set(['/status', '/recording', '/amd', '/conference']);

async function begin(pages: Readonly<Record<string, string>> | Pages, options: Parameters<typeof aSimulator>[0] = {}) {
  const page: Pages = (request, nth) => {
    if (typeof pages === 'function') return pages(request, nth);
    const verbs = pages[request.path];
    if (verbs !== undefined) return response(verbs);
    return callbacks.has(request.path) ? { status: 200 } : { status: 404 };
  };
  server = await aTexmlServer(page);
  running = await aSimulator(options);
}

afterEach(async () => {
  await running.simulator.close();
  await running.close();
  await server.close();
});

async function ask(line: string, body?: Readonly<Record<string, unknown>> | URLSearchParams) {
  const [method = '', path = ''] = line.split(' ');
  const { apiBaseUrl, apiKey, accountSid } = running.simulator;
  const content = body === undefined || body instanceof URLSearchParams ? body : JSON.stringify(body);
  const answer = await fetch(`${apiBaseUrl}${path.replace('/Calls', `/texml/Accounts/${accountSid}/Calls`)}`, {
    method,
    headers: {
      authorization: `Bearer ${apiKey}`,
      ...(typeof content === 'string' && { 'content-type': 'application/json' }),
    },
    ...(content === undefined ? {} : { body: content }),
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

const wishes = (to: string, more: Readonly<Record<string, unknown>> = {}) => ({
  ApplicationSid: running.simulator.texmlApplicationId,
  To: to,
  From: '+15550100001',
  Url: `${server.url}/first`,
  ...more,
});

const statusOf = (to: string) => running.simulator.ledger().texml_calls.find((call) => call.to === to)?.status;
const ended = (to: string) =>
  eventually(() => (['ringing', 'in-progress', undefined].includes(statusOf(to)) ? undefined : statusOf(to)));
const progress = (): string[] => server.of('/status').map(({ fields }) => fields['CallStatus'] ?? '');

const one = '+15550100060';
const all = 'initiated ringing answered completed';

describe('a TeXML call', () => {
  it('is answered without an id, rings, and plays what its address says', async () => {
    await begin({
      '/first': '<Gather numDigits="1" action="/menu"><Say>Press 1.</Say></Gather>',
      '/menu': '<Hangup/>',
    });
    const answer = await ask('POST /Calls', wishes(one));
    expect(answer).toEqual({ status: 200, body: { from: '+15550100001', to: one, status: 'queued' } });
    await ended(one);
    expect(server.requests.map(({ path, method, fields }) => [method, path, fields['Digits']])).toEqual([
      ['POST', '/first', undefined],
      ['POST', '/menu', '1'],
    ]);
  });

  it('asks for its document with a signed form', async () => {
    await begin({ '/first': '<Hangup/>' });
    await ask('POST /Calls', wishes(one));
    const request = await eventually(() => server.of('/first')[0]);
    const { accountSid, texmlApplicationId } = running.simulator;
    expect(request.headers['content-type']).toBe('application/x-www-form-urlencoded');
    expect(request.fields).toEqual({
      AccountSid: accountSid,
      ApiVersion: '2010-04-01',
      CallSid: expect.stringMatching(/^v3:/) as string,
      CallSidLegacy: request.fields['CallSid'],
      CallStatus: 'in-progress',
      CallerId: '+15550100001',
      CallingPartyType: 'pstn',
      ConnectionId: texmlApplicationId,
      From: '+15550100001',
      To: one,
    });
    expect(isSigned(request)).toBe(true);
  });

  it('is asked for in a form as well', async () => {
    await begin({ '/first': '<Hangup/>' });
    const form = new URLSearchParams(wishes(one, { StatusCallback: `${server.url}/status`, Timeout: '20' }));
    expect((await ask('POST /Calls', form)).status).toBe(200);
    await eventually(() => progress().includes('completed'));
  });

  it('plays a document that came with the request', async () => {
    await begin({ '/next': '<Hangup/>' });
    await ask('POST /Calls', {
      ...wishes(one),
      Url: undefined,
      Texml: response(`<Redirect>${server.url}/next</Redirect>`),
    });
    const request = await eventually(() => server.of('/next')[0]);
    expect(request.fields).toMatchObject({ CallStatus: 'in-progress', To: one });
  });

  it('says how far it is, in order and with every field', async () => {
    await begin({ '/first': '<Say>Hello</Say>' });
    await ask(
      'POST /Calls',
      wishes(one, { StatusCallback: `${server.url}/status`, StatusCallbackEvent: all, CallerId: 'Outcall' }),
    );
    await eventually(() => server.of('/status').length === 4);
    expect(progress()).toEqual(['initiated', 'ringing', 'in-progress', 'completed']);
    expect(server.of('/status').map(({ fields }) => fields['SequenceNumber'])).toEqual(['0', '1', '2', '3']);
    const last = server.of('/status')[3];
    expect(last?.fields).toMatchObject({
      CallbackSource: 'call-progress-events',
      CallerId: 'Outcall',
      HangupCause: 'normal_clearing',
      HangupSource: 'caller',
      To: one,
    });
    expect(Object.keys(last?.fields ?? {})).toEqual(
      expect.arrayContaining([
        'AnsweredTime',
        'CallDuration',
        'CallInitiatedAt',
        'CallQualityStats',
        'EndTime',
        'Timestamp',
      ]),
    );
    expect(server.of('/status').every(isSigned)).toBe(true);
  });

  it('says only that it is over when nothing else was asked for', async () => {
    await begin({ '/first': '<Hangup/>' });
    await ask('POST /Calls', wishes(one, { StatusCallback: `${server.url}/status`, StatusCallbackMethod: 'GET' }));
    const only = await eventually(() => server.of('/status')[0]);
    expect([only.method, only.fields['CallStatus'], only.fields['SequenceNumber']]).toEqual(['GET', 'completed', '0']);
  });

  it.each([
    ['001', ['initiated', 'busy']],
    ['002', ['initiated', 'ringing', 'failed']],
    ['003', ['initiated', 'ringing', 'no-answer']],
    ['004', ['initiated', 'failed']],
  ])('to …%s says %j', async (digits, words) => {
    await begin({});
    const to = `+15550100${digits}`;
    await ask(
      'POST /Calls',
      wishes(to, { StatusCallback: `${server.url}/status`, StatusCallbackEvent: all, Timeout: 5 }),
    );
    await eventually(() => progress().length === words.length);
    expect(progress()).toEqual(words);
    expect(server.of('/first')).toEqual([]);
  });

  it('is recorded, and the recording can be fetched from its callback', async () => {
    await begin({ '/first': '<Pause length="2"/>' });
    const route = {
      RecordingStatusCallback: `${server.url}/recording`,
      RecordingStatusCallbackEvent: 'in-progress completed',
    };
    await ask('POST /Calls', wishes(one, { Record: true, RecordingChannels: 'dual', ...route }));
    await eventually(() => server.of('/recording').length === 2);
    const [begun, done] = server.of('/recording').map(({ fields }) => fields);
    expect(begun).toMatchObject({ RecordingStatus: 'in-progress', RecordingSource: 'OutboundAPI' });
    expect(done).toMatchObject({
      RecordingStatus: 'completed',
      RecordingChannels: '2',
      RecordingSid: begun?.['RecordingSid'],
    });
    const file = await fetch(done?.['RecordingUrl'] ?? '');
    expect(file.headers.get('content-type')).toBe('audio/mpeg');
    const list = await ask(`GET /Calls/${done?.['CallSid'] ?? ''}/Recordings.json`);
    expect(list.body).toMatchObject({ recordings: [{ sid: done?.['RecordingSid'], status: 'completed' }], page: 0 });
  });

  it.each([
    ['030', 'absent'],
    ['031', 'completed'],
    ['032', null],
  ])('to …%s ends its recording as %s', async (digits, status) => {
    await begin({
      '/first':
        '<Record maxLength="1" recordingStatusCallback="/recording" recordingStatusCallbackEvent="completed absent"/>',
    });
    const to = `+15550100${digits}`;
    await ask('POST /Calls', wishes(to));
    const recording = () => running.simulator.ledger().recordings[0];
    await eventually(() => ['completed', 'failed'].includes(recording()?.state ?? ''));
    if (status !== null) await eventually(() => server.of('/recording')[0]);
    expect(server.of('/recording').map(({ fields }) => fields['RecordingStatus'])).toEqual(
      status === null ? [] : [status],
    );
  });

  it('tells about the call that it dials, and whose child that is', async () => {
    const number =
      '<Number statusCallback="/status" statusCallbackEvent="initiated answered completed">+15550100100</Number>';
    await begin({ '/first': `<Dial callerId="+15550100002">${number}</Dial>` });
    await ask('POST /Calls', wishes(one));
    await eventually(() => server.of('/status').length === 3);
    const parent = server.of('/first')[0]?.fields['CallSid'];
    expect(progress()).toEqual(['initiated', 'in-progress', 'completed']);
    expect(server.of('/status')[2]?.fields).toMatchObject({
      ParentCallSid: parent,
      From: '+15550100002',
      CallDuration: expect.stringMatching(/^\d+$/) as string,
    });
  });

  it('waits for the verdict, and plays what the callback about it is answered', async () => {
    const pages: Pages = ({ path, fields }) => {
      if (path === '/status')
        return fields['AnsweredBy'] === undefined ? { status: 200 } : response('<Say>Leave</Say>');
      return response('<Say>Hello</Say>');
    };
    await begin(pages);
    const voicemail = '+15550100020';
    const detection = { MachineDetection: 'DetectMessageEnd', StatusCallback: `${server.url}/status` };
    await ask('POST /Calls', wishes(voicemail, detection));
    await ended(voicemail);
    const verdict = server.of('/status')[0]?.fields;
    expect(verdict).toMatchObject({ AnsweredBy: 'machine_end_beep', MachineDetectionDuration: '3000' });
    expect(said()).toEqual(['Leave']);
    expect(server.of('/first')).toEqual([]);
  });

  it('plays beside the detection when asked, and a machine cuts what plays', async () => {
    await begin({ '/first': `<Say>${'Blah '.repeat(100)}</Say><Say>After</Say>` });
    const voicemail = '+15550100020';
    const detection = { MachineDetection: 'Enable', AsyncAmd: true, AsyncAmdStatusCallback: `${server.url}/amd` };
    await ask('POST /Calls', wishes(voicemail, detection));
    await ended(voicemail);
    await eventually(() => server.of('/amd')[0]);
    expect(server.of('/amd')[0]?.fields).toMatchObject({ AnsweredBy: 'machine_start' });
    expect(running.simulator.ledger().texml_calls[0]?.transcript.map(({ does }) => does)).toContain('cancels');
    expect(said().at(-1)).toBe('After');
  });
});

describe('instructions', () => {
  const fallback = () => ({ FallbackUrl: `${server.url}/fallback` });

  it.each([
    ['a refusal', { status: 403 }],
    ['a failure', { status: 500 }],
    ['a redirect', { status: 302 }],
    ['no content', { status: 204 }],
  ])('that come as %s are asked of the fallback', async (_name, page) => {
    await begin(({ path }) => (path === '/first' ? page : response('<Say>Fallback</Say>')));
    await ask('POST /Calls', wishes(one, fallback()));
    await ended(one);
    expect([server.of('/first').length, said()]).toEqual([1, ['Fallback']]);
  });

  const second = '<Redirect>/second</Redirect>';
  it.each([
    ['end the call', 'callEnds', []],
    ['are asked of the fallback', 'fallback', ['Fallback']],
    ['are asked for again', 'askedAgain', ['Second']],
  ] as const)('that are not the first and fail once %s, by a switch', async (_does, texmlFailedDocument, heard) => {
    let asked = 0;
    await begin(({ path }) => {
      if (path === '/first') return response(second);
      if (path === '/fallback') return response('<Say>Fallback</Say>');
      return (asked += 1) === 1 ? { status: 500 } : response('<Say>Second</Say>');
    });
    running.simulator.changeSettings({ texmlFailedDocument });
    await ask('POST /Calls', wishes(one, fallback()));
    await ended(one);
    expect(said()).toEqual(heard);
  });

  it('that do not come within 5 s are asked of the fallback', async () => {
    await begin(({ path }) => (path === '/first' ? null : response('<Say>Fallback</Say>')));
    const begun = Date.now();
    await ask('POST /Calls', wishes(one, fallback()));
    while (server.of('/fallback').length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(Date.now() - begun).toBeGreaterThan(4900);
    expect(Date.now() - begun).toBeLessThan(8500);
  });

  it('that never come end the call', async () => {
    await begin(() => ({ status: 500 }));
    await ask('POST /Calls', wishes(one));
    await expect(ended(one)).resolves.toBe('completed');
  });

  it('are lost on the way by a fault, although the server was asked', async () => {
    await begin({ '/first': '<Say>First</Say>', '/fallback': '<Say>Fallback</Say>' });
    await running.control('POST faults', { operation: 'instructions', fault: { kind: 'reset', applied: true } });
    await ask('POST /Calls', wishes(one, fallback()));
    await ended(one);
    expect([server.of('/first').length, said()]).toEqual([1, ['Fallback']]);
  });

  it('are asked for again when mischief loses the answer, and played once', async () => {
    await begin(
      { '/first': '<Say>First</Say>' },
      { mischief: { seed: 1, drop: 1, delay: false, duplicate: false, reorder: false } },
    );
    await ask('POST /Calls', wishes(one));
    await ended(one);
    expect([server.of('/first').length, said()]).toEqual([2, ['First']]);
  });

  it('are asked for twice by mischief, and played once', async () => {
    await begin(
      { '/first': '<Say>First</Say>' },
      { mischief: { seed: 1, drop: false, delay: false, duplicate: 1, reorder: false } },
    );
    await ask('POST /Calls', wishes(one));
    await ended(one);
    await eventually(() => server.of('/first').length === 2);
    expect(said()).toEqual(['First']);
  });
});

describe('a callback', () => {
  it('is sent again until it is answered 200', async () => {
    await begin(({ path }, nth) => (path === '/status' ? { status: nth === 1 ? 500 : 200 } : response('<Hangup/>')));
    await ask('POST /Calls', wishes(one, { StatusCallback: `${server.url}/status` }));
    await eventually(() => server.of('/status').length === 2);
    expect(server.of('/status')[0]?.raw).toBe(server.of('/status')[1]?.raw);
    expect(running.simulator.ledger().webhooks[0]).toMatchObject({ event_type: 'texml.completed', to: one });
  });

  it('is lost by mischief', async () => {
    await begin(
      { '/first': '<Hangup/>' },
      { mischief: { seed: 1, drop: 1, delay: false, duplicate: false, reorder: false } },
    );
    await ask('POST /Calls', wishes(one, { StatusCallback: `${server.url}/status` }));
    await ended(one);
    expect(running.simulator.ledger().webhooks).toMatchObject([{ event_type: 'texml.completed', status: 'dropped' }]);
  });
});

describe('the route of a TeXML call', () => {
  it.each([
    [{ ApplicationSid: undefined }, 422, '10004'],
    [{ To: undefined }, 422, '10004'],
    [{ ApplicationSid: '17' }, 422, '10015'],
    [{ To: '5550100' }, 422, '10016'],
    [{ Timeout: 4 }, 422, '10032'],
    [{ Timeout: 'soon' }, 422, '10032'],
    [{ TimeLimit: 29 }, 422, '10032'],
    [{ MachineDetection: 'Maybe' }, 422, '10032'],
    [{ StatusCallbackMethod: 'PUT' }, 422, '10032'],
    [{ Url: undefined }, 422, '10032'],
    [{ Texml: '<Response/>' }, 422, '10032'],
    [{ To: '+15550100011' }, 403, '10010'],
  ])('refuses %j with %d', async (wrong, status, code) => {
    await begin({});
    const answer = await ask('POST /Calls', wishes(one, wrong));
    expect([answer.status, JSON.stringify(answer.body)]).toEqual([status, expect.stringContaining(`"${code}"`)]);
    expect(running.simulator.ledger().legs).toEqual([]);
  });

  it('knows no other account', async () => {
    await begin({});
    const { apiBaseUrl, apiKey } = running.simulator;
    const answer = await fetch(`${apiBaseUrl}/texml/Accounts/somebody/Calls`, {
      headers: { authorization: `Bearer ${apiKey}` },
    });
    expect(answer.status).toBe(404);
  });

  it('places a call whose answer is lost, as the phone says', async () => {
    await begin({ '/first': '<Hangup/>' });
    const lost = '+15550100040';
    await expect(ask('POST /Calls', wishes(lost))).rejects.toThrow();
    await expect(ended(lost)).resolves.toBe('completed');
  });

  it('finds calls by number, status and time', async () => {
    await begin({ '/first': '<Hangup/>' });
    await ask('POST /Calls', wishes(one));
    await ended(one);
    const found = async (query: string) => ((await ask(`GET /Calls?${query}`)).body['calls'] as unknown[]).length;
    const today = new Date().toISOString().slice(0, 10);
    const counts = [
      `To=${encodeURIComponent(one)}`,
      'To=%2B15550100061',
      'Status=completed',
      'Status=busy',
      `StartTime=${today}`,
      'StartTime_lt=2020-01-01',
      'StartTime_gt=2020-01-01',
    ];
    expect(await Promise.all(counts.map(found))).toEqual([1, 0, 1, 0, 1, 0, 1]);
    const { body } = await ask('GET /Calls?PageSize=1');
    expect(body).toMatchObject({
      page: 0,
      page_size: 1,
      start: 0,
      end: 0,
      calls: [{ direction: 'outbound', to: one }],
    });
  });

  it('hides a call that has not ended, or is new, when that is switched on', async () => {
    await begin({ '/first': '<Say loop="0">La</Say>' });
    await ask('POST /Calls', wishes(one));
    const found = async () => ((await ask('GET /Calls')).body['calls'] as unknown[]).length;
    const counts = [await found()];
    running.simulator.changeSettings({ texmlLiveCallsListed: false });
    counts.push(await found());
    running.simulator.changeSettings({ texmlLiveCallsListed: true, texmlCallsLagMs: 60_000 });
    counts.push(await found());
    expect(counts).toEqual([1, 0, 0]);
  });

  it('serves the client that Telnyx publishes', async () => {
    await begin({ '/first': '<Say loop="0">La</Say>' });
    const { accountSid: account_sid, texmlApplicationId: ApplicationSid } = running.simulator;
    const { calls } = running.client.texml.accounts;
    const body = { ApplicationSid, To: one, From: '+15550100001', Url: `${server.url}/first` };
    expect(await calls.calls(account_sid, { body })).toMatchObject({ status: 'queued', to: one });
    await eventually(() => server.of('/first')[0]);
    const listed = await calls.retrieveCalls(account_sid, { To: one, StartTime_gt: '2020-01-01' });
    const sid = listed.calls?.[0]?.sid ?? '';
    expect(await calls.update(sid, { account_sid, Status: 'completed' })).toMatchObject({ status: 'completed' });
    expect(await calls.retrieve(sid, { account_sid })).toMatchObject({ sid, status: 'completed' });
    expect(await calls.recordingsJson.retrieveRecordingsJson(sid, { account_sid })).toMatchObject({ recordings: [] });
    const application = await running.client.texmlApplications.retrieve(ApplicationSid);
    expect(application.data).toMatchObject({ id: ApplicationSid, record_type: 'texml_application' });
  });

  it('plays something else on a call, and ends it', async () => {
    await begin({ '/first': '<Say loop="0">La</Say>', '/other': '<Say>Other</Say><Pause length="100"/>' });
    await ask('POST /Calls', wishes(one));
    const sid = (await eventually(() => server.of('/first')[0])).fields['CallSid'] ?? '';
    const changed = await ask(`POST /Calls/${sid}`, new URLSearchParams({ Url: `${server.url}/other` }));
    expect(changed.body).toMatchObject({ sid, status: 'in-progress' });
    await eventually(() => said().includes('Other'));
    expect((await ask(`POST /Calls/${sid}`, new URLSearchParams({ Status: 'completed' }))).status).toBe(200);
    expect((await ask(`GET /Calls/${sid}`)).body).toMatchObject({ status: 'completed', sid });
    expect((await ask(`POST /Calls/${sid}`, new URLSearchParams({ Status: 'completed' }))).status).toBe(422);
    expect((await ask('GET /Calls/v3:nobody')).status).toBe(404);
  });

  it('plays nothing on a call that still rings, but ends it', async () => {
    await begin({});
    const to = '+15550100003';
    await ask('POST /Calls', wishes(to));
    const sid = running.simulator.ledger().texml_calls[0]?.call_sid ?? '';
    expect((await ask(`POST /Calls/${sid}`, { Url: `${server.url}/other` })).status).toBe(422);
    expect((await ask(`POST /Calls/${sid}`, { Status: 'completed' })).body).toMatchObject({ status: 'canceled' });
  });

  it('takes a call out of its conference for another document', async () => {
    await begin({
      '/first': '<Dial><Conference>room</Conference></Dial>',
      '/other': '<Say>Out</Say><Pause length="100"/>',
    });
    await ask('POST /Calls', wishes(one));
    const room = () => running.simulator.ledger().conferences[0];
    const { call_control_id: sid } = await eventually(() => room()?.participants[0]);
    await ask(`POST /Calls/${sid}`, { Url: `${server.url}/other` });
    await eventually(() => said().includes('Out'));
    expect(room()).toMatchObject({ end_reason: 'all_left', participants: [{ left_at: expect.any(String) as string }] });
  });
});

describe('a TeXML application', () => {
  it('says where documents and callbacks go when the request does not', async () => {
    await begin({ '/voice': '<Hangup/>' });
    const made = await ask('POST /texml_applications', {
      friendly_name: 'Flow',
      voice_url: `${server.url}/voice`,
      voice_method: 'get',
      status_callback: `${server.url}/status`,
      status_callback_method: 'get',
      outbound: { outbound_voice_profile_id: '1293384261075731499' },
    });
    expect(made.status).toBe(201);
    const { id } = made.body['data'] as { id: string };
    await ask('POST /Calls', { ApplicationSid: id, To: one, From: '+15550100001' });
    await eventually(() => server.of('/status')[0]);
    expect([server.of('/voice')[0]?.method, server.of('/status')[0]?.method]).toEqual(['GET', 'GET']);
    const renamed = await ask(`PATCH /texml_applications/${id}`, { friendly_name: 'Other' });
    expect(renamed.body).toMatchObject({ data: { friendly_name: 'Other', voice_method: 'get' } });
    expect((await ask(`DELETE /texml_applications/${id}`)).status).toBe(200);
    expect((await ask(`GET /texml_applications/${id}`)).status).toBe(404);
  });

  it.each([
    ['<Say>Welcome</Say>', 'completed', ['Welcome']],
    ['<Reject reason="busy"/>', 'busy', []],
    ['<Reject/>', 'failed', []],
  ])('answers a call that comes in with %s', async (verbs, status, heard) => {
    await begin({ '/voice': verbs });
    const { texmlApplicationId } = running.simulator;
    await ask(`PATCH /texml_applications/${texmlApplicationId}`, { voice_url: `${server.url}/voice` });
    await running.control('POST calls', {
      from: '+15550100006',
      to: '+15550100001',
      connection_id: texmlApplicationId,
    });
    await expect(ended('+15550100001')).resolves.toBe(status);
    expect(server.of('/voice')[0]?.fields).toMatchObject({ CallStatus: 'ringing', From: '+15550100006' });
    expect(said()).toEqual(heard);
  });
});

describe('a phone', () => {
  it('is told what to press and say, and stays to do it', async () => {
    await begin({
      '/first': '<Gather numDigits="2" action="/second"/>',
      '/second': '<Gather input="speech" action="/third"/>',
      '/third': '<Hangup/>',
    });
    const to = '+15550100100';
    await running.control(`PUT phones/${to}`, { presses: ['12'], says: ['yes'] });
    await ask('POST /Calls', wishes(to));
    await ended(to);
    expect([server.of('/second')[0]?.fields['Digits'], server.of('/third')[0]?.fields['SpeechResult']]).toEqual([
      '12',
      'yes',
    ]);
  });

  it('presses nothing but texts', async () => {
    await begin({});
    expect((await running.control('PUT phones/+15550100100', { presses: [1] })).status).toBe(422);
  });
});

describe('a conference', () => {
  it('tells who came and went', async () => {
    const noun =
      '<Conference statusCallback="/conference" statusCallbackEvent="start join leave end" participantLabel="lead">room</Conference>';
    await begin({ '/first': `<Dial>${noun}</Dial>` });
    await running.control('PUT phones/+15550100100', { talkMs: 3000 });
    await ask('POST /Calls', wishes('+15550100100'));
    await eventually(() => server.of('/conference').length === 4);
    expect(server.of('/conference').map(({ fields }) => fields['StatusCallbackEvent'])).toEqual([
      'conference-start',
      'participant-join',
      'participant-leave',
      'conference-end',
    ]);
    expect(server.of('/conference')[0]?.fields).toMatchObject({ FriendlyName: 'room', ParticipantLabel: 'lead' });
  });
});

describe('a queue', () => {
  it('brings together who waits and who comes for them', async () => {
    await begin({
      '/first': '<Enqueue>support</Enqueue>',
      '/agent': '<Dial action="/after"><Queue>support</Queue></Dial>',
      '/after': '<Hangup/>',
    });
    await running.control('PUT phones/+15550100100', { talkMs: 6000 });
    await ask('POST /Calls', wishes('+15550100100'));
    await ask('POST /Calls', wishes('+15550100006', { Url: `${server.url}/agent` }));
    const after = await eventually(() => server.of('/after')[0]);
    expect(after.fields).toMatchObject({ DialCallStatus: 'completed', To: '+15550100006' });
  });

  it('hands a caller to the one who waits for callers, and to nobody else', async () => {
    await begin({
      '/first': '<Enqueue>support</Enqueue>',
      '/agent': '<Dial action="/after"><Queue>support</Queue></Dial>',
      '/after': '<Redirect>/agent</Redirect>',
    });
    const [agent, caller] = ['+15550100006', '+15550100100'];
    await running.control(`PUT phones/${caller}`, { talkMs: 6000 });
    await ask('POST /Calls', wishes(agent, { Url: `${server.url}/agent` }));
    await eventually(() => server.of('/agent')[0]);
    await ask('POST /Calls', wishes(caller));
    await eventually(() => server.of('/after').length === 2);
    expect(server.of('/after').map(({ fields }) => fields['DialCallStatus'])).toEqual(['completed', 'no-answer']);
  });
});

/** What was spoken, on all calls. */
const said = (): string[] =>
  running.simulator
    .ledger()
    .texml_calls.flatMap(({ transcript }) =>
      transcript.filter(({ who, does }) => who === 'document' && does === 'says').map(({ text }) => text),
    );

/** Ed25519 over `timestamp|body`, by the raw key that the simulator shows. */
function isSigned({ headers, raw }: TexmlRequest): boolean {
  const der = Buffer.concat([
    Buffer.from('302a300506032b6570032100', 'hex'),
    Buffer.from(running.simulator.publicKey, 'base64'),
  ]);
  const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
  const signed = Buffer.from(`${headers['telnyx-timestamp'] ?? ''}|${raw}`);
  return verify(null, signed, key, Buffer.from(headers['telnyx-signature-ed25519'] ?? '', 'base64'));
}
