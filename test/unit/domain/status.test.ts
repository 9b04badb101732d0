import fc from 'fast-check';
import type { CallRequest } from '../../../domain/call';
import type { CallEvent } from '../../../domain/events';
import { expectedRecording } from '../../../domain/recordings';
import type { RecordingStatus } from '../../../domain/recordings';
import { describeCall, isSettled, mergeDocuments, statusOf, withRecording } from '../../../domain/status';
import type { StatusDocument } from '../../../domain/status';
import {
  aCall,
  agent,
  answered,
  at,
  CALL_ID,
  commandFailed,
  conferenceEnded,
  dialRefused,
  dialSent,
  disowned,
  ended,
  followed,
  factsAfter,
  hungUp,
  initiated,
  joined,
  machineDetected,
  lead,
  left,
  placed,
  recordingFailed,
  recordingSaved,
  stepRecorded,
} from './a-call';

const described = (events: readonly CallEvent[], changes: Partial<CallRequest> = {}): StatusDocument =>
  describeCall(aCall(changes), factsAfter(...events), { at: at(100), source: 'webhook' });

const conversation = [
  dialSent(0.5),
  placed(1, lead, 'recording'),
  answered(5.25),
  joined(6),
  joined(7, agent),
  hungUp(60.125, 'normal_clearing', 'callee'),
  hungUp(61, 'normal_clearing', 'caller', agent),
  recordingSaved(65),
  ended(61),
];

test('a recording that failed and was saved after all is one', () => {
  const events = [placed(1, lead, 'recording'), answered(5), recordingFailed(60), recordingSaved(65)];
  expect(described(events).recording).toMatchObject({ state: 'expected', recording_id: 'recording' });
});

test('with the end of the conference everybody has left it', () => {
  const document = described([answered(5), joined(6), joined(7, agent), conferenceEnded(30)]);
  expect(document.participant_count).toBe(0);
  expect(document.participants.map(({ left_at }) => left_at)).toEqual([at(30), at(30)]);
});

describe('the status', () => {
  test.each<[string, CallEvent[]]>([
    ['queued', []],
    ['dialing', [dialSent(0)]],
    ['dialing', [dialSent(0, agent), initiated(1, agent)]],
    ['ringing', [dialSent(0), placed(1)]],
    ['ringing', [initiated(1)]],
    ['ringing', [placed(1), disowned(2)]],
    ['answered', [answered(5)]],
    ['answered', [answered(5), joined(6)]],
    ['answered', [answered(5), joined(6, agent)]],
    ['in_progress', [joined(6), joined(7, agent)]],
    ['in_progress', [joined(6), joined(7, agent), left(8, agent)]],
    ['ended', [ended(1)]],
    ['ended', [ended(61), joined(6), joined(7, agent)]],
  ])('is %s: case %#', (status, events) => {
    expect(statusOf(factsAfter(...events))).toBe(status);
  });
});

