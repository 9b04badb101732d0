import type { CallEvent } from '../../../domain/events';
import { endedBy, outcomeOf } from '../../../domain/outcome';
import {
  agent,
  answered,
  commandFailed,
  dialRefused,
  dialSent,
  dialUnresolved,
  disowned,
  ended,
  factsAfter,
  followed,
  hangupRequested,
  hungUp,
  initiated,
  joined,
  left,
  machineDetected,
  machineReached,
  nobodyCame,
  placed,
  recordingSaved,
} from './a-call';

/** A call of which these things happened, and which is over. */
const over = (...events: CallEvent[]) => factsAfter(dialSent(0), ...events, ended(200));

test.each<[string, CallEvent[], string]>([
  ['the dial was never answered, and no leg found', [dialUnresolved(90)], 'dial_unknown'],
  ['the same, and we were asked to end it', [dialUnresolved(90), hangupRequested(5)], 'dial_unknown'],
  [
    'the dial was given up, and the leg was another call’s',
    [placed(1), disowned(2), dialUnresolved(90)],
    'dial_unknown',
  ],
  [
    'the dial was given up, and the leg showed up',
    [dialUnresolved(90), initiated(1), hungUp(91, 'timeout')],
    'no_answer',
  ],
  ['ended by request before anything was placed', [hangupRequested(1)], 'canceled'],
  [
    'ended by request while it rang',
    [initiated(1), hangupRequested(5), hungUp(6, 'originator_cancel', 'caller')],
    'canceled',
  ],
  [
    'ended by request, and busy at the same time',
    [initiated(1), hangupRequested(5), hungUp(6, 'user_busy', 'callee')],
    'canceled',
  ],
  ['busy', [initiated(1), hungUp(3, 'user_busy', 'callee')], 'busy'],
  ['rejected', [initiated(1), hungUp(3, 'call_rejected', 'callee')], 'rejected'],
  ['rang out', [initiated(1), hungUp(31, 'timeout', 'caller')], 'no_answer'],
  ['no answer', [initiated(1), hungUp(31, 'no_answer', 'callee')], 'no_answer'],
  ['cleared before an answer', [initiated(1), hungUp(31, 'normal_clearing')], 'no_answer'],
  ['a number that does not exist', [initiated(1), hungUp(2, 'not_found', 'callee')], 'failed'],
  ['a leg that ended, nobody can say why', [initiated(1), hungUp(40, null)], 'failed'],
  ['refused by the carrier', [dialRefused(1)], 'failed'],
  ['never dialed in time', [dialRefused(120, 'not_dialed_in_time')], 'failed'],
  [
    'nobody came for the lead',
    [answered(5), nobodyCame(35), hungUp(36, 'normal_clearing', 'caller')],
    'agent_unavailable',
  ],
  [
    'the lead left just before we gave up',
    [answered(5), nobodyCame(35), hungUp(34, 'normal_clearing', 'callee')],
    'completed',
  ],
  [
    'the lead left during the apology',
    [answered(5), nobodyCame(35), hungUp(37, 'normal_clearing', 'callee')],
    'agent_unavailable',
  ],
  ['the agent did not come, so the lead was never dialed', [nobodyCame(30)], 'agent_unavailable'],
  ['ended by request before the agent came', [hangupRequested(5), nobodyCame(30)], 'canceled'],
  ['a machine', [answered(5), machineReached(7), hungUp(8, 'normal_clearing', 'caller')], 'voicemail'],
  [
    'a machine that hung up first',
    [answered(5), machineReached(7), hungUp(6, 'normal_clearing', 'callee')],
    'voicemail',
  ],
  ['a machine that we did not mind', [answered(5), machineDetected(7, 'machine'), hungUp(60, null)], 'completed'],
  ['a conversation', [answered(5), joined(6), joined(7, agent), hungUp(60, 'normal_clearing', 'callee')], 'completed'],
  [
    'a conversation ended by request',
    [answered(5), hangupRequested(30), hungUp(31, 'normal_clearing', 'caller')],
    'completed',
  ],
  ['answered, and then “busy”', [answered(5), hungUp(9, 'user_busy', 'callee')], 'completed'],
  ['answered, known only by its recording', [recordingSaved(70), hungUp(60, 'normal_clearing', 'callee')], 'completed'],
  [
    'no conference for an answered lead',
    [answered(5), commandFailed(6, '90033'), hungUp(7, 'normal_clearing', 'caller')],
    'completed',
  ],
])('%s', (_name, events, outcome) => {
  expect(outcomeOf(over(...events))).toBe(outcome);
});

