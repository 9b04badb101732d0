/** Faults of the carrier's answers, as the simulator's interface takes them. */

export const status = (code: number, applied: boolean, extra: object = {}): object => ({
  kind: 'status',
  status: code,
  applied,
  ...extra,
});
export const tooMany = (headers: object, code = '10011'): object =>
  status(429, false, { headers, body: { errors: [{ code, title: 'Too many requests' }] } });
export const forbidden = (detail: string): object =>
  status(403, false, { body: { errors: [{ code: '10010', title: 'Forbidden', detail }] } });
export const refusal = (statusCode: number, code: string, title: string): object =>
  status(statusCode, false, { body: { errors: [{ code, title }] } });
/** An HTTP date. */
export const inTwoSeconds = (): string => new Date(Date.now() + 2_000).toUTCString();
