/**
 * Legs that nobody looks after: alive at the carrier, marked as this installation's, of a call whose run is over, was
 * ended by hand, or never was. Everybody else's legs of the application are counted and left alone.
 */
import { getClient, metricMeter } from '@temporalio/activity';
import { WorkflowNotFoundError } from '@temporalio/common';
import type { CallId, ReachableLeg } from '../domain/call';
import { decodeClientState } from '../platform/telnyx/client-state';
import { activeCalls } from './active-calls';
import { identityOf } from './carrier-questions';
import type { QuestionSettings } from './carrier-questions';

export interface OwnedLeg {
  readonly callId: CallId;
  readonly leg: ReachableLeg;
}

export interface OrphanActivities {
  /** Throws when the carrier or Temporal does not answer: that is no proof of anything. Changes nothing. */
  findOrphanLegs(): Promise<readonly OwnedLeg[]>;
}

/** Questions to Temporal at once. */
const AT_ONCE = 20;

export function createOrphanActivities({ telnyx, connectionId, installation }: QuestionSettings): OrphanActivities {
  return {
    async findOrphanLegs() {
      const ours: OwnedLeg[] = [];
      let others = 0;
      for await (const page of activeCalls(telnyx, connectionId)) {
        for (const row of page) {
          const state = decodeClientState(row.client_state);
          if (state?.installation === installation) {
            ours.push({ callId: state.callId, leg: identityOf(row, state.leg) });
          } else others += 1;
        }
      }
      const live = metricMeter.createGauge('outcall_live_legs', 'int', '', 'Legs alive at the carrier.');
      live.set(ours.length, { whose: 'ours' });
      live.set(others, { whose: 'others' });
      const open = await openCalls(ours.map(({ callId }) => callId));
      return ours.filter(({ callId }) => !open.has(callId));
    },
  };
}

/** Which of these calls have a run that is open. */
async function openCalls(callIds: readonly CallId[]): Promise<ReadonlySet<CallId>> {
  const open = new Set<CallId>();
  const asked = [...new Set(callIds)];
  for (let first = 0; first < asked.length; first += AT_ONCE) {
    const some = asked.slice(first, first + AT_ONCE);
    await Promise.all(some.map(async (callId) => (await isOpen(callId)) && open.add(callId)));
  }
  return open;
}

async function isOpen(callId: CallId): Promise<boolean> {
  try {
    const { status } = await getClient().workflow.getHandle(callId).describe();
    return status.name === 'RUNNING';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}
