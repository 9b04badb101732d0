/** Forms as the carrier sends them, in our words. */
import fc from 'fast-check';
import {
  readMachineCallback,
  readRecordingCallback,
  readStatusCallback,
  readStepRecording,
} from '../../../../platform/telnyx/texml-callbacks';
import { at } from '../../domain/a-call';

const heard = { source: 'webhook', receivedAt: at(100) } as const;
const CallSid = 'v3:lead';
const leg = {
  ...{ role: 'lead', participant: 'lead', attempt: 1 },
  ...{ callLegId: CallSid, callControlId: CallSid, callSessionId: null },
};

describe('the progress of a call', () => {
  test.each<[object, readonly object[]]>([
    [{ CallStatus: 'initiated' }, [{ kind: 'initiated' }]],
    [{ CallStatus: 'ringing' }, [{ kind: 'initiated' }]],
    [{ CallStatus: 'in-progress' }, [{ kind: 'answered' }]],
    [{ CallStatus: 'answered' }, [{ kind: 'answered' }]],
    [{ CallStatus: 'busy' }, [{ kind: 'hungUp', cause: 'user_busy' }]],
    [{ CallStatus: 'no-answer' }, [{ kind: 'hungUp', cause: 'no_answer' }]],
    [{ CallStatus: 'canceled' }, [{ kind: 'hungUp', cause: 'originator_cancel' }]],
    [{ CallStatus: 'failed' }, [{ kind: 'hungUp', cause: 'failed' }]],
    [{ CallStatus: 'completed' }, [{ kind: 'hungUp', cause: null, hangupSource: null, sipCause: null }]],
    [{ CallStatus: 'completed', AnsweredTime: at(91) }, [{ kind: 'answered', at: at(91) }, { kind: 'hungUp' }]],
    [{ CallStatus: 'failed', HangupCause: 'call_rejected' }, [{ kind: 'hungUp', cause: 'call_rejected' }]],
    [{ CallStatus: 'busy', HangupCause: '' }, [{ kind: 'hungUp', cause: 'user_busy' }]],
    [{ CallStatus: 'completed', HangupSource: 'callee' }, [{ kind: 'hungUp', hangupSource: 'callee' }]],
    [{ CallStatus: 'in-progress', ParentCallSid: 'v3:other' }, []],
    [{ CallStatus: 'exploded' }, []],
    [{ CallStatus: 'constructor' }, []],
    [{}, []],
  ])('%j is %j', (form, events) => {
    const read = readStatusCallback({ CallSid, ...form }, heard);
    expect(read).toMatchObject(events);
    expect(read.map((event) => ({ leg: event.leg, source: event.source }))).toEqual(
      events.map(() => ({ leg, source: 'webhook' })),
    );
  });

  test.each([
    ['the carrier’s', { Timestamp: at(90) }, at(90)],
    ['that of the end before it', { Timestamp: at(95), EndTime: at(94) }, at(94)],
    ['ours when it is missing', {}, at(100)],
    ['ours when it is no date', { EndTime: 'yesterday' }, at(100)],
    ['ours when it is in the future', { EndTime: at(100 + 3_600) }, at(100)],
    ['ours when it is long ago', { EndTime: '1999-12-31T23:59:59Z' }, at(100)],
  ])('the instant is %s', (_name, form, instant) => {
    expect(readStatusCallback({ CallSid, CallStatus: 'completed', ...form }, heard)).toMatchObject([{ at: instant }]);
  });
});

test.each<[object, readonly object[]]>([
  [{ AnsweredBy: 'human' }, [{ kind: 'machineDetected', verdict: 'human' }]],
  [{ AnsweredBy: 'machine_start' }, [{ kind: 'machineDetected', verdict: 'machine' }]],
  [{ AnsweredBy: 'fax' }, [{ kind: 'machineDetected', verdict: 'fax' }]],
  [{ AnsweredBy: 'unknown' }, [{ kind: 'machineDetected', verdict: 'unknown' }]],
  [{ AnsweredBy: 'toString' }, [{ kind: 'machineDetected', verdict: 'unknown' }]],
  ...['beep', 'silence', 'other'].map((end): [object, readonly object[]] => [
    { AnsweredBy: `machine_end_${end}` },
    [{ kind: 'machineDetected', verdict: 'machine' }, { kind: 'greetingEnded' }],
  ]),
  [{}, []],
])('of who answered, %j is %j', (form, events) => {
  expect(readMachineCallback({ CallSid, ...form }, heard)).toMatchObject(events);
});

test.each<[object, readonly object[]]>([
  [
    { RecordingStatus: 'completed', RecordingSid: 'r1', RecordingStartTime: at(3) },
    [{ kind: 'recordingSaved', recordingId: 'r1', startedAt: at(3), endedAt: null }],
  ],
  [{ RecordingStatus: 'completed' }, [{ kind: 'recordingSaved', recordingId: null, startedAt: null }]],
  [{ RecordingStatus: 'absent', RecordingSid: 'r1' }, [{ kind: 'recordingFailed' }]],
  [{ RecordingStatus: 'in-progress', RecordingSid: 'r1' }, []],
  [{}, []],
])('of the call’s recording, %j is %j', (form, events) => {
  expect(readRecordingCallback({ CallSid, ...form }, heard)).toMatchObject(events);
});

test.each<[object, readonly object[]]>([
  [{ RecordingStatus: 'completed', RecordingSid: 'r2' }, [{ kind: 'stepRecorded', recordingId: 'r2' }]],
  [{ RecordingStatus: 'completed', RecordingSid: 'r2', CallSid: 'v3:child' }, [{ kind: 'stepRecorded' }]],
  [{ RecordingStatus: 'completed' }, []],
  [{ RecordingStatus: 'in-progress', RecordingSid: 'r2' }, []],
  [{ RecordingStatus: 'absent', RecordingSid: 'r2' }, []],
])('of what a step recorded, %j is %j', (form, events) => {
  expect(readStepRecording({ CallSid, ...form }, heard)).toMatchObject(events);
});

const READERS = [readStatusCallback, readMachineCallback, readRecordingCallback, readStepRecording];

test.each([{}, { CallSid: '' }, { CallSid: 'x'.repeat(501) }])('a form that names no leg says nothing: %#', (form) => {
  const full = {
    CallStatus: 'completed',
    AnsweredBy: 'human',
    RecordingStatus: 'completed',
    RecordingSid: 'r',
    ...form,
  };
  const readers = [readStatusCallback, readMachineCallback, readRecordingCallback];
  expect(readers.flatMap((read) => [...read(full, heard)])).toEqual([]);
});

test('whatever stands in a form, its instants are ISO 8601 and its leg is the one it names', () => {
  const names = ['CallStatus', 'Timestamp', 'EndTime', 'AnsweredTime', 'AnsweredBy', 'RecordingStatus', 'RecordingSid'];
  const words = fc.oneof(
    fc.string(),
    fc.constantFrom('completed', 'busy', 'in-progress', 'human', at(7), '-1', '9e99'),
  );
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom(...names), words), (form) => {
      for (const event of READERS.flatMap((read) => [...read({ ...form, CallSid }, heard)])) {
        expect(event.at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
        expect('leg' in event ? event.leg : leg).toEqual(leg);
      }
    }),
  );
});
