/**
 * Records the histories that every later version has to replay: one of each kind of call and of delivery, made on the
 * simulator.
 *
 *     npm run record-histories
 *
 * Run it when a new kind of call exists. Histories that are there already are kept: they stand for calls that were live
 * when an older version was deployed.
 */
import { isSettled } from '../../domain/status';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { historyToJSON } from '@temporalio/common/lib/proto-utils';
import { deliveryWorkflowId } from '../../domain/recordings';
import { callIdOfKey } from '../../server/call-ids';
import { legSweepWorkflowId, sweepWorkflowId } from '../../workflows/messages';
import { provideTestPrograms } from '../programs';
import { BASE_PATH, hasEnded, startSystem } from '../support/system';
import type { System } from '../support/system';
import { aTexmlServer } from '../support/texml-server';

const FOLDER = path.join(__dirname, 'histories');

interface Kind {
  readonly to: string;
  /** Begins the call, and tells its id. @default a client's POST */
  readonly begin?: (system: System) => Promise<string>;
  /** What happens besides the call itself. */
  readonly during?: (system: System, callId: string) => Promise<unknown>;
  readonly body?: object;
  /** The same, of what a customer's server says. */
  readonly bodyWith?: (server: string) => object;
  /** Whose history is kept. @default the call's */
  readonly of?: 'delivery' | 'sweep' | 'legSweep';
}

const hangUp = async (system: System, callId: string): Promise<void> => {
  await system.until(callId, ({ status }) => status !== 'queued' && status !== 'dialing');
  await system.request('POST', `${BASE_PATH}/calls/${callId}/hangup`);
};

const mute = async (system: System, callId: string): Promise<void> => {
  await system.until(callId, ({ status }) => status === 'in_progress');
  const body = { conference_id: callId, participant_sid: 'agent', action: 'mute' };
  await system.request('POST', `${BASE_PATH}/control/mute`, { body });
};

const recordingOf = async (system: System, callId: string): Promise<string> => {
  const { recording } = await system.until(callId, ({ recording }) => typeof recording?.recording_id === 'string');
  return recording?.recording_id ?? '';
};

/** The recording meets a fault so often; when that has brought it into this state, it is redelivered. */
const troubled =
  (operation: string, fault: object, { times, untilState }: { times: number; untilState?: string }) =>
  async (system: System, callId: string): Promise<void> => {
    const recording = await recordingOf(system, callId);
    await system.control('POST', 'faults', { operation, fault, recording, times });
    if (untilState === undefined) return;
    await system.until(callId, (document) => document.recording?.state === untilState, 120_000);
    await system.request('POST', `${BASE_PATH}/recordings/${recording}/redeliver`);
  };

const deleteAtCarrier = async (system: System, callId: string): Promise<void> => {
  await troubled('download', { kind: 'status', status: 503 }, { times: 1_000_000 })(system, callId);
  await system.until(callId, ({ recording }) => typeof recording?.last_error === 'string', 60_000);
  const { apiBaseUrl, apiKey } = system.simulator;
  const headers = { authorization: `Bearer ${apiKey}` };
  await fetch(`${apiBaseUrl}/recordings/${await recordingOf(system, callId)}`, { method: 'DELETE', headers });
};

const AWAY = { kind: 'status', status: 503 };
const GONE = { kind: 'status', status: 410 };
const DAMAGED = { kind: 'truncated', bytes: 7 };

/** The run of another call is ended by hand, and its leg hung up by the sweep. */
const abandonAnother = async (system: System): Promise<void> => {
  const to = '+15550116006';
  const callId = await system.call({ to_phone: to });
  await system.until(callId, ({ joined_at }) => joined_at !== null);
  await system.withTemporal(({ workflow }) => workflow.getHandle(callId).terminate());
  while (system.ledger().legs.some((leg) => leg.to === to && leg.ended_at === null)) await sleep(500);
};

const flow = (flow: string, variables: object = {}): object => ({ handler: { type: 'texml', flow, variables } });

