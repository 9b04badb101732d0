/** A call as lines on a terminal, one for each step, as they happen. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { StatusDocument } from '../domain/status';
import type { ApiClient } from './api-client';

const LOOK_EVERY_MS = 200;
/** States in which nothing more will happen to a recording without a person. */
const SETTLED = ['delivered', 'dead_letter', 'quarantined', 'absent', 'lost'];

interface Step {
  /** Identifies the step; it is told once. */
  readonly key: string;
  readonly at: string | null;
  readonly line: string;
}

/** Tells each step once; returns the document when the call is over and, if wanted, its recording settled. */
export async function follow(
  api: ApiClient,
  callId: string,
  {
    untilDelivered,
    tell,
  }: { readonly untilDelivered: boolean; readonly tell: (line: string, document: StatusDocument) => void },
): Promise<StatusDocument> {
  const told = new Set<string>();
  for (;;) {
    const document = await api.status(callId);
    for (const step of stepsOf(document)) {
      if (told.has(step.key)) continue;
      told.add(step.key);
      tell(`${(step.at ?? document.updated_at).slice(11, 23)}  ${step.line}`, document);
    }
    if (isOver(document, untilDelivered)) return document;
    await sleep(LOOK_EVERY_MS);
  }
}

function isOver(document: StatusDocument, untilDelivered: boolean): boolean {
  if (document.status !== 'ended') return false;
  return !untilDelivered || document.recording === null || SETTLED.includes(document.recording.state);
}

function stepsOf(document: StatusDocument): Step[] {
  const { recording } = document;
  const reached = (status: string): boolean => document.status === status;
  const steps: (Step | false | null)[] = [
    { key: 'queued', at: document.created_at, line: `queued       ${document.call_id}` },
    document.dialed_at !== null && { key: 'dialing', at: document.dialed_at, line: 'dialing' },
    reached('ringing') && { key: 'ringing', at: document.updated_at, line: 'ringing' },
    document.answered_at !== null && { key: 'answered', at: document.answered_at, line: 'answered' },
    document.joined_at !== null && {
      key: 'joined',
      at: document.joined_at,
      line: 'joined       the lead is in the conference',
    },
    document.ended_at !== null && {
      key: 'ended',
      at: document.ended_at,
      line: `hung up      ${describeEnd(document)}`,
    },
    recording?.state === 'fetching' && { key: 'fetching', at: null, line: 'recording    fetching it from the carrier' },
    recording?.state === 'delivered' && {
      key: 'delivered',
      at: recording.delivered_at,
      line: `recording    delivered, ${recording.size_bytes} bytes of ${recording.format}, sha256 ${recording.sha256?.slice(0, 12)}…`,
    },
    recording !== null &&
      SETTLED.slice(1).includes(recording.state) && {
        key: recording.state,
        at: null,
        line: `recording    ${recording.state}${recording.last_error ? `: ${recording.last_error}` : ''}`,
      },
  ];
  return steps.filter((step): step is Step => step !== null && step !== false);
}

function describeEnd(document: StatusDocument): string {
  const duration = document.duration_secs === null ? '' : `, ${document.duration_secs} s`;
  const error = document.error_detail === null ? '' : ` (${document.error_detail})`;
  return `${document.outcome} by ${document.ended_by}${duration}${error}`;
}
