/** Where in our API an address leads that a TeXML call has given the carrier. */
import type { CallId } from '../domain/call';
import { createTexmlAddresses } from '../platform/telnyx/texml-address';

const API = 'https://calls.example.com/api';

export const addresses = createTexmlAddresses(API, 'the secret of the seeds');

export interface Place {
  readonly callId: CallId;
  readonly base: string;
  /** Below it: `status`, `instructions/7`. */
  readonly path: string;
  readonly query: URLSearchParams;
}

/** Throws when it is none of ours. */
export function placeAt(address: string): Place {
  const { origin, pathname, searchParams } = new URL(address);
  const [, callId = '', path = ''] = /\/texml\/calls\/([^/]+)\/[^/]+\/(.+)$/.exec(pathname) ?? [];
  const base = addresses.base(callId);
  if (`${origin}${pathname}` !== `${base}/${path}`) throw new Error(`${address} leads nowhere`);
  return { callId, base, path, query: searchParams };
}
