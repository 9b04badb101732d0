/**
 * How agents' browsers log in and are rung. With a credential connection, each client_id has a telephony credential of
 * its own, tagged with it and made on first use; a browser gets a token for it, never the password. Without one, all
 * share the SIP user of the configuration and log in by themselves.
 */
import { z } from 'zod';
import type { TelnyxClient } from './client';

export interface BrowserAccess {
  /** The user at sip.telnyx.com that rings this client. Makes its credential on first use; safe to repeat. */
  sipUsername(clientId: string): Promise<string>;
  /** What the browser logs in with; Telnyx's tokens live 24 hours at most. Null: it has to know how by itself. */
  logIn(clientId: string): Promise<{ readonly sipUsername: string; readonly loginToken: string | null }>;
}

export interface BrowserAccessSettings {
  readonly telnyx: TelnyxClient;
  /** TELNYX_SIP_CONNECTION_ID. */
  readonly sipConnectionId: string | null;
  /** TELNYX_SIP_USERNAME. */
  readonly sipUsername: string | null;
}

/** A browser's page waits for four requests at most. */
const LIMIT_MS = 3_000;

const credential = z.object({ id: z.string().min(1), sip_username: z.string().min(1), created_at: z.string() });
type Credential = z.infer<typeof credential>;
const one = z.object({ data: credential });
const many = z.object({ data: z.array(credential) });

/** Null when neither is configured: then no browser can be rung. */
export function createBrowserAccess(settings: BrowserAccessSettings): BrowserAccess | null {
  const { telnyx, sipConnectionId, sipUsername } = settings;
  if (sipConnectionId !== null) return withCredentials(telnyx, sipConnectionId);
  if (sipUsername === null) return null;
  return {
    sipUsername: () => Promise.resolve(sipUsername),
    logIn: () => Promise.resolve({ sipUsername, loginToken: null }),
  };
}

function withCredentials(telnyx: TelnyxClient, connectionId: string): BrowserAccess {
  async function list(clientId: string): Promise<Credential | null> {
    const query = { 'filter[tag]': clientId, 'filter[resource_id]': `connection:${connectionId}`, 'page[size]': 250 };
    const { data } = await telnyx.request('get', '/telephony_credentials', many, { query, limitMs: LIMIT_MS });
    // Two processes may have made one at the same time: all take the first.
    const [first] = data.sort((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1));
    return first ?? null;
  }

  async function findOrMake(clientId: string): Promise<Credential> {
    const found = await list(clientId);
    if (found) return found;
    const body = { connection_id: connectionId, name: `outcall ${clientId}`, tag: clientId };
    const made = await telnyx.request('post', '/telephony_credentials', one, { body, limitMs: LIMIT_MS });
    return (await list(clientId)) ?? made.data;
  }

  return {
    sipUsername: async (clientId) => (await findOrMake(clientId)).sip_username,
    logIn: async (clientId) => {
      const { id, sip_username: sipUsername } = await findOrMake(clientId);
      const path = `/telephony_credentials/${encodeURIComponent(id)}/token`;
      const loginToken = await telnyx.request('post', path, z.string().min(1), {
        body: {},
        accept: 'text/plain',
        limitMs: LIMIT_MS,
      });
      return { sipUsername, loginToken };
    },
  };
}

const placeOf = ({ created_at, id }: Credential): string => `${created_at}/${id}`;
