/** Agents: rung first or later, by browser, telephone or SIP, joining, leaving, coming back; and what the lead hears meanwhile. */
import type { StatusDocument } from '../../domain/status';
import type { Ledger } from '../../simulator/server';
import { BASE_PATH, hasEnded, logLines, startSystem, stopSystems } from '../support/system';
import type { Answer, System } from '../support/system';

type Leg = Ledger['legs'][number];
interface Command {
  readonly name: string;
  readonly call_control_id: string;
  readonly at: string;
  readonly body: Readonly<Record<string, unknown>>;
}

const AGENT_WAIT_SECS = 5;
/** A simulated person who answers after a second and stays. */
const stays = (n: number): string => `+1555020${n}006`;
const inProgress = ({ status }: StatusDocument): boolean => status === 'in_progress';

let system: System;
/** Takes half a minute, so it begins with the first test. */
let longest: Promise<string>;

beforeAll(async () => {
  system = await startSystem({
    env: { TELNYX_SIP_CONNECTION_ID: '2222222222222222222', AGENT_WAIT_SECS: String(AGENT_WAIT_SECS) },
  });
  const agent = { type: 'phone', number: '+15550246006' };
  longest = system.call({ to_phone: '+15550247006', agent, time_limit_secs: 30 });
}, 60_000);
afterAll(stopSystems);

const post = (path: string, body: object): Promise<Answer> => system.request('POST', `${BASE_PATH}${path}`, { body });
const join = (callId: string, clientId: string): Promise<Answer> =>
  post('/webrtc-join', { conference_id: callId, client_id: clientId });
const hangUp = (callId: string): Promise<Answer> => post(`/calls/${callId}/hangup`, {});

/** The legs of a call at the carrier, by whose they are, in the order of their placing. */
function legsOf(callId: string): { readonly role: string; readonly participant: string; readonly leg: Leg }[] {
  return system.ledger().legs.flatMap((leg) => {
    const state = JSON.parse(Buffer.from(leg.client_state ?? '', 'base64').toString() || '{}') as Record<
      string,
      string
    >;
    return state['call'] === callId
      ? [{ role: state['role'] ?? '', participant: state['participant'] ?? '', leg }]
      : [];
  });
}
const legOf = (callId: string, participant: string): Leg => {
  const found = legsOf(callId).findLast((one) => one.participant === participant);
  if (!found) throw new Error(`no leg of ${participant}`);
  return found.leg;
};
function commandsOf(callId: string): readonly Command[] {
  const ids = legsOf(callId).map(({ leg }) => leg.call_control_id);
  return (system.ledger().commands as unknown as Command[]).filter((one) => ids.includes(one.call_control_id));
}
const phoneHangsUp = (leg: Leg): Promise<void> => system.control('POST', `calls/${leg.call_control_id}/hangup`);
const sipOf = (answer?: Answer): string => `sip:${String(answer?.body['sip_username'])}@sip.telnyx.com`;
const until = (callId: string, wanted: (document: StatusDocument) => boolean, withinMs?: number) =>
  system.until(callId, wanted, withinMs);

/** Makes the browser of a client known, so that its phone can be told what to do. */
async function browserOf(clientId: string): Promise<string> {
  const callId = await system.call({ to_phone: '+15550209003', record: false });
  const address = sipOf(await join(callId, clientId));
  await hangUp(callId);
  return address;
}

