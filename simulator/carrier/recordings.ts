/**
 * Recordings of legs and conferences: started, finished, ready a while later, deleted. The audio itself is made
 * elsewhere, from the recording's id, length, format and channels.
 */
import { instant, sayOfConference, sayOfLeg } from './events';
import { uuid } from './ids';
import { formatOf, textOf, wholeOf } from './wishes';
import { atPhoneSpeed, schedule } from './world';
import type { Conference, JsonObject, Leg, Recording, World } from './world';

interface Start {
  readonly leg: Leg;
  readonly conference?: Conference;
  readonly id?: string | null;
  readonly format: Recording['format'];
  readonly channels: Recording['channels'];
  readonly initiatedBy: string;
}

export function startRecording(world: World, { leg, conference, id, format, channels, initiatedBy }: Start): Recording {
  const recording: Recording = {
    id: id ?? uuid(world.deps.random),
    leg,
    conference: conference ?? null,
    format,
    channels,
    initiatedBy,
    startedAtMs: world.deps.clock.now(),
    endedAtMs: null,
    readyAtMs: null,
    state: 'recording',
  };
  world.recordings.set(recording.id, recording);
  leg.recordingIds.push(recording.id);
  return recording;
}

/** Starts what the dial (or the answer) asked for. */
export function startDialRecording(world: World, leg: Leg): void {
  if (textOf(leg.request, 'record') !== 'record-from-answer') return;
  const recording = startRecording(world, {
    leg,
    id: leg.dialRecordingId,
    format: formatOf(leg.request['record_format'], 'mp3'),
    channels: leg.request['record_channels'] === 'single' ? 'single' : 'dual',
    initiatedBy: 'OutboundAPI',
  });
  stopAtMaxLength(world, recording, wholeOf(leg.request, 'record_max_length', 0));
}

/** A length of 0 seconds means no limit. */
export function stopAtMaxLength(world: World, recording: Recording, maxLengthSecs: number): void {
  if (maxLengthSecs === 0) return;
  schedule(world, recording.leg, maxLengthSecs * 1000, () => {
    finishRecording(world, recording);
  });
}

/** The recordings of a leg that are running now, conference recordings not included. */
export const runningOf = (world: World, leg: Leg): Recording[] => running(world, leg, null);

export const runningIn = (world: World, conference: Conference): Recording[] =>
  running(world, conference.creator, conference);

/** A conference's recordings are kept with its creator's leg. */
function running(world: World, leg: Leg, conference: Conference | null): Recording[] {
  const all = leg.recordingIds.flatMap((id) => world.recordings.get(id) ?? []);
  return all.filter((recording) => recording.conference === conference && recording.state === 'recording');
}

/** Stops a recording; it is ready, or has failed, some time later. Stopping twice changes nothing. */
export function finishRecording(world: World, recording: Recording): void {
  if (recording.state !== 'recording') return;
  recording.state = 'processing';
  recording.endedAtMs = world.deps.clock.now();
  const readyMs = recording.leg.phone.recordingReadyMs ?? world.settings.recordingReadyMs;
  world.deps.clock.after(atPhoneSpeed(world, readyMs), () => {
    settle(world, recording);
  });
}

function settle(world: World, recording: Recording): void {
  if (recording.state !== 'processing') return;
  recording.readyAtMs = world.deps.clock.now();
  if (recording.leg.phone.recording === 'fails') {
    recording.state = 'failed';
    sayOfLeg(world, recording.leg, 'call.recording.error', { reason: 'Internal server error' });
    for (const react of world.whenRecordingSettled) react(recording);
    return;
  }
  recording.state = 'completed';
  if (recording.leg.phone.recording === 'webhookLost') return;
  for (const react of world.whenRecordingSettled) react(recording);
  const { conference } = recording;
  if (conference === null) sayOfLeg(world, recording.leg, 'call.recording.saved', savedPayload(world, recording));
  else sayOfConference(world, conference, 'conference.recording.saved', savedPayload(world, recording));
}

function savedPayload(world: World, recording: Recording): JsonObject {
  const namesItself = world.settings.recordingIdInSavedWebhook || recording.conference !== null;
  return {
    ...(namesItself ? { recording_id: recording.id } : {}),
    format: recording.format,
    channels: recording.channels,
    recording_urls: urlsOf(world, recording),
    public_recording_urls: { mp3: null, wav: null },
    ...spanOf(recording),
  };
}

/** Fresh addresses of the file, in the requested format only. */
export function urlsOf(world: World, { id, format }: Recording): { mp3: string | null; wav: string | null } {
  const expiresAtMs = world.deps.clock.now() + world.settings.recordingUrlLifetimeSecs * 1000;
  const url = world.deps.storageUrl({ recordingId: id, format, expiresAtMs });
  return { mp3: format === 'mp3' ? url : null, wav: format === 'wav' ? url : null };
}

function spanOf({ startedAtMs, endedAtMs }: Recording): JsonObject {
  return {
    recording_started_at: instant(startedAtMs),
    recording_ended_at: endedAtMs === null ? null : instant(endedAtMs),
  };
}

/** How long the audio is, in milliseconds of the simulator's own time. */
export function durationMs(recording: Recording): number {
  return recording.endedAtMs === null ? 0 : Math.round(recording.endedAtMs - recording.startedAtMs);
}

/** A recording as `GET /recordings` shows it. Its addresses are made anew at each reading. */
export function recordingResource(world: World, recording: Recording): JsonObject {
  const { leg, conference } = recording;
  const urls = urlsOf(world, recording);
  const createdAt = instant(recording.readyAtMs ?? recording.startedAtMs);
  return {
    record_type: 'recording',
    id: recording.id,
    call_control_id: leg.callControlId,
    call_leg_id: leg.callLegId,
    call_session_id: leg.callSessionId,
    connection_id: leg.connectionId,
    from: leg.from,
    to: leg.to,
    ...(conference === null ? {} : { conference_id: conference.id }),
    channels: recording.channels,
    source: conference === null ? 'call' : 'conference',
    initiated_by: recording.initiatedBy,
    status: 'completed',
    duration_millis: durationMs(recording),
    ...spanOf(recording),
    created_at: createdAt,
    updated_at: createdAt,
    download_urls: Object.fromEntries(Object.entries(urls).filter(([, url]) => url !== null)),
  };
}
