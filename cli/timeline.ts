/** A call as lines on a terminal, one for each step, as they happen. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { RecordingStatus } from '../domain/recordings';
import type { ParticipantStatus, StatusDocument } from '../domain/status';
import type { ApiClient } from './api-client';
import { CommandFailure, EXIT } from './terminal';

const LOOK_EVERY_MS = 200;
/** An API that restarts is back within this many looks, a second apart. */
const LOOKS = 15;
/** A delivery goes on for days if it must; who watches a call does not. */
export const DELIVERY_PATIENCE_SECONDS = 120;
/** States in which nothing more will happen to a recording without a person. */
const SETTLED = ['delivered', 'dead_letter', 'quarantined', 'absent', 'lost'];

interface Step {
  /** Identifies the step; it is told once. */
  readonly key: string;
  readonly at: string | null;
  readonly line: string;
}

/** Tells each step once; returns the document when the call is over and its recordings settled, or patience over. */
export async function follow(api: ApiClient, callId: string, tell: (line: string) => void): Promise<StatusDocument> {
  const told = new Set<string>();
  for (;;) {
    const document = await look(api, callId, told.size === 0 ? 1 : LOOKS);
    for (const step of stepsOf(document)) {
      if (told.has(step.key)) continue;
      told.add(step.key);
      tell(`${(step.at ?? document.updated_at).slice(11, 23)}  ${step.line}`);
    }
    if (isOver(document)) return document;
    if (endedLongAgo(document)) {
      const id = document.recordings.find((recording) => !isAtRest(recording))?.recording_id;
      const run = id ? `rec:${id}` : callId;
      tell(`${new Date().toISOString().slice(11, 23)}  recording    not delivered yet; the run ${run} goes on trying`);
      return document;
    }
    await sleep(LOOK_EVERY_MS);
  }
}

async function look(api: ApiClient, callId: string, looks: number): Promise<StatusDocument> {
  for (let count = 1; ; count++) {
    try {
      return await api.status(callId);
    } catch (error) {
      const mayPass = error instanceof CommandFailure && error.exitCode === EXIT.unreachable;
      if (!mayPass || count >= looks) throw error;
      await sleep(1_000);
    }
  }
}

function isOver({ status, recordings }: StatusDocument): boolean {
  return status === 'ended' && recordings.every(isAtRest);
}

function isAtRest({ state }: RecordingStatus): boolean {
  return SETTLED.includes(state);
}

function endedLongAgo({ ended_at }: StatusDocument): boolean {
  return ended_at !== null && Date.now() - Date.parse(ended_at) > DELIVERY_PATIENCE_SECONDS * 1_000;
}

function stepsOf(document: StatusDocument): Step[] {
  const reached = (status: string): boolean => document.status === status;
  const steps: (Step | false | null)[] = [
    { key: 'queued', at: document.created_at, line: `queued       ${document.call_id}` },
    document.dialed_at !== null && { key: 'dialing', at: document.dialed_at, line: 'dialing' },
    reached('ringing') && { key: 'ringing', at: document.updated_at, line: 'ringing' },
    document.answered_at !== null && { key: 'answered', at: document.answered_at, line: 'answered' },
    // Of whoever follows a document; in a conference, `joined` says more.
    reached('in_progress') &&
      document.joined_at === null && {
        key: 'following',
        at: document.updated_at,
        line: 'following    the first document has been fetched',
      },
    document.joined_at !== null && {
      key: 'joined',
      at: document.joined_at,
      line: 'joined       the lead is in the conference',
    },
    ...document.participants.filter(({ role }) => role !== 'lead').flatMap(agentSteps),
    document.answered_by !== null && {
      key: `answered by ${document.answered_by}`,
      at: null,
      line: `detected     ${document.answered_by}`,
    },
    document.message !== null && {
      key: `message ${document.message.state}`,
      at: document.message.left_at,
      line: `message      ${document.message.state.replace('_', ' ')}`,
    },
    document.ended_at !== null && {
      key: 'ended',
      at: document.ended_at,
      line: `ended        ${describeEnd(document)}`,
    },
    ...document.recordings.flatMap(recordingSteps),
  ];
  return steps.filter((step): step is Step => step !== null && step !== false);
}

/** Each coming and going of an agent is a step of its own. */
function agentSteps({ participant_sid: who, joined_at, left_at }: ParticipantStatus): Step[] {
  const joined = { key: `${who} joined ${joined_at}`, at: joined_at, line: `joined       ${who} is in the conference` };
  const left = { key: `${who} left ${left_at}`, at: left_at, line: `left         ${who} has left the conference` };
  return left_at === null ? [joined] : [joined, left];
}

/** The call's own, and what its steps have recorded. */
function recordingSteps(recording: RecordingStatus, nth: number): Step[] {
  const { state, delivered_at, size_bytes, format, sha256, last_error } = recording;
  const step = (line: string, at: string | null = null): Step[] => [
    { key: `recording ${nth} ${state}`, at, line: `recording    ${line}` },
  ];
  if (state === 'fetching') return step('fetching it from the carrier');
  if (state === 'delivered')
    return step(`delivered, ${size_bytes} bytes of ${format}, sha256 ${sha256?.slice(0, 12)}…`, delivered_at);
  return isAtRest(recording) ? step(`${state}${last_error ? `: ${last_error}` : ''}`) : [];
}

function describeEnd(document: StatusDocument): string {
  const duration = document.duration_secs === null ? '' : `, ${document.duration_secs} s`;
  const error = document.error_detail === null ? '' : ` (${document.error_detail})`;
  return `${document.outcome} by ${document.ended_by}${duration}${error}`;
}
