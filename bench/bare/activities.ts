/** The same requests as Outcall's activities send, by `fetch`, with no thought given to what may go wrong. */
import { randomUUID } from 'node:crypto';
import type { BareCall } from './workflow';

export interface BareSettings {
  readonly apiBaseUrl: string;
  readonly apiKey: string;
  readonly connectionId: string;
  readonly webBackendUrl: string;
  /** Where the carrier's webhooks go. */
  readonly webhookUrl: () => string;
}

export interface BareActivities {
  dial(call: BareCall): Promise<{ callControlId: string; recordingId: string }>;
  createConference(command: { call: BareCall; callControlId: string }): Promise<void>;
  deliverRecording(command: { call: BareCall; recordingId: string }): Promise<void>;
  /** Does nothing: stands for a write to a status store in memory. */
  note(what: string): Promise<void>;
}

interface Data {
  readonly call_control_id: string;
  readonly recording_id: string;
  readonly download_urls: { readonly mp3: string };
}

export function createBareActivities(settings: BareSettings): BareActivities {
  const { apiBaseUrl, apiKey, connectionId, webBackendUrl, webhookUrl } = settings;
  const request = async (method: string, path: string, body?: object): Promise<Data> => {
    const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' };
    const response = await fetch(`${apiBaseUrl}${path}`, {
      method,
      headers,
      ...(body && { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return ((await response.json()) as { data: Data }).data;
  };
  const stamp = ({ id }: BareCall) => ({
    client_state: Buffer.from(JSON.stringify({ id })).toString('base64'),
    command_id: randomUUID(),
  });
  return {
    async dial(call) {
      const { call_control_id, recording_id } = await request('POST', '/calls', {
        ...stamp(call),
        connection_id: connectionId,
        to: call.toPhone,
        from: call.fromPhone,
        webhook_url: webhookUrl(),
        record: 'record-from-answer',
        record_channels: 'dual',
        record_format: 'mp3',
      });
      return { callControlId: call_control_id, recordingId: recording_id };
    },
    async createConference({ call, callControlId }) {
      // Refused when the person has hung up already, which happens under load.
      const body = { ...stamp(call), call_control_id: callControlId, name: call.id };
      await request('POST', '/conferences', body).catch(() => undefined);
    },
    async deliverRecording({ call, recordingId }) {
      const recording = await request('GET', `/recordings/${recordingId}`);
      const audio = await (await fetch(recording.download_urls.mp3)).blob();
      const form = new FormData();
      form.set('metadata', JSON.stringify({ call_id: call.id, recording_sid: recordingId }));
      form.set('file', audio, `${recordingId}.mp3`);
      const headers = { 'idempotency-key': `rec-${recordingId}` };
      const response = await fetch(`${webBackendUrl}/api/v1/recordings`, { method: 'POST', headers, body: form });
      if (!response.ok) throw new Error(`delivery: ${response.status} ${await response.text()}`);
    },
    note: () => Promise.resolve(),
  };
}
