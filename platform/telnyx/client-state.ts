/**
 * `client_state`: what we attach to a leg and get back in every webhook of it, as base64 of JSON. It only says which
 * call an event belongs to; it gives no authority, the signature of the webhook does.
 */
import { z } from 'zod';
import { CALL_ID_PATTERN } from '../../domain/call';
import type { ClientState } from '../../domain/call';

const wire = z.object({
  installation: z.string().max(200),
  call: z.string().regex(CALL_ID_PATTERN),
  role: z.enum(['lead', 'agent', 'supervisor', 'voice_agent']),
  participant: z.string().min(1).max(64),
  attempt: z.int().min(1).max(1000),
  saying: z.enum(['notice', 'message', 'apology']).optional(),
});

/** Longer ones are not ours. */
const MAX_LENGTH = 1024;

export function encodeClientState({ installation, callId, leg, saying }: ClientState): string {
  const { role, participant, attempt } = leg;
  return Buffer.from(JSON.stringify({ installation, call: callId, role, participant, attempt, saying })).toString(
    'base64',
  );
}

/** Ours, or null: absent, not base64, not JSON, of another shape. Never throws. */
export function decodeClientState(text: unknown): ClientState | null {
  if (typeof text !== 'string' || text.length > MAX_LENGTH) return null;
  try {
    const parsed = wire.safeParse(JSON.parse(Buffer.from(text, 'base64').toString('utf8')));
    if (!parsed.success) return null;
    const { installation, call, role, participant, attempt, saying } = parsed.data;
    return { installation, callId: call, leg: { role, participant, attempt }, ...(saying && { saying }) };
  } catch {
    return null;
  }
}
