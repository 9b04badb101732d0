/** The answers of Telnyx that we read, as far as we read them (developers.telnyx.com: API reference). */
import { z } from 'zod';

export const callAnswer = z.object({
  data: z.object({
    call_control_id: z.string().min(1),
    call_leg_id: z.string().min(1),
    call_session_id: z.string().min(1),
    client_state: z.string().nullish(),
    is_alive: z.boolean().optional(),
    end_time: z.string().nullish(),
    recording_id: z.string().nullish(),
  }),
});

/** Cursor paged: the page after this one is asked for with `page[after]`. */
export const activeCallsAnswer = z.object({
  data: z.array(
    z.object({
      call_control_id: z.string().min(1),
      call_leg_id: z.string().min(1),
      call_session_id: z.string().min(1),
      client_state: z.string().nullish(),
    }),
  ),
  meta: z.object({ cursors: z.object({ after: z.string().nullish() }).optional() }).optional(),
});

/** Rows are read one by one: an odd one must not hide the others. */
export const callEventsAnswer = z.object({ data: z.array(z.unknown()) });
export const callEventRow = z.object({
  name: z.string(),
  event_timestamp: z.string().optional().catch(undefined),
  metadata: z.record(z.string(), z.unknown()).nullish(),
});

export const conferencesAnswer = z.object({ data: z.array(z.object({ id: z.string().min(1), name: z.string() })) });

export const participantsAnswer = z.object({
  data: z.array(z.object({ call_leg_id: z.string(), status: z.string(), created_at: z.string().nullish() })),
});

export const recordingsAnswer = z.object({ data: z.array(z.object({ id: z.string().min(1) })) });

/** A command was accepted; what it leads to is told by webhooks. */
export const acceptedAnswer = z.object({ data: z.unknown() });

/** Of commands whose answer says nothing that we read. */
export const anyAnswer = z.unknown();
