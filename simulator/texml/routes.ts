/** The part of the REST interface that is TeXML's. */
import type { Call } from '../carrier/routes';
import type { Answer } from '../carrier/world';
import * as applications from './applications';
import { initiate, update } from './calls';
import { getCall, listCalls, listRecordings, notFound } from './call-reads';
import { accountSid } from '../carrier/provisioning';

type Run = (call: Call) => Answer;

const id = ({ ids }: Call, at = 0): string => ids[at] ?? '';

/** Paths of TeXML begin with the account. What another one than ours is answered is not documented. */
const ofAccount =
  (run: Run): Run =>
  (call) =>
    id(call) === accountSid ? run(call) : notFound();

const calls = '/texml/Accounts/*/Calls';

export const texmlRoutes: readonly (readonly [operation: string, line: string, run: Run])[] = [
  ['texmlDial', `POST ${calls}`, ofAccount(({ world, body }) => initiate(world, body))],
  ['texmlListCalls', `GET ${calls}`, ofAccount(({ world, query }) => listCalls(world, query))],
  ['texmlGetCall', `GET ${calls}/*`, ofAccount((call) => getCall(call.world, id(call, 1)))],
  ['texmlUpdateCall', `POST ${calls}/*`, ofAccount((call) => update(call.world, id(call, 1), call.body))],
  [
    'texmlListRecordings',
    `GET ${calls}/*/Recordings.json`,
    ofAccount((call) => listRecordings(call.world, id(call, 1), call.query)),
  ],
  ['listTexmlApplications', 'GET /texml_applications', (call) => applications.listApplications(call.world, call.query)],
  [
    'createTexmlApplication',
    'POST /texml_applications',
    (call) => applications.createApplication(call.world, call.body),
  ],
  ['getTexmlApplication', 'GET /texml_applications/*', (call) => applications.getApplication(call.world, id(call))],
  [
    'updateTexmlApplication',
    'PATCH /texml_applications/*',
    (call) => applications.updateApplication(call.world, id(call), call.body),
  ],
  [
    'deleteTexmlApplication',
    'DELETE /texml_applications/*',
    (call) => applications.deleteApplication(call.world, id(call)),
  ],
];
