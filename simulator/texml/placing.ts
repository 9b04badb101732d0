/** The life of a TeXML call around its document: placed, ringing, answered, over. */
import { placeLeg } from '../carrier/legs';
import { schedule } from '../carrier/world';
import type { JsonObject, Leg, Recording, World } from '../carrier/world';
import { sayProgress, sayRecording } from './callbacks';
import { addCall, note, tell } from './state';
import type { CallbackRoute, TexmlApplication, TexmlCall } from './state';

interface Placing {
  readonly application: TexmlApplication;
  readonly to: string;
  readonly from: string;
  readonly callerId: string | null;
  readonly parent?: TexmlCall;
  readonly statusRoute: CallbackRoute | null;
  /** Time-outs and recording, in the words of a Call Control dial. */
  readonly request: JsonObject;
}

/** From placing a call to its ringing, in milliseconds of phone time; a phone that rings shorter rings at half of that. */
const ringsAfterMs = 200;

/** Phones that never come to ring. */
const silent: ReadonlySet<string> = new Set(['busy', 'notInService', 'carrierFails']);

export function placeCall(world: World, placing: Placing): TexmlCall {
  const { application, to, from, request } = placing;
  const leg = placeLeg(world, { connectionId: application.id, direction: 'outgoing', to, from, request });
  const call = addCall(world, { leg, ...placing });
  note(world, call, 'carrier', 'calls', to);
  sayProgress(world, call, 'initiated');
  if (!silent.has(leg.phone.then)) {
    schedule(world, leg, Math.min(ringsAfterMs, leg.phone.ringMs / 2), () => {
      sayProgress(world, call, 'ringing');
    });
  }
  return call;
}

const callOf = (world: World, leg: Leg): TexmlCall | undefined => world.texml.calls.get(leg.callControlId);

export function callAnswered(world: World, leg: Leg): void {
  const call = callOf(world, leg);
  if (call === undefined) return;
  note(world, call, leg.direction === 'outgoing' ? 'phone' : 'document', 'answers');
  sayProgress(world, call, 'answered');
  if (leg.dialRecordingId !== null) {
    const recording = world.recordings.get(leg.dialRecordingId);
    if (recording !== undefined) sayRecording(world, recording, 'in-progress');
  }
  tell(call, 'answered');
}

export function callEnded(world: World, leg: Leg): void {
  const call = callOf(world, leg);
  if (call === undefined) return;
  note(world, call, 'carrier', 'ends the call', `${leg.end?.cause ?? ''} by ${leg.end?.source ?? ''}`);
  sayProgress(world, call, 'completed');
  call.stopFlow();
  tell(call, 'ended');
}

export function callLeftConference(world: World, leg: Leg): void {
  const call = callOf(world, leg);
  if (call !== undefined) tell(call, 'leftConference');
}

/** A recording is ready, or never will be. */
export function recordingSettled(world: World, recording: Recording): void {
  sayRecording(world, recording, recording.state === 'completed' ? 'completed' : 'absent');
}
