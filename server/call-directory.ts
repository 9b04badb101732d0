/**
 * The calls, as Temporal knows them: start one, tell one what happened, read one. Every request has a deadline, so an
 * API that cannot reach Temporal says so within 2 seconds.
 */
import { isGrpcServiceError, WorkflowNotFoundError, WorkflowUpdateFailedError } from '@temporalio/client';
import type { Client } from '@temporalio/client';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { encodeToPayloads } from '@temporalio/common/lib/internal-non-workflow';
import { executionInfoFromRaw, getGrpcStatusDetails } from '@temporalio/client/lib/helpers';
import { leadPhoneOf } from '../domain/call';
import type { CallId, CallRequest } from '../domain/call';
import { NOTHING_KNOWN } from '../domain/facts';
import { maskPhone } from '../domain/phone-numbers';
import { deliveryWorkflowId } from '../domain/recordings';
import type { RecordingStatus } from '../domain/recordings';
import type { Outcome } from '../domain/outcome';
import { describeCall, withRecording } from '../domain/status';
import type { CallStatus, StatusDocument } from '../domain/status';
import type { Script } from '../flows/script';
import {
  CALL_BACK,
  COLD_CALL,
  instructionsUpdate,
  muteUpdate,
  recordingQuery,
  searchAttributes,
  statusQuery,
  timelineQuery,
} from '../workflows/messages';
import type {
  CallBack,
  CallMemo,
  ColdCall,
  IncomingCall,
  InstructionsRequest,
  MuteAnswer,
  MuteRequest,
  SignalledEvent,
  TimelineEntry,
} from '../workflows/messages';

/** gRPC's codes (grpc.io: Status codes). The client repeats what was RESOURCE_EXHAUSTED, until its deadline. */
const NOT_FOUND = 5;
const BUSY = [4, 8];

const DEADLINE_MS = 1_500;
/** For what includes a command to the carrier. */
const COMMAND_DEADLINE_MS = 12_000;

/**
 * A task that was handed to a worker in the instant of its death is given to another one after this long, 10 s by
 * default. A task of a call takes some 20 ms.
 */
const WORKFLOW_TASK_TIMEOUT = '1500 milliseconds';

/** Events of a run before its first workflow task is done: started, task scheduled, task started. */
const NOT_BEGUN = 3;

/** Temporal could not be reached, or did not answer in time. */
export class TemporalUnavailableError extends Error {
  override readonly name = 'TemporalUnavailableError';

  /** There was no connection, so what was asked for was surely not done; otherwise nobody knows. */
  get neverSent(): boolean {
    return /ECONNREFUSED|No connection established/.test(String(this.cause));
  }

  /** It has too much to do, or asked to come again until the time was over. */
  get isBusy(): boolean {
    const { cause } = this;
    return isGrpcServiceError(cause) && BUSY.includes(cause.code);
  }
}

export interface ListOptions {
  readonly status: CallStatus | null;
  readonly outcome: Outcome | null;
  /** From 1. */
  readonly limit: number;
  /** Null for the first page. Must be Temporal's own: another one is not refused but asked again and again. */
  readonly pageToken: Uint8Array | null;
}

export interface CallPage {
  /** What Temporal's visibility tells of each: the request, the status and the outcome, and no details. */
  readonly calls: readonly StatusDocument[];
  /** Null after the last page. */
  readonly nextPageToken: Uint8Array | null;
}

/** What the carrier is to be answered. */
export type Instructions =
  | { readonly kind: 'document'; readonly texml: string }
  /** Nobody answered in time, and it is not known whether the call has heard of the request. */
  | { readonly kind: 'late' }
  /** There is no such call, or it is over. */
  | { readonly kind: 'over' };

export interface InstructOptions {
  /** Requests of the same id are answered with the same document. */
  readonly updateId: string;
  /** How long the call may take, in milliseconds. */
  readonly withinMs: number;
}

