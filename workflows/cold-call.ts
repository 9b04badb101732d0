/**
 * Binds the story of a call to Temporal: signals become facts, waits become timers, commands become activities.
 * Decisions are in `call-story.ts`; here nothing is decided.
 */
import {
  allHandlersFinished,
  CancellationScope,
  condition,
  isCancellation,
  proxyActivities,
  proxySinks,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { CallRequest } from '../domain/call';
import type { CallEvent } from '../domain/events';
import { advance, NOTHING_KNOWN } from '../domain/facts';
import type { Facts } from '../domain/facts';
import { isSame } from '../domain/json';
import { maskPhone } from '../domain/phone-numbers';
import { describeCall } from '../domain/status';
import type { Change, StatusDocument } from '../domain/status';
import type { StatusActivities } from '../activities/status';
import type { Script } from '../flows/script';
import { callStory } from './call-story';
import { createCarrier } from './carrier-activities';
import { createErrands } from './errand-activities';
import {
  eventSignals,
  instructionsUpdate,
  muteUpdate,
  recordingsTaskQueue,
  searchAttributes,
  statusQuery,
  timelineQuery,
} from './messages';
import type { CallSinks, TimelineEntry } from './messages';
import type { CallRuntime } from './runtime';
import { startDelivery } from './start-delivery';
import { createInstructions } from './story/instructions';
import { mute } from './story/mute';

/** Redis is a copy: if it cannot be written within a minute, what it has expires soon, and readers ask this run. */
const lastWord = proxyActivities<StatusActivities>({
  startToCloseTimeout: '5 seconds',
  scheduleToCloseTimeout: '1 minute',
  retry: { initialInterval: '1 second', maximumInterval: '10 seconds' },
});

export async function coldCall(call: CallRequest, script?: Script): Promise<StatusDocument> {
  let facts: Facts = NOTHING_KNOWN;
  let change: Change = { at: call.createdAt, source: 'api' };
  const status = (): StatusDocument => describeCall(call, facts, change);
  const { store, watch } = proxySinks<CallSinks>();
  const publish = createPublisher(store);
  const timeline: TimelineEntry[] = [];
  const lastThings: Promise<void>[] = [];

  const learn = (event: CallEvent): void => {
    const known = facts;
    facts = advance(known, event);
    if (isSame(known, facts)) return;
    change = { at: new Date().toISOString(), source: event.source };
    watch.learned(event.source);
    timeline.push(describeEvent(event, timeline.length + 1));
    publish(status());
  };
  for (const signal of Object.values(eventSignals)) setHandler(signal, learn);
  setHandler(statusQuery, status, { description: 'The status document, as GET /calls/{id} answers it.' });
  setHandler(timelineQuery, () => timeline, { description: 'What became known, in the order in which it did.' });
  publish(status());

  const runtime: CallRuntime = {
    facts: () => facts,
    acceptedAtMs: workflowInfo().startTime.getTime(),
    now: () => Date.now(),
    learn,
    until: async (predicate, timeoutMs, summary) => {
      // Asked first: a timer that is not needed costs two events of history.
      if (predicate(facts)) return true;
      if (timeoutMs === Infinity) await condition(() => predicate(facts));
      return timeoutMs === Infinity || condition(() => predicate(facts), timeoutMs, { summary });
    },
    carrier: createCarrier(call),
    errands: createErrands(call),
    deliverRecording: (recording) => {
      lastThings.push(startDelivery(recording, { taskQueue: recordingsTaskQueue(workflowInfo().taskQueue) }));
    },
  };
  setHandler(muteUpdate, (request) => mute(call, request, runtime), {
    description: 'Mutes a participant, or lets it be heard again.',
  });
  const instructions = script === undefined ? null : createInstructions(call, script, runtime);
  if (instructions)
    setHandler(instructionsUpdate, instructions.answer, { description: 'The document of this number.' });
  askToHangUpWhenCancelled(learn);
  // Even a cancelled run tells its story to the end: legs are hung up, the recording is handed over.
  await CancellationScope.nonCancellable(async () => {
    await callStory(call, runtime, instructions);
    await condition(allHandlersFinished);
    // At once with the start of the delivery, which saves a task.
    await Promise.all([...lastThings, lastWord.publishStatus(status()).catch(() => undefined)]);
  });
  return status();
}

/**
 * Tells readers of a new version: the status store, the search attributes, the run's page in the Temporal UI. The store
 * is told by a sink, which costs no event and no waiting; a sink may be lost with its worker or called again by a
 * replay, and the store copes with both. Only the last version is written by an activity.
 */
function createPublisher(store: CallSinks['store']): (document: StatusDocument) => void {
  // Set when the run was started.
  let announced = 'queued';
  return (document) => {
    store.publish(document);
    setCurrentDetails(renderDetails(document));
    const { status, outcome } = document;
    if (announced === status) return;
    announced = status;
    upsertSearchAttributes([
      { key: searchAttributes.callStatus, value: status },
      ...(outcome ? [{ key: searchAttributes.callOutcome, value: outcome }] : []),
    ]);
  };
}

/** "Cancel" in the Temporal UI hangs up like `POST /calls/{id}/hangup`. */
function askToHangUpWhenCancelled(learn: (event: CallEvent) => void): void {
  CancellationScope.current().cancelRequested.catch((error: unknown) => {
    if (!isCancellation(error)) throw error;
    learn({ kind: 'hangupRequested', at: new Date().toISOString(), source: 'api' });
  });
}

function describeEvent(event: CallEvent, seq: number): TimelineEntry {
  const { kind, at } = event;
  return { seq, type: kind === 'ended' ? 'end' : kind, at, role: 'leg' in event ? event.leg.role : null };
}

function renderDetails(document: StatusDocument): string {
  const row = (name: string, value: string | number | null): string => (value === null ? '' : `- ${name}: ${value}\n`);
  return (
    `**${document.outcome ?? document.status}** · ${maskPhone(document.to_phone)}\n\n` +
    row('dialed', document.dialed_at) +
    row('answered', document.answered_at) +
    row('answered by', document.answered_by) +
    row('in the conference', document.participants.map((one) => one.participant_sid).join(', ') || null) +
    row('message', document.message?.state ?? null) +
    row('ended', document.ended_at) +
    row('seconds', document.duration_secs) +
    row('hangup cause', document.hangup_cause) +
    row('ended by', document.ended_by) +
    row('carrier said', document.error_detail) +
    row('recording', document.recording?.state ?? null)
  );
}
