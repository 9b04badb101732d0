import { aCarrier, connectionId, dataOf, listOf, metaOf, textIn, verdictOf } from './carrier-in-virtual-time';

const stays = '+15550100006';
const encoded = (text: string) => Buffer.from(text).toString('base64');

/** A call that has been answered and stays. */
function answeredCall(options: Parameters<typeof aCarrier>[0] = {}, more = {}) {
  const world = aCarrier(options);
  const id = world.place(stays, more);
  world.clock.advance(1500);
  return { ...world, id };
}

describe('a dial', () => {
  it.each([
    [{ connection_id: undefined }, '422/10004'],
    [{ to: undefined }, '422/10004'],
    [{ connection_id: '17' }, '422/10015'],
    [{ to: '5550100' }, '422/10016'],
    [{ from: 'somebody' }, '422/10016'],
    [{ client_state: 'not base64!' }, '422/90017'],
    [{ timeout_secs: 4 }, '422/90028'],
    [{ time_limit_secs: 29 }, '422/90029'],
    [{ answering_machine_detection: 'magic' }, '422/10032'],
    [{ webhook_urls: { 'call.bridge': 'http://x.test' } }, '422/90057'],
    [{ webhook_retries_policies: { 'call.hangup': { retries_ms: [1, 2, 3, 4, 5, 6] } } }, '422/10032'],
  ])('with %j is refused with %s', (wrong, verdict) => {
    const { dial, carrier } = aCarrier();
    expect(verdictOf(dial(stays, wrong))).toBe(verdict);
    expect(carrier.ledger().legs).toHaveLength(0);
  });

  it.each([
    [{ allowedPrefixes: ['+44'] }, 'D13'],
    [{ concurrentCallLimit: 1 }, 'D2'],
  ])('beyond %j is refused with %s at the end of the detail', (settings, code) => {
    const { dial, place } = aCarrier({ settings });
    if (code === 'D2') place(stays);
    expect(JSON.stringify(dial(stays).body)).toMatch(new RegExp(` ${code}"`));
  });

  it('names a recording only when it was asked for one', () => {
    const { dial } = aCarrier();
    expect(dataOf(dial(stays))).not.toHaveProperty('recording_id');
    expect(dataOf(dial(stays, { record: 'record-from-answer' }))).toMatchObject({
      is_alive: false,
      recording_id: expect.any(String) as string,
    });
  });

  it('with the same command_id places one leg within a minute and another after it', () => {
    const { carrier, clock, place } = aCarrier();
    const first = place(stays, { command_id: 'a' });
    clock.advance(59_000);
    expect(place(stays, { command_id: 'a' })).toBe(first);
    clock.advance(2000);
    expect(place(stays, { command_id: 'a' })).not.toBe(first);
    expect(carrier.ledger().legs).toHaveLength(2);
    expect(carrier.ledger().dial_requests[stays]).toBe(3);
  });

  it.each([
    ['newIds', '200'],
    ['error', '422/10012'],
  ] as const)('repeated is answered as duplicateAnswer=%s says', (duplicateAnswer, verdict) => {
    const { carrier, dial } = aCarrier({ settings: { duplicateAnswer } });
    dial(stays, { command_id: 'a' });
    expect(verdictOf(dial(stays, { command_id: 'a' }))).toBe(verdict);
    expect(carrier.ledger().legs).toHaveLength(1);
  });
});

describe('a leg', () => {
  it('hung up before the answer was cancelled by its originator', () => {
    const { ask, carrier, place } = aCarrier();
    ask(`POST /calls/${place(stays)}/actions/hangup`);
    expect(carrier.ledger().legs[0]).toMatchObject({
      hangup_cause: 'originator_cancel',
      hangup_source: 'caller',
      sip_hangup_cause: '487',
    });
  });

  it('hung up after the answer was cleared by its caller', () => {
    const { ask, carrier, id } = answeredCall();
    ask(`POST /calls/${id}/actions/hangup`);
    expect(carrier.ledger().legs[0]).toMatchObject({ hangup_cause: 'normal_clearing', hangup_source: 'caller' });
  });

  it('that has ended takes no command', () => {
    const { ask, id } = answeredCall();
    ask(`POST /calls/${id}/actions/hangup`);
    expect(verdictOf(ask(`POST /calls/${id}/actions/hangup`))).toBe('422/90018');
  });

  it.each([
    ['speak', { payload: 'hello', voice: 'female' }, '422/90034'],
    ['playback_start', { audio_url: 'http://x.test/a.mp3' }, '422/90034'],
    ['record_start', { format: 'mp3', channels: 'dual' }, '422/90020'],
    ['answer', {}, '422/90102'],
  ])('that still rings refuses %s', (action, body, verdict) => {
    const { ask, place } = aCarrier();
    expect(verdictOf(ask(`POST /calls/${place(stays)}/actions/${action}`, body))).toBe(verdict);
  });

  it.each([404, 422] as const)('that never was is answered %d as switched', (unknownLegStatus) => {
    const { ask } = aCarrier({ settings: { unknownLegStatus } });
    expect(verdictOf(ask('POST /calls/v3:none/actions/hangup'))).toBe(`${String(unknownLegStatus)}/90015`);
  });

  it('can be asked for until ten minutes after its end', () => {
    const { ask, clock, id } = answeredCall();
    expect(dataOf(ask(`GET /calls/${id}`))).toMatchObject({ is_alive: true });
    ask(`POST /calls/${id}/actions/hangup`);
    clock.advance(600_000);
    expect(dataOf(ask(`GET /calls/${id}`))).toMatchObject({ is_alive: false });
    clock.advance(1000);
    expect(verdictOf(ask(`GET /calls/${id}`))).toBe('404/10005');
  });

  it('carries the latest client_state in its webhooks', () => {
    const { ask, id, payloads } = answeredCall();
    ask(`PUT /calls/${id}/actions/client_state_update`, { client_state: encoded('later') });
    ask(`POST /calls/${id}/actions/hangup`);
    expect(payloads('call.answered')[0]).toMatchObject({ client_state: null });
    expect(payloads('call.hangup')[0]).toMatchObject({ client_state: encoded('later') });
  });

  it('leaves client_state out of its webhooks when that is switched on', () => {
    const { payloads } = answeredCall({ settings: { nullClientState: 'missing' } });
    expect(payloads('call.answered')[0]).not.toHaveProperty('client_state');
  });

  it.each([
    ['live', true],
    ['schema', false],
  ] as const)('names itself in call.recording.saved under payloadKeys=%s: %s', (payloadKeys, named) => {
    const { clock, payloads, place } = aCarrier({ settings: { payloadKeys } });
    place('+15550100100', { record: 'record-from-answer' });
    clock.settle();
    const [saved = {}] = payloads('call.recording.saved');
    expect(['call_control_id' in saved, 'from' in saved, 'call_leg_id' in saved]).toEqual([named, named, true]);
  });

  it('ends its speech with the hangup', () => {
    const { ask, id, payloads } = answeredCall();
    ask(`POST /calls/${id}/actions/speak`, { payload: 'a long notice', voice: 'female' });
    ask(`POST /calls/${id}/actions/hangup`);
    expect(payloads('call.speak.ended')).toMatchObject([{ status: 'call_hangup' }]);
  });

  it('sends an event to the address of that event, else to its own', () => {
    const { clock, place, said } = aCarrier();
    place('+15550100001', { webhook_url: 'http://own.test/', webhook_urls: { 'call.hangup': 'http://hangups.test/' } });
    clock.settle();
    expect(said.map(({ route }) => route.url)).toEqual(['http://own.test/', 'http://hangups.test/']);
  });
});

