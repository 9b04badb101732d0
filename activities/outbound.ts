/**
 * HTTP requests with bodies of any size: streamed both ways, one connection each, never redirected, and ended when
 * nothing moves. Node's own client, because `fetch` neither shows the address that it connects to nor how much it sent.
 */
import { lookup } from 'node:dns';
import http from 'node:http';
import type { IncomingMessage } from 'node:http';
import https from 'node:https';
import { BlockList, isIPv4 } from 'node:net';
import type { LookupFunction } from 'node:net';
import { pipeline } from 'node:stream';

export interface OutboundRequest {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly headers: Readonly<Record<string, string>>;
  /** A piece is not touched any more when the next one is asked for. */
  readonly body?: AsyncIterable<Buffer> | Iterable<Buffer>;
  readonly signal: AbortSignal;
  /** Connect to public addresses only, whatever the name resolves to. @default false */
  readonly publicOnly?: boolean;
  /** The exchange ends when nothing was sent or received for this long. @default 60,000 */
  readonly idleMs?: number;
}

export interface Exchange {
  readonly response: IncomingMessage;
  /** The answer began after the last byte of the body had been sent. */
  readonly wasSentWhole: boolean;
}

/** Resolves when the headers of the answer are there. Rejects with Node's errors, whose messages can hold the address. */
export function send(
  url: URL,
  { method = 'GET', headers, body, signal, publicOnly = false, idleMs = 60_000 }: OutboundRequest,
): Promise<Exchange> {
  const { request } = url.protocol === 'https:' ? https : http;
  return new Promise((resolve, reject) => {
    const options = { method, headers, signal, agent: false, timeout: idleMs } as const;
    const sent = request(url, publicOnly ? { ...options, lookup: publicLookup } : options);
    sent.on('error', reject);
    sent.on('timeout', () => sent.destroy(Object.assign(new Error('nothing moved'), { code: 'IDLE' })));
    sent.on('response', (response) => {
      resolve({ response, wasSentWhole: sent.writableFinished });
    });
    if (!body) sent.end();
    // After an answer that came early and ended the sending, this changes nothing.
    else {
      pipeline(body, sent, (error) => {
        if (error) reject(error);
      });
    }
  });
}

/** The body as UTF-8. Throws when it is longer than `mostBytes`, or breaks off. */
export async function readText(response: IncomingMessage, mostBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > mostBytes) throw Object.assign(new Error('too long'), { code: 'ENDLESS' });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

const RESERVED = new BlockList();
for (const [network, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const) {
  RESERVED.addSubnet(network, bits);
}
const GLOBAL_IPV6 = new BlockList();
GLOBAL_IPV6.addSubnet('2000::', 3, 'ipv6');
// Teredo, documentation and 6to4: the last two bytes groups can name a private IPv4 address.
for (const [network, bits] of [
  ['2001::', 32],
  ['2001:db8::', 32],
  ['2002::', 16],
] as const) {
  RESERVED.addSubnet(network, bits, 'ipv6');
}

/** By IANA's special-purpose registries; IPv4 inside of IPv6 is not public. */
export function isPublic(address: string): boolean {
  if (isIPv4(address)) return !RESERVED.check(address);
  return GLOBAL_IPV6.check(address, 'ipv6') && !RESERVED.check(address, 'ipv6');
}

/** The check at the moment of connecting: a name that is allowed can come to point anywhere. */
const publicLookup: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, options, (error, address, family) => {
    const addresses: readonly string[] = Array.isArray(address) ? address.map((one) => one.address) : [address];
    if (error) callback(error, address, family);
    else if (addresses.every(isPublic)) callback(null, address, family);
    else callback(Object.assign(new Error('a private address'), { code: 'NOT_PUBLIC' }), address, family);
  });
};
