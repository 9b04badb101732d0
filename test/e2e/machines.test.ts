/**
 * Machines that answer: every phone of the simulator's table that detection knows something about, under every policy.
 * The calls of a table run at once.
 */
import type { StatusDocument } from '../../domain/status';
import type { MischiefOptions } from '../../simulator/server';
import { atScale, hasEnded, startSystem, stopSystems } from '../support/system';
import type { System } from '../support/system';

const MESSAGE = 'Please call us back.';
const POLICIES = {
  off: 'off',
  hang_up: 'hang_up',
  connect: 'connect',
  say: { leave_message: { say: MESSAGE } },
  play: { leave_message: { play: 'https://example.com/message.mp3' } },
} as const;
type Policy = keyof typeof POLICIES;

interface Expected {
  readonly outcome: StatusDocument['outcome'];
  readonly answered_by: StatusDocument['answered_by'];
  readonly message?: 'left' | 'not_left';
  /** The lead came into the conference. */
  readonly joined: boolean;
}
const voicemail = { outcome: 'voicemail', answered_by: 'machine', joined: false } as const;
const left = { ...voicemail, message: 'left' } as const;
/** Nobody comes in these calls. */
const person = { outcome: 'agent_unavailable', answered_by: 'human', joined: true } as const;
const doubtful = { ...person, answered_by: 'unknown' } as const;

const EXPECTED: readonly (readonly [string, string, Policy, Expected])[] = [
  ['a voicemail', '020', 'off', { outcome: 'agent_unavailable', answered_by: null, joined: true }],
  ['a voicemail', '020', 'hang_up', voicemail],
  ['a voicemail', '020', 'connect', { ...person, answered_by: 'machine' }],
  ['a voicemail', '020', 'say', left],
  ['a voicemail', '020', 'play', left],
  ['a voicemail without a beep', '021', 'hang_up', voicemail],
  ['a voicemail without a beep', '021', 'say', left],
  ['a beep before the verdict', '022', 'hang_up', voicemail],
  ['a beep before the verdict', '022', 'say', left],
  ['a beep before the verdict', '022', 'connect', { ...person, answered_by: 'machine' }],
  ['no verdict', '023', 'hang_up', doubtful],
  ['no verdict', '023', 'say', doubtful],
  ['no verdict', '023', 'connect', { ...person, answered_by: null }],
  ['a fax', '024', 'hang_up', voicemail],
  ['a fax', '024', 'say', { ...voicemail, message: 'not_left' }],
  ['a person, said late', '025', 'hang_up', person],
  ['a business', '026', 'hang_up', person],
  ['a business', '026', 'say', person],
  ['silence', '027', 'hang_up', doubtful],
  ['a doubtful one', '028', 'hang_up', doubtful],
  ['a doubtful one', '028', 'connect', doubtful],
  ['a person', '006', 'say', person],
];

const numberOf = (digits: string, policy: Policy): string =>
  `+155503${Object.keys(POLICIES).indexOf(policy)}0${digits}`;

interface Command {
  readonly name: string;
  readonly call_control_id: string;
  readonly body: Readonly<Record<string, unknown>>;
}

const ORDERS: readonly (readonly [string, MischiefOptions | undefined])[] = [
  ['late, twice and out of order', { seed: 11, drop: false, delay: 0.3 }],
  ['in order', undefined],
];

