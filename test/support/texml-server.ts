/** A customer's server for TeXML: hands out documents by path and keeps every request, callbacks included. */
import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface TexmlRequest {
  readonly path: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Of the body, or of the query of a GET. */
  readonly fields: Readonly<Record<string, string>>;
  readonly raw: string;
}

/** A document, or a status with a body; null is silence. */
type Page = string | { readonly status: number; readonly body?: string } | null;

export async function aTexmlServer(pages: (request: TexmlRequest, nth: number) => Page) {
  const requests: TexmlRequest[] = [];
  const server = createServer((request, response) => {
    void readAll(request).then((raw) => {
      const url = new URL(request.url ?? '/', 'http://here');
      const form = request.method === 'GET' ? url.searchParams : new URLSearchParams(raw);
      const one: TexmlRequest = {
        path: url.pathname,
        method: request.method ?? '',
        headers: request.headers as Record<string, string>,
        fields: Object.fromEntries(form),
        raw,
      };
      requests.push(one);
      const page = pages(one, requests.filter(({ path }) => path === one.path).length);
      if (page === null) return;
      const { status, body = '' } = typeof page === 'string' ? { status: 200, body: page } : page;
      response.writeHead(status, { 'content-type': 'application/xml' }).end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => {
        resolve();
      });
      server.closeAllConnections();
    });
  const of = (path: string): TexmlRequest[] => requests.filter((request) => request.path === path);
  return { url, requests, of, close };
}

async function readAll(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
