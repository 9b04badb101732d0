/**
 * Where the carrier finds a TeXML call at our server. TeXML has no `client_state`, so the address itself says which call
 * it is about, with a keyed hash that nobody else can make: signatures of the carrier can be switched off.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { CallId } from '../../domain/call';

/** Below the API's base path. */
export const TEXML_CALLS_PATH = '/texml/calls';

export interface TexmlAddresses {
  /** Without a slash at the end. */
  base(callId: CallId): string;
  /** In constant time. Never throws. */
  isGenuine(callId: CallId, mark: string): boolean;
}

/**
 * @param apiUrl with the API's base path, without a slash at the end
 * @param secret the same in every process; calls that run while it is changed lose their way
 */
export function createTexmlAddresses(apiUrl: string, secret: string): TexmlAddresses {
  const markOf = (callId: CallId): string =>
    createHmac('sha256', secret).update(`texml/${callId}`).digest('base64url').slice(0, 22);
  return {
    base: (callId) => `${apiUrl}${TEXML_CALLS_PATH}/${callId}/${markOf(callId)}`,
    isGenuine(callId, mark) {
      const [theirs, ours] = [Buffer.from(mark), Buffer.from(markOf(callId))];
      return theirs.length === ours.length && timingSafeEqual(theirs, ours);
    },
  };
}
