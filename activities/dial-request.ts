/** The body of `POST /calls`. Pure, so that a repeat is identical to the first to the last byte. */
import { commandName, limitSecondsOf, ringSecondsOf } from '../domain/call';
import type { CallRequest } from '../domain/call';
import type { DialCommand } from '../domain/carrier';
import { encodeClientState } from '../platform/telnyx/client-state';
import { commandId } from '../platform/telnyx/command-id';

export interface DialSettings {
  /** OUTCALL_INSTALLATION. */
  readonly installation: string;
  /** The Call Control Application's id. */
  readonly connectionId: string;
  /** Where the carrier reaches us, without a slash at the end. */
  readonly publicUrl: string;
}

/** Five tries within 60 seconds is the most Telnyx allows (API reference: webhook_retries_policies). */
const RETRIES = { retries_ms: [500, 1_500, 5_000, 13_000, 35_000] };
const RETRIED_EVENTS = [
  'call.initiated',
  'call.answered',
  'call.hangup',
  'call.recording.saved',
  'call.recording.error',
];

/** What the carrier is to call. */
export interface Target {
  /** E.164, or a SIP URI. */
  readonly to: string;
  /** The browser behind it, which finds it in the headers of the call. */
  readonly clientId?: string;
}

/** How long the carrier may listen for a machine. */
const ANALYSIS_MS = 5_000;

export function buildDial({ call, leg, intoConference }: DialCommand, target: Target, settings: DialSettings): object {
  const webhooks = `${settings.publicUrl}/aicallgo/api/v1/cold-call/webhook/telnyx`;
  return {
    connection_id: settings.connectionId,
    to: target.to,
    from: call.fromPhone,
    timeout_secs: ringSecondsOf(call, leg),
    time_limit_secs: limitSecondsOf(call, leg),
    client_state: encodeClientState({ installation: settings.installation, callId: call.callId, leg }),
    command_id: commandId(commandName(call.callId, leg, 'dial')),
    webhook_url: `${webhooks}/call-status`,
    webhook_urls: {
      'call.recording.saved': `${webhooks}/recording-status`,
      'call.recording.error': `${webhooks}/recording-status`,
    },
    webhook_retries_policies: Object.fromEntries(RETRIED_EVENTS.map((event) => [event, RETRIES])),
    ...(leg.role === 'lead' ? leadOptions(call) : agentOptions(call, target)),
    ...(intoConference && {
      conference_config: { conference_name: call.callId, early_media: false, end_conference_on_exit: true },
    }),
  };
}

function leadOptions(call: CallRequest): object {
  return {
    ...(call.record &&
      call.recordingNotice === null && {
        record: 'record-from-answer',
        record_channels: 'dual',
        record_format: call.recordingFormat,
      }),
    ...(call.answeringMachine.policy !== 'off' && {
      answering_machine_detection: 'premium',
      answering_machine_detection_config: { total_analysis_time_millis: ANALYSIS_MS },
    }),
  };
}

function agentOptions({ callId }: CallRequest, { clientId }: Target): object {
  if (clientId === undefined) return {};
  return {
    custom_headers: [
      { name: 'X-Client-Id', value: clientId },
      { name: 'X-Conference-Id', value: callId },
    ],
  };
}