describe('agent_first', () => {
  test('the agent is there before the lead’s phone rings, hears it ring, and is joined without a command of ours', async () => {
    const callId = await system.call({ to_phone: '+15550200000', agent: { type: 'webrtc', client_id: 'first' } });
    const document = await until(callId, hasEnded);
    expect(document).toMatchObject({ outcome: 'completed', ended_by: 'lead', participant_count: 0 });
    expect(document.participants.map((one) => [one.participant_sid, one.role])).toEqual([
      ['first', 'agent'],
      ['lead', 'lead'],
    ]);
    const [agent, lead] = legsOf(callId);
    expect([agent?.role, lead?.role]).toEqual(['agent', 'lead']);
    expect((lead?.leg.placed_at ?? '') > (agent?.leg.answered_at ?? '~')).toBe(true);
    expect([agent?.leg.ended_at, lead?.leg.ended_at]).not.toContain(null);
    const commands = commandsOf(callId);
    const leads = commands.filter((one) => one.call_control_id === lead?.leg.call_control_id);
    expect(leads.map(({ name }) => name)).toEqual(['dial']);
    expect(leads[0]?.body['conference_config']).toEqual({
      conference_name: callId,
      early_media: false,
      end_conference_on_exit: true,
    });
    const [ringback] = commands.filter(({ name }) => name === 'play');
    expect(ringback?.body['call_control_ids']).toEqual([agent?.leg.call_control_id]);
    expect((ringback?.at ?? '~') < (lead?.leg.answered_at ?? '')).toBe(true);
    expect(commands.map(({ name }) => name)).toContain('stop');
    const { conferences } = system.ledger();
    const joined = conferences.find(({ name }) => name === callId)?.participants.at(-1);
    expect(Date.parse(joined?.joined_at ?? '') - Date.parse(lead?.leg.answered_at ?? '')).toBeLessThan(100);
  });

  test.each([
    ['a telephone', { type: 'phone', number: '+15550201006' }, '+15550201006'],
    ['a SIP address', { type: 'sip', uri: 'sip:ana@pbx.example.com' }, 'sip:ana@pbx.example.com'],
  ])('with %s', async (_name, agent, dialed) => {
    const callId = await system.call({ to_phone: '+15550202000', agent, dial_order: 'agent_first' });
    const document = await until(callId, hasEnded);
    expect(document).toMatchObject({ outcome: 'completed', ended_by: 'lead' });
    expect(document.participants[0]).toMatchObject({ participant_sid: 'agent', role: 'agent' });
    expect(legOf(callId, 'agent').to).toBe(dialed);
  });

  test('an agent who does not answer: the lead is never rung', async () => {
    const agent = { type: 'phone', number: '+15550203003' };
    const callId = await system.call({ to_phone: '+15550204000', agent });
    const document = await until(callId, hasEnded);
    expect(document).toMatchObject({
      outcome: 'agent_unavailable',
      ended_by: 'system',
      answered_at: null,
      duration_secs: null,
      recording: { state: 'absent' },
    });
    expect(system.ledger().dial_requests['+15550204000']).toBeUndefined();
  });

  test('an agent who declines: the call is over at once', async () => {
    const agent = { type: 'phone', number: '+15550203002' };
    const callId = await system.call({ to_phone: '+15550205000', agent });
    expect(await until(callId, hasEnded, AGENT_WAIT_SECS * 1000)).toMatchObject({ outcome: 'agent_unavailable' });
  });

  test('an agent whom the carrier refuses to dial: the status says why', async () => {
    const agent = { type: 'phone', number: '+15550203010' };
    const callId = await system.call({ to_phone: '+15550205100', agent });
    expect(await until(callId, hasEnded)).toMatchObject({ outcome: 'agent_unavailable', error_code: '10016' });
  });

  test('a browser that logs in a moment later is rung again', async () => {
    const address = await browserOf('late');
    await system.control('PUT', `phones/${address}`, { then: 'notInService' });
    const callId = await system.call({ to_phone: '+15550206000', agent: { type: 'webrtc', client_id: 'late' } });
    await until(callId, () => legsOf(callId).some(({ leg }) => leg.ended_at !== null));
    await system.control('DELETE', `phones/${address}`);
    expect(await until(callId, hasEnded)).toMatchObject({ outcome: 'completed' });
    expect(legsOf(callId).filter(({ role }) => role === 'agent').length).toBeGreaterThan(1);
    expect(legsOf(callId).filter(({ role }) => role === 'lead')).toHaveLength(1);
  });

  test.each([
    ['is busy', '+15550207001', 'busy'],
    ['does not answer', '+15550207003', 'no_answer'],
  ])('a lead who %s leaves no leg of the agent', async (_name, to_phone, outcome) => {
    const agent = { type: 'sip', uri: 'sip:ana@pbx.example.com' };
    const callId = await system.call({ to_phone, agent, ring_timeout_secs: 15 });
    expect(await until(callId, hasEnded)).toMatchObject({ outcome });
    expect(legsOf(callId).map(({ leg }) => leg.ended_at)).not.toContain(null);
  });

  test('a hangup while the agent rings cancels the agent, and the lead is never rung', async () => {
    const agent = { type: 'phone', number: '+15550208003' };
    const callId = await system.call({ to_phone: '+15550208000', agent });
    await until(callId, () => legsOf(callId).length > 0);
    await hangUp(callId);
    expect(await until(callId, hasEnded)).toMatchObject({ outcome: 'canceled', ended_by: 'api' });
    expect(legsOf(callId).map(({ role, leg }) => [role, leg.hangup_cause])).toEqual([['agent', 'originator_cancel']]);
  });
});