test.each<[string, CallEvent[], string]>([
  ['the lead who hung up', [answered(5), hungUp(60, 'normal_clearing', 'callee')], 'lead'],
  ['the lead who rejected', [initiated(1), hungUp(3, 'call_rejected', 'callee')], 'lead'],
  [
    'the lead, just before we were asked to',
    [answered(5), hungUp(60, 'normal_clearing', 'callee'), hangupRequested(61)],
    'lead',
  ],
  ['the API', [answered(5), hangupRequested(30), hungUp(31, 'normal_clearing', 'caller')], 'api'],
  ['the API, before anything was placed', [hangupRequested(1)], 'api'],
  ['the API, while the dial was unclear', [hangupRequested(1), dialUnresolved(90)], 'api'],
  ['the ring timeout', [initiated(1), hungUp(31, 'timeout', 'caller')], 'system'],
  ['the time limit', [answered(5), hungUp(3605, 'time_limit', 'caller')], 'system'],
  ['us, because nobody came', [answered(5), nobodyCame(35), hungUp(36, null)], 'system'],
  [
    'the agent, who left and nobody came back',
    [answered(5), joined(6), joined(7, agent), left(40, agent), nobodyCame(70), hungUp(75, null, 'caller')],
    'agent',
  ],
  [
    'us, because a machine answered',
    [answered(5), machineReached(7), hungUp(8, 'normal_clearing', 'caller')],
    'system',
  ],
  ['us, on our own', [answered(5), hungUp(36, 'normal_clearing', 'caller')], 'system'],
  ['the carrier, who refused', [dialRefused(1)], 'system'],
  ['nobody knows: the dial was never clear', [dialUnresolved(90)], 'unknown'],
  ['nobody knows: no source tells', [answered(5), hungUp(36, null)], 'unknown'],
  ['nobody knows: it was over when we were asked to', [answered(5), hungUp(36, null), hangupRequested(40)], 'unknown'],
])('ended by %s', (_name, events, by) => {
  expect(endedBy(over(...events))).toBe(by);
});

test.each<[CallEvent[], string]>([
  [[answered(5), hungUp(36, 'normal_clearing', 'caller')], 'lead'],
  [[answered(5), hungUp(36, 'normal_clearing', 'callee')], 'system'],
  [[answered(5), hangupRequested(30), hungUp(36, 'normal_clearing', 'callee')], 'api'],
])('who called us is the caller in Telnyx’s words: case %#', (events, by) => {
  expect(endedBy(over(...events), 'lead')).toBe(by);
});

describe('somebody who calls us', () => {
  const calling = (...events: CallEvent[]) => factsAfter(initiated(0), followed(1), ...events, ended(200));

  test('and gives up before the first document is heard was not answered', () => {
    const facts = calling(hungUp(2, 'originator_cancel', 'caller'));
    expect(outcomeOf(facts)).toBe('no_answer');
    expect(endedBy(facts, 'lead')).toBe('lead');
  });

  test('and was told something has been answered, also when nothing else tells so', () => {
    expect(outcomeOf(calling(hungUp(30, 'normal_clearing', 'caller')))).toBe('completed');
  });
});

const running = [[answered(5)], [answered(5), hungUp(60, 'normal_clearing', 'callee')], [dialRefused(1)]];

test.each(running)('a call that runs has no outcome', (...events) => {
  expect(outcomeOf(factsAfter(...events))).toBeNull();
});

test.each(running)('a call that runs was ended by nobody', (...events) => {
  expect(endedBy(factsAfter(...events))).toBeNull();
});
