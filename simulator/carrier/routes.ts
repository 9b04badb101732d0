/** The part of the REST interface that is imitated: one table from method and path to the model. */
import { texmlRoutes } from '../texml/routes';
import { actOnConference, conferenceActions, create, patchParticipant, unknownConference } from './conference-actions';
import { ok, refuse } from './answers';
import { participantResource } from './conferences';
import { dial } from './dial';
import { actOnLeg, legActions } from './leg-actions';
import * as provisioning from './provisioning';
import * as reads from './reads';
import type { Answer, JsonObject, World } from './world';

export interface Asked {
  readonly method: string;
  /** Without host, `/v2` and query; segments still encoded. */
  readonly path: string;
  readonly query: reads.Query;
  readonly body: JsonObject;
}

/** A request that has found its route. */
export interface Call {
  readonly world: World;
  readonly ids: readonly string[];
  readonly query: reads.Query;
  readonly body: JsonObject;
}

interface Route {
  readonly operation: string;
  readonly method: string;
  readonly path: readonly string[];
  readonly run: (call: Call) => Answer;
}

/** A route; `*` stands for one segment and becomes the next of `ids`. */
function route(operation: string, line: string, run: (call: Call) => Answer): Route {
  const [method = '', path = ''] = line.split(' ');
  return { operation, method, path: path.split('/').slice(1), run };
}

const id = ({ ids }: Call, at = 0): string => ids[at] ?? '';

/** `playback_start` becomes the operation `playbackStart`. */
const operationOf = (action: string): string => action.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());

const never = (): Answer => refuse('unexpected', { detail: 'The simulator lost its way.' });

const onLegs = Object.keys(legActions).map((action) => {
  const method = action === 'client_state_update' ? 'PUT' : 'POST';
  const line = `${method} /calls/*/actions/${action}`;
  return route(operationOf(action), line, (call) => actOnLeg(call.world, id(call), action, call.body) ?? never());
});

/** Commands that legs know too are told apart by their operation: `speak` and `conferenceSpeak`. */
const onConferences = conferenceActions.map((action) => {
  const operation = action in legActions ? operationOf(`conference_${action}`) : operationOf(action);
  const line = `POST /conferences/*/actions/${action}`;
  return route(operation, line, (call) => actOnConference(call.world, id(call), action, call.body) ?? never());
});

const routes: readonly Route[] = [
  route('dial', 'POST /calls', ({ world, body }) => dial(world, body)),
  route('getCall', 'GET /calls/*', (call) => reads.getCall(call.world, id(call))),
  ...onLegs,
  route('listActiveCalls', 'GET /connections/*/active_calls', (call) =>
    reads.listActiveCalls(call.world, id(call), call.query),
  ),
  route('listCallEvents', 'GET /call_events', ({ world, query }) => reads.listCallEvents(world, query)),
  route('createConference', 'POST /conferences', ({ world, body }) => create(world, body)),
  route('listConferences', 'GET /conferences', ({ world, query }) => reads.listConferences(world, query)),
  route('getConference', 'GET /conferences/*', (call) => reads.getConference(call.world, id(call))),
  route('listParticipants', 'GET /conferences/*/participants', (call) =>
    reads.listParticipants(call.world, id(call), call.query),
  ),
  route('getParticipant', 'GET /conferences/*/participants/*', participant),
  route('updateParticipant', 'PATCH /conferences/*/participants/*', participant),
  ...onConferences,
  route('listRecordings', 'GET /recordings', ({ world, query }) => reads.listRecordings(world, query)),
  route('getRecording', 'GET /recordings/*', (call) => reads.getRecording(call.world, id(call))),
  route('deleteRecording', 'DELETE /recordings/*', (call) => reads.deleteRecording(call.world, id(call))),
  route('listApplications', 'GET /call_control_applications', ({ world, query }) =>
    provisioning.listApplications(world, query),
  ),
  route('createApplication', 'POST /call_control_applications', ({ world, body }) =>
    provisioning.createApplication(world, body),
  ),
  route('getApplication', 'GET /call_control_applications/*', (call) =>
    provisioning.getApplication(call.world, id(call)),
  ),
  route('updateApplication', 'PATCH /call_control_applications/*', (call) =>
    provisioning.patchApplication(call.world, id(call), call.body),
  ),
  route('getOutboundVoiceProfile', 'GET /outbound_voice_profiles/*', (call) =>
    provisioning.getOutboundVoiceProfile(call.world, id(call)),
  ),
  route('listPhoneNumbers', 'GET /phone_numbers', ({ world, query }) => provisioning.listPhoneNumbers(world, query)),
  route('getBalance', 'GET /balance', provisioning.getBalance),
  route('createCredential', 'POST /telephony_credentials', ({ world, body }) =>
    provisioning.createCredential(world, body),
  ),
  route('listCredentials', 'GET /telephony_credentials', ({ world, query }) =>
    provisioning.listCredentials(world, query),
  ),
  route('getCredential', 'GET /telephony_credentials/*', (call) => provisioning.getCredential(call.world, id(call))),
  route('deleteCredential', 'DELETE /telephony_credentials/*', (call) =>
    provisioning.deleteCredential(call.world, id(call)),
  ),
  route('createToken', 'POST /telephony_credentials/*/token', (call) => provisioning.createToken(call.world, id(call))),
  ...texmlRoutes.map(([operation, line, run]) => route(operation, line, run)),
];

export interface Matched {
  /** Name of the operation, as faults name it. */
  readonly operation: string;
  readonly run: () => Answer;
}

/** What a request asks for; null when the simulator does not know it. */
export function matchRoute(world: World, { method, path, query, body }: Asked): Matched | null {
  const segments = path.split('/').slice(1).map(decoded);
  for (const candidate of routes) {
    const ids = candidate.method === method ? idsIn(candidate.path, segments) : null;
    if (ids !== null) {
      return { operation: candidate.operation, run: () => candidate.run({ world, ids, query, body }) };
    }
  }
  return null;
}

function idsIn(pattern: readonly string[], segments: readonly string[]): readonly string[] | null {
  if (pattern.length !== segments.length) return null;
  const fits = pattern.every((part, at) => part === '*' || part === segments[at]);
  return fits ? segments.filter((_, at) => pattern[at] === '*') : null;
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

function participant(call: Call): Answer {
  const conference = call.world.conferences.get(id(call));
  const found = conference?.participants.find((one) => one.id === id(call, 1));
  if (conference === undefined || found === undefined) return unknownConference();
  patchParticipant(found, call.body);
  return ok(participantResource(conference, found));
}
