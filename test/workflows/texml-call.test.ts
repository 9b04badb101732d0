/**
 * A TeXML call in a loop, in skipped time: 500 documents end it, and it has stayed one run, far from what Temporal allows
 * one. Shown by a caller who presses keys at once, and by the longest call there can be.
 */
import type { WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Worker } from '@temporalio/worker';
import type { ErrandActivities } from '../../activities/errands';
import type { StatusActivities } from '../../activities/status';
import type { TexmlActivities } from '../../activities/texml-calls';
import { LEAD } from '../../domain/call';
import type { CallEvent } from '../../domain/events';
import type { StatusDocument } from '../../domain/status';
import { coldCall } from '../../workflows/cold-call';
import { instructionsUpdate, instructionsUpdateId } from '../../workflows/messages';
import { startSkippedTime } from '../support/skipped-time';
import { compiledWorkflows } from '../support/workflow-bundle';
import { aCall } from '../unit/domain/a-call';
import { flowOf } from '../unit/flows/some-flows';

/** Of one run (docs.temporal.io: Temporal Service limits). */
const MOST_EVENTS = 51_200;
const MOST_UPDATES = 2_000;

const MOST_DOCUMENTS = 500;
const HOURS_4 = 4 * 3600;

interface Loop {
  readonly name: string;
  readonly callId: string;
  readonly flow: string;
  /** From one document to the next, in milliseconds. */
  readonly everyMs: number;
  /** As docs/decisions/0004 tells. */
  readonly aboutEvents: number;
}
const LOOPS: readonly Loop[] = [
  {
    name: 'a caller who presses keys at once',
    callId: `COLD_CALL_${'A'.repeat(26)}`,
    flow: 'steps: {menu: {gather: Press any key., digits: 1, then: menu, otherwise: menu}}',
    everyMs: 0,
    aboutEvents: 2_500,
  },
  {
    // The carrier is asked for four hours how the call is, every 30 s, and a server before each document.
    name: 'the longest call',
    callId: `COLD_CALL_${'B'.repeat(26)}`,
    flow: `
steps:
  next: {http: "https://menu.example.com/next"}
  menu: {gather: Press any key., digits: 1, then: next, otherwise: next}`,
    everyMs: (HOURS_4 * 1000) / MOST_DOCUMENTS - 100,
    aboutEvents: 10_800,
  },
];

interface Seen {
  readonly documents: readonly string[];
  readonly document: StatusDocument;
  readonly events: number;
  readonly updates: number;
  readonly isOneRun: boolean;
}

describe('a flow in a loop', () => {
  let env: TestWorkflowEnvironment;
  beforeAll(async () => {
    env = await startSkippedTime(new DefaultLogger('ERROR', () => undefined));
  }, 60_000);
  afterAll(() => env.teardown());

  test.each(LOOPS)(
    '$name: 500 documents, an apology, and one run',
    async (loop) => {
      const { documents, document, events, updates, isOneRun } = await follow(env, loop);
      const asks = documents.map((texml) => texml.includes('Press any key.'));
      expect(asks).toEqual([...Array<boolean>(MOST_DOCUMENTS).fill(true), false]);
      expect(documents.at(-1)).toContain('<Say>We are sorry, something went wrong. Goodbye.</Say><Hangup/>');
      expect(document).toMatchObject({ status: 'ended', outcome: 'completed' });
      expect(isOneRun).toBe(true);
      expect(updates).toBe(MOST_DOCUMENTS + 1);
      expect(updates).toBeLessThan(MOST_UPDATES);
      expect(events).toBeLessThan(MOST_EVENTS);
      expect(Math.abs(events - loop.aboutEvents)).toBeLessThan(loop.aboutEvents / 10);
    },
    120_000,
  );
});

/** Asks for document after document, one more than there may be, and ends the call as the last one says. */
async function follow(env: TestWorkflowEnvironment, { callId, flow, everyMs }: Loop): Promise<Seen> {
  const carrier = createCarrier();
  const worker = await Worker.create({
    connection: env.nativeConnection,
    taskQueue: 'calls',
    workflowBundle: compiledWorkflows(),
    activities: carrier.activities,
    sinks: { store: { publish: { fn: () => undefined } }, watch: { learned: { fn: () => undefined } } },
  });
  return worker.runUntil(async () => {
    const call = aCall({
      callId,
      handler: { type: 'texml', source: 'flow', name: 'loop', version: '1', listens: false },
      createdAt: new Date(await env.currentTimeMs()).toISOString(),
      timeLimitSeconds: HOURS_4,
      record: false,
    });
    const handle = await env.client.workflow.start(coldCall, {
      workflowId: callId,
      taskQueue: 'calls',
      args: [call, { kind: 'flow', flow: flowOf(flow), variables: {} }],
    });
    await carrier.dialed;
    const documents: string[] = [];
    while (documents.length <= MOST_DOCUMENTS) {
      documents.push(await ask(handle, documents.length + 1));
      if (everyMs > 0) await env.sleep(everyMs);
    }
    carrier.hangUp();
    return { documents, document: await handle.result(), ...(await counted(env, handle)) };
  });
}

type Handle = WorkflowHandleWithFirstExecutionRunId<typeof coldCall>;
const CALL_SID = 'v3:looping';

function ask(handle: Handle, number: number): Promise<string> {
  const fields = { Digits: '1' };
  const request = { number, target: 0, base: 'https://x', callSid: CALL_SID, fields, at: new Date().toISOString() };
  return handle.executeUpdate(instructionsUpdate, { args: [request], updateId: instructionsUpdateId(request) });
}

async function counted(
  env: TestWorkflowEnvironment,
  handle: Handle,
): Promise<Pick<Seen, 'events' | 'updates' | 'isOneRun'>> {
  const { events } = await env.client.workflow.getHandle(handle.workflowId, handle.firstExecutionRunId).fetchHistory();
  const { runId } = await handle.describe();
  return {
    events: events?.length ?? 0,
    updates: events?.filter((event) => event.workflowExecutionUpdateAcceptedEventAttributes).length ?? 0,
    isOneRun: runId === handle.firstExecutionRunId,
  };
}

/** Takes the dial, and says that the call is in progress until it has hung up. */
function createCarrier() {
  let isOver = false;
  let tell = (): void => undefined;
  const dialed = new Promise<void>((resolve) => (tell = resolve));
  const leg = { ...LEAD, callLegId: CALL_SID, callControlId: CALL_SID, callSessionId: null };
  const how = (): CallEvent => {
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
    askTexmlLeg: () => Promise.resolve([how()]),
    findTexmlLeg: () => Promise.resolve({ events: [], complete: true }),
    listTexmlRecordings: () => Promise.resolve([]),
    requestForFlow: () => Promise.resolve({ kind: 'http', status: 200, body: '{}' }),
    publishStatus: () => Promise.resolve(),
  };
  const hangUp = (): void => {
    isOver = true;
  };
  return { dialed, activities, hangUp };
}
