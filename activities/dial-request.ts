/** The body of `POST /calls`. Pure, so that a repeat is identical to the first to the last byte. */
import { commandName } from '../domain/call';
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

export function buildDial({ call, leg }: DialCommand, settings: DialSettings): object {
  const webhooks = `${settings.publicUrl}/aicallgo/api/v1/cold-call/webhook/telnyx`;
  return {
    connection_id: settings.connectionId,
    to: call.toPhone,
    from: call.fromPhone,
    timeout_secs: call.ringTimeoutSeconds,
    time_limit_secs: call.timeLimitSeconds,
    client_state: encodeClientState({ installation: settings.installation, callId: call.callId, leg }),
    command_id: commandId(commandName(call.callId, leg, 'dial')),
    webhook_url: `${webhooks}/call-status`,
    webhook_urls: {
      'call.recording.saved': `${webhooks}/recording-status`,
      'call.recording.error': `${webhooks}/recording-status`,
    },
    webhook_retries_policies: Object.fromEntries(RETRIED_EVENTS.map((event) => [event, RETRIES])),
    ...(call.record && {
      record: 'record-from-answer',
      record_channels: 'dual',
      record_format: call.recordingFormat,
    }),
  };
}