describe('lists', () => {
  it('of active calls are walked by cursor without gap or repetition while calls end', () => {
    const { ask, place } = aCarrier();
    const ids = Array.from({ length: 5 }, () => place(stays));
    const path = `GET /connections/${connectionId}/active_calls`;
    const first = ask(path, {}, { 'page[limit]': '2' });
    ask(`POST /calls/${ids[0] ?? ''}/actions/hangup`);
    const after = (metaOf(first)['cursors'] as { after: string }).after;
    const second = ask(path, {}, { 'page[limit]': '10', 'page[after]': after });
    expect([...listOf(first), ...listOf(second)].map((call) => call['call_control_id'])).toEqual(ids);
    expect(metaOf(second)['cursors']).not.toHaveProperty('after');
    expect(metaOf(second)).not.toHaveProperty('next');
  });

  it('of active calls leave out ringing legs when that is switched', () => {
    const { ask, clock, place } = aCarrier({ settings: { ringingLegsListed: false } });
    place(stays);
    const path = `GET /connections/${connectionId}/active_calls`;
    expect(listOf(ask(path))).toHaveLength(0);
    clock.advance(1000);
    expect(listOf(ask(path))).toHaveLength(1);
  });

  it('of call events tell who answered and why a leg ended, even when no webhook is sent', () => {
    const { ask, clock, dial, said } = aCarrier({ settings: { webhooksOff: true } });
    const leg = textIn(dataOf(dial('+15550100001')), 'call_leg_id');
    dial('+15550100002');
    clock.settle();
    const answer = ask('GET /call_events', {}, { 'filter[leg_id]': leg, 'filter[type]': 'webhook' });
    expect(listOf(answer).map((event) => event['name'])).toEqual(['call.initiated', 'call.hangup']);
    expect(listOf(answer)[1]?.['metadata']).toMatchObject({ hangup_cause: 'user_busy' });
    expect(metaOf(answer)).toEqual({ page_number: 1, page_size: 20, total_pages: 1, total_results: 2 });
    expect(said).toEqual([]);
  });

  it('of call events are late by their lag', () => {
    const { ask, clock, place } = aCarrier({ settings: { callEventsLagMs: 5000 } });
    place(stays);
    expect(listOf(ask('GET /call_events'))).toHaveLength(0);
    clock.advance(5000);
    expect(listOf(ask('GET /call_events'))).toHaveLength(2);
  });

  it('of recordings are filtered by leg, and forget what was deleted', () => {
    const { ask, clock, dial } = aCarrier();
    const { call_leg_id: leg, recording_id: id } = dataOf(dial('+15550100100', { record: 'record-from-answer' }));
    dial('+15550100100', { record: 'record-from-answer' });
    clock.settle();
    const mine = () => listOf(ask('GET /recordings', {}, { 'filter[call_leg_id]': String(leg) }));
    expect(mine()).toMatchObject([{ id, channels: 'dual', duration_millis: 4000, source: 'call' }]);
    ask(`DELETE /recordings/${String(id)}`);
    expect(mine()).toEqual([]);
    expect(ask(`GET /recordings/${String(id)}`).status).toBe(404);
  });
});

describe('the model', () => {
  it('tells the same story twice from the same seed', () => {
    const story = (seed: number) => {
      const { clock, place, said, ask } = aCarrier({ seed });
      const lead = place(stays, { record: 'record-from-answer', answering_machine_detection: 'premium' });
      clock.advance(2000);
      ask('POST /conferences', { call_control_id: lead, name: 'room' });
      clock.settle();
      return JSON.stringify(said);
    };
    expect(story(7)).toBe(story(7));
    expect(story(7)).not.toBe(story(8));
  });
});
