/** Who can be rung into a call, before anybody is. The rest of it is in `test/e2e/agents.test.ts`. */
import type { AddressInfo } from 'node:net';
import express from 'express';
import type { Handler } from '../../../domain/call';
import { NOTHING_KNOWN } from '../../../domain/facts';
import { describeCall } from '../../../domain/status';
import { createLogger } from '../../../platform/logger';
import { agentRoutes } from '../../../server/agents';
import type { CallDirectory } from '../../../server/call-directory';
import { close, listen } from '../../../server/listen';
import { problemHandler } from '../../../server/problems';
import { aCall, at } from '../domain/a-call';

const log = createLogger({ level: 'silent', destination: { write: () => undefined } });

/** The answer to a join of a running call. */
async function join(handler: Handler): Promise<unknown> {
  const request = aCall({ handler });
  const directory = {
    find: () => Promise.resolve({ request, bodyHash: null }),
    signal: () => Promise.resolve(true),
  } satisfies Partial<CallDirectory> as unknown as CallDirectory;
  const readStatus = () => Promise.resolve(describeCall(request, NOTHING_KNOWN, { at: at(1), source: 'api' }));
  const browsers = { logIn: () => Promise.resolve({ sipUsername: 'ana', loginToken: 'token' }) };
  const app = express().use(
    agentRoutes({ directory, readStatus, browsers: browsers as never, log }),
    problemHandler(log),
  );
  const server = await listen(app, 0, '127.0.0.1');
  const { port } = server.address() as AddressInfo;
  const response = await fetch(`http://127.0.0.1:${port}/webrtc-join`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ conference_id: request.callId, client_id: 'ana' }),
  });
  const body = (await response.json()) as object;
  server.closeAllConnections();
  await close(server);
  return { http: response.status, ...body };
}

test('a browser is rung into a conference', async () => {
  expect(await join({ type: 'conference' })).toMatchObject({ http: 200, status: 'ringing' });
});

test('nobody joins a call that follows TeXML', async () => {
  const handler = { type: 'texml', source: 'flow', name: 'survey', version: 'v', listens: false } as const;
  expect(await join(handler)).toMatchObject({ http: 409, code: 'not_a_conference' });
});
