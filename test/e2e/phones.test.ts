/** Every phone of the simulator's table, called over HTTP: outcome and status document are those of the contract. */
import { CALL_STATUSES, isSettled } from '../../domain/status';
import type { StatusDocument } from '../../domain/status';
import { phones } from '../../simulator/phones';
import { atScale } from '../support/scale';
import { delivered, startSystem, stopSystems } from '../support/system';
import type { System } from '../support/system';

/** The simulated phone's time; long enough for the order of events to be theirs. */
const PHONE_SPEED = 1;
const PREFIX = '+1555555';

interface Expected {
  readonly outcome: StatusDocument['outcome'];
  readonly ended_by: StatusDocument['ended_by'];
  readonly hangup_cause: string | null;
  readonly recording?: 'delivered' | 'absent';
  readonly error_code?: string;
  /** Legs in the carrier's ledger. @default 1 */
  readonly legs?: number;
}

const completed: Expected = {
  outcome: 'completed',
  ended_by: 'lead',
  hangup_cause: 'normal_clearing',
  recording: 'delivered',
};
const nobodyCame: Expected = {
  outcome: 'agent_unavailable',
  ended_by: 'system',
  hangup_cause: 'normal_clearing',
  recording: 'delivered',
};
const unanswered = (
  outcome: Expected['outcome'],
  ended_by: Expected['ended_by'],
  hangup_cause: string | null,
): Expected => ({
  outcome,
  ended_by,
  hangup_cause,
  recording: 'absent',
});
const refused = (error_code: string): Expected => ({ ...unanswered('failed', 'system', null), error_code, legs: 0 });
const unknown: Expected = { ...unanswered('dial_unknown', 'unknown', null), legs: 0 };

/** What the contract promises for each; rows of the table that are missing here fail the first test. */
const EXPECTED: Readonly<Record<string, Expected>> = {
  '000': completed,
  '001': unanswered('busy', 'lead', 'user_busy'),
  '002': unanswered('rejected', 'lead', 'call_rejected'),
  '003': unanswered('no_answer', 'system', 'timeout'),
  '004': unanswered('failed', 'unknown', 'not_found'),
  '005': unanswered('failed', 'unknown', 'unspecified'),
  '006': nobodyCame,
  '007': completed,
  '008': completed,
  '009': nobodyCame,
  '010': refused('10016'),
  '011': refused('10010'),
  '012': refused('channel_limit'),
  '013': completed,
  '020': nobodyCame,
  '021': nobodyCame,
  '022': nobodyCame,
  '023': nobodyCame,
  '024': nobodyCame,
  '025': nobodyCame,
  '026': nobodyCame,
  '027': nobodyCame,
  '028': nobodyCame,
  '030': { ...completed, recording: 'absent' },
  '031': completed,
  '032': completed,
  '033': completed,
  '040': completed,
  '041': completed,
  '042': completed,
  '043': completed,
  '044': completed,
  '045': completed,
  '046': completed,
  '047': completed,
  '048': completed,
  '049': completed,
  '050': unknown,
  '051': unknown,
  '060': nobodyCame,
  '061': nobodyCame,
  '062': nobodyCame,
  '063': nobodyCame,
  '064': nobodyCame,
  '065': nobodyCame,
  '066': nobodyCame,
  '067': nobodyCame,
};

/** How these end becomes clear after a minute or two. */
const SLOW = atScale({ quick: ['012', '032', '050', '051'], ci: [], full: [] });
const CALLED = Object.entries(EXPECTED).filter(([digits]) => !SLOW.includes(digits));

describe('the phones of the simulator', () => {
  let system: System;
  const documents = new Map<string, StatusDocument>();

  beforeAll(async () => {
    system = await startSystem({ env: { AGENT_WAIT_SECS: '6' }, settings: { phoneSpeed: PHONE_SPEED } });
    await Promise.all(
      CALLED.map(async ([digits]) => {
        const callId = await system.call({
          to_phone: `${PREFIX}0${digits}`,
          ring_timeout_secs: digits === '008' ? 60 : 15,
          metadata: { digits },
        });
        const settled = system.until(callId, (document) => isSettled(document) || isEmptyFile(document), 170_000);
        documents.set(digits, await settled.catch(() => system.status(callId)));
      }),
    );
  }, 200_000);
  afterAll(stopSystems);

  test('every phone of the table is called', () => {
    expect(Object.keys(phones).filter((digits) => !(digits in EXPECTED))).toEqual([]);
  });

  test.each(CALLED)('%s ends as the contract says', (digits, expected) => {
    const document = documents.get(digits);
    const { outcome, ended_by, hangup_cause, error_code } = document ?? {};
    expect({ outcome, ended_by, hangup_cause, error_code }).toEqual({
      outcome: expected.outcome,
      ended_by: expected.ended_by,
      hangup_cause: expected.hangup_cause,
      error_code: expected.error_code ?? null,
    });
    expect(document?.status).toBe('ended');
    expect(document?.metadata).toEqual({ digits });
  });

  test.each(CALLED)('%s agrees with the carrier’s ledger', (digits, expected) => {
    const document = documents.get(digits);
    const legs = system.ledger().legs.filter((leg) => leg.to === `${PREFIX}0${digits}`);
    expect(legs).toHaveLength(expected.legs ?? 1);
    const [leg] = legs;
    expect(document?.answered_at !== null).toBe((leg?.answered_at ?? null) !== null);
    expect(legs.filter((one) => one.ended_at === null)).toEqual([]);
    if (typeof document?.duration_secs !== 'number' || !leg?.ended_at || !leg.answered_at) return;
    const seconds = (Date.parse(leg.ended_at) - Date.parse(leg.answered_at)) / 1000;
    expect(Math.abs(document.duration_secs - seconds)).toBeLessThanOrEqual(1);
  });

  test.each(CALLED.filter(([, { recording }]) => recording === 'delivered'))(
    '%s: the recording is delivered byte for byte',
    (digits) => {
      if (digits === '033') return;
      const document = documents.get(digits);
      const { recordings, deliveries } = system.ledger();
      const carriers = recordings.find(({ id }) => id === document?.recording?.recording_id);
      const stored = deliveries.filter(({ metadata }) => delivered(metadata).call_id === document?.call_id);
      expect(document?.recording).toMatchObject({
        state: 'delivered',
        format: 'mp3',
        channels: 'dual',
        sha256: carriers?.sha256,
      });
      expect(stored.map(({ sha256 }) => sha256)).toEqual([carriers?.sha256]);
    },
  );

  test('instants of a document are in order, and in milliseconds', () => {
    const document = documents.get('000');
    const instants = [
      document?.created_at,
      document?.dialed_at,
      document?.answered_at,
      document?.joined_at,
      document?.ended_at,
      // On a machine that is very busy the phone may hang up before anybody joined.
    ].filter((at) => at !== null);
    expect(instants.length).toBeGreaterThanOrEqual(4);
    expect(instants).toEqual([...instants].sort());
    for (const instant of instants) expect(instant).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(CALL_STATUSES).toContain(document?.status);
  });

  test('nothing was asked of the carrier that it does not know', () => {
    expect(system.ledger().unknown_requests).toEqual([]);
  });
});

/** An empty file cannot be delivered; the delivery goes on trying, for a person to see. */
function isEmptyFile(document: StatusDocument): boolean {
  return document.metadata['digits'] === '033' && document.recording?.state === 'fetching';
}
