/** `POST /texml/Accounts/{account}/Calls` and the update of a call: what starts a document, changes it, or ends it. */
import { refuse } from '../carrier/answers';
import { refuseDestination } from '../carrier/dial';
import { hangUpLeg, placeLeg } from '../carrier/legs';
import { textOf } from '../carrier/wishes';
import { isEnded, isRinging } from '../carrier/world';
import type { Answer, JsonObject, Leg, World } from '../carrier/world';
import { emit, whichCall } from './callbacks';
import { callResource, notFound } from './call-reads';
import { isMachine, resourceWord, verdictOf } from './detection';
import type { Detection, Verdict } from './detection';
import { ask } from './instructions';
import type { Instructions } from './instructions';
import { placeCall } from './placing';
import { flow, play } from './player';
import * as requests from './requests';
import { after } from './speech';
import { addCall, note, tell } from './state';
import type { CallbackRoute, Fields, TexmlApplication, TexmlCall } from './state';
import { start, waitFor } from './steps';
import type { Step } from './steps';

/** Answers without an id: CallSid is learned from the first callback (Telnyx API reference, initiate an outbound call). */
export function initiate(world: World, body: JsonObject): Answer {
  const to = textOf(body, 'To') ?? '';
  const earlier = world.dialRequests.get(to) ?? 0;
  world.dialRequests.set(to, earlier + 1);
  const missing = requests.missingOf(body, ['ApplicationSid', 'To', 'From']);
  if (missing !== null) return missing;
  const application = world.texml.applications.get(textOf(body, 'ApplicationSid') ?? '');
  if (application === undefined)
    return refuse('notAnApplication', { detail: 'The ApplicationSid is invalid.', pointer: '/ApplicationSid' });
  const from = textOf(body, 'From') ?? '';
  const refusal =
    refuseDestination(world, { application, to, from, earlier, pointers: { to: '/To', from: '/From' } }) ??
    requests.wrongValue(body);
  if (refusal !== null) return refusal;
  const instructions = requests.instructionsOf(body, application);
  if (instructions === null || (textOf(body, 'Url') !== null && textOf(body, 'Texml') !== null))
    return refuse('invalid', { detail: 'Either Url or Texml is required.', pointer: '/Url' });
  place(world, body, application, instructions);
  return { status: 200, body: { from, to, status: 'queued' } };
}

function place(world: World, body: JsonObject, application: TexmlApplication, instructions: Instructions): void {
  const call = placeCall(world, {
    application,
    to: textOf(body, 'To') ?? '',
    from: textOf(body, 'From') ?? '',
    callerId: textOf(body, 'CallerId'),
    statusRoute: requests.statusRouteOf(body, application),
    request: requests.dialOf(body),
  });
  const { dialRecordingId } = call.leg;
  const recordingRoute = requests.recordingRouteOf(body);
  if (dialRecordingId !== null && recordingRoute !== null) {
    const sendsUrl = String(body['SendRecordingUrl']).toLowerCase() !== 'false';
    world.texml.recordingRoutes.set(dialRecordingId, { ...recordingRoute, call, source: 'OutboundAPI', sendsUrl });
  }
  const begin = (change: string): void => {
    call.watchers.delete(begin);
    if (change === 'answered') answered(world, call, body, instructions);
  };
  call.watchers.add(begin);
}

function answered(world: World, call: TexmlCall, body: JsonObject, instructions: Instructions): void {
  const detection = requests.detectionOf(body);
  if (detection === null) play(world, call, instructions);
  else if (detection.isAsync) {
    start(listenBeside(world, call, detection, requests.detectionRouteOf(body)));
    play(world, call, instructions);
  } else call.stopFlow = start(listenFirst(world, call, detection, instructions));
}

/** The document waits for the verdict; what answers the callback about it is played instead, if it is a document. */
function* listenFirst(world: World, call: TexmlCall, detection: Detection, instructions: Instructions): Step {
  const verdict = yield* found(world, call, detection);
  const route = call.statusRoute;
  const obtained = route === null ? null : yield* ask(world, call, { ...route, fields: aboutVerdict(call, verdict) });
  const isDocument = obtained?.texml.trimStart().startsWith('<') === true;
  yield* flow(world, call, isDocument ? { kind: 'given', ...obtained } : instructions);
}

/** The document plays while the verdict is looked for; a machine cuts what plays just then, unless that was refused. */
function* listenBeside(world: World, call: TexmlCall, detection: Detection, route: CallbackRoute | null): Step {
  const verdict = yield* found(world, call, detection);
  if (route !== null) emit(world, call, { ...route, eventType: 'texml.amd', fields: aboutVerdict(call, verdict) });
  if (isMachine(verdict) && detection.cancelsPlayback) tell(call, 'machineFound');
}

function* found(world: World, call: TexmlCall, detection: Detection): Step<Verdict> {
  const verdict = verdictOf(call, detection);
  yield* waitFor(after({ world, call }, verdict.afterMs));
  call.answeredBy = resourceWord(verdict);
  note(world, call, 'carrier', 'detects', verdict.answeredBy);
  return verdict;
}

function aboutVerdict(call: TexmlCall, { answeredBy, afterMs }: Verdict): Fields {
  return {
    ...whichCall(call),
    AnsweredBy: answeredBy,
    MachineDetectionDuration: String(afterMs),
  };
}

/** Ends a call, or plays something else on it. */
export function update(world: World, callSid: string, body: JsonObject): Answer {
  const call = world.texml.calls.get(callSid);
  if (call === undefined) return notFound();
  if (isEnded(call.leg))
    return refuse('ended', { detail: 'This call is no longer active and can not receive commands.' });
  const refusal = requests.wrongValue(body);
  if (refusal !== null) return refusal;
  const status = textOf(body, 'Status');
  if (status !== null && status !== 'completed')
    return refuse('invalid', { detail: 'Status must be completed.', pointer: '/Status' });
  if (textOf(body, 'StatusCallback') !== null) call.statusRoute = requests.statusRouteOf(body, call.application);
  if (status !== null) {
    note(world, call, 'carrier', 'is told', 'to end the call');
    hangUpLeg(world, call.leg);
  } else if (textOf(body, 'Url') !== null || textOf(body, 'Texml') !== null) {
    if (isRinging(call.leg)) return refuse('notAnswered', { detail: 'The call has not been answered yet.' });
    const instructions = requests.instructionsOf(body, call.application);
    note(world, call, 'carrier', 'is told', 'to play another document');
    if (instructions !== null) play(world, call, instructions);
  }
  return { status: 200, body: callResource(world, call) };
}

/** A call from outside to a number of a TeXML application: the document is fetched while it rings. */
export function receive(world: World, application: TexmlApplication, { from, to }: { from: string; to: string }): Leg {
  const leg = placeLeg(world, { connectionId: application.id, direction: 'incoming', from, to, request: {} });
  const call = addCall(world, { leg, application, statusRoute: requests.statusRouteOf({}, application) });
  note(world, call, 'phone', 'calls', to);
  const instructions = requests.instructionsOf({}, application);
  if (instructions !== null) play(world, call, instructions);
  return leg;
}
