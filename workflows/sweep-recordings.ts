/**
 * Finds recordings that nobody delivers: every 15 minutes among the latest, once a day among all that the carrier keeps.
 * One run for each installation, for ever; workers start it when there is none. Its memo holds the last audit.
 */
import {
  ActivityFailure,
  condition,
  continueAsNew,
  log,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  upsertMemo,
  workflowInfo,
} from '@temporalio/workflow';
import type { Accounts, AccountsActivities } from '../activities/recording-accounts';
import { DAY_MS, HOUR_MS, MINUTE_MS, iso } from '../domain/time';
import { auditSignal, recordingsTaskQueue } from './messages';
import type { SweepMemo } from './messages';
import { startDelivery } from './start-delivery';

const SWEEP_EVERY_MS = 15 * MINUTE_MS;
/** The carrier's list may be late: what is new there may be older than what was seen. */
const OVERLAP_MS = HOUR_MS;
const ALARM_AFTER_MS = 6 * HOUR_MS;
const ROUNDS_PER_RUN = 96;
const SHOWN = 20;

const { accountForRecordings } = proxyActivities<AccountsActivities>({
  startToCloseTimeout: '1 hour',
  heartbeatTimeout: '30 seconds',
  retry: { initialInterval: '2 seconds', maximumAttempts: 4 },
});

export interface Sweep extends SweepMemo {
  /** ISO 8601: older recordings have been seen by an earlier sweep. */
  readonly since: string | null;
  /** Null while the carrier answers. */
  readonly failingSinceMs: number | null;
  readonly timeScale: number;
}

const FRESH: Sweep = { audit: null, sweptAt: null, since: null, failingSinceMs: null, timeScale: 1 };

/** `carried` is what an earlier run of the same sweep knew. */
export async function sweepRecordings(carried?: Sweep): Promise<never> {
  let sweep = carried ?? FRESH;
  // An object, because a signal changes it while the loop below waits.
  const asked = { audit: false };
  const askForAudit = (): void => {
    asked.audit = true;
  };
  setHandler(auditSignal, askForAudit, { description: 'Compare everything with the carrier now.' });
  // What a run has added to its memo does not outlive it.
  if (carried) upsertMemo(memoOf(carried));
  for (let round = 0; round < ROUNDS_PER_RUN || asked.audit; round++) {
    const isAudit = asked.audit || auditIsDue(sweep);
    asked.audit = false;
    sweep = await look(sweep, isAudit);
    upsertMemo(memoOf(sweep));
    setCurrentDetails(renderDetails(sweep));
    const summary = `next sweep; last good one at ${sweep.sweptAt ?? 'no time'}`;
    await condition(() => asked.audit, Math.ceil(SWEEP_EVERY_MS / sweep.timeScale), { summary });
  }
  return continueAsNew<typeof sweepRecordings>(sweep);
}

function memoOf({ audit, sweptAt }: Sweep): Record<keyof SweepMemo, unknown> {
  return { audit, sweptAt };
}

function auditIsDue({ audit, timeScale }: Sweep): boolean {
  return audit === null || Date.now() - Date.parse(audit.audited_at) >= DAY_MS / timeScale;
}

async function look(sweep: Sweep, isAudit: boolean): Promise<Sweep> {
  const startedAt = new Date(Date.now()).toISOString();
  try {
    const summary = isAudit ? 'Audit: all that the carrier keeps' : 'Sweep: the latest';
    const question = { since: isAudit ? null : sweep.since };
    const accounts = await accountForRecordings.executeWithOptions({ summary }, [question]);
    await adopt(accounts);
    return {
      since: cursorAfter(accounts) ?? sweep.since,
      sweptAt: startedAt,
      failingSinceMs: null,
      timeScale: accounts.policy.timeScale,
      audit: isAudit ? auditOf(accounts, startedAt) : sweep.audit,
    };
  } catch (error) {
    const failingSinceMs = sweep.failingSinceMs ?? Date.now();
    const forMs = (Date.now() - failingSinceMs) * sweep.timeScale;
    const about = {
      event: 'recording.sweep_failed',
      since: iso(failingSinceMs),
      reason: error instanceof ActivityFailure ? (error.cause?.message ?? error.message) : String(error),
    };
    if (forMs >= ALARM_AFTER_MS) log.error('recordings cannot be swept for hours', about);
    else log.warn('recordings were not swept', about);
    return { ...sweep, failingSinceMs };
  }
}

/** Recordings that nobody delivered are delivered from now on. */
async function adopt({ strangers, unaccounted }: Accounts): Promise<void> {
  const taskQueue = recordingsTaskQueue(workflowInfo().taskQueue);
  for (const recording of strangers) {
    const { recordingId, callId } = recording;
    log.warn('recording found that nobody delivered', { event: 'recording.found', recordingId, callId });
    await startDelivery(recording, { taskQueue, again: true });
  }
  if (unaccounted.length > 0) {
    log.error(`${unaccounted.length} recordings were unaccounted for`, {
      event: 'recording.unaccounted',
      recordingIds: unaccounted.slice(0, SHOWN),
    });
  }
}

/** Null: where this look began, the next has to begin again. */
function cursorAfter({ newestAt, strangers, policy }: Accounts): string | null {
  const newestMs = Date.parse(newestAt ?? '');
  if (Number.isNaN(newestMs) || strangers.length > 0) return null;
  return iso(newestMs - OVERLAP_MS / policy.timeScale);
}

function auditOf(
  { listed, delivered, open, foreign, strangers, unaccounted }: Accounts,
  at: string,
): SweepMemo['audit'] {
  return {
    audited_at: at,
    listed,
    delivered,
    open,
    foreign,
    started: strangers.length,
    unaccounted: unaccounted.length,
    unaccounted_ids: unaccounted.slice(0, SHOWN),
  };
}

function renderDetails({ audit, sweptAt, failingSinceMs }: Sweep): string {
  const failing = failingSinceMs === null ? '' : `\n- failing since ${iso(failingSinceMs)}`;
  const lines = Object.entries(audit ?? {}).map(([name, value]) => `\n- ${name}: ${String(value)}`);
  return `**last good sweep** ${sweptAt ?? 'none yet'}${failing}\n\n**last audit**${lines.join('')}`;
}