test('an agent who leaves before the lead could be dialed: the lead is never rung', async () => {
  const to_phone = '+15550240000';
  const refusal = { refusal: 'tooMany', detail: 'Too many requests.', headers: { 'retry-after': '4' }, once: true };
  await system.control('PUT', `phones/${to_phone}`, { refusal });
  const callId = await system.call({ to_phone, agent: { type: 'phone', number: '+15550241006' } });
  await until(callId, () => commandsOf(callId).some(({ name }) => name === 'play'));
  await phoneHangsUp(legOf(callId, 'agent'));
  expect(await until(callId, hasEnded)).toMatchObject({ outcome: 'agent_unavailable', ended_by: 'system' });
  expect(legsOf(callId).map(({ role }) => role)).toEqual(['agent']);
});

test('an agent who waits for a lead is let go when a machine answers', async () => {
  const answering_machine = { leave_message: { say: 'Please call us back.' } };
  const agent = { type: 'phone', number: '+15550243006' };
  const callId = await system.call({ to_phone: '+15550242020', agent, answering_machine });
  const document = await until(callId, hasEnded);
  expect(document).toMatchObject({ outcome: 'voicemail', message: { state: 'left' } });
  expect(legOf(callId, 'agent').ended_at ?? '~').not.toBe('~');
  expect((legOf(callId, 'agent').ended_at ?? '~') < (document.message?.left_at ?? '')).toBe(true);
});

