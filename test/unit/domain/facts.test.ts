import fc from 'fast-check';
import type { LegIdentity } from '../../../domain/call';
import type { CallEvent } from '../../../domain/events';
import { advance, NOTHING_KNOWN } from '../../../domain/facts';
import type { LegFacts } from '../../../domain/facts';
import { answeredAt, hadCompany, isJoined, isUnavailable, leadLeg, legNamed, livingLegs } from '../../../domain/legs';
import { CALL_STATUSES, describeCall, statusOf } from '../../../domain/status';
import {
  aCall,
  agent,
  agentRequested,
  agentUnavailable,
  ana,
  answered,
  at,
  commandFailed,
  conferenceEnded,
  dialRefused,
  dialSent,
  dialUnresolved,
  disowned,
  ended,
  followed,
  ending,
  factsAfter,
  greetingEnded,
  hangupRequested,
  hungUp,
  initiated,
  joined,
  lead,
  left,
  machineDetected,
  machineReached,
  muted,
  nobodyCame,
  placed,
  recordingFailed,
  recordingSaved,
  recordingStarted,
  said,
  secondLead,
  stepRecorded,
} from './a-call';

const second = fc.nat({ max: 120 });
const legs = fc.constantFrom(lead, secondLead, agent);
const of = (build: (second: number, leg: LegIdentity) => CallEvent) =>
  fc.tuple(second, legs).map(([when, leg]) => build(when, leg));
const alone = (build: (second: number) => CallEvent) => second.map(build);

/** Anything that can be told of a call with a lead, a lead rung twice, and an agent. */
const event: fc.Arbitrary<CallEvent> = fc.oneof(
  of(dialSent),
  of(placed),
  of((when, leg) => placed(when, leg, `recording of ${leg.callLegId}`)),
  of(initiated),
  of(answered),
  of(joined),
  of(left),
  of((when, leg) => hungUp(when, null, null, leg)),
  of((when, leg) => hungUp(when, 'normal_clearing', 'callee', leg)),
  of((when, leg) => hungUp(when, 'timeout', 'caller', leg)),
  of(disowned),
  of((when, leg) => recordingSaved(when, { leg: { ...leg, callControlId: null } })),
  of((when, leg) =>
    recordingSaved(when, {
      leg: { ...leg, callControlId: null, callSessionId: null },
      recordingId: null,
      startedAt: at(3),
    }),
  ),
  alone(recordingFailed),
  alone(dialRefused),
  alone(dialUnresolved),
  alone((when) => commandFailed(when, '90018')),
  of((when, leg) => machineDetected(when, when % 2 ? 'machine' : 'human', leg)),
  of((when, leg) => machineDetected(when, when % 2 ? 'fax' : 'unknown', leg)),
  of(greetingEnded),
  of((when, leg) => said(when, 'message', when % 2 === 0, leg)),
  of((when, leg) => muted(when, when % 2 === 0, leg)),
  of(recordingStarted),
  alone(agentRequested),
  alone((when) => agentUnavailable(when, when)),
  alone(machineReached),
  alone(ending),
  alone(conferenceEnded),
  alone(hangupRequested),
  alone(nobodyCame),
  alone(followed),
  alone((when) => stepRecorded(when, `recording ${when % 3}`)),
  of((when, leg) => ({ ...initiated(when, leg), kind: 'inProgress' }) as CallEvent),
  alone(ended),
);
const events = fc.array(event, { minLength: 1, maxLength: 14 });
const inAnyOrder = (all: CallEvent[]) => fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length });

const firstLeg = (...told: CallEvent[]): LegFacts => {
  const [leg] = Object.values(factsAfter(...told).legs);
  if (!leg) throw new Error('no leg is known');
  return leg;
};

