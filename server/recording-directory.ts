/** Deliveries of recordings, as Temporal knows them: find one, list them, have them tried again, read the last audit. */
import { randomUUID } from 'node:crypto';
import type { Client } from '@temporalio/client';
import { deliveryWorkflowId } from '../domain/recordings';
import type { RecordingState } from '../domain/recordings';
import type { Risk } from '../domain/delivery';
import {
  auditSignal,
  DELIVER_RECORDING,
  deliveryQuery,
  redeliverSignal,
  searchAttributes,
  sweepWorkflowId,
} from '../workflows/messages';
import type { DeliveryDocument, SweepMemo } from '../workflows/messages';
import { createTimely, isNotFound, TemporalUnavailableError } from './call-directory';

export interface RecordingFilter {
  readonly state: RecordingState | null;
  readonly atRisk: Risk | null;
}

export interface ListedRecording {
  readonly recordingId: string;
  readonly state: RecordingState;
}

export interface RecordingPage {
  readonly recordings: readonly ListedRecording[];
  /** Null after the last page. */
  readonly nextPageToken: Uint8Array | null;
}

export interface RecordingDirectory {
  /** Null: no delivery of this recording was ever started. */
  find(recordingId: string): Promise<DeliveryDocument | null>;
  /** Durable when it resolves. False: there is no such delivery, or it is over. */
  redeliver(recordingId: string): Promise<boolean>;
  /** All that rest in this state, in the background; how many there are now, about a second late. Null: Temporal is still busy with another batch. */
  redeliverAll(state: 'dead_letter' | 'quarantined'): Promise<number | null>;
  list(
    filter: RecordingFilter,
    page: { readonly limit: number; readonly pageToken: Uint8Array | null },
  ): Promise<RecordingPage>;
  /** How many deliveries are open, about a second late. */
  count(filter: RecordingFilter): Promise<number>;
  /** Null: no worker has ever run. */
  sweep(): Promise<SweepMemo | null>;
  /** False: no worker has ever run. */
  askForAudit(): Promise<boolean>;
}

export interface RecordingDirectorySettings {
  readonly client: Client;
  /** OUTCALL_INSTALLATION. */
  readonly installation: string;
}

export function createRecordingDirectory({ client, installation }: RecordingDirectorySettings): RecordingDirectory {
  const { connection, workflow, workflowService } = client;
  const { namespace, identity } = client.options;
  const timely = createTimely(connection);
  const sweepHandle = workflow.getHandle(sweepWorkflowId(installation));
  const deliveryOf = (recordingId: string) => workflow.getHandle(deliveryWorkflowId(recordingId));
  const orNull = async <T>(work: () => Promise<T>): Promise<T | null> => {
    try {
      return await timely(work);
    } catch (error) {
      if (isNotFound(error)) return null;
      throw error;
    }
  };
  const count = async (query: string): Promise<number> => (await timely(() => workflow.count(query))).count;

  return {
    find: (recordingId) => orNull(() => deliveryOf(recordingId).query(deliveryQuery)),
    redeliver: async (recordingId) => {
      const signalled = await orNull(async () => {
        await deliveryOf(recordingId).signal(redeliverSignal);
        return true;
      });
      return signalled ?? false;
    },
    async redeliverAll(state) {
      const visibilityQuery = openQuery({ state, atRisk: null });
      const matching = await count(visibilityQuery);
      if (matching === 0) return 0;
      const batch = {
        namespace,
        jobId: `redeliver-${state}-${randomUUID()}`,
        reason: `redeliver all recordings in ${state}`,
        visibilityQuery,
        signalOperation: { signal: redeliverSignal.name, identity },
      };
      try {
        await timely(() => workflowService.startBatchOperation(batch));
        return matching;
      } catch (error) {
        // It has just answered, and runs few batch operations of a namespace at once, by default one.
        if (error instanceof TemporalUnavailableError && error.isBusy) return null;
        throw error;
      }
    },
    async list(filter, { limit, pageToken }) {
      const page = { namespace, query: query(filter), pageSize: limit, ...(pageToken && { nextPageToken: pageToken }) };
      const { executions, nextPageToken } = await timely(() => workflowService.listWorkflowExecutions(page));
      const recordings = executions.map(({ execution, searchAttributes: known }) => ({
        recordingId: execution?.workflowId?.replace(/^rec:/, '') ?? '',
        state: keyword(known?.indexedFields?.[searchAttributes.recordingState.name]?.data) as RecordingState,
      }));
      return { recordings, nextPageToken: nextPageToken.length > 0 ? nextPageToken : null };
    },
    count: (filter) => count(openQuery(filter)),
    async sweep() {
      const description = await orNull(() => sweepHandle.describe());
      if (!description) return null;
      const { audit = null, sweptAt = null } = (description.memo ?? {}) as Partial<SweepMemo>;
      return { audit, sweptAt };
    },
    askForAudit: async () => {
      const signalled = await orNull(async () => {
        await sweepHandle.signal(auditSignal);
        return true;
      });
      return signalled ?? false;
    },
  };
}

/** A delivery that goes on in a new run has left the old one behind; that one is not a delivery of its own. */
function query({ state, atRisk }: RecordingFilter): string {
  return [
    `WorkflowType = '${DELIVER_RECORDING}' AND ExecutionStatus != 'ContinuedAsNew'`,
    ...(state ? [`${searchAttributes.recordingState.name} = '${state}'`] : []),
    ...(atRisk ? [`${searchAttributes.recordingAtRisk.name} = '${atRisk}'`] : []),
  ].join(' AND ');
}

function openQuery(filter: RecordingFilter): string {
  return `${query(filter)} AND ExecutionStatus = 'Running'`;
}

/** Search attributes travel as JSON. */
function keyword(data: Uint8Array | null | undefined): string {
  return data ? String(JSON.parse(Buffer.from(data).toString('utf8'))) : '';
}
