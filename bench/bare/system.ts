/** Worker and API of the bare call, with Temporal's and Express's defaults: what somebody writes on the first day. */
import { randomUUID } from 'node:crypto';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Client, Connection } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { NativeConnection, Worker } from '@temporalio/worker';
import express from 'express';
import type { Simulator } from '../../simulator/server';
import { createBareActivities } from './activities';
import type { BareSettings } from './activities';
import { bareFlow, instructions } from './workflow';
import type { BareCall, bareCall, BareQuestion, CarrierEvent } from './workflow';

const TASK_QUEUE = 'bare';

/** The events that Outcall signals to a call. */
const SIGNALLED = new Set([
  'call.initiated',
  'call.answered',
  'call.hangup',
  'call.recording.saved',
  'conference.participant.joined',
  'conference.participant.left',
]);

export interface BareSystem {
  readonly startUrl: string;
  readonly webhookUrl: string;
  /** Calls somebody who is asked for a key, so many documents long. */
  startFlow(flow: { readonly to: string; readonly from: string; readonly documents: number }): Promise<void>;
  stop(): Promise<void>;
}

interface Place {
  readonly address: string;
  readonly namespace: string;
}

export async function startBareSystem(
  { address, namespace }: Place,
  carrier: Omit<BareSettings, 'webhookUrl'> & Pick<Simulator, 'accountSid' | 'texmlApplicationId'>,
): Promise<BareSystem> {
  const connection = await Connection.connect({ address });
  const client = new Client({ connection, namespace });
  const server = await listen(createApp(client));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const webhookUrl = `${url}/webhook`;
  const workerConnection = await NativeConnection.connect({ address });
  const worker = await Worker.create({
    connection: workerConnection,
    namespace,
    taskQueue: TASK_QUEUE,
    workflowsPath: require.resolve('./workflow'),
    activities: { ...createBareActivities({ ...carrier, webhookUrl: () => webhookUrl }) },
  });
  const stopped = worker.run();
  return {
    startUrl: `${url}/start`,
    webhookUrl,
    async startFlow({ to, from, documents }) {
      const workflowId = `BARE_${randomUUID()}`;
      await client.workflow.start(bareFlow, { workflowId, taskQueue: TASK_QUEUE, args: [documents] });
      const { apiBaseUrl, apiKey, accountSid, texmlApplicationId } = carrier;
      const response = await fetch(`${apiBaseUrl}/texml/Accounts/${accountSid}/Calls`, {
        method: 'POST',
        headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
        body: JSON.stringify({
          ApplicationSid: texmlApplicationId,
          To: to,
          From: from,
          Url: `${url}/calls/${workflowId}/instructions/1`,
        }),
      });
      if (!response.ok) throw new Error(`dial: ${response.status} ${await response.text()}`);
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      worker.shutdown();
      await stopped;
      await workerConnection.close();
      await connection.close();
    },
  };
}

function createApp(client: Client): express.Express {
  const app = express();
  app.use(express.json());
  app.post('/start', async (request, response) => {
    const { to_phone: toPhone, from_phone: fromPhone } = request.body as { to_phone: string; from_phone: string };
    const id = `BARE_${randomUUID()}`;
    const call: BareCall = { id, toPhone, fromPhone };
    await client.workflow.start<typeof bareCall>('bareCall', { workflowId: id, taskQueue: TASK_QUEUE, args: [call] });
    response.status(201).json({ call_id: id });
  });
  app.post('/calls/:id/instructions/:number', express.urlencoded({ extended: false }), async (request, response) => {
    const { id, number } = request.params;
    const { Digits: digits = '' } = request.body as { Digits?: string };
    const question: BareQuestion = { number: Number(number), digits };
    const options = { args: [question] as [BareQuestion], updateId: `instructions/${number}` };
    response.type('text/xml').send(await client.workflow.getHandle(id).executeUpdate(instructions, options));
  });
  app.post('/webhook', async (request, response) => {
    const { data } = request.body as { data: TelnyxEvent };
    const { client_state: state, recording_id: recordingId } = data.payload;
    if (SIGNALLED.has(data.event_type) && state) {
      const { id } = JSON.parse(Buffer.from(state, 'base64').toString()) as { id: string };
      await tell(client, id, { type: data.event_type, recordingId: recordingId ?? null }, data.id);
    }
    response.json({ status: 'ok' });
  });
  return app;
}

interface TelnyxEvent {
  readonly id: string;
  readonly event_type: string;
  readonly payload: { readonly client_state?: string | null; readonly recording_id?: string };
}

/** By the same RPC as Outcall, which drops repeats. */
async function tell(client: Client, workflowId: string, event: CarrierEvent, requestId: string): Promise<void> {
  const { namespace, identity } = client.options;
  const input = { payloads: [defaultPayloadConverter.toPayload(event)] };
  const workflowExecution = { workflowId };
  await client.workflowService.signalWorkflowExecution({
    ...{ namespace, identity, workflowExecution, signalName: 'told', requestId, input },
  });
}

function listen(app: express.Express): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = app.listen(0, '127.0.0.1', (error) => {
      if (error) reject(error);
      else resolve(server);
    });
  });
}
