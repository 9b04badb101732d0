/**
 * Finds legs that are alive and that no call looks after, and hangs them up: after two looks, 5 seconds apart, so that a
 * call that is just being started is not taken for one that is over. One run for each installation, for ever; workers
 * start it when there is none.
 */
import { continueAsNew, log, proxyActivities, sleep, workflowInfo } from '@temporalio/workflow';
import type { CarrierActivities } from '../activities/carrier';
import type { OrphanActivities, OwnedLeg } from '../activities/orphan-legs';
import { activityFailure } from './activity-failure';

/** With the second look and the hangup, well within a minute. */
const LOOK_EVERY = '20 seconds';
const LOOK_AGAIN_AFTER = '5 seconds';

const { findOrphanLegs } = proxyActivities<OrphanActivities>({
  startToCloseTimeout: '15 seconds',
  retry: { maximumAttempts: 1 },
});
const { hangUp } = proxyActivities<CarrierActivities>({
  startToCloseTimeout: '11 seconds',
  retry: { maximumAttempts: 1 },
});

export async function sweepLegs(): Promise<never> {
  while (!workflowInfo().continueAsNewSuggested) {
    const suspects = await look();
    if (suspects.length > 0) {
      await sleep(LOOK_AGAIN_AFTER, { summary: `${suspects.length} legs that no call looks after; looking again` });
      const again = new Set((await look()).map(({ leg }) => leg.callLegId));
      await Promise.all(suspects.filter(({ leg }) => again.has(leg.callLegId)).map(end));
    }
    await sleep(LOOK_EVERY, { summary: 'next look' });
  }
  return continueAsNew<typeof sweepLegs>();
}

/** None when the carrier or Temporal does not answer: the next look comes soon. */
async function look(): Promise<readonly OwnedLeg[]> {
  return findOrphanLegs().catch((error: unknown) => {
    log.warn('live legs were not looked at', { event: 'legs.sweep_failed', reason: activityFailure(error) });
    return [];
  });
}

/** What is refused is tried again at the next look. */
async function end({ callId, leg }: OwnedLeg): Promise<void> {
  // The time as the attempt: the carrier ignores a hangup that has the name of an earlier one, of its call's own too.
  const reason = await hangUp({ callId, leg, attempt: Date.now() }).then(
    (answer) => (answer.kind === 'refused' ? answer.code : null),
    activityFailure,
  );
  const about = { callId, role: leg.role };
  if (reason === null) log.warn('a leg was hung up that no call looked after', { event: 'leg.orphaned', ...about });
  else log.warn('an orphaned leg was not hung up', { event: 'leg.hangup_failed', reason, ...about });
}