export interface CallDirectory {
  /**
   * Starts the call, unless its id is taken; then returns what it was started with.
   * @param script what a TeXML call follows; null for every other
   */
  start(
    memo: CallMemo,
    script: Script | null,
  ): Promise<{ readonly kind: 'started' } | { readonly kind: 'exists'; readonly memo: CallMemo }>;
  /** The next document of a TeXML call. Durable when it is a document. Never throws for want of an answer. */
  instruct(callId: CallId, request: InstructionsRequest, options: InstructOptions): Promise<Instructions>;
  /** What a call was started with; null when there is none of this id. */
  find(callId: CallId): Promise<CallMemo | null>;
  /** Durable when it resolves. False: there is no such call, or it is over. The same `eventId` again has no effect. */
  signal(callId: CallId, event: SignalledEvent, eventId: string): Promise<boolean>;
  /** Durable when it resolves. The same leg again has no effect. */
  startCallBack(call: IncomingCall): Promise<void>;
  /** Done when it resolves, or not possible. Null: there is no such call, or it is over. */
  mute(callId: CallId, request: MuteRequest): Promise<MuteAnswer | null>;
  /** Null: there is no such call. */
  status(callId: CallId): Promise<StatusDocument | null>;
  /** What became known of the call, in that order. Null: there is no such call. */
  timeline(callId: CallId): Promise<readonly TimelineEntry[] | null>;
  /** Running calls first, the latest started before the others, then those that ended, the latest before the others. */
  list(options: ListOptions): Promise<CallPage>;
  /** Throws when Temporal cannot be reached. */
  ping(): Promise<void>;
}

export interface DirectorySettings {
  readonly client: Client;
  readonly taskQueue: string;
  /** Keyed hash of a number, for the search attribute LeadKey. */
  readonly leadKey: (number: string) => string;
}