describe('advance', () => {
  test('the order in which events arrive makes no difference', () => {
    const orders = events.chain((all) => fc.tuple(fc.constant(all), inAnyOrder(all)));
    fc.assert(
      fc.property(orders, ([told, shuffled]) => {
        expect(factsAfter(...shuffled)).toEqual(factsAfter(...told));
      }),
      { numRuns: 1_000 },
    );
  });

  test('events that are told again, at any time, change nothing', () => {
    const repeated = events.chain((all) =>
      fc
        .tuple(fc.constant(all), fc.subarray(all))
        .chain(([told, again]) => fc.tuple(fc.constant(told), inAnyOrder([...told, ...again]))),
    );
    fc.assert(
      fc.property(repeated, ([told, retold]) => {
        expect(factsAfter(...retold)).toEqual(factsAfter(...told));
      }),
      { numRuns: 1_000 },
    );
  });

  test('the status never moves backwards, whatever happens next', () => {
    fc.assert(
      fc.property(events, (told) => {
        let facts = NOTHING_KNOWN;
        for (const next of told) {
          const before = CALL_STATUSES.indexOf(statusOf(facts));
          facts = advance(facts, next);
          expect(CALL_STATUSES.indexOf(statusOf(facts))).toBeGreaterThanOrEqual(before);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test('company is who was in the conference together with the lead', () => {
    expect(hadCompany(factsAfter(joined(6), joined(7, agent)))).toBe(true);
    expect(hadCompany(factsAfter(joined(6), joined(7, agent), left(8, agent)))).toBe(true);
    expect(hadCompany(factsAfter(joined(4, agent), left(5, agent), joined(6)))).toBe(false);
    expect(hadCompany(factsAfter(joined(4, agent), joined(6), hungUp(5, 'normal_clearing', 'callee', agent)))).toBe(
      false,
    );
  });

  test('whose leg it is, its own events tell: those of a conference can carry the state of whoever made it', () => {
    const misnamed = { ...lead, role: agent.role, participant: agent.participant };
    const orders = [...ordersOf([joined(6, misnamed), initiated(1), left(7, misnamed)])].map((order) =>
      factsAfter(...order),
    );
    for (const facts of orders) expect(leadLeg(facts)?.identity).toEqual(lead);
    expect(new Set(orders.map((facts) => JSON.stringify(facts.legs))).size).toBe(1);
  });

  test('all 5,040 orders of a call of seven events give one status document', () => {
    const call = [
      placed(1, lead, 'recording'),
      answered(5),
      joined(6),
      joined(7, agent),
      hungUp(60, 'normal_clearing', 'callee'),
      hungUp(61, 'normal_clearing', 'caller', agent),
      recordingSaved(65, { startedAt: at(5) }),
    ];
    const documents = new Set(
      [...ordersOf(call)].map((order) =>
        JSON.stringify(describeCall(aCall(), factsAfter(...order), { at: at(70), source: 'webhook' })),
      ),
    );
    expect(documents.size).toBe(1);
  });

  test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])(
    'a leg whose id is %s is a leg like any other',
    (callLegId) => {
      const odd = { ...lead, callLegId };
      expect(firstLeg(initiated(1, odd), answered(2, odd))).toMatchObject({ identity: odd, answeredAt: at(2) });
    },
  );
});

describe('a leg', () => {
  test('known only by its recording learns its call_control_id from any later event', () => {
    expect(leadLeg(factsAfter(recordingSaved(9), initiated(1)))?.identity.callControlId).toBe(lead.callControlId);
  });

  test('known only by its recording cannot be hung up, because nothing names it', () => {
    expect(livingLegs(factsAfter(recordingSaved(9)))).toEqual([]);
  });

  test.each([
    ['a webhook, then doubt', [placed(1), initiated(2), disowned(3)]],
    ['doubt, then a webhook', [placed(1), disowned(2), initiated(3)]],
    ['a webhook alone, and doubt before all', [disowned(1), initiated(2), placed(3)]],
  ])('that a webhook confirms is ours however it was doubted: %s', (_name, told) => {
    expect(leadLeg(factsAfter(...told))?.identity).toEqual(lead);
  });

  test('that the carrier gave to another is not ours', () => {
    expect(leadLeg(factsAfter(placed(1), disowned(2)))).toBeNull();
  });

  test('that the carrier gave to another is never hung up', () => {
    expect(livingLegs(factsAfter(placed(1), disowned(2)))).toEqual([]);
  });

  test.each<[string, CallEvent[], string | null]>([
    ['call.answered', [answered(5), joined(6)], at(5)],
    ['being in a conference', [joined(6)], at(6)],
    ['a recording that began', [recordingSaved(70, { startedAt: at(4) })], at(4)],
    ['a recording that was saved, at the latest when the leg ended', [recordingSaved(70), hungUp(60, null)], at(60)],
    ['nothing but a hangup', [hungUp(60, 'timeout')], null],
  ])('counts as answered by %s', (_name, told, expected) => {
    expect(answeredAt(firstLeg(...told))).toBe(expected);
  });

  test.each<[string, CallEvent[], boolean]>([
    ['joined', [joined(5)], true],
    ['joined and left', [joined(5), left(9)], false],
    ['left, told before it joined', [left(9), joined(5)], false],
    ['joined again', [joined(5), left(9), joined(12)], true],
    ['hung up', [joined(5), hungUp(9, null)], false],
    ['joined a conference that ended', [joined(5), conferenceEnded(9)], false],
    ['joined a conference that ended, told the other way round', [conferenceEnded(9), joined(5)], false],
    ['answered', [answered(5)], false],
  ])('that %s: in the conference %s', (_name, told, expected) => {
    const facts = factsAfter(...told);
    expect(isJoined(facts, firstLeg(...told))).toBe(expected);
  });

  test('keeps the cause of its end when a later poll knows none', () => {
    const told = [hungUp(60, 'user_busy', 'callee'), hungUp(50, null)];
    expect(firstLeg(...told).hangup).toMatchObject({ cause: 'user_busy', at: at(60) });
  });
});

describe('two legs of the lead', () => {
  test('the answered one is the lead, though the other came first', () => {
    expect(leadLeg(factsAfter(initiated(1), initiated(2, secondLead), answered(5, secondLead)))?.identity).toEqual(
      secondLead,
    );
  });

  test('the one in the conference is the lead, though its call.answered was lost', () => {
    expect(leadLeg(factsAfter(initiated(1), joined(6, secondLead)))?.identity).toEqual(secondLead);
  });

  test('both can be reached to be hung up', () => {
    expect(livingLegs(factsAfter(initiated(1), initiated(2, secondLead)))).toHaveLength(2);
  });

  test('a confirmed one is found by its name before one that only the dial knows', () => {
    expect(legNamed(factsAfter(placed(1), initiated(2, secondLead)), lead)?.identity).toEqual(secondLead);
  });
});

test('a lead of whom nothing is known has met nobody, whoever is in the conference', () => {
  expect(statusOf(factsAfter(dialSent(1), joined(3, agent)))).toBe('dialing');
});

describe('what detection finds', () => {
  test.each<[string, CallEvent[], string | null]>([
    ['nothing', [answered(5)], null],
    ['a person', [machineDetected(6, 'human')], 'human'],
    ['a machine', [machineDetected(6, 'machine')], 'machine'],
    ['a beep before any verdict', [greetingEnded(6)], 'machine'],
    ['doubt, then a beep', [machineDetected(6, 'unknown'), greetingEnded(9)], 'machine'],
    ['a person late, after we gave up', [machineDetected(12, 'unknown'), machineDetected(6, 'human')], 'human'],
    ['a fax that beeps', [greetingEnded(7), machineDetected(6, 'fax')], 'fax'],
  ])('%s', (_name, told, verdict) => {
    expect(firstLeg(initiated(1), ...told).verdict).toBe(verdict);
  });

  test('a leg of which a verdict is known was answered', () => {
    expect(answeredAt(firstLeg(machineDetected(6, 'machine')))).toBe(at(6));
  });
});

test('a message that was cut off and then heard was heard', () => {
  const told = [said(9, 'message', false), said(14, 'message', true)];
  expect(firstLeg(...told).said.message).toEqual({ at: at(14), completed: true });
});

test('the latest wish about being heard counts', () => {
  expect(firstLeg(muted(9, false), muted(7, true)).mute).toEqual({ at: at(9), muted: false });
});

describe('agents who are asked for', () => {
  test('each request counts once', () => {
    const { agents } = factsAfter(agentRequested(3), agentRequested(9), agentRequested(3));
    expect(agents).toMatchObject([{ participant: 'ana', agent: ana, requests: [at(3), at(9)] }]);
  });

  test('are available again when asked for once more', () => {
    const [before] = factsAfter(agentRequested(3), agentUnavailable(8, 1)).agents;
    const [after] = factsAfter(agentRequested(3), agentUnavailable(8, 1), agentRequested(9)).agents;
    expect([before && isUnavailable(before), after && isUnavailable(after)]).toEqual([true, false]);
  });

  test.each(['__proto__', 'constructor'])('may be called %s', (clientId) => {
    const { agents } = factsAfter(agentRequested(3, { type: 'webrtc', clientId }));
    expect(agents).toHaveLength(1);
    expect(agents[0]?.participant).toBe(clientId);
  });
});

function* ordersOf<T>(items: readonly T[]): Generator<readonly T[]> {
  if (items.length === 0) yield [];
  for (const [i, item] of items.entries()) {
    for (const rest of ordersOf(items.toSpliced(i, 1))) yield [item, ...rest];
  }
}