/** Its steps record, and ask a server that has nothing to say. */
const flowSource = (server: string): string => `
variables: { name: nobody }
steps:
  note: { http: "${server}/note", json: { call: "{{call.id}}" }, on: { ok: hangup }, otherwise: ask }
  ask: { gather: What is your name?, speech: true, save: name, otherwise: message }
  message: { record: After the beep please., max: 5 }
  bye: { say: Goodbye. }
`;

const DOCUMENT = '<Response><Record maxLength="2"/><Say>Thank you.</Say></Response>';

/** Of a customer: one document leads to the other. */
const PAGES: Readonly<Record<string, string>> = {
  '/one': '<Response><Say>One.</Say><Redirect>/two</Redirect></Response>',
  '/two': '<Response><Say>Two.</Say></Response>',
};

const somebodyCalls = async (system: System): Promise<string> => {
  const { texmlApplicationId: connection_id, url } = system.simulator;
  const body = JSON.stringify({ from: '+15550131060', to: INBOUND, connection_id });
  const answer = await fetch(`${url}/_simulator/calls`, { method: 'POST', body });
  const { call_control_id } = (await answer.json()) as { readonly call_control_id: string };
  return callIdOfKey(`incoming ${call_control_id}`);
};

const INBOUND = '+15551234567';
const SIP_AGENT = { type: 'sip', uri: 'sip:ana@pbx.example.com' };

const KINDS: Readonly<Record<string, Kind>> = {
  completed: { to: '+15550100000' },
  'not-recorded': { to: '+15550101000', body: { record: false } },
  busy: { to: '+15550100001' },
  rejected: { to: '+15550100002' },
  'no-answer': { to: '+15550100003' },
  failed: { to: '+15550100005' },
  'agent-unavailable': { to: '+15550100006' },
  refused: { to: '+15550100010' },
  'rate-limited': { to: '+15550100013' },
  'recording-failed': { to: '+15550100030' },
  'recording-webhook-lost': { to: '+15550100032' },
  'answer-lost': { to: '+15550100040' },
  'request-lost': { to: '+15550100041' },
  'foreign-ids': { to: '+15550100049' },
  'dial-unknown': { to: '+15550100050' },
  canceled: { to: '+15550102003', during: hangUp },
  'agent-first': { to: '+15550103000', body: { agent: SIP_AGENT } },
  'agent-declined': { to: '+15550104000', body: { agent: { type: 'phone', number: '+15550199002' } } },
  'lead-first': { to: '+15550105000', body: { agent: SIP_AGENT, dial_order: 'lead_first' } },
  'agent-left': {
    to: '+15550106006',
    body: { agent: { type: 'phone', number: '+15550198000' }, dial_order: 'lead_first' },
  },
  'machine-hung-up': { to: '+15550100020', body: { answering_machine: 'hang_up' } },
  'message-left': { to: '+15550101020', body: { answering_machine: { leave_message: { say: 'Call us back.' } } } },
  announced: { to: '+15550107000', body: { record: 'announce' } },
  muted: { to: '+15550108000', body: { agent: SIP_AGENT }, during: mute },
  'flow-keys': { to: '+15550120060', body: flow('appointment-reminder', { name: 'Ana', time: 'at nine' }) },
  'flow-silence': { to: '+15550121000', body: flow('appointment-reminder', { name: 'Ana', time: 'at nine' }) },
  'flow-agent': { to: '+15550122060', body: flow('press-1-for-agent', { offer: 'Sun for everybody.' }) },
  'flow-machine': { to: '+15550123020', body: flow('voicemail-drop') },
  'flow-machine-late': { to: '+15550124025', body: flow('voicemail-drop') },
  'flow-recorded': {
    to: '+15550125063',
    bodyWith: (server) => ({ handler: { type: 'texml', flow_source: flowSource(server) } }),
  },
  'flow-message-left': {
    to: '+15550126020',
    body: { ...flow('after-hours'), answering_machine: { leave_message: { say: 'Call us back.' } } },
  },
  'flow-machine-hung-up': { to: '+15550127020', body: { ...flow('after-hours'), answering_machine: 'hang_up' } },
  'flow-canceled': { to: '+15550128006', body: flow('after-hours'), during: hangUp },
  'flow-incoming': { to: INBOUND, begin: somebodyCalls },
  'texml-document': { to: '+15550132000', body: { handler: { type: 'texml', texml: DOCUMENT } } },
  'texml-url': { to: '+15550133000', bodyWith: (server) => ({ handler: { type: 'texml', url: `${server}/one` } }) },
  'texml-busy': { to: '+15550134001', body: flow('after-hours') },
  'texml-no-answer': { to: '+15550135003', body: flow('after-hours') },
  'texml-refused': { to: '+15550136010', body: flow('after-hours') },
  'texml-answer-lost': { to: '+15550137040', body: flow('after-hours') },
  'texml-dial-unknown': { to: '+15550138050', body: flow('after-hours') },
  delivery: { to: '+15550109000', of: 'delivery' },
  'delivery-retried': { to: '+15550110000', of: 'delivery', during: troubled('deliver', AWAY, { times: 3 }) },
  'delivery-dead-letter': {
    to: '+15550111000',
    of: 'delivery',
    during: troubled('deliver', GONE, { times: 1, untilState: 'dead_letter' }),
  },
  'delivery-quarantined': {
    to: '+15550112000',
    of: 'delivery',
    during: troubled('download', DAMAGED, { times: 8, untilState: 'quarantined' }),
  },
  'delivery-lost': { to: '+15550113000', of: 'delivery', during: deleteAtCarrier },
  sweep: { to: '+15550114032', of: 'sweep' },
  'leg-sweep': { to: '+15550115000', of: 'legSweep', during: abandonAnother },
};