describe('the document', () => {
  test('of a conversation says all that is known of it', () => {
    const recording = expectedRecording('mp3', 'recording');
    expect(described(conversation)).toEqual({
      call_id: CALL_ID,
      conference_id: CALL_ID,
      conference_sid: CALL_ID,
      provider: 'telnyx',
      status: 'ended',
      outcome: 'completed',
      to_phone: '+15559999999',
      from_phone: '+15551234567',
      participant_count: 0,
      metadata: { order: 7 },
      participants: [
        {
          participant_sid: 'lead',
          role: 'lead',
          call_control_id: 'v3:lead-leg',
          joined_at: at(6),
          left_at: at(60.125),
          muted: false,
        },
        {
          participant_sid: 'ana',
          role: 'agent',
          call_control_id: 'v3:agent-leg',
          joined_at: at(7),
          left_at: at(61),
          muted: false,
        },
      ],
      created_at: at(0),
      dialed_at: at(0.5),
      answered_at: at(5.25),
      joined_at: at(6),
      ended_at: at(60.125),
      duration_secs: 54,
      hangup_cause: 'normal_clearing',
      hangup_source: 'callee',
      ended_by: 'lead',
      answered_by: null,
      message: null,
      error_code: null,
      error_detail: null,
      recording,
      recordings: [recording],
      updated_at: at(100),
      source: 'webhook',
    });
  });

  test('tells every instant in ISO 8601, UTC, with milliseconds', () => {
    const { participants, ...document } = described(conversation);
    const instants = [document, ...participants].flatMap((part) =>
      Object.entries<unknown>({ ...part }).flatMap(([name, value]) => (name.endsWith('_at') ? [value] : [])),
    );
    expect(instants).toHaveLength(10);
    for (const instant of instants) expect(instant).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  });

  test('is plain JSON', () => {
    const document = described(conversation);
    expect(JSON.parse(JSON.stringify(document))).toStrictEqual(document);
  });

  test.each<[string, CallEvent[], number]>([
    ['nobody', [answered(5)], 0],
    ['the lead', [joined(6)], 1],
    ['both', [joined(6), joined(7, agent)], 2],
    ['one who left', [joined(6), joined(7, agent), left(9, agent)], 1],
    ['one who came back', [joined(6), joined(7, agent), left(9, agent), joined(10, agent)], 2],
    ['one who hung up', [joined(6), joined(7, agent), hungUp(9, null)], 1],
  ])('counts who is there now: %s', (_name, events, count) => {
    expect(described(events).participant_count).toBe(count);
  });

  test('keeps one who left among the participants', () => {
    expect(described([joined(6), left(9)]).participants).toMatchObject([{ joined_at: at(6), left_at: at(9) }]);
  });

  test('says that one who came back has not left', () => {
    expect(described([joined(6), left(9), joined(10)]).participants).toMatchObject([
      { joined_at: at(6), left_at: null },
    ]);
  });

  test('says when one left who was hung up later', () => {
    expect(described([joined(6), left(9), hungUp(20, null)]).participants).toMatchObject([{ left_at: at(9) }]);
  });

  test.each<[string, CallEvent[], number | null]>([
    ['never answered', [initiated(1), hungUp(31, 'timeout'), ended(31)], null],
    ['still running', [answered(5)], null],
    ['answered for 0.9 s', [answered(5), hungUp(5.9, null), ended(6)], 0],
    ['answered for 60 s', [answered(5), hungUp(65, null), ended(70)], 60],
    ['ended before the answer, by another clock', [answered(5), hungUp(4, null), ended(6)], 0],
    ['known only by its recording', [recordingSaved(70), hungUp(60, null), ended(61)], 0],
  ])('duration of a call that was %s', (_name, events, seconds) => {
    expect(described(events).duration_secs).toBe(seconds);
  });

  test.each<[string, CallEvent[], string | null]>([
    ['the carrier refused the dial', [dialRefused(1, '10015')], '10015'],
    ['the conference could not be made', [answered(5), commandFailed(6, '90033')], '90033'],
    ['all went well', [answered(5)], null],
  ])('error_code when %s', (_name, events, code) => {
    expect(described(events).error_code).toBe(code);
  });

  test.each<[string, CallEvent[], Partial<CallRequest>, object | null]>([
    ['not asked for', conversation, { record: false }, null],
    ['asked for', [], {}, { state: 'expected', recording_id: null, format: 'mp3' }],
    ['asked for as WAV', [], { recordingFormat: 'wav' }, { state: 'expected', format: 'wav' }],
    ['named by the dial', [placed(1, lead, 'r1')], {}, { state: 'expected', recording_id: 'r1' }],
    ['of a call nobody answered', [placed(1, lead, 'r1'), ended(31)], {}, { state: 'absent', recording_id: null }],
    ['that failed', [answered(5), recordingFailed(9, 'no disk')], {}, { state: 'absent', last_error: 'no disk' }],
    [
      'saved, though call.answered was lost',
      [recordingSaved(70), ended(80)],
      {},
      { state: 'expected', recording_id: 'recording' },
    ],
  ])('a recording %s', (_name, events, changes, recording) => {
    expect(described(events, changes)).toMatchObject({ recording });
  });
});

