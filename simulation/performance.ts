/** What was heard and pressed in TeXML calls, held against the rehearsal of their script. */
import type { LedgerLeg } from '../simulator/carrier/ledger';
import type { TranscriptLine } from '../simulator/texml/state';
import { PREMIUM } from './customer';
import { messageOf } from './hearing';
import type { Verdict } from './judge';
import type { End } from './oracles';
import { leadLegsOf, wasCanceled } from './records';
import { rehearse } from './rehearsal';
import { BROWSER, COLLEAGUE } from './scripts';

/** From the answer to something being heard, and what a verdict may take on top. */
const SILENCE_MS = 2_000;
const DETECTION_MS = 6_000;
/** The rehearsal may be behind by what its own answers take. */
const BEHIND_MS = 10_000;

/** Our story's and our server's last words when nothing else can be said. */
const APOLOGY = /^says We are sorry, (something went wrong|this call cannot go on)/;

/** One line for each thing that somebody hears, says or presses. Pauses are held lines, music is the waiting's. */
function heardIn(transcript: readonly TranscriptLine[]): readonly string[] {
  return transcript
    .filter(({ who, does }) => (who === 'document' || who === 'phone') && HEARD.includes(does))
    .map(({ does, text }) => `${does} ${text}`)
    .filter((line) => !line.endsWith('/hold.mp3'));
}

const HEARD: readonly string[] = ['says', 'plays', 'presses', 'dials', 'records', 'enqueues'];

export function performance(end: End): readonly Verdict[] {
  const { record, ledger } = end;
  if (record.script === null) return [];
  const premium = ledger.legs.some(({ to }) => to === PREMIUM) ? ['a premium number was dialed'] : [];
  const wrong = leadLegsOf(ledger.legs, record).flatMap((leg) => (leg.answered_at === null ? [] : wrongIn(end, leg)));
  return [...premium, ...wrong].map((what) => ({ oracle: 'script', what }));
}

function wrongIn(end: End, leg: LedgerLeg): readonly string[] {
  const person = linesFor(end, leg, 'person');
  const lines = withoutApology(heardIn(transcriptOf(end, leg)), person, end);
  const asPerson = commonLength(lines, person);
  const rest = lines.slice(asPerson);
  const tails = tailsForMachines(end, leg, person);
  const isRight = rest.length === 0 || tails.some((tail) => commonLength(rest, tail) === rest.length);
  if (!isRight)
    return [
      `heard ${quoted(rest)} after ${quoted(lines.slice(0, asPerson).slice(-2))}, not ${quoted(person.slice(asPerson))}`,
    ];
  if (rest.length > 0) return [];
  if (isOwed(end, leg) && tails.length > 0) return [`a machine heard nothing of ${JSON.stringify(tails)}`];
  return isCutShort(end, leg) && lines.length < person.length
    ? [`heard nothing of ${quoted(person.slice(lines.length))}`]
    : [];
}

/** From finding a machine to its hearing something; the end of a greeting that nobody tells of is waited for besides. */
const TURNS_WITHIN_MS = 3_000;
const GREETS_FOR_MS = 30_000;

/** Where nothing goes wrong, a machine that was found in time hears what is meant for it, unless somebody did something. */
function isOwed(end: End, leg: LedgerLeg): boolean {
  const { record, calm } = end;
  const { answeringMachine } = record.request;
  const transcript = transcriptOf(end, leg);
  const found = transcript.filter(({ does, text }) => does === 'detects' && text.startsWith('machine'));
  const greeted = found.find(({ text }) => text !== 'machine_start');
  const foundMs = greeted?.at_ms ?? (found[0] && found[0].at_ms + GREETS_FOR_MS);
  const endMs = transcript.find(({ does }) => does === 'ends the call')?.at_ms ?? 0;
  const isAlone = !transcript.some(({ who, does }) => who === 'phone' && ['presses', 'says'].includes(does));
  const inTime = foundMs !== undefined && endMs > foundMs + TURNS_WITHIN_MS;
  return calm && inTime && isAlone && !wasCanceled(record) && answeringMachine.policy !== 'hang_up';
}

const quoted = (lines: readonly string[]): string => JSON.stringify(lines.slice(0, 3));

