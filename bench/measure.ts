/** One measurement of one side: calls one after the other for their times, and many at once for throughput. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { costOf } from './cost';
import type { Cost } from './cost';
import type { Side } from './sides';
import type { Bench } from './with-sides';

export interface Times {
  /** From each webhook's setting out to the answer it got. */
  readonly webhookMs: readonly number[];
  /** From `call.answered` setting out to the command that follows it arriving at the carrier. */
  readonly commandMs: number;
  /** From the POST for a call to its dial arriving at the carrier. */
  readonly dialMs: number;
  readonly cost: Cost;
}

export interface Throughput {
  readonly callsPerSecond: number;
  /** To the carrier: 3 when all goes well, more for a call that was late and had to ask. */
  readonly requestsPerCall: number;
  /** Processor time of this process, everything in it, in milliseconds. */
  readonly cpuMsPerCall: number;
}

/** How much faster than life the phones are: alone they ring 125 ms and talk 500 ms, at once 500 ms and 2 s. */
const PHONE_SPEED = { alone: 8, atOnce: 2 } as const;
/** A call that is not over by then is a failure of the benchmark. */
const PATIENCE_MS = 60_000;

export async function timeOneCall({ simulator, temporal, traffic }: Bench, side: Side): Promise<Times> {
  simulator.setWebhookUrl(side.webhookUrl);
  simulator.changeSettings({ phoneSpeed: PHONE_SPEED.alone });
  traffic.clear();
  const before = simulator.ledger().webhooks.length;
  const startedAtMs = performance.now();
  const id = await side.start();
  await within(() => traffic.deliveries() === 1, `${side.name}: the recording of ${id} was not delivered`);
  await allOver(temporal);
  const types = simulator.ledger().webhooks.slice(before);
  if (types.length !== traffic.webhooks.length || types.some(({ attempts }) => attempts.length !== 1))
    throw new Error(`${side.name}: a webhook of ${id} was sent more than once`);
  const answered = traffic.webhooks[types.findIndex(({ event_type }) => event_type === 'call.answered')];
  const dialedAtMs = traffic.firstArrival('POST /v2/calls', startedAtMs);
  const commandAtMs = answered && traffic.firstArrival('POST /v2/conferences', answered.sentAtMs);
  if (dialedAtMs === null || !answered || !commandAtMs) throw new Error(`${side.name}: ${id} took another way`);
  return {
    webhookMs: traffic.webhooks.flatMap(({ sentAtMs, answeredAtMs }) => (answeredAtMs ?? Infinity) - sentAtMs),
    commandMs: commandAtMs - answered.sentAtMs,
    dialMs: dialedAtMs - startedAtMs,
    cost: await costOf(temporal, id),
  };
}

/** Keeps `atOnce` calls under way until `calls` are over, which is when their recording has been delivered. */
export async function timeManyCalls(
  { simulator, temporal, traffic }: Bench,
  side: Side,
  { calls, atOnce }: { readonly calls: number; readonly atOnce: number },
): Promise<Throughput> {
  simulator.setWebhookUrl(side.webhookUrl);
  simulator.changeSettings({ phoneSpeed: PHONE_SPEED.atOnce });
  traffic.clear();
  const startedAtMs = performance.now();
  const startedCpu = process.cpuUsage();
  let begun = 0;
  let failure: unknown = null;
  const begin = (): void => {
    if (begun === calls) return;
    begun += 1;
    side.start().catch((error: unknown) => {
      failure ??= error;
    });
  };
  traffic.onDelivery(begin);
  try {
    for (let call = 0; call < atOnce; call++) begin();
    const isOver = (): boolean => traffic.deliveries() === calls || failure !== null;
    await within(isOver, `${side.name}: not all of ${calls} recordings were delivered`);
    if (failure !== null) throw new Error(`${side.name}: a call was not accepted`, { cause: failure });
    const seconds = (performance.now() - startedAtMs) / 1000;
    const requestsPerCall = traffic.requests() / calls;
    await allOver(temporal);
    const { user, system } = process.cpuUsage(startedCpu);
    return { callsPerSecond: calls / seconds, requestsPerCall, cpuMsPerCall: (user + system) / 1000 / calls };
  } finally {
    traffic.onDelivery(() => undefined);
  }
}

/** Nothing of one side may run while the other is measured. */
export async function allOver(temporal: Client): Promise<void> {
  const endsAtMs = performance.now() + PATIENCE_MS;
  // Visibility is a little late: twice none, and a while apart, is none.
  for (let quiet = 0; quiet < 2;) {
    await sleep(60);
    const { count } = await temporal.workflow.count(
      'ExecutionStatus = "Running" AND WorkflowType != "sweepRecordings" AND WorkflowType != "sweepLegs"',
    );
    quiet = count === 0 ? quiet + 1 : 0;
    if (performance.now() > endsAtMs) throw new Error(`${count} workflows are still running`);
  }
}

async function within(isTrue: () => boolean, otherwise: string): Promise<void> {
  const endsAtMs = performance.now() + PATIENCE_MS;
  while (!isTrue()) {
    if (performance.now() > endsAtMs) throw new Error(`${otherwise} within ${PATIENCE_MS / 1000} seconds`);
    await sleep(5);
  }
}