describe('a call that follows documents', () => {
  const events = [dialSent(0), initiated(1), answered(5), followed(6), stepRecorded(20, 'r2'), stepRecorded(10, 'r1')];

  test('is in progress as soon as its first document was answered', () => {
    expect(described(events.slice(0, 3)).status).toBe('answered');
    expect(described(events.slice(0, 4)).status).toBe('in_progress');
  });

  test.each([
    [true, 'machine'],
    [false, null],
  ])('tells who answered when a step asks: %s', (listens, answered_by) => {
    const handler = { type: 'texml', source: 'flow', name: 'drop', version: 'v', listens } as const;
    expect(described([...events, machineDetected(7, 'machine')], { handler })).toMatchObject({ answered_by });
  });

  test('lists the recordings of its steps behind its own', () => {
    const { recording, recordings } = described(events);
    expect(recordings.map(({ recording_id }) => recording_id)).toEqual([recording?.recording_id, 'r1', 'r2']);
    expect(described(events, { record: false }).recordings).toHaveLength(2);
  });

  const delivered = (id: string): RecordingStatus => ({ ...expectedRecording('mp3', id), state: 'delivered' });

  test('tells of each recording when it was delivered, and keeps that whatever comes late', () => {
    const first = described([...events, recordingSaved(30), ended(40)]);
    const last = ['r2', 'recording', 'r1'].map(delivered).reduce(withRecording, first);
    expect(last.recordings.map(({ state }) => state)).toEqual(['delivered', 'delivered', 'delivered']);
    expect(last.recording).toEqual(last.recordings[0]);
    expect(withRecording(last, expectedRecording('mp3', 'r2'))).toEqual(last);
    expect(mergeDocuments(last, first)).toEqual(last);
    expect(mergeDocuments(first, last)).toEqual(last);
    expect([first, last].map(isSettled)).toEqual([false, true]);
  });
});

describe('merging documents', () => {
  /** What is written of one call, in the order it becomes true. */
  const versions = [
    [],
    [dialSent(1)],
    [dialSent(1), placed(2)],
    [dialSent(1), placed(2), answered(5)],
    [dialSent(1), placed(2), answered(5), joined(6), joined(7, agent)],
    [dialSent(1), placed(2), answered(5), joined(6), joined(7, agent), left(20, agent)],
    [dialSent(1), placed(2), answered(5), joined(6), joined(7, agent), left(20, agent), hungUp(60, null), ended(61)],
  ].map((events, i) => describeCall(aCall(), factsAfter(...events), { at: at(i * 10), source: 'webhook' }));
  const [first, last] = [versions[0], versions.at(-1)] as [StatusDocument, StatusDocument];
  const delivered: RecordingStatus = { ...expectedRecording('mp3', 'r1'), state: 'delivered', size_bytes: 5_000 };
  const having = (document: StatusDocument, recording: RecordingStatus | null): StatusDocument => ({
    ...document,
    recording,
    recordings: recording ? [recording] : [],
  });
  const mergeAll = (documents: readonly StatusDocument[]): StatusDocument => documents.reduce(mergeDocuments);

  test('writers of one call may write in any order and any number of times', () => {
    const orders = fc
      .array(fc.constantFrom(...versions), { maxLength: 5 })
      .chain((again) => fc.shuffledSubarray([...versions, ...again], { minLength: versions.length + again.length }));
    fc.assert(
      fc.property(orders, (written) => {
        expect(mergeAll(written)).toEqual(last);
      }),
    );
  });

  test.each(versions.slice(0, -1))('a late version changes nothing: case %#', (late) => {
    expect(mergeDocuments(last, late)).toEqual(last);
  });

  test('of two versions with one status the one that was made later counts', () => {
    const [earlier, later] = versions.slice(4, 6) as [StatusDocument, StatusDocument];
    expect(mergeDocuments(later, earlier)).toEqual(later);
  });

  test('what the delivery told of a recording outlasts every version of the call, in any order', () => {
    const told = having(last, delivered);
    fc.assert(
      fc.property(fc.shuffledSubarray([...versions, told], { minLength: versions.length + 1 }), (written) => {
        expect(mergeAll(written)).toEqual(told);
      }),
    );
  });

  test('a delivery that knows more replaces what the call expected', () => {
    expect(mergeDocuments(last, having(last, delivered)).recording).toEqual(delivered);
  });

  test('a version without a recording takes none away', () => {
    expect(mergeDocuments(having(first, delivered), having(last, null)).recording).toEqual(delivered);
  });

  test('recordings lists the recording that was kept', () => {
    expect(mergeDocuments(having(last, delivered), last).recordings).toEqual([delivered]);
  });
});