/** Hung up by a document where nothing went wrong, and no machine was to be treated. */
function isCutShort({ record, calm }: End, leg: LedgerLeg): boolean {
  const isOurs = leg.hangup_source === 'caller' && leg.hangup_cause === 'normal_clearing';
  return calm && isOurs && !wasCanceled(record) && !foundMachine({ record });
}

const foundMachine = ({ record: { machine } }: Pick<End, 'record'>): boolean =>
  machine.verdict === 'machine' || machine.verdict === 'fax_detected' || machine.greetingEndsAfterMs !== null;

/**
 * The last word of a call that met a fault, or whose script leads nowhere, where the rehearsal does not say it too. A
 * machine that is found out while it hears that is left its message all the same.
 */
function withoutApology(heard: readonly string[], person: readonly string[], { calm, record }: End): readonly string[] {
  const isEndless = record.script?.kind === 'documents';
  const at = heard.findIndex((line, nth) => APOLOGY.test(line) && person[nth] !== line);
  const isLast = at >= 0 && at >= heard.length - 2;
  return isLast && (!calm || isEndless) ? heard.filter((_line, nth) => nth !== at) : heard;
}

/** What a machine that is found out may hear from any moment on. */
function tailsForMachines(end: End, leg: LedgerLeg, person: readonly string[]): readonly (readonly string[])[] {
  if (!foundMachine(end)) return [];
  const message = messageOf(end);
  const says = 'message' in end.record.request.answeringMachine && 'say' in end.record.request.answeringMachine.message;
  const { handler } = end.record.request;
  const listens = handler.type === 'texml' && handler.listens;
  const machine = listens ? linesFor(end, leg, 'machine') : [];
  return [
    ...(message === null ? [] : [[`${says ? 'says' : 'plays'} ${message}`]]),
    ...(listens ? [machine.slice(commonLength(machine, person))] : []),
  ];
}

function linesFor({ record, settings, phone }: End, leg: LedgerLeg, verdict: 'person' | 'machine'): readonly string[] {
  const { script, request, reports } = record;
  if (script === null) return [];
  const forEver = { ...phone(leg.to), talkMs: null, fault: null, refusal: null };
  const transcript = rehearse({
    script,
    callId: request.callId,
    leadPhone: leg.to,
    ourPhone: leg.from,
    phones: { [COLLEAGUE]: phone(COLLEAGUE), [BROWSER]: phone(BROWSER), [leg.to]: forEver },
    settings,
    verdict,
    reports,
    placedAtMs: Date.parse(leg.placed_at),
    lastsMs: Date.parse(leg.ended_at ?? leg.placed_at) - Date.parse(leg.placed_at) + BEHIND_MS,
  });
  return heardIn(transcript);
}

function commonLength(a: readonly string[], b: readonly string[]): number {
  const at = a.findIndex((line, index) => line !== b[index]);
  return at < 0 ? a.length : at;
}

export const transcriptOf = ({ ledger }: Pick<End, 'ledger'>, leg: LedgerLeg): readonly TranscriptLine[] =>
  ledger.texml_calls.find(({ call_sid }) => call_sid === leg.call_control_id)?.transcript ?? [];

/** Where nothing fails, something happens within seconds of the answer. */
export function scriptDeadAir(end: End): readonly Verdict[] {
  const { record, ledger, calm } = end;
  if (!calm || foundMachine(end)) return [];
  const { answeringMachine, handler } = record.request;
  const listens = answeringMachine.policy === 'hang_up' || answeringMachine.policy === 'leave_message';
  const waits = listens || (handler.type === 'texml' && handler.listens);
  return leadLegsOf(ledger.legs, record).flatMap((leg) => {
    // A script that says nothing is silent for good.
    if (leg.answered_at === null || linesFor(end, leg, 'person').length === 0) return [];
    const transcript = transcriptOf(end, leg);
    const answeredMs = transcript.find(({ does }) => does === 'answers')?.at_ms ?? Infinity;
    const first = transcript.find(
      ({ who, does, at_ms }) => at_ms >= answeredMs && who === 'document' && !['pauses', 'answers'].includes(does),
    );
    const endMs = Date.parse(leg.ended_at ?? '') - Date.parse(leg.placed_at);
    const silentMs = (first?.at_ms ?? endMs) - answeredMs;
    return silentMs <= SILENCE_MS + (waits ? DETECTION_MS : 0)
      ? []
      : [{ oracle: 'C4', what: `whoever answered heard nothing for ${silentMs} ms` }];
  });
}
