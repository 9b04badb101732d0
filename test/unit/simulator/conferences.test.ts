import { aCarrier, dataOf, listOf, textIn, verdictOf } from './carrier-in-virtual-time';

const agent = 'sip:agent7@sip.telnyx.com';
const lead = '+15550100006';

/** An agent in a conference, and the id of both. */
function aRoom(options: Parameters<typeof aCarrier>[0] = {}, more = {}) {
  const world = aCarrier(options);
  const creator = world.place(agent);
  world.clock.advance(500);
  const answer = world.ask('POST /conferences', { call_control_id: creator, name: 'room', ...more });
  return { ...world, creator, answer, room: textIn(dataOf(answer), 'id') };
}

/** The room with a lead in it. */
function aFullRoom(options: Parameters<typeof aCarrier>[0] = {}, joining = {}) {
  const world = aRoom(options);
  const other = world.place(lead);
  world.clock.advance(1500);
  world.ask(`POST /conferences/${world.room}/actions/join`, { call_control_id: other, ...joining });
  return { ...world, other };
}

describe('a conference', () => {
  it('is made from an answered leg only', () => {
    const { ask, place } = aCarrier();
    expect(verdictOf(ask('POST /conferences', { call_control_id: place(agent), name: 'room' }))).toBe('422/90034');
  });

  it('has a name that no other active conference has', () => {
    const { ask, creator } = aRoom();
    expect(verdictOf(ask('POST /conferences', { call_control_id: creator, name: 'room' }))).toBe('422/90033');
  });

  it('says created and joined', () => {
    const { events, payloads, room } = aRoom();
    expect(events().slice(-2)).toEqual(['conference.created', 'conference.participant.joined']);
    expect(payloads('conference.created')[0]).toMatchObject({
      conference_id: room,
      occurred_at: expect.any(String) as string,
    });
  });

  it.each([
    ['payload', false, true],
    ['data', true, false],
    ['both', true, true],
  ] as const)('carries its time in %s as switched', (conferenceOccurredAtIn, inData, inPayload) => {
    const { said } = aRoom({ settings: { conferenceOccurredAtIn } });
    const data = said.find(({ eventType }) => eventType === 'conference.created')?.data ?? {};
    expect(['occurred_at' in data, 'occurred_at' in (data['payload'] as object)]).toEqual([inData, inPayload]);
  });

  it.each([
    ['an unknown conference', 'nowhere', '404/90058'],
    ['a leg that is there already', 'room', '422/90044'],
  ])('join of %s is refused', (_, name, verdict) => {
    const { ask, creator } = aRoom();
    expect(verdictOf(ask(`POST /conferences/${name}/actions/join`, { call_control_id: creator }))).toBe(verdict);
  });

  it('that is full takes nobody', () => {
    const { ask, clock, place } = aRoom({}, { max_participants: 1 });
    const other = place(lead);
    clock.advance(1500);
    expect(verdictOf(ask('POST /conferences/room/actions/join', { call_control_id: other }))).toBe('422/90032');
  });

  it('takes in the leg of a dial that names it, at the answer', () => {
    const { ask, clock, place, room } = aRoom();
    const other = place(lead, { conference_config: { conference_name: 'room', end_conference_on_exit: true } });
    const present = () => listOf(ask(`GET /conferences/${room}/participants`)).map((one) => one['call_control_id']);
    expect(present()).not.toContain(other);
    clock.advance(1000);
    expect(present()).toContain(other);
  });

  it.each([
    [true, 1],
    [false, 0],
  ])('named by a dial but not there is created: %s', (conferenceConfigCreates, count) => {
    const { carrier, clock, place } = aCarrier({ settings: { conferenceConfigCreates } });
    place(lead, { conference_config: { conference_name: 'new' } });
    clock.advance(1500);
    expect(carrier.ledger().conferences).toHaveLength(count);
  });

  it('says the hangup before the leaving when a participant hangs up', () => {
    const { carrier, clock, events, other } = aFullRoom();
    carrier.hangUp(other);
    clock.advance(1000);
    expect(events().slice(-2)).toEqual(['call.hangup', 'conference.participant.left']);
  });

  it('ends and hangs up the others when a participant leaves who was to end it', () => {
    const { carrier, clock, other } = aFullRoom({}, { end_conference_on_exit: true });
    carrier.hangUp(other);
    clock.advance(1000);
    expect(carrier.ledger().conferences).toMatchObject([{ end_reason: 'host_left' }]);
    expect(carrier.ledger().legs.map((leg) => leg.ended_at === null)).toEqual([false, false]);
  });

  it('ends and lets the others live when the end was to be soft', () => {
    const { carrier, clock, other } = aFullRoom({}, { soft_end_conference_on_exit: true });
    carrier.hangUp(other);
    clock.advance(1000);
    expect(carrier.ledger().conferences).toMatchObject([{ end_reason: 'host_left' }]);
    expect(carrier.ledger().legs[0]).toMatchObject({ ended_at: null });
  });

  it('that is ended takes along the leg it was made from, even when that had left', () => {
    const { ask, carrier, creator, room } = aFullRoom();
    ask(`POST /conferences/${room}/actions/leave`, { call_control_id: creator });
    ask(`POST /conferences/${room}/actions/end`);
    expect(carrier.ledger().legs.map((leg) => leg.hangup_cause)).toEqual(['time_limit', 'normal_clearing']);
    expect(verdictOf(ask(`POST /conferences/${room}/actions/end`))).toBe('422/90019');
  });

  it('ends when the last one has left, and the leg lives on', () => {
    const { ask, carrier, creator } = aRoom();
    ask('POST /conferences/room/actions/leave', { call_control_id: creator });
    expect(carrier.ledger().conferences).toMatchObject([{ end_reason: 'all_left' }]);
    expect(carrier.ledger().legs).toMatchObject([{ ended_at: null }]);
  });

  it('ends when its minutes are over', () => {
    const { carrier, clock } = aRoom({}, { duration_minutes: 2 });
    clock.advance(121_000);
    expect(carrier.ledger().conferences).toMatchObject([{ end_reason: 'time_exceeded' }]);
  });

  it('mutes whom it is told, or everybody', () => {
    const { ask, other, room } = aFullRoom();
    const muted = () => listOf(ask(`GET /conferences/${room}/participants`)).map((one) => one['muted']);
    ask(`POST /conferences/${room}/actions/mute`, { call_control_ids: [other] });
    expect(muted()).toEqual([false, true]);
    ask(`POST /conferences/${room}/actions/mute`);
    expect(muted()).toEqual([true, true]);
    ask(`POST /conferences/${room}/actions/unmute`);
    expect(muted()).toEqual([false, false]);
  });

  it('is found by name and status', () => {
    const { ask, room } = aRoom();
    const found = (status: string) =>
      listOf(ask('GET /conferences', {}, { 'filter[name]': 'room', 'filter[status]': status }));
    expect(found('in_progress')).toMatchObject([{ id: room }]);
    expect(found('completed')).toEqual([]);
  });

  it('plays to everybody without naming a leg, and to one participant naming it', () => {
    const { ask, payloads, other, room } = aFullRoom();
    ask(`POST /conferences/${room}/actions/play`, { audio_url: 'http://x.test/a.mp3' });
    ask(`POST /conferences/${room}/actions/play`, { audio_url: 'http://x.test/a.mp3', call_control_ids: [other] });
    expect(payloads('conference.playback.started')[0]).not.toHaveProperty('call_control_id');
    expect(payloads('conference.playback.started')).toMatchObject([
      { conference_id: room, media_url: 'http://x.test/a.mp3' },
    ]);
    expect(payloads('conference.participant.playback.started')).toMatchObject([{ call_control_id: other }]);
  });

  it('records until its end, and the recording names the conference', () => {
    const { ask, clock, payloads, room } = aFullRoom();
    ask(`POST /conferences/${room}/actions/record_start`, { format: 'wav', channels: 'dual' });
    clock.advance(3000);
    ask(`POST /conferences/${room}/actions/end`);
    clock.settle();
    expect(payloads('conference.recording.saved')).toMatchObject([{ conference_id: room, format: 'wav' }]);
    expect(listOf(ask('GET /recordings', {}, { 'filter[conference_id]': room }))).toMatchObject([
      { source: 'conference', duration_millis: 3000 },
    ]);
  });
});
