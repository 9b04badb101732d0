/**
 * Recordings that are there without a call having been made: of legs that ended long ago, of other applications, of calls
 * that a client has forgotten.
 */
import type { PhoneBehaviour } from '../phones';
import { noteEvent } from './events';
import { callControlId, timeUuid } from './ids';
import { startRecording } from './recordings';
import type { Leg, Recording, World } from './world';

export interface Planting {
  readonly connectionId: string;
  readonly from: string;
  readonly to: string;
  readonly clientState: string | null;
  readonly format: Recording['format'];
  readonly durationMs: number;
  /** How long ago it became ready. */
  readonly agoMs: number;
  readonly phone: PhoneBehaviour;
}

/** The recording is ready and no webhook is sent; the log of events shows the leg. */
export function plantRecording(world: World, planting: Planting): Recording {
  const { random, clock } = world.deps;
  const endedAtMs = clock.now() - planting.agoMs;
  const leg: Leg = {
    ordinal: world.legs.size + 1,
    callControlId: callControlId(random),
    callLegId: timeUuid(random),
    callSessionId: timeUuid(random),
    connectionId: planting.connectionId,
    direction: 'outgoing',
    to: planting.to,
    from: planting.from,
    commandId: null,
    request: {},
    phone: planting.phone,
    clientState: planting.clientState,
    placedAtMs: endedAtMs - planting.durationMs,
    answeredAtMs: endedAtMs - planting.durationMs,
    endedAtMs,
    end: { cause: 'normal_clearing', source: 'callee', sip: '200' },
    dialRecordingId: null,
    recordingIds: [],
    timers: new Set(),
    media: new Set(),
    sounds: [],
  };
  world.legs.set(leg.callControlId, leg);
  noteEvent(world, leg, 'call.initiated');
  const initiatedBy = 'OutboundAPI';
  const recording = startRecording(world, { leg, format: planting.format, channels: 'dual', initiatedBy });
  const planted: Recording = { ...recording, startedAtMs: leg.placedAtMs, endedAtMs, readyAtMs: endedAtMs };
  planted.state = 'completed';
  world.recordings.set(planted.id, planted);
  return planted;
}
