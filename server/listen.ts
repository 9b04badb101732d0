/** Serves an app with limits that a slow or hostile client cannot outlast. */
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { Express } from 'express';

/** Rejects when the port is taken. */
export async function listen(app: Express, port: number, host: string): Promise<Server> {
  const limits = { maxHeaderSize: 16 * 1024, requestTimeout: 15_000, headersTimeout: 10_000 };
  // Node looks for requests beyond their limit only every 30 seconds otherwise.
  const server = createServer({ ...limits, connectionsCheckingInterval: 1_000 }, app);
  server.keepAliveTimeout = 5_000;
  server.once(STOPPING, () => app.emit(STOPPING));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return server;
}

/** Event of the server and of its app: answers that have no end of their own are to be ended. */
export const STOPPING = 'stopping';

/** Takes no new requests and resolves when those under way are answered. */
export async function close(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => {
      resolve();
    });
  });
  server.emit(STOPPING);
  server.closeIdleConnections();
  await closed;
}
