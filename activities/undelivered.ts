/** Why an attempt to deliver a recording came to nothing, thrown from wherever it was seen. */
import type { DeliveryFailure } from '../domain/delivery-failures';

export class Undelivered extends Error {
  override readonly name = 'Undelivered';
  /** `detail` is shown to people and kept for ever: no address, key or number may be in it. */
  constructor(
    readonly failure: DeliveryFailure,
    detail: string,
    readonly retryAfterMs: number | null = null,
  ) {
    super(detail);
  }
}

/** What can be told of an error of Node's: its code, for its message may hold a signed address. */
export function kindOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return 'unknown';
  const { code, name } = error as { readonly code?: unknown; readonly name?: unknown };
  if (typeof code === 'string') return code;
  return typeof name === 'string' ? name : 'unknown';
}
