/** Ids of calls: `COLD_CALL_` and 128 bits as 26 Crockford characters, fresh (a ULID) or from an Idempotency-Key. */
import { createHash, randomBytes } from 'node:crypto';
import type { CallId } from '../domain/call';
import { ApiProblem } from './problems';

const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
/** What an Idempotency-Key is. */
export const VISIBLE_ASCII = /^[\x21-\x7e]{1,255}$/;

/** 48 bits of time, 80 of chance: sorts by time. */
export function freshCallId(nowMs = Date.now()): CallId {
  const time = Buffer.alloc(8);
  time.writeBigUInt64BE(BigInt(nowMs));
  return callIdFrom(Buffer.concat([time.subarray(2), randomBytes(10)]));
}

/** The same key gives the same id, for ever. */
export function callIdOfKey(idempotencyKey: string): CallId {
  return callIdFrom(createHash('sha256').update(idempotencyKey).digest().subarray(0, 16));
}

/** Null when the header is absent; throws an ApiProblem when it is no key. */
export function parseIdempotencyKey(header: string | string[] | undefined): string | null {
  if (header === undefined) return null;
  if (typeof header === 'string' && VISIBLE_ASCII.test(header)) return header;
  throw new ApiProblem({
    status: 400,
    code: 'invalid_idempotency_key',
    detail: 'Idempotency-Key must be 1 to 255 visible ASCII characters, once',
  });
}

function callIdFrom(sixteenBytes: Buffer): CallId {
  let rest = BigInt(`0x${sixteenBytes.toString('hex')}`);
  let text = '';
  for (let i = 0; i < 26; i++) {
    text = (CROCKFORD[Number(rest & 31n)] ?? '') + text;
    rest >>= 5n;
  }
  return `COLD_CALL_${text}`;
}
