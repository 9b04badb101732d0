/** Many calls at once while webhooks come late, twice and out of order: the books of both sides agree on every call. */
import { replayAll } from '../support/histories';
import { atScale, delivered, hasEnded, logLines, startSystem, stopSystems } from '../support/system';
import type { System } from '../support/system';
import { isSettled } from '../../domain/status';
import type { StatusDocument } from '../../domain/status';

/** Phones that end in every way that needs no fault of the dial, people and machines. */
const DIGITS = ['000', '001', '002', '004', '005', '006', '007', '009', '010', '013', '020', '021', '026'];
const SIP_AGENT = { type: 'sip', uri: 'sip:ana@pbx.example.com' };
/** What may be asked for, each with each phone: no two of them divide the number of calls. */
const KINDS = [
  {},
  { agent: SIP_AGENT },
  { agent: SIP_AGENT, dial_order: 'lead_first', answering_machine: 'connect' },
  { agent: { type: 'webrtc', client_id: 'ana' }, record: 'announce' },
  { agent: { type: 'phone', number: '+15550199002' } },
  { answering_machine: 'hang_up', record: false },
  { answering_machine: { leave_message: { say: 'Please call us back.' } }, record: 'announce' },
];
const EACH = DIGITS.length * KINDS.length;
const CALLS = EACH * atScale({ quick: 1, ci: 2, full: 10 });
const AT_ONCE = 50;
const SEED = 20261121;

describe(`${CALLS} calls, ${AT_ONCE} at a time, under mischief ${SEED}`, () => {
  let system: System;
  const documents: StatusDocument[] = [];

  beforeAll(async () => {
    system = await startSystem({
      env: { AGENT_WAIT_SECS: '3', TELNYX_SIP_CONNECTION_ID: '2222222222222222222' },
      settings: { phoneSpeed: 4 },
      mischief: { seed: SEED, drop: false },
    });
    const requests = Array.from({ length: CALLS }, (_, i) => ({
      to_phone: `+1555${String(i).padStart(4, '0')}${DIGITS[i % DIGITS.length]}`,
      // Agents stay as long as somebody who never hangs up.
      time_limit_secs: 30,
      ...KINDS[i % KINDS.length],
    }));
    const caller = async (): Promise<void> => {
      for (let request = requests.pop(); request !== undefined; request = requests.pop()) {
        const callId = await system.call(request);
        await system.until(callId, hasEnded, 120_000);
        documents.push(await system.until(callId, isSettled, 120_000));
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, caller));
  }, 600_000);
  afterAll(stopSystems);

  test('every call ends', () => {
    expect(documents).toHaveLength(CALLS);
  });

  test('nobody is rung twice', () => {
    const legs = new Map<string, number>();
    const leads = new Set(documents.map(({ to_phone }) => to_phone));
    for (const { to } of system.ledger().legs) if (leads.has(to)) legs.set(to, (legs.get(to) ?? 0) + 1);
    expect(legs.size).toBeGreaterThan(CALLS / 2);
    expect([...legs].filter(([, count]) => count > 1)).toEqual([]);
  });

  test('no leg is left alive', () => {
    expect(system.ledger().legs.filter((leg) => leg.ended_at === null)).toEqual([]);
  });

  test('status documents say what the carrier’s ledger says', () => {
    const { legs } = system.ledger();
    const disagreements = documents.flatMap((document) => {
      const leg = legs.find(({ to }) => to === document.to_phone);
      const theirs = {
        answered: (leg?.answered_at ?? null) !== null,
        cause: leg?.hangup_cause ?? null,
        source: leg?.hangup_source ?? null,
        leg: leg !== undefined,
      };
      const ours = {
        answered: document.answered_at !== null,
        cause: document.hangup_cause,
        source: document.hangup_source,
        leg: document.dialed_at !== null && document.error_code === null,
      };
      return JSON.stringify(ours) === JSON.stringify(theirs) ? [] : [{ ours, theirs, to: document.to_phone }];
    });
    expect(disagreements).toEqual([]);
  });

  test('every recording is stored once, byte for byte', () => {
    const { recordings, deliveries } = system.ledger();
    const theirs = recordings.map(({ id, sha256 }) => `${id} ${sha256}`).sort();
    const stored = deliveries.map(({ metadata, sha256 }) => `${delivered(metadata).recording_sid} ${sha256}`).sort();
    expect(theirs.length).toBeGreaterThan(CALLS / 4);
    expect(stored).toEqual(theirs);
    const told = documents.flatMap(({ recording }) =>
      recording?.state === 'delivered' ? [`${recording.recording_id} ${recording.sha256}`] : [],
    );
    expect(told.sort()).toEqual(theirs);
  });

  test('the log names calls, and shows neither numbers nor keys', () => {
    expect(logLines.filter((line) => line.includes('COLD_CALL_')).length).toBeGreaterThan(CALLS);
    const { apiKey } = system.simulator;
    const telling = logLines.filter((line) => /\+1\d{10}|1555\d{7}/.test(line) || line.includes(apiKey));
    expect(telling).toEqual([]);
  });

  test('every history replays on the code that made it', async () => {
    expect(await replayAll(system)).toEqual([]);
  });

  test('the mischief happened', () => {
    const { delay, duplicate, reorder, drop } = system.ledger().mischief;
    expect(Math.min(delay, duplicate, reorder)).toBeGreaterThan(0);
    expect(drop).toBe(0);
  });
});
