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
import { legSweepWorkflowId, sweepWorkflowId } from '../../workflows/messages';
import { provideTestPrograms } from '../programs';
import { BASE_PATH, hasEnded, startSystem } from '../support/system';
import type { System } from '../support/system';

const FOLDER = path.join(__dirname, 'histories');

interface Kind {
  readonly to: string;
  /** What happens besides the call itself. */
  readonly during?: (system: System, callId: string) => Promise<unknown>;
  readonly body?: object;
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
  // A day of quarantine takes 43 seconds.
  const system = await startSystem({ env: { AGENT_WAIT_SECS: '6', TEST_TIME_SCALE: '2000' } });
  await Promise.all(missing.map((name) => record(system, name)));
  await system.stop();
}

async function record(system: System, name: string): Promise<void> {
  const kind = KINDS[name];
  if (!kind) return;
  const callId = await system.call({ to_phone: kind.to, ring_timeout_secs: 15, ...kind.body });
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