describe('lead_first', () => {
  test('an agent who is there already when the lead answers is not rung again', async () => {
    const to_phone = '+15550244006';
    await system.control('PUT', `phones/${to_phone}`, { ringMs: 3_000, talkMs: null });
    const agent = { type: 'webrtc', client_id: 'early' };
    const callId = await system.call({ to_phone, agent, dial_order: 'lead_first' });
    await join(callId, 'early');
    await until(callId, inProgress);
    expect(
      legsOf(callId)
        .map(({ role }) => role)
        .sort(),
    ).toEqual(['agent', 'lead']);
    await hangUp(callId);
    expect(await until(callId, hasEnded)).toMatchObject({ outcome: 'completed' });
    expect(legsOf(callId)).toHaveLength(2);
  });

  test('a call that reaches its limit is ended by the carrier, not by us', async () => {
    const callId = await longest;
    const document = await until(callId, hasEnded, 60_000);
    expect(document).toMatchObject({ outcome: 'completed', ended_by: 'system', hangup_cause: 'time_limit' });
    const { call_control_id } = legOf(callId, 'lead');
    const hangups = commandsOf(callId).filter((one) => one.name === 'hangup');
    expect(hangups.map((one) => one.call_control_id)).not.toContain(call_control_id);
    expect(Math.abs((document.duration_secs ?? 0) - 30)).toBeLessThanOrEqual(1);
  }, 90_000);

  test('hold audio that cannot be stopped at once is stopped later', async () => {
    const callId = await system.call({ to_phone: stays(9), agent: { type: 'phone', number: '+15550245006' } });
    await until(callId, inProgress);
    await phoneHangsUp(legOf(callId, 'agent'));
    await until(callId, () => commandsOf(callId).filter(({ name }) => name === 'play').length === 2);
    expect(commandsOf(callId).findLast(({ name }) => name === 'play')?.body['audio_url']).toMatch(/hold/);
    await system.control('POST', 'faults', {
      operation: 'stop',
      times: 14,
      fault: { kind: 'status', status: 503, applied: false },
    });
    await join(callId, 'later');
    await until(callId, () => legsOf(callId).length === 3);
    const heard = (): string[] =>
      system
        .ledger()
        .conferences.filter(({ name }) => name === callId)
        .flatMap(({ participants }) => participants.flatMap((one) => one.hears));
    await until(callId, () => heard().length === 0, 40_000);
    expect(await system.status(callId)).toMatchObject({ status: 'in_progress', participant_count: 2 });
    await hangUp(callId);
  }, 60_000);

  test('the agent is rung when the lead has answered, who hears hold audio until then', async () => {
    const agent = { type: 'phone', number: '+15550210006' };
    const callId = await system.call({ to_phone: stays(1), agent, dial_order: 'lead_first' });
    await until(callId, inProgress);
    const [lead, other] = legsOf(callId);
    expect([lead?.role, other?.role]).toEqual(['lead', 'agent']);
    expect((other?.leg.placed_at ?? '') > (lead?.leg.answered_at ?? '~')).toBe(true);
    const create = commandsOf(callId).find(({ name }) => name === 'createConference');
    expect(create?.body).toMatchObject({ start_conference_on_create: false });
    const sound = await fetch(String(create?.body['hold_audio_url']));
    expect([sound.status, sound.headers.get('content-type')]).toEqual([200, 'audio/wav']);
    const conference = system.ledger().conferences.find(({ name }) => name === callId);
    expect(conference?.participants.map(({ on_hold }) => on_hold)).toEqual([false, false]);
    await hangUp(callId);
    expect(await until(callId, hasEnded)).toMatchObject({ outcome: 'completed', ended_by: 'api' });
    expect(legsOf(callId).map(({ leg }) => leg.ended_at)).not.toContain(null);
  });

  test('a lead who hangs up while the agent rings: nobody is rung for a dead call', async () => {
    const agent = { type: 'phone', number: '+15550211003' };
    const callId = await system.call({ to_phone: stays(2), agent, dial_order: 'lead_first' });
    await until(callId, () => legsOf(callId).length === 2);
    await phoneHangsUp(legOf(callId, 'lead'));
    expect(await until(callId, hasEnded)).toMatchObject({ outcome: 'completed', ended_by: 'lead' });
    expect(legOf(callId, 'agent').hangup_cause).toBe('originator_cancel');
  });

  test('nobody comes: the lead hears an apology, then the call is over', async () => {
    const agent = { type: 'phone', number: '+15550212003' };
    const callId = await system.call({ to_phone: stays(3), agent, dial_order: 'lead_first' });
    const document = await until(callId, hasEnded);
    expect(document).toMatchObject({ outcome: 'agent_unavailable', ended_by: 'system' });
    const names = commandsOf(callId)
      .filter((one) => one.call_control_id === legOf(callId, 'lead').call_control_id)
      .map(({ name }) => name);
    expect(names.slice(-3)).toEqual(['leave', 'speak', 'hangup']);
    const said = system.ledger().webhooks.filter(({ event_type }) => event_type === 'call.speak.ended');
    expect(said.length).toBeGreaterThan(0);
  });

  test('the agent drops: hold audio, and another may come', async () => {
    const agent = { type: 'phone', number: '+15550213006' };
    const callId = await system.call({ to_phone: stays(4), agent, dial_order: 'lead_first' });
    await until(callId, inProgress);
    await phoneHangsUp(legOf(callId, 'agent'));
    await until(callId, () => commandsOf(callId).some(({ name }) => name === 'play'));
    expect(commandsOf(callId).find(({ name }) => name === 'play')?.body).toMatchObject({
      call_control_ids: [legOf(callId, 'lead').call_control_id],
      loop: 'infinity',
    });
    expect((await join(callId, 'rescue')).status).toBe(200);
    await until(callId, ({ participants }) =>
      participants.some((one) => one.participant_sid === 'rescue' && one.left_at === null),
    );
    await until(callId, () => commandsOf(callId).some(({ name }) => name === 'stop'));
    await phoneHangsUp(legOf(callId, 'lead'));
    expect(await until(callId, hasEnded)).toMatchObject({ outcome: 'completed', ended_by: 'lead' });
  });

  test('the agent drops, and nobody comes back: an apology', async () => {
    const agent = { type: 'phone', number: '+15550214006' };
    const callId = await system.call({ to_phone: stays(5), agent, dial_order: 'lead_first' });
    await until(callId, inProgress);
    await phoneHangsUp(legOf(callId, 'agent'));
    expect(await until(callId, hasEnded)).toMatchObject({ outcome: 'agent_unavailable', ended_by: 'agent' });
    expect(commandsOf(callId).map(({ name }) => name)).toEqual(expect.arrayContaining(['play', 'leave', 'speak']));
  });
});

