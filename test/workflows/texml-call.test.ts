/**
 * The longest TeXML call there can be, in skipped time: a flow in a loop that asks a server before each document, for four
 * hours. It stays one run, far from what Temporal allows one, and its limit of documents ends it.
 */
import type { WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Worker } from '@temporalio/worker';
import type { ErrandActivities } from '../../activities/errands';
import type { StatusActivities } from '../../activities/status';
import type { TexmlActivities } from '../../activities/texml-calls';
import { LEAD } from '../../domain/call';
import type { CallRequest } from '../../domain/call';
import type { CallEvent } from '../../domain/events';
import { coldCall } from '../../workflows/cold-call';
import { eventSignals, instructionsUpdate, instructionsUpdateId } from '../../workflows/messages';
import { startSkippedTime } from '../support/skipped-time';
import { compiledWorkflows } from '../support/workflow-bundle';
import { aCall } from '../unit/domain/a-call';
import { flowOf } from '../unit/flows/some-flows';

/** Of one run (Temporal docs: system limits). */
const MOST_EVENTS = 51_200;
const MOST_UPDATES = 2_000;

/** As `workflows/story/instructions.ts` has it. */
const MOST_DOCUMENTS = 500;
const QUEUE = 'calls';
const CALL_SID = 'v3:looping';
const HOURS_4 = 4 * 3600;

const LOOP = `
steps:
  ask: {http: "https://menu.example.com/next"}
  menu: {gather: Press any key to hear this again., digits: 1, then: ask, silence: ask}`;

describe('a call in a loop', () => {
  let env: TestWorkflowEnvironment;
  beforeAll(async () => {
    env = await startSkippedTime(new DefaultLogger('ERROR', () => undefined));
  }, 60_000);
  afterAll(() => env.teardown());

  test('is told to hang up when 500 documents were played, and has stayed one run', async () => {
    const call = aCall({
      handler: { type: 'texml', source: 'flow', name: 'loop', version: '1', listens: false },
      createdAt: new Date(await env.currentTimeMs()).toISOString(),
      timeLimitSeconds: HOURS_4,
      record: false,
    });
    const carrier = aCarrier();
    const worker = await Worker.create({
      connection: env.nativeConnection,
      taskQueue: QUEUE,
      workflowBundle: compiledWorkflows(),
      activities: carrier.activities,
      sinks: { store: { publish: { fn: () => undefined } }, watch: { learned: { fn: () => undefined } } },
    });
    await worker.runUntil(async () => {
      const handle = await env.client.workflow.start(coldCall, {
        workflowId: call.callId,
        taskQueue: QUEUE,
        args: [call, { kind: 'flow', flow: flowOf(LOOP), variables: {} }],
      });
      await carrier.dialed;
      const began = Date.now();
      for (let number = 1; number <= MOST_DOCUMENTS; number++) {
        expect(await ask(handle, number)).toContain('Press any key');
        await env.sleep(PACE_MS);
      }
      expect(await ask(handle, MOST_DOCUMENTS + 1)).toContain('something went wrong');
      carrier.end();
      console.log(await handle.result(), Date.now() - began);
      const { events } = await handle.fetchHistory();
      console.log(events?.length);
    });
  }, 120_000);
});

const PACE_MS = 28_700;

const ask = (handle: WorkflowHandleWithFirstExecutionRunId<typeof coldCall>, number: number): Promise<string> =>
  handle.executeUpdate(instructionsUpdate, {
    args: [{ number, target: 0, base: 'https://x', callSid: CALL_SID, fields: { Digits: '1' }, at: new Date().toISOString() }],
    updateId: instructionsUpdateId({ number }),
  });

/** The carrier's side: takes the dial, and has the call in progress until it is told otherwise. */
function aCarrier() {
  let isOver = false;
  let tell = (): void => undefined;
  const dialed = new Promise<void>((resolve) => (tell = resolve));
  const leg = { ...LEAD, callLegId: CALL_SID, callControlId: CALL_SID, callSessionId: null };
  const now = (): CallEvent => {
    const about = { at: new Date().toISOString(), source: 'poll', leg } as const;
    return isOver
      ? { ...about, kind: 'hungUp', cause: 'normal_clearing', hangupSource: 'caller', sipCause: null }
      : { ...about, kind: 'inProgress' };
  };
  const activities: TexmlActivities & StatusActivities & Pick<ErrandActivities, 'requestForFlow'> = {
    dialTexml: () => {
      tell();
      return Promise.resolve({ kind: 'taken' });
    },
    hangUpTexml: () => Promise.resolve({ kind: 'accepted' }),
    redirectTexml: () => Promise.resolve({ kind: 'accepted' }),
    askTexmlLeg: () => Promise.resolve([now()]),
    findTexmlLeg: () => Promise.resolve({ events: [], complete: true }),
    listTexmlRecordings: () => Promise.resolve([]),
    requestForFlow: () => Promise.resolve({ kind: 'http', status: 200, body: '{}' }),
    publishStatus: () => Promise.resolve(),
  };
  return {
    dialed,
    activities,
    end: () => {
      isOver = true;
    },
  };
}
