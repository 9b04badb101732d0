/**
 * The commands of a call's story, as requests to Telnyx. Each sends the `command_id` that belongs to it, where Telnyx
 * takes one, so a repeat after a crash is the same command to the carrier. What a failure means is decided in
 * `failures.ts`: what may pass is thrown, so that Temporal repeats it, everything else is an answer.
 */
import { activityInfo, ApplicationFailure, log } from '@temporalio/activity';
import { commandName } from '../domain/call';
import type { CallId, LegName, ReachableLeg, SpeechName } from '../domain/call';
import type { Carrier, CommandAnswer } from '../domain/carrier';
import type { TelnyxClient, TelnyxRequest } from '../platform/telnyx/client';
import { encodeClientState } from '../platform/telnyx/client-state';
import { commandId } from '../platform/telnyx/command-id';
import { answerOf, isTooOld, spoken } from './command';
import { classify } from './failures';
import { acceptedAnswer } from './telnyx-answers';

export interface CommandSettings {
  readonly telnyx: TelnyxClient;
  /** OUTCALL_INSTALLATION. */
  readonly installation: string;
  /** Where the carrier fetches a sound of ours. */
  readonly soundUrl: (sound: 'hold' | 'ringback') => string;
  /** Telnyx's name of the voice for spoken text. */
  readonly voice: string;
}

type CarrierCommands = Omit<Carrier, 'dial' | 'redirect' | 'askLeg' | 'askParticipants' | 'findLeg' | 'listRecordings'>;

/**
 * Of commands in a conference, most of which take no `command_id`: less than an attempt may take in Temporal, because
 * the one before must not take effect after the one that repeats it.
 */
const UNNAMED_LIMIT_MS = 4_500;
/** A running conference has this name. The code is told of other things, too; then the join is refused. */
const NAME_TAKEN = '90033';

export function createCarrierCommands({ telnyx, installation, soundUrl, voice }: CommandSettings): CarrierCommands {
  /** What makes a command ours and unique. */
  const stamp = (callId: CallId, leg: LegName, purpose: string, saying?: SpeechName) => ({
    command_id: commandId(commandName(callId, leg, purpose)),
    client_state: encodeClientState({ installation, callId, leg, ...(saying && { saying }) }),
  });
  const send = (path: string, request: TelnyxRequest): Promise<CommandAnswer> =>
    answerOf(() => telnyx.request('post', path, acceptedAnswer, request));
  const onLeg = (leg: ReachableLeg, action: string, body: object): Promise<CommandAnswer> =>
    send(`/calls/${encodeURIComponent(leg.callControlId)}/actions/${action}`, { body });
  // By its name, which is the call's id (API reference: conference actions take the id or the name).
  const inConference = (callId: CallId, action: string, body: object): Promise<CommandAnswer> =>
    send(`/conferences/${encodeURIComponent(callId)}/actions/${action}`, { body, limitMs: UNNAMED_LIMIT_MS });
  const ids = (legs: readonly ReachableLeg[]) => ({ call_control_ids: legs.map(({ callControlId }) => callControlId) });

  /** Makes the conference out of this leg; where it exists already, joins it by its name. */
  async function createOrJoin(callId: CallId, leg: ReachableLeg, attempt: number): Promise<unknown> {
    const address = { call_control_id: leg.callControlId, beep_enabled: 'never' };
    const isLead = leg.role === 'lead';
    // Held until somebody joins who starts the conference: no silence, and nothing to stop.
    const waiting = isLead && { start_conference_on_create: false, hold_audio_url: soundUrl('hold') };
    try {
      const body = { ...address, ...waiting, name: callId, ...stamp(callId, leg, `create conference ${attempt}`) };
      return await telnyx.request('post', '/conferences', acceptedAnswer, { body });
    } catch (error) {
      if (classify(error).code !== NAME_TAKEN) throw error;
      const body = {
        ...address,
        end_conference_on_exit: isLead,
        start_conference_on_enter: true,
        ...stamp(callId, leg, `join ${attempt}`),
      };
      return telnyx.request('post', `/conferences/${encodeURIComponent(callId)}/actions/join`, acceptedAnswer, {
        body,
      });
    }
  }

  return {
    hangUp: ({ callId, leg, attempt }) => onLeg(leg, 'hangup', stamp(callId, leg, `hang up ${attempt}`)),

    enterConference: ({ callId, leg, attempt }) => {
      log.info(`Conference ID prepared for Telnyx: ${callId}`, { event: 'conference.prepared', callId });
      return answerOf(() => createOrJoin(callId, leg, attempt));
    },

    leaveConference: ({ callId, leg, attempt }) => {
      const { command_id } = stamp(callId, leg, `leave ${attempt}`);
      return inConference(callId, 'leave', { call_control_id: leg.callControlId, beep_enabled: 'never', command_id });
    },

    playInConference: ({ callId, legs, sound }) =>
      inConference(callId, 'play', { ...ids(legs), audio_url: soundUrl(sound), loop: 'infinity' }),

    stopPlaying: ({ callId, legs }) => inConference(callId, 'stop', ids(legs)),

    say: ({ callId, leg, attempt, name, speech }) => {
      const stamped = stamp(callId, leg, `say ${name} ${attempt}`, name);
      if ('play' in speech) return onLeg(leg, 'playback_start', { ...played(speech.play), ...stamped });
      return onLeg(leg, 'speak', { ...spoken(speech.say, voice), ...stamped });
    },

    startRecording: async ({ callId, leg, format }) => {
      // Where Temporal still waits for this attempt, it makes another one at once.
      if (isTooOld()) throw ApplicationFailure.create({ type: 'too_late', message: 'not sent: it waited too long' });
      const body = { format, channels: 'dual', ...stamp(callId, leg, 'start recording') };
      const answer = await onLeg(leg, 'record_start', body);
      // "No" says nothing of an earlier try whose answer was lost.
      const isDoubtful = answer.kind !== 'accepted' && activityInfo().attempt > 1;
      return isDoubtful ? { kind: 'unavailable', detail: 'an earlier try may have started it' } : answer;
    },

    mute: ({ callId, leg, muted }) => inConference(callId, muted ? 'mute' : 'unmute', ids([leg])),
  };
}

/** Telnyx takes a file for MP3 unless it is told (API reference: playback_start, audio_type). */
function played(url: string): object {
  return { audio_url: url, audio_type: new URL(url).pathname.toLowerCase().endsWith('.wav') ? 'wav' : 'mp3' };
}
