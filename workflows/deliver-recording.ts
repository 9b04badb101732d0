/**
 * Brings one recording to the customer's web-backend, and does not end before it is there, or lost for good and a person
 * told. One run per recording of the carrier (`rec:<recording_id>`), on a queue of its own; it outlives the call.
 *
 * A recording at rest (dead letter, quarantine) is an open run that waits for the signal `redeliver`, so the dead-letter
 * queue is a query: `RecordingState = "dead_letter"`. What is decided, and when, is in `domain/delivery.ts`.
 */
import {
  ActivityFailure,
  condition,
  continueAsNew,
  log,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { RecordingActivities } from '../activities/recordings';
import {
  acceptsEmpty,
  afterAttempt,
  askedAgain,
  expiresAtMs,
  isOver,
  newDelivery,
  riskAt,
  wakesAtMs,
} from '../domain/delivery';
import type { AttemptResult, Delivery, Risk } from '../domain/delivery';
import { DELIVERY_FAILURES } from '../domain/delivery-failures';
import type { RecordingState, RecordingStatus, RecordingToDeliver } from '../domain/recordings';
import { iso } from '../domain/time';
import { deliveryQuery, recordingQuery, redeliverSignal, searchAttributes } from './messages';
import type { DeliveryDocument } from './messages';

/** Ten events an attempt keep a run's history near 2,000 events. */
const ATTEMPTS_PER_RUN = 200;

const { attemptDelivery } = proxyActivities<RecordingActivities>({
  // What is stuck ends by idle limits of its own; this is for what is merely slow and large.
  startToCloseTimeout: '2 hours',
  heartbeatTimeout: '20 seconds',
  // Only for workers that die: every other failure is a result, and waited for below.
  retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumAttempts: 5 },
});
const { publishRecording } = proxyActivities<RecordingActivities>({
  startToCloseTimeout: '5 seconds',
  scheduleToCloseTimeout: '1 minute',
  retry: { initialInterval: '1 second', maximumInterval: '10 seconds' },
});

/** `carried` is what an earlier run of the same delivery knew. */
export async function deliverRecording(recording: RecordingToDeliver, carried?: Delivery): Promise<RecordingStatus> {
  let delivery = carried ?? newDelivery(recording, Date.now());
  // An object, because a signal changes it while the story below waits.
  const asked = { again: false };
  const askAgain = (): void => {
    asked.again = true;
  };
  setHandler(redeliverSignal, askAgain, { description: 'Try again now.' });
  setHandler(recordingQuery, () => delivery.status, { description: 'The recording, as its call shows it.' });
  setHandler(deliveryQuery, () => describe(recording, delivery), {
    description: 'The delivery, as GET /recordings/{id} answers it.',
  });
  const announce = createAnnouncer(recording, carried);
  const turnTo = async (next: Delivery): Promise<void> => {
    const before = delivery;
    delivery = next;
    await announce(before, next);
  };

  setCurrentDetails(renderDetails(recording, delivery));
  for (let attempts = 0; !isOver(delivery);) {
    const nowMs = Date.now();
    if (asked.again) delivery = askedAgain(delivery, nowMs);
    asked.again = false;
    if (nowMs >= (delivery.nextAttemptMs ?? 0)) {
      const result = await attempt(recording, delivery);
      attempts += 1;
      await turnTo(afterAttempt(delivery, result, Date.now(), Math.random()));
    } else if (attempts >= ATTEMPTS_PER_RUN || workflowInfo().continueAsNewSuggested) {
      await continueAsNew<typeof deliverRecording>(recording, delivery);
    } else {
      const risk = riskAt(delivery, nowMs);
      if (risk !== delivery.risk) await turnTo({ ...delivery, risk });
      const ms = Math.ceil(wakesAtMs(delivery, nowMs) - nowMs);
      await condition(() => asked.again, ms, { summary: waitingFor(delivery) });
    }
  }
  return delivery.status;
}

async function attempt(recording: RecordingToDeliver, delivery: Delivery): Promise<AttemptResult> {
  const summary = `Attempt ${delivery.attempts + 1}: fetch and deliver ${recording.format}`;
  const acceptEmpty = acceptsEmpty(delivery);
  try {
    return await attemptDelivery.executeWithOptions({ summary }, [{ recording, acceptEmpty }]);
  } catch (error) {
    if (!(error instanceof ActivityFailure) || error.cause?.name === 'CancelledFailure') throw error;
    const detail = error.cause?.message ?? 'it ended without a result';
    const { policy } = delivery;
    return { kind: 'failed', failure: 'attempt_broken', detail, retryAfterMs: null, policy, createdAt: null };
  }
}

