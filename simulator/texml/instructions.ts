/**
 * Where instructions come from: a document that was handed over, or one that the customer's server is asked for, with
 * a fallback for a server that does not answer (Telnyx docs: TeXML instruction fetching).
 */
import { schedule } from '../carrier/world';
import type { Question, Reply, World } from '../carrier/world';
import { aboutCall, statusOf } from './callbacks';
import { note } from './state';
import type { Fields, Method, TexmlCall } from './state';
import { waitFor } from './steps';
import type { Step, Wait } from './steps';

/** The next document of a call. `base` is what addresses in it are relative to. */
export type Instructions =
  | { readonly kind: 'given'; readonly texml: string; readonly base: string | null }
  | {
      readonly kind: 'asked';
      readonly url: string;
      readonly method: Method;
      /** Beside those that every request carries. */
      readonly fields?: Fields;
      readonly fallback?: Fallback | null;
    };

interface Fallback {
  readonly url: string;
  readonly method: Method;
}

/** What a verb leads to: the next verb, another document, or nothing, since the call is over. */
export type Next = Instructions | 'goOn' | 'over';

/** What a verb is handed. */
export interface Player {
  readonly world: World;
  readonly call: TexmlCall;
  readonly base: string | null;
  /** Plays documents on a call without hanging it up; gives back why there are no more, null when the call is over. */
  readonly follow: (call: TexmlCall, instructions: Instructions) => Step<Ending | null>;
}

/** Why a call has nothing more to play. */
export interface Ending {
  readonly who: 'document' | 'carrier';
  /** Giving up is what the author of the document has to mend. */
  readonly does: 'hangs up' | 'gives up';
  readonly why: string;
}

interface Obtained {
  readonly texml: string;
  readonly base: string | null;
}

/** From a document that did not come to the same question again. Ours. */
const againAfterMs = 1000;

/** `first` is what the call began with: its fallback can be that of every document. */
export function* fetchDocument(
  world: World,
  call: TexmlCall,
  instructions: Instructions,
  first: Instructions,
): Step<Obtained | null> {
  if (instructions.kind === 'given') return instructions;
  const { texmlFailedDocument: then } = world.settings;
  const fields = { ...aboutRequest(call), ...instructions.fields };
  const asking = { url: instructions.url, method: instructions.method, fields };
  const once = yield* ask(world, call, asking);
  if (once !== null) return once;
  if (then === 'askedAgain') {
    yield* waitFor<'time'>((resume) =>
      schedule(world, call.leg, againAfterMs, () => {
        resume('time');
      }),
    );
    const again = yield* ask(world, call, asking);
    if (again !== null) return again;
  }
  const fallback = fallbackOf(instructions) ?? (then === 'fallback' ? fallbackOf(first) : null);
  return fallback === null ? null : yield* ask(world, call, { ...fallback, fields });
}

function fallbackOf(instructions: Instructions): Fallback | null {
  return instructions.kind === 'asked' ? (instructions.fallback ?? null) : null;
}

interface Asking {
  readonly url: string;
  readonly method: Method;
  readonly fields: Fields;
}

/** The document, or null when the server did not answer, or with something else than 200. */
export function* ask(world: World, call: TexmlCall, { url, method, fields }: Asking): Step<Obtained | null> {
  const reply = yield* waitFor(replyTo(world, { url, method, fields, to: call.leg.to }));
  const came = reply.status === null ? reply.error : String(reply.status);
  note(world, call, 'carrier', 'fetches', `${method} ${url}${news(call, fields)} → ${came}`);
  return reply.status === 200 ? { texml: reply.body, base: url } : null;
}

function replyTo(world: World, question: Question): Wait<Reply> {
  const { ask: out, clock } = world.deps;
  if (out !== undefined) return (resume) => out(question, resume);
  return (resume) =>
    clock.after(0, () => {
      resume({ status: null, error: 'there is no way out' });
    });
}

/** The fields that tell something new, for the transcript; ids tell a reader nothing. */
function news(call: TexmlCall, fields: Fields): string {
  const usual = aboutRequest(call);
  const told = Object.entries(fields).filter(([key]) => !(key in usual) && !/Sid(Legacy)?$/.test(key));
  return told.map(([key, value]) => ` ${key}=${value}`).join('');
}

function aboutRequest(call: TexmlCall): Fields {
  const { leg, callerId } = call;
  const isSip = (address: string): boolean => /^sips?:/.test(address);
  return {
    ...aboutCall(call),
    ApiVersion: '2010-04-01',
    CallStatus: statusOf(call),
    CallerId: callerId ?? leg.from,
    CallingPartyType: isSip(leg.from) ? 'sip' : 'pstn',
    ...(isSip(leg.from) ? { FromSipUri: leg.from } : {}),
    ...(isSip(leg.to) ? { ToSipUri: leg.to } : {}),
  };
}

/** What asks for an address that stands in a document: relative ones are those of the document's own server. */
export function resolved(
  player: Player,
  { url, ...asking }: Omit<Asking, 'fields'> & { fields?: Fields },
): Instructions {
  return { kind: 'asked', url: absolute(player, url), ...asking };
}

/** An address that cannot be made whole stays as it is; asking for it fails, and the transcript shows it. */
export function absolute({ base, call }: Player, url: string): string {
  const from = base ?? call.application.voiceUrl ?? undefined;
  return URL.canParse(url, from) ? new URL(url, from).href : url;
}
