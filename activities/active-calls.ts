/** The carrier's list of the application's legs that are alive, page by page. */
import type { z } from 'zod';
import type { TelnyxClient } from '../platform/telnyx/client';
import { activeCallsAnswer } from './telnyx-answers';

export type ActiveCall = z.infer<typeof activeCallsAnswer>['data'][number];

/** Never more pages than this: a list that does not end must not hold up a call. */
const MAX_PAGES = 40;

/** Paged by cursor; the SDK's own paging asks for the second page for ever. */
export async function* activeCalls(
  telnyx: TelnyxClient,
  connectionId: string,
): AsyncGenerator<readonly ActiveCall[], void, void> {
  const path = `/connections/${encodeURIComponent(connectionId)}/active_calls`;
  let query: Record<string, string | number> = { 'page[limit]': 250 };
  for (let page = 0; page < MAX_PAGES; page++) {
    const { data, meta } = await telnyx.request('get', path, activeCallsAnswer, { query });
    yield data;
    const after = meta?.cursors?.after;
    if (!after || data.length === 0) return;
    query = { ...query, 'page[after]': after };
  }
}