describe.each(ORDERS.slice(0, atScale({ quick: 1, ci: 2, full: 2 })))('webhooks that come %s', (_name, mischief) => {
  let system: System;
  const documents = new Map<string, StatusDocument>();

  beforeAll(async () => {
    system = await startSystem({ env: { AGENT_WAIT_SECS: '12' }, ...(mischief && { mischief }) });
    await Promise.all(
      EXPECTED.map(async ([, digits, policy]) => {
        const to_phone = numberOf(digits, policy);
        const callId = await system.call({ to_phone, record: false, answering_machine: POLICIES[policy] });
        documents.set(to_phone, await system.until(callId, hasEnded, 90_000).catch(() => system.status(callId)));
      }),
    );
  }, 150_000);
  afterAll(stopSystems);

  test.each(EXPECTED)('%s (%s), %s', (_who, digits, policy, expected) => {
    const to = numberOf(digits, policy);
    const document = documents.get(to);
    expect({
      outcome: document?.outcome,
      answered_by: document?.answered_by,
      message: document?.message?.state,
      joined: document?.joined_at !== null,
    }).toEqual({ message: undefined, ...expected });
    const legs = system.ledger().legs.filter((leg) => leg.to === to);
    expect(legs).toHaveLength(1);
    expect(legs[0]?.ended_at).not.toBeNull();
  });

  test('detection is premium, and only asked for where it was wanted', () => {
    const dials = (system.ledger().commands as unknown as Command[]).filter(({ name }) => name === 'dial');
    for (const { body } of dials) {
      expect(body['answering_machine_detection']).toBe(
        String(body['to']).startsWith('+1555030') ? undefined : 'premium',
      );
    }
  });

  test('a message that was left was heard after the greeting, to its end, and once', async () => {
    for (const [, digits, policy, { message }] of EXPECTED) {
      if (message !== 'left') continue;
      const leg = system.ledger().legs.find(({ to }) => to === numberOf(digits, policy));
      const log = await eventsOf(leg?.call_leg_id ?? '');
      const started = log.filter(({ name }) => /^call\.(speak|playback)\.started$/.test(name));
      const ended = log.filter(({ name }) => /^call\.(speak|playback)\.ended$/.test(name));
      const greeted = log.find(({ name }) => name === 'call.machine.premium.greeting.ended');
      expect([started.length, ended.map(({ status }) => status)]).toEqual([1, ['completed']]);
      expect((started[0]?.at ?? '') > (greeted?.at ?? '~')).toBe(true);
      expect((ended[0]?.at ?? '~') < (leg?.ended_at ?? '')).toBe(true);
    }
  });

  /** The carrier's own log of a leg. */
  async function eventsOf(legId: string): Promise<{ name: string; at: string; status: unknown }[]> {
    const query = new URLSearchParams({ 'filter[leg_id]': legId, 'filter[type]': 'webhook', 'page[size]': '250' });
    const headers = { authorization: `Bearer ${system.simulator.apiKey}` };
    const answer = await fetch(`${system.simulator.apiBaseUrl}/call_events?${query.toString()}`, { headers });
    const { data } = (await answer.json()) as {
      data: { name: string; event_timestamp: string; metadata: Record<string, unknown> }[];
    };
    return data.map(({ name, event_timestamp, metadata }) => ({
      name,
      at: event_timestamp,
      status: metadata['status'],
    }));
  }
});

describe('a machine that is found out late, when the lead is in the conference', () => {
  let system: System;
  beforeAll(async () => {
    system = await startSystem({ env: { AGENT_WAIT_SECS: '30' } });
  }, 60_000);
  afterAll(stopSystems);

  test.each([
    ['hung up', 'hang_up', undefined],
    ['left its message', { leave_message: { say: MESSAGE } }, 'left'],
  ])('is %s; the agent is let go, and nobody is called again', async (_what, answering_machine, message) => {
    const to_phone = `+1555040${message ? 1 : 0}020`;
    await system.control('PUT', `phones/${to_phone}`, {
      machine: { verdict: 'machine', verdictAfterMs: 9_000, greetingEndsAfterMs: 10_000, beep: true },
    });
    const agent = { type: 'sip', uri: 'sip:ana@pbx.example.com' };
    const callId = await system.call({ to_phone, agent, answering_machine, record: false });
    await system.until(callId, ({ status }) => status === 'in_progress');
    const document = await system.until(callId, hasEnded, 40_000);
    expect(document).toMatchObject({ outcome: 'voicemail', answered_by: 'machine', ended_by: 'system' });
    expect(document.message?.state).toBe(message);
    const { legs, dial_requests } = system.ledger();
    expect(legs.filter(({ ended_at }) => ended_at === null)).toEqual([]);
    expect(dial_requests[to_phone]).toBe(1);
  });
});
