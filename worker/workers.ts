/**
 * Where workflows and activities meet: one worker for calls, one for recordings, so that no call ever waits behind a
 * download.
 */
import { Client } from '@temporalio/client';
import { bundleWorkflowCode, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import type { NativeConnectionOptions, WorkflowBundle, WorkflowBundleOption } from '@temporalio/worker';
import type { Activities } from '../activities';
import { RUNS_KEPT_DAYS } from '../domain/recordings';
import { DAY_MS } from '../domain/time';
import type { Logger } from '../platform/logger';
import type { StatusStore } from '../platform/status-store';
import {
  legSweepWorkflowId,
  recordingsTaskQueue,
  SWEEP_LEGS,
  SWEEP_RECORDINGS,
  sweepWorkflowId,
} from '../workflows/messages';
import { callSinks } from './sinks';

interface WorkerSettings {
  readonly connection: NativeConnectionOptions;
  readonly namespace: string;
  readonly taskQueue: string;
  readonly activities: Activities;
  /** How many recordings are moved at once. */
  readonly recordingParallelism: number;
  /** OUTCALL_INSTALLATION. */
  readonly installation: string;
  readonly statusStore: StatusStore;
  readonly workflowBundle: WorkflowBundleOption;
  readonly log: Logger;
}

export interface Workers {
  /** Resolves after `stop`; rejects when a worker fails for good. */
  readonly stopped: Promise<void>;
  /** Takes no new work, lets activities under way finish for up to 15 seconds, then returns. Twice is safe. */
  stop(): Promise<void>;
}

/**
 * With the default of 10 s, a killed worker leaves its live calls without reaction for that long: the server offers the
 * next task to the dead worker first.
 */
const STICKY_TIMEOUT = '1s';
/** Tasks share one thread: more of them at once would only make each one slower, and a task has 1.5 s. */
const WORKFLOW_TASKS_AT_ONCE = 4;
/** Longer than a dial, so that a worker that is told to stop never leaves one unclear. */
const GRACE = '12s';
/** The SDK would hold back a sign for 16 of the 20 seconds after which Temporal takes an attempt for dead. */
const SIGN_OF_LIFE_EVERY = '5s';

/**
 * How long a task of a workflow may keep its thread. By default 5 s, on the wall's clock: a worker that stood still in the
 * middle of one (a paused machine, a starved host) was then aborted by Node, which does not survive the end of such a
 * limit within a promise (nodejs/node#38503, temporalio/sdk-typescript#939). The SDK takes it and does not document it.
 */
const TASK_MAY_TAKE = '5 minutes';

/** Compiles the workflows, once per process: 1 to 2 seconds. */
export function bundleWorkflows(log: Logger): Promise<WorkflowBundle> {
  return bundleWorkflowCode({ workflowsPath: require.resolve('../workflows'), logger: temporalLogger(log) });
}

/**
 * Temporal's own log lines as ours. Once per process, before the first connection. With an address (`host:port`),
 * Prometheus finds there what Temporal's SDK and our activities count.
 */
export function installRuntime(log: Logger, metricsAddress: string | null = null): void {
  const units = { countersTotalSuffix: true, unitSuffix: true, useSecondsForDurations: true };
  Runtime.install({
    logger: temporalLogger(log),
    shutdownSignals: [],
    telemetryOptions: {
      logging: { filter: { core: 'WARN', other: 'ERROR' }, forward: {} },
      ...(metricsAddress !== null && { metrics: { prometheus: { bindAddress: metricsAddress, ...units } } }),
    },
  });
}

/** Resolves when both workers take work. */
export async function startWorkers(settings: WorkerSettings): Promise<Workers> {
  const { namespace, taskQueue, activities, workflowBundle } = settings;
  const connection = await NativeConnection.connect(settings.connection);
  const common = {
    connection,
    namespace,
    workflowBundle,
    shutdownGraceTime: GRACE,
    shutdownForceTime: '15s',
    isolateExecutionTimeout: TASK_MAY_TAKE,
  } as const;
  const workers = [
    await Worker.create({
      ...common,
      taskQueue,
      activities: { ...activities.calls },
      sinks: callSinks(settings),
      stickyQueueScheduleToStartTimeout: STICKY_TIMEOUT,
      maxConcurrentWorkflowTaskExecutions: WORKFLOW_TASKS_AT_ONCE,
      maxCachedWorkflows: 2000,
    }),
    await Worker.create({
      ...common,
      taskQueue: recordingsTaskQueue(taskQueue),
      activities: { ...activities.recordings },
      maxConcurrentActivityTaskExecutions: settings.recordingParallelism,
      maxHeartbeatThrottleInterval: SIGN_OF_LIFE_EVERY,
      maxCachedWorkflows: 200,
    }),
  ];
  await startSweeps(new Client({ connection, namespace }), settings);
  await warnOfShortRetention(connection, settings);
  const stopped = Promise.all(workers.map((worker) => worker.run())).then(() => connection.close());
  // One that fails takes the other with it; who waits for `stopped` hears of it.
  const stop = (): void => {
    for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
  };
  stopped.catch(stop);
  return {
    stopped,
    stop: async () => {
      stop();
      await stopped;
    },
  };
}

/** The runs that look for what nobody looks after; they are there already, except at the very first start. */
async function startSweeps({ workflow }: Client, { installation, taskQueue }: WorkerSettings): Promise<void> {
  const once = { taskQueue, workflowIdConflictPolicy: 'USE_EXISTING' } as const;
  await workflow.start(SWEEP_RECORDINGS, {
    ...once,
    workflowId: sweepWorkflowId(installation),
    staticSummary: 'Looks for recordings that nobody delivers',
  });
  await workflow.start(SWEEP_LEGS, {
    ...once,
    workflowId: legSweepWorkflowId(installation),
    staticSummary: 'Looks for legs that no call looks after',
  });
}

/** Temporal forgets which ids it has seen together with the runs: then a late repeat would be another call. */
async function warnOfShortRetention(
  { workflowService }: NativeConnection,
  { namespace, log }: WorkerSettings,
): Promise<void> {
  const { config } = await workflowService.describeNamespace({ namespace });
  const days = Math.floor((Number(config?.workflowExecutionRetentionTtl?.seconds ?? 0) * 1000) / DAY_MS);
  if (days >= RUNS_KEPT_DAYS) return;
  const fix = `temporal operator namespace update --namespace ${namespace} --retention ${RUNS_KEPT_DAYS * 24}h`;
  log.warn(
    { event: 'temporal.retention', days, fix },
    `the namespace keeps ended runs for less than ${RUNS_KEPT_DAYS} days`,
  );
}

type TemporalLogger = NonNullable<Parameters<typeof bundleWorkflowCode>[0]['logger']>;

/** What the SDK adds to each line of an activity or workflow; the call's id says enough. */
const NOISE = [
  'taskToken',
  'sdkComponent',
  'isLocal',
  'namespace',
  'taskQueue',
  'workflowRunId',
  'workflowType',
  'activityId',
];

function temporalLogger(log: Logger): TemporalLogger {
  const write = (level: string, message: string, meta: object = {}): void => {
    const fields = Object.fromEntries(Object.entries(meta).filter(([name]) => !NOISE.includes(name)));
    // Temporal's own INFO is about its inner life; lines of ours name an event.
    const wanted = level === 'INFO' && !('event' in meta) ? 'DEBUG' : level;
    if (wanted === 'ERROR') log.error(fields, message);
    else if (wanted === 'WARN') log.warn(fields, message);
    else if (wanted === 'INFO') log.info(fields, message);
    else log.debug(fields, message);
  };
  return {
    log: write,
    trace: (message, meta) => {
      write('TRACE', message, meta);
    },
    debug: (message, meta) => {
      write('DEBUG', message, meta);
    },
    info: (message, meta) => {
      write('INFO', message, meta);
    },
    warn: (message, meta) => {
      write('WARN', message, meta);
    },
    error: (message, meta) => {
      write('ERROR', message, meta);
    },
  };
}
