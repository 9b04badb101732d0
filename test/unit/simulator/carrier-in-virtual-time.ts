/** The carrier model on a clock of its own, for tests that neither wait nor listen. */
import { createCarrier } from '../../../simulator/carrier/carrier';
import type { Settings } from '../../../simulator/carrier/settings';
import { createVirtualClock } from '../../../simulator/carrier/virtual-clock';
import type { Answer, JsonObject, Webhook } from '../../../simulator/carrier/world';
import { mulberry32 } from '../../../simulator/mischief';

export const connectionId = '2000000000000000001';

export function aCarrier({ seed = 1, settings = {} }: { seed?: number; settings?: Partial<Settings> } = {}) {
  const clock = createVirtualClock();
  const said: Webhook[] = [];
  const carrier = createCarrier({
    clock,
    random: mulberry32(seed),
    emit: (webhook) => said.push(webhook),
    storageUrl: ({ recordingId, format, expiresAtMs }) => `store:${recordingId}.${format}?${String(expiresAtMs)}`,
    settings,
    account: { connectionId, webhookUrl: 'http://hook.test/', failoverUrl: null, phoneNumbers: [] },
  });
  const ask = (line: string, body: JsonObject = {}, query: Record<string, string> = {}): Answer => {
    const [method = '', path = ''] = line.split(' ');
    const matched = carrier.match({ method, path, query, body });
    if (matched === null) throw new Error(`unknown: ${line}`);
    return matched.run();
  };
  const dial = (to: string, more: JsonObject = {}): Answer =>
    ask('POST /calls', { connection_id: connectionId, to, from: '+15550100001', ...more });
  const place = (to: string, more: JsonObject = {}): string => textIn(dataOf(dial(to, more)), 'call_control_id');
  const events = (): string[] => said.map(({ eventType }) => eventType);
  const payloads = (eventType: string): JsonObject[] =>
    said.filter((webhook) => webhook.eventType === eventType).map(({ data }) => data['payload'] as JsonObject);
  return { clock, carrier, said, ask, dial, place, events, payloads };
}

export const dataOf = (answer: Answer): JsonObject => (answer.body as { data: JsonObject }).data;
export const listOf = (answer: Answer): JsonObject[] => (answer.body as { data: JsonObject[] }).data;
export const metaOf = (answer: Answer): JsonObject => (answer.body as { meta: JsonObject }).meta;

/** `422/90034`, or the status alone. */
export function verdictOf({ status, body }: Answer): string {
  const errors = (body as { errors?: { code: string }[] }).errors;
  return errors === undefined ? String(status) : `${String(status)}/${errors[0]?.code ?? ''}`;
}

export function textIn(object: JsonObject, key: string): string {
  const value = object[key];
  if (typeof value !== 'string') throw new Error(`${key} is no text in ${JSON.stringify(object)}`);
  return value;
}