async function main(): Promise<void> {
  await provideTestPrograms();
  const missing = Object.keys(KINDS).filter((name) => !existsSync(fileOf(name)));
  if (missing.length === 0) {
    process.stdout.write('every kind of call has its history; nothing to record\n');
    return;
  }
  mkdirSync(FOLDER, { recursive: true });
  const server = await aTexmlServer(({ path }) => PAGES[path] ?? { status: 404 });
  const system = await startSystem({
    env: {
      AGENT_WAIT_SECS: '6',
      // A day of quarantine takes 43 seconds.
      TEST_TIME_SCALE: '2000',
      INBOUND_FLOWS: `${INBOUND}=after-hours`,
      OUTBOUND_ALLOW_HOSTS: new URL(server.url).host,
    },
  });
  await Promise.all(missing.map((name) => record(system, server.url, name)));
  await Promise.all([system.stop(), server.close()]);
}

function ask(system: System, { to, body, bodyWith }: Kind, server: string): Promise<string> {
  return system.call({ to_phone: to, ring_timeout_secs: 15, ...body, ...bodyWith?.(server) });
}

async function record(system: System, server: string, name: string): Promise<void> {
  const kind = KINDS[name];
  if (!kind) return;
  const callId = await (kind.begin?.(system) ?? ask(system, kind, server));
  await kind.during?.(system, callId);
  await system.until(callId, hasEnded, 200_000);
  const document = await system.until(callId, isSettled, 100_000);
  const workflowIds = {
    call: callId,
    delivery: deliveryWorkflowId(document.recording?.recording_id ?? ''),
    sweep: sweepWorkflowId(system.stack.config.installation),
    legSweep: legSweepWorkflowId(system.stack.config.installation),
  };
  await save(system, workflowIds[kind.of ?? 'call'], fileOf(name));
  process.stdout.write(`${name}: ${document.outcome}\n`);
}

async function save(system: System, workflowId: string, file: string): Promise<void> {
  const history = await system.withTemporal(async ({ workflow }) => {
    const handle = workflow.getHandle(workflowId);
    // The sweeps go on for ever.
    if (!workflowId.includes('-sweep:')) await handle.result();
    return historyToJSON(await handle.fetchHistory());
  });
  writeFileSync(file, JSON.stringify(typeof history === 'string' ? JSON.parse(history) : history));
}

function fileOf(name: string): string {
  return path.join(FOLDER, `${name}.json`);
}

void main();
