/** Tells calls what the carrier said. A flood of copies costs a signature each, and Temporal nothing. */
import type { CallId } from '../domain/call';
import type { SignalledEvent } from '../workflows/messages';
import type { CallDirectory } from './call-directory';

/** `known`: this process has told it before. `over`: there is no such call, or it is over. */
type Told = 'told' | 'known' | 'over';

/** Durable when it resolves. The same id again has no effect. */
export type Teller = (callId: CallId, event: SignalledEvent, eventId: string) => Promise<Told>;

const REMEMBERED_EVENTS = 10_000;

/** Each has a memory of its own: the latest ids. What it has forgotten the Temporal server still knows, and drops. */
export function createTeller(directory: Pick<CallDirectory, 'signal'>): Teller {
  const durable = new Set<string>();
  return async (callId, event, eventId) => {
    const name = `${callId} ${eventId}`;
    if (durable.has(name)) return 'known';
    const isRunning = await directory.signal(callId, event, eventId);
    durable.add(name);
    const [oldest] = durable;
    if (durable.size > REMEMBERED_EVENTS && oldest !== undefined) durable.delete(oldest);
    return isRunning ? 'told' : 'over';
  };
}