export function createCallDirectory({ client, taskQueue, leadKey }: DirectorySettings): CallDirectory {
  const { connection, workflow } = client;
  const timely = createTimely(connection);
  const memoOf = async (callId: CallId): Promise<CallMemo> => {
    const { memo } = await timely(() => workflow.getHandle(callId).describe());
    return memo?.['call'] as CallMemo;
  };
  const find = (callId: CallId): Promise<CallMemo | null> =>
    memoOf(callId).catch((error: unknown) => {
      if (isNotFound(error)) return null;
      throw error;
    });

  async function start(memo: CallMemo, script: Script | null): ReturnType<CallDirectory['start']> {
    const { request } = memo;
    try {
      await timely(() =>
        workflow.start<ColdCall>(COLD_CALL, {
          workflowId: request.callId,
          taskQueue,
          args: script === null ? [request] : [request, script],
          workflowTaskTimeout: WORKFLOW_TASK_TIMEOUT,
          workflowIdReusePolicy: 'REJECT_DUPLICATE',
          workflowIdConflictPolicy: 'FAIL',
          staticSummary: summaryOf(request),
          memo: { call: memo },
          typedSearchAttributes: [
            { key: searchAttributes.callStatus, value: 'queued' },
            { key: searchAttributes.provider, value: request.provider },
            { key: searchAttributes.businessId, value: request.businessId },
            { key: searchAttributes.leadKey, value: leadKey(leadPhoneOf(request)) },
          ],
        }),
      );
      return { kind: 'started' };
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      return { kind: 'exists', memo: await memoOf(request.callId) };
    }
  }

  async function instruct(
    callId: CallId,
    request: InstructionsRequest,
    { updateId, withinMs }: InstructOptions,
  ): Promise<Instructions> {
    const handle = workflow.getHandle<ColdCall>(callId);
    const ask = (): Promise<string> => handle.executeUpdate(instructionsUpdate, { args: [request], updateId });
    try {
      return { kind: 'document', texml: await timely(() => ask().catch(onceMore(ask)), withinMs) };
    } catch (error) {
      if (error instanceof TemporalUnavailableError) return { kind: 'late' };
      if (isNotFound(error) || error instanceof WorkflowUpdateFailedError) return { kind: 'over' };
      throw error;
    }
  }

  /** The SDK's own `signal` makes a new request id each time; with the event's, the server drops repeats. */
  async function signal(callId: CallId, event: SignalledEvent, eventId: string): Promise<boolean> {
    const { namespace, identity, loadedDataConverter } = client.options;
    const input = { payloads: (await encodeToPayloads(loadedDataConverter, event)) ?? [] };
    const request = { namespace, identity, signalName: event.kind, requestId: eventId, input };
    try {
      await timely(() =>
        client.workflowService.signalWorkflowExecution({ ...request, workflowExecution: { workflowId: callId } }),
      );
      return true;
    } catch (error) {
      if (isNotFound(error)) return false;
      throw error;
    }
  }

  async function startCallBack(call: IncomingCall): Promise<void> {
    try {
      await timely(() =>
        workflow.start<CallBack>(CALL_BACK, {
          workflowId: `call_back:${call.leg.callLegId}`,
          taskQueue,
          args: [call],
          workflowIdReusePolicy: 'REJECT_DUPLICATE',
          workflowIdConflictPolicy: 'FAIL',
          staticSummary: call.message === null ? 'Reject a call back' : 'Answer a call back',
        }),
      );
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    }
  }

  async function mute(callId: CallId, request: MuteRequest): Promise<MuteAnswer | null> {
    const handle = workflow.getHandle<ColdCall>(callId);
    try {
      return await timely(() => handle.executeUpdate(muteUpdate, { args: [request] }), COMMAND_DEADLINE_MS);
    } catch (error) {
      if (isNotFound(error)) return null;
      throw error;
    }
  }

  async function status(callId: CallId): Promise<StatusDocument | null> {
    try {
      const handle = workflow.getHandle<ColdCall>(callId);
      const { historyLength, memo } = await timely(() => handle.describe());
      if (historyLength <= NOT_BEGUN) return queued(memo?.['call'] as CallMemo);
      return await withDeliveries(await timely(() => handle.query(statusQuery)));
    } catch (error) {
      if (isNotFound(error)) return null;
      throw error;
    }
  }

  async function timeline(callId: CallId): Promise<readonly TimelineEntry[] | null> {
    try {
      const handle = workflow.getHandle<ColdCall>(callId);
      const { historyLength } = await timely(() => handle.describe());
      return historyLength <= NOT_BEGUN ? [] : await timely(() => handle.query(timelineQuery));
    } catch (error) {
      if (isNotFound(error)) return null;
      throw error;
    }
  }

  /** The order is that of visibility itself, which no store lets a query change. */
  async function list({ status: wanted, outcome, limit, pageToken }: ListOptions): Promise<CallPage> {
    const { namespace, loadedDataConverter } = client.options;
    const query = [
      `WorkflowType = '${COLD_CALL}'`,
      ...(wanted ? [`${searchAttributes.callStatus.name} = '${wanted}'`] : []),
      ...(outcome ? [`${searchAttributes.callOutcome.name} = '${outcome}'`] : []),
    ].join(' AND ');
    const page = { namespace, query, pageSize: limit, ...(pageToken && { nextPageToken: pageToken }) };
    const answer = await timely(() => client.workflowService.listWorkflowExecutions(page));
    const calls = await Promise.all(
      answer.executions.map(async (raw) => {
        const info = await executionInfoFromRaw(raw, loadedDataConverter, undefined, namespace);
        const known = info.typedSearchAttributes;
        return {
          ...queued(info.memo?.['call'] as CallMemo),
          status: (known.get(searchAttributes.callStatus) ?? 'queued') as CallStatus,
          outcome: (known.get(searchAttributes.callOutcome) ?? null) as Outcome | null,
        };
      }),
    );
    const { nextPageToken } = answer;
    return { calls, nextPageToken: nextPageToken.length > 0 ? nextPageToken : null };
  }

  /** The delivery of a recording outlives its call, so it is asked itself. */
  async function withDeliveries(document: StatusDocument): Promise<StatusDocument> {
    const ids = document.status === 'ended' ? document.recordings.map(({ recording_id }) => recording_id) : [];
    const asked = await Promise.all(ids.filter((id) => id !== null).map(deliveryOf));
    return asked.filter((recording) => recording !== null).reduce(withRecording, document);
  }

  const deliveryOf = (recordingId: string): Promise<RecordingStatus | null> =>
    timely(() => workflow.getHandle(deliveryWorkflowId(recordingId)).query(recordingQuery)).catch((error: unknown) => {
      if (isNotFound(error)) return null;
      throw error;
    });

  return {
    start,
    instruct,
    find,
    signal,
    startCallBack,
    mute,
    status: sharing(status),
    timeline: sharing(timeline),
    list,
    ping: async () => {
      await timely(() => client.workflowService.getSystemInfo({}));
    },
  };
}

