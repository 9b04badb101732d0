/**
 * What a call costs in Temporal, counted from its histories. Actions by Temporal Cloud's rule (docs.temporal.io: Cloud
 * actions): a start 1, each signal 1, each attempt of an activity 1, a timer 1, an upsert of search attributes 1, a child
 * workflow 2 (its own start included). Queries and heartbeats, which no history shows, are not counted.
 */
import type { Client, WorkflowHandle } from '@temporalio/client';

export interface Cost {
  readonly events: number;
  readonly bytes: number;
  readonly actions: number;
  /** What the actions are, by their name. */
  readonly made: Readonly<Record<string, number>>;
}

type HistoryEvent = NonNullable<Awaited<ReturnType<WorkflowHandle['fetchHistory']>>['events']>[number];

/** The call's and its children's together. */
export async function costOf(client: Client, workflowId: string): Promise<Cost> {
  const handle = client.workflow.getHandle(workflowId);
  const events = (await handle.fetchHistory()).events ?? [];
  const own = { ...costOfEvents(events), bytes: (await handle.describe()).historySize ?? 0 };
  const children = events.flatMap(
    (event) => event.childWorkflowExecutionStartedEventAttributes?.workflowExecution?.workflowId ?? [],
  );
  const costs = await Promise.all(children.map((child) => costOf(client, child)));
  // A child's start is one of the two actions that its parent paid for.
  return costs.reduce(
    (sum, child) => add(sum, { ...child, actions: child.actions - 1, made: without(child.made, 'start') }),
    own,
  );
}

function costOfEvents(events: readonly HistoryEvent[]): Omit<Cost, 'bytes'> {
  const made: Record<string, number> = {};
  for (const event of events) {
    const action = actionOf(event);
    if (action !== null) made[action.name] = (made[action.name] ?? 0) + action.count;
  }
  const actions = Object.values(made).reduce((sum, count) => sum + count, 0);
  return { events: events.length, actions, made };
}

function actionOf(event: HistoryEvent): { readonly name: string; readonly count: number } | null {
  if (event.workflowExecutionStartedEventAttributes) return { name: 'start', count: 1 };
  if (event.workflowExecutionSignaledEventAttributes) return { name: 'signal', count: 1 };
  if (event.activityTaskStartedEventAttributes)
    return { name: 'activity', count: event.activityTaskStartedEventAttributes.attempt ?? 1 };
  if (event.timerStartedEventAttributes) return { name: 'timer', count: 1 };
  if (event.upsertWorkflowSearchAttributesEventAttributes) return { name: 'upsert', count: 1 };
  if (event.startChildWorkflowExecutionInitiatedEventAttributes) return { name: 'child', count: 2 };
  return null;
}

function add(one: Cost, other: Cost): Cost {
  const made = { ...one.made };
  for (const [name, count] of Object.entries(other.made)) made[name] = (made[name] ?? 0) + count;
  return {
    events: one.events + other.events,
    bytes: one.bytes + other.bytes,
    actions: one.actions + other.actions,
    made,
  };
}

function without(made: Readonly<Record<string, number>>, name: string): Record<string, number> {
  return Object.fromEntries(Object.entries(made).filter(([key]) => key !== name));
}
