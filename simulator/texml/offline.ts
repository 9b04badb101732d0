/**
 * A document played without a network: the carrier model on a virtual clock, one call, and its transcript. Hours pass
 * in milliseconds. What the document asks a server for is had from a function that is handed in.
 */
import { createCarrier } from '../carrier/carrier';
import type { LedgerLeg } from '../carrier/ledger';
import type { Settings } from '../carrier/settings';
import { createVirtualClock } from '../carrier/virtual-clock';
import type { Answer, Question, Reply } from '../carrier/world';
import { mulberry32 } from '../mischief';
import { phoneAt, phones } from '../phones';
import type { PhoneBehaviour } from '../phones';
import { usualTexmlApplicationId } from './state';
import { accountSid } from '../carrier/provisioning';
import type { TranscriptLine } from './state';

/** Who answers, as rows of the phone table; a person stays until hung up. */
const answers = {
  person: { digits: '006', detects: false },
  machine: { digits: '020', detects: true },
  fax: { digits: '024', detects: true },
  busy: { digits: '001', detects: false },
  rejected: { digits: '002', detects: false },
  'no-answer': { digits: '003', detects: false },
} as const;

export type OfflineAnswer = keyof typeof answers;

export interface OfflinePlay {
  readonly texml: string;
  /** What relative addresses in the document are relative to. @default none: they cannot be followed */
  readonly base?: string;
  /** @default '+15550100001' */
  readonly from?: string;
  /** @default '+15550100006' */
  readonly to?: string;
  /** @default 'person'. With a machine or a fax the document waits for the end of the greeting. */
  readonly answer?: OfflineAnswer;
  /** Keys pressed, and words said, each where the document next asks for such. */
  readonly presses?: readonly string[];
  readonly says?: readonly string[];
  /** Presses while the prompts still play. @default false */
  readonly interrupts?: boolean;
  /** A phone of one's own, instead of `answer`, `presses`, `says` and `interrupts`. */
  readonly phone?: PhoneBehaviour | undefined;
  /** Other phones by their address, each like the number given here is in the table of phones. */
  readonly others?: Readonly<Record<string, string>>;
  /** What a server would answer. @default every request fails */
  readonly fetch?: (question: Question) => Reply | Promise<Reply>;
  readonly settings?: Partial<Settings>;
}

export interface OfflineResult {
  readonly transcript: readonly TranscriptLine[];
  /** Calls that the document dialed, with what was heard there. */
  readonly dialed: readonly { readonly to: string; readonly transcript: readonly TranscriptLine[] }[];
  /** The last word of Telnyx about the call: completed, busy, no-answer, failed. */
  readonly status: string;
  /** Milliseconds of talk. */
  readonly duration_ms: number;
  readonly recordings: number;
  /** Why the simulator gave up, or would not call at all; null when the document was played as it stands. */
  readonly problem: string | null;
}

/** From a request to its reply, in virtual time: a document that only leads to itself still takes time. */
const replyAfterMs = 20;

/** Plays to the end of the call. */
export async function playOffline(play: OfflinePlay): Promise<OfflineResult> {
  const clock = createVirtualClock();
  const inFlight = new Set<Promise<void>>();
  const fetch = play.fetch ?? ((): Reply => ({ status: null, error: 'nothing is fetched here' }));
  const carrier = createCarrier({
    clock,
    random: mulberry32(1),
    emit: () => undefined,
    ask(question, reply) {
      let given = false;
      const coming = settled(fetch, question).then((came) => {
        inFlight.delete(coming);
        clock.after(replyAfterMs, () => {
          if (!given) reply(came);
        });
      });
      inFlight.add(coming);
      return () => {
        given = true;
      };
    },
    storageUrl: ({ recordingId, format }) => `recording:${recordingId}.${format}`,
    settings: play.settings ?? {},
    account: { connectionId: '1', webhookUrl: null, failoverUrl: null, phoneNumbers: [] },
  });
  const to = play.to ?? '+15550100006';
  carrier.setPhone(to, phoneOf(play));
  for (const [address, number] of Object.entries(play.others ?? {})) carrier.setPhone(address, phoneAt(number));
  if (play.base !== undefined) {
    const path = `/texml_applications/${usualTexmlApplicationId}`;
    carrier.match({ method: 'PATCH', path, query: {}, body: { voice_url: play.base } })?.run();
  }
  const asked = { method: 'POST', path: `/texml/Accounts/${accountSid}/Calls`, query: {}, body: requestOf(play, to) };
  const answer = carrier.match(asked)?.run();
  for (;;) {
    if (inFlight.size > 0) await Promise.race(inFlight);
    else if (!clock.step()) break;
  }
  const { texml_calls, legs, recordings } = carrier.ledger();
  const [call, ...dialed] = texml_calls;
  const [leg] = legs;
  return {
    transcript: call?.transcript ?? [],
    dialed: dialed.map(({ to: number, transcript }) => ({ to: number, transcript })),
    status: call?.status ?? 'failed',
    duration_ms: talkMsOf(leg),
    recordings: recordings.length,
    problem: refusalIn(answer) ?? call?.transcript.find(({ does }) => does === 'gives up')?.text ?? null,
  };
}

const talkMsOf = (leg: LedgerLeg | undefined): number =>
  leg?.answered_at ? Date.parse(leg.ended_at ?? leg.answered_at) - Date.parse(leg.answered_at) : 0;

function refusalIn(answer: Answer | undefined): string | null {
  if (answer?.status === 200) return null;
  const { errors } = answer?.body as { readonly errors: readonly { readonly detail: string }[] };
  return errors[0]?.detail ?? 'the call was refused';
}

const settled = async (fetch: NonNullable<OfflinePlay['fetch']>, question: Question): Promise<Reply> => {
  try {
    return await fetch(question);
  } catch (error) {
    return { status: null, error: error instanceof Error ? error.message : String(error) };
  }
};

function phoneOf({
  phone,
  answer = 'person',
  presses = [],
  says = [],
  interrupts = false,
}: OfflinePlay): PhoneBehaviour {
  if (phone !== undefined) return phone;
  const row = phones[answers[answer].digits];
  if (row === undefined) throw new Error(`the table of phones has no row for ${answer}`);
  return { ...row, presses, says, interrupts };
}

function requestOf({ texml, from, answer = 'person' }: OfflinePlay, to: string) {
  return {
    ApplicationSid: usualTexmlApplicationId,
    From: from ?? '+15550100001',
    To: to,
    Texml: texml,
    ...(answers[answer].detects ? { MachineDetection: 'DetectMessageEnd' } : {}),
  };
}