/** Runs requests to Temporal with a deadline; what fails for want of an answer throws `TemporalUnavailableError`. */
export function createTimely(
  connection: Client['connection'],
): <T>(work: () => Promise<T>, deadlineMs?: number) => Promise<T> {
  return async (work, deadlineMs = DEADLINE_MS) => {
    try {
      return await connection.withDeadline(Date.now() + deadlineMs, work);
    } catch (error) {
      throw isExpected(error) ? error : new TemporalUnavailableError('Temporal did not answer', { cause: error });
    }
  };
}

/** Who asks while the same is being asked gets the same answer: Temporal refuses most of many queries of one run at once. */
function sharing<T>(ask: (callId: CallId) => Promise<T>): (callId: CallId) => Promise<T> {
  const underWay = new Map<CallId, Promise<T>>();
  return (callId) => {
    const asked = underWay.get(callId) ?? ask(callId).finally(() => underWay.delete(callId));
    underWay.set(callId, asked);
    return asked;
  };
}

/** Accepted, and no worker has looked at it yet: nothing but the request is known. */
function queued({ request }: CallMemo): StatusDocument {
  return describeCall(request, NOTHING_KNOWN, { at: request.createdAt, source: 'api' });
}

function isExpected(error: unknown): boolean {
  return (
    error instanceof WorkflowExecutionAlreadyStartedError ||
    error instanceof WorkflowUpdateFailedError ||
    isNotFound(error)
  );
}

/** A run that ended while it was asked has perhaps gone on as a new one; when the call is over, the second time says so. */
function onceMore<T>(ask: () => Promise<T>): (error: unknown) => Promise<T> {
  return (error) => {
    if (error instanceof WorkflowUpdateFailedError) return ask();
    throw error;
  };
}

function summaryOf(request: CallRequest): string {
  const { handler, incoming } = request;
  const who = maskPhone(leadPhoneOf(request));
  const what = handler.type === 'texml' ? `TeXML ${handler.name ?? handler.source}` : handler.type;
  return incoming === undefined ? `Call ${who} for a ${what}` : `Answer ${who} with a ${what}`;
}

/** There is no such run, or it is over and cannot be told anything. */
export function isNotFound(error: unknown): boolean {
  if (!isGrpcServiceError(error)) return error instanceof WorkflowNotFoundError;
  return (error.code as number) === NOT_FOUND && !isOfNamespace(error);
}

/** A namespace that is not there says nothing of a call. */
function isOfNamespace(error: Parameters<typeof getGrpcStatusDetails>[0]): boolean {
  const details = getGrpcStatusDetails(error) ?? [];
  return details.some(({ type_url: type }) => type?.endsWith('NamespaceNotFoundFailure') === true);
}