type Announcer = (before: Delivery, now: Delivery) => Promise<void>;

/**
 * Tells of a change: the run's page, the search attributes that the dead-letter queue and the metrics are read from, the
 * log, and the status store, which the activity has told already when it delivered.
 */
function createAnnouncer(recording: RecordingToDeliver, carried: Delivery | undefined): Announcer {
  // Set when the run was started, and kept by the runs after it.
  let shown: { state: RecordingState; risk: Risk | null } = carried
    ? { state: carried.status.state, risk: carried.risk }
    : { state: 'fetching', risk: null };
  return async (before, now) => {
    setCurrentDetails(renderDetails(recording, now));
    const { state } = now.status;
    const { risk } = now;
    if (shown.state !== state || shown.risk !== risk) {
      upsertSearchAttributes([
        { key: searchAttributes.recordingState, value: state },
        ...(shown.risk === risk ? [] : [{ key: searchAttributes.recordingAtRisk, value: risk ?? 'no' }]),
      ]);
    }
    shown = { state, risk };
    warn(recording, before, now);
    if (state === 'delivered' || (state === before.status.state && now.failure === before.failure)) return;
    // Redis is a copy; whoever asks without it is answered by this run.
    await publishRecording({ callId: recording.callId, recording: now.status }).catch(() => undefined);
  };
}

/** What a person has to know: once when it begins, and again at 7 days, 48 hours and 24 hours before the end. */
function warn({ recordingId, callId }: RecordingToDeliver, before: Delivery, now: Delivery): void {
  const { state, last_error: lastError } = now.status;
  const redrive = `outcall recordings redeliver ${recordingId}`;
  const about = { recordingId, callId, state, lastError, expiresAt: iso(expiresAtMs(now)), redrive };
  if (now.risk !== null && now.risk !== before.risk) {
    log.error(`recording at risk: the carrier deletes it within ${now.risk}`, {
      event: 'recording.at_risk',
      within: now.risk,
      ...about,
    });
  }
  if (state === before.status.state && now.failure === before.failure) return;
  if (state === 'lost') log.error('recording lost', { event: 'recording.lost', ...about });
  else if (state === 'absent')
    log.warn('the carrier never had this recording', { event: 'recording.absent', ...about });
  else if (state === 'dead_letter' || state === 'quarantined') {
    log.error(`recording needs a person: ${state}`, { event: `recording.${state}`, ...about });
  } else if (now.failure !== null && DELIVERY_FAILURES[now.failure].needsPerson) {
    log.error('recordings cannot be delivered', { event: 'recording.blocked', ...about });
  }
}

function waitingFor({ attempts, failure, nextAttemptMs }: Delivery): string {
  return `attempt ${attempts + 1} at ${iso(nextAttemptMs ?? 0).slice(0, 19)}Z, after ${failure ?? 'a request'}`;
}

function describe({ recordingId, callId }: RecordingToDeliver, delivery: Delivery): DeliveryDocument {
  return {
    ...delivery.status,
    recording_id: recordingId,
    call_id: callId,
    attempts: delivery.attempts,
    next_attempt_at: delivery.nextAttemptMs === null ? null : iso(delivery.nextAttemptMs),
    expires_at: iso(expiresAtMs(delivery)),
    at_risk: delivery.risk,
  };
}

function renderDetails(recording: RecordingToDeliver, delivery: Delivery): string {
  const { state, size_bytes, sha256, last_error } = delivery.status;
  const row = (name: string, value: string | number | null): string => (value === null ? '' : `- ${name}: ${value}\n`);
  return (
    `**${state}** · ${recording.callId}\n\n` +
    row('attempts', delivery.attempts) +
    row('last error', last_error) +
    row('next attempt', delivery.nextAttemptMs === null ? null : iso(delivery.nextAttemptMs)) +
    row('the carrier deletes it', iso(expiresAtMs(delivery))) +
    row('at risk, within', delivery.risk) +
    row('bytes', size_bytes) +
    row('sha256', sha256) +
    (isOver(delivery) ? '' : `\nTry again now: the signal \`redeliver\`.\n`)
  );
}