describe('/webrtc-join', () => {
  test('an agent who comes while the lead’s phone rings hears it ring until the answer', async () => {
    const to_phone = '+15550215006';
    await system.control('PUT', `phones/${to_phone}`, { ringMs: 4000 });
    const callId = await system.call({ to_phone, record: false });
    await join(callId, 'listens');
    await until(callId, inProgress);
    const [play, stop] = commandsOf(callId).filter(({ name }) => name === 'play' || name === 'stop');
    expect([play?.name, stop?.name]).toEqual(['play', 'stop']);
    expect(play?.body['call_control_ids']).toEqual([legOf(callId, 'listens').call_control_id]);
    await hangUp(callId);
  });

  test('several agents come at any time, and each is heard or muted alone', async () => {
    const callId = await system.call({ to_phone: stays(6) });
    expect((await join(callId, 'early')).body).toMatchObject({
      participant_sid: 'early',
      conference_name: callId,
      status: 'ringing',
    });
    await until(callId, inProgress);
    await join(callId, 'second');
    const document = await until(callId, ({ participant_count }) => participant_count === 3);
    expect(document.participants.map((one) => one.participant_sid).sort()).toEqual(['early', 'lead', 'second']);

    const mute = (participant_sid: string, action: string): Promise<Answer> =>
      post('/control/mute', { conference_id: callId, participant_sid, action });
    const isMuted = (participant: string): boolean | undefined =>
      system
        .ledger()
        .conferences.find(({ name }) => name === callId)
        ?.participants.find((one) => one.call_control_id === legOf(callId, participant).call_control_id)?.muted;
    expect(await mute('early', 'mute')).toMatchObject({
      status: 200,
      body: { conference_id: callId, participant_sid: 'early', muted: true },
    });
    expect(['early', 'second', 'lead'].map(isMuted)).toEqual([true, false, false]);
    expect((await mute('lead', 'mute')).body['muted']).toBe(true);
    await until(callId, ({ participants }) => participants.filter(({ muted }) => muted).length === 2);
    expect((await mute('early', 'unmute')).body['muted']).toBe(false);
    expect(isMuted('early')).toBe(false);
    expect(await mute('nobody', 'mute')).toMatchObject({ status: 404, body: { code: 'participant_not_found' } });
    await phoneHangsUp(legOf(callId, 'second'));
    await until(callId, ({ participant_count }) => participant_count === 2);
    expect(await mute('second', 'mute')).toMatchObject({ status: 409, body: { code: 'not_in_conference' } });

    await hangUp(callId);
    await until(callId, hasEnded);
    expect(await mute('early', 'mute')).toMatchObject({ status: 409, body: { code: 'not_in_conference' } });
    expect(await mute('nobody', 'mute')).toMatchObject({ status: 404, body: { code: 'participant_not_found' } });
    expect(await join(callId, 'early')).toMatchObject({ status: 409, body: { code: 'call_ended' } });
  });

  test('a repeat while it rings rings once; a reloaded page is rung anew, and the old leg is removed', async () => {
    const address = await browserOf('reloads');
    await system.control('PUT', `phones/${address}`, { ringMs: 2000 });
    const callId = await system.call({ to_phone: stays(7) });
    const answers = await Promise.all([join(callId, 'reloads'), join(callId, 'reloads')]);
    const again = await join(callId, 'reloads');
    expect(new Set([...answers, again].map((answer) => sipOf(answer)))).toEqual(new Set([address]));
    await until(callId, inProgress);
    expect(legsOf(callId).filter(({ role }) => role === 'agent')).toHaveLength(1);

    await join(callId, 'reloads');
    await until(callId, () => {
      const legs = legsOf(callId).filter(({ role }) => role === 'agent');
      return legs.length === 2 && legs[0]?.leg.ended_at !== null && legs[1]?.leg.answered_at !== null;
    });
    const document = await until(callId, ({ participant_count }) => participant_count === 2);
    expect(document.status).toBe('in_progress');
    expect(document.participants.filter((one) => one.participant_sid === 'reloads')).toMatchObject([
      { call_control_id: legOf(callId, 'reloads').call_control_id, left_at: null },
    ]);
    expect(legOf(callId, 'lead').ended_at).toBeNull();
    await post('/control/mute', { conference_id: callId, participant_sid: 'reloads', action: 'mute' });
    await join(callId, 'reloads');
    await until(callId, () => legsOf(callId).filter(({ leg }) => leg.answered_at !== null).length === 4);
    await until(callId, ({ participants }) =>
      participants.some((one) => one.muted && one.call_control_id === legOf(callId, 'reloads').call_control_id),
    );
    const present = () =>
      system
        .ledger()
        .conferences.findLast(({ name }) => name === callId)
        ?.participants.filter(({ left_at }) => left_at === null) ?? [];
    await until(callId, () => present().length === 2);
    expect(
      present()
        .map((one) => one.muted)
        .sort(),
    ).toEqual([false, true]);
    await phoneHangsUp(legOf(callId, 'lead'));
    const settled = await until(callId, ({ recording }) => recording?.state === 'delivered');
    expect(settled.recordings).toHaveLength(1);
  });

  test('each client has a credential of its own, and a password leaves to nobody', async () => {
    const callId = await system.call({ to_phone: stays(8) });
    const [one, other, same] = await Promise.all(['one', 'other', 'one'].map((client) => join(callId, client)));
    expect(sipOf(one)).not.toBe(sipOf(other));
    expect(sipOf(one)).toBe(sipOf(same));
    expect(one?.body['login_token']).toMatch(/^ey[\w.-]+$/);
    await until(callId, inProgress);
    const dial = commandsOf(callId).find(({ name, body }) => name === 'dial' && body['to'] === sipOf(one));
    expect(dial?.body['custom_headers']).toEqual([
      { name: 'X-Client-Id', value: 'one' },
      { name: 'X-Conference-Id', value: callId },
    ]);
    await hangUp(callId);
    const document = await until(callId, hasEnded);
    const credentials = await fetch(`${system.simulator.apiBaseUrl}/telephony_credentials?page[size]=250`, {
      headers: { authorization: `Bearer ${system.simulator.apiKey}` },
    });
    const { data } = (await credentials.json()) as { data: { sip_password: string }[] };
    const shown = JSON.stringify([one, other, same, document]) + logLines.join('\n');
    expect(data.length).toBeGreaterThan(1);
    for (const { sip_password } of data) expect(shown).not.toContain(sip_password);
    for (const answer of [one, other]) expect(logLines.join('\n')).not.toContain(answer?.body['login_token']);
  });
});
