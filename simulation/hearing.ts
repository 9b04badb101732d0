/** What people heard, and what was recorded of them: oracles about the carrier's books of sounds and recordings. */
import type { LedgerLeg, LedgerSound } from '../simulator/carrier/ledger';
import type { Verdict } from './judge';
import type { End } from './oracles';
import { allLegsOf, companyIn, leadLegsOf, wasCanceled } from './records';

/** From the answer to somebody or something being heard. */
const SILENCE_MS = 2_000;
/** What detection may take on top; its verdict comes first. */
const DETECTION_MS = 6_000;

const verdicts = (oracle: string, wrong: readonly string[]): readonly Verdict[] =>
  wrong.map((what) => ({ oracle, what }));

/** Of what a leg was told, all that it heard to the end. */
const heard = ({ sounds }: LedgerLeg): readonly LedgerSound[] => sounds.filter(({ status }) => status === 'completed');

/** The message for a machine; null when none was to be left. */
export function messageOf({ record }: End): string | null {
  const { answeringMachine } = record.request;
  if (answeringMachine.policy !== 'leave_message') return null;
  return 'say' in answeringMachine.message ? answeringMachine.message.say : answeringMachine.message.play;
}

export function sounds(end: End): readonly Verdict[] {
  const { record, ledger, settings } = end;
  const message = messageOf(end);
  const { verdict, greetingEndsAfterMs } = record.machine;
  const isMachine = verdict === 'machine' || greetingEndsAfterMs !== null;
  return leadLegsOf(ledger.legs, record).flatMap((leg) => {
    const contents = heard(leg).map(({ content }) => content);
    const toldMessage = leg.sounds.some(({ content }) => content === message);
    return verdicts('sounds', [
      // A command whose answer is lost is sent again; Telnyx ignores the repeat (API reference: command_id).
      ...(new Set(contents).size < contents.length && settings.dedupeCommandIds ? ['something was heard twice'] : []),
      ...(toldMessage && !isMachine ? ['a person was left the message for machines'] : []),
    ]);
  });
}

/** What a script records is its own wish. */
export const BY_STEPS: readonly string[] = ['RecordVerb', 'DialVerb'];

export function consent({ record, ledger, settings }: End): readonly Verdict[] {
  const { record: wanted, recordingNotice } = record.request;
  const lead = leadLegsOf(ledger.legs, record);
  return allLegsOf(ledger.legs, record).flatMap((leg) => {
    const recordings = ledger.recordings.filter(
      ({ id, initiated_by }) => leg.recording_ids.includes(id) && !BY_STEPS.includes(initiated_by),
    );
    const notice = heard(leg).find(({ content }) => content === recordingNotice);
    const early = recordings.filter(({ started_at }) => !notice?.ended_at || started_at < notice.ended_at);
    return verdicts('consent', [
      ...(recordings.length > 0 && !wanted ? ['recorded though nobody wanted it'] : []),
      ...(recordings.length > 0 && !lead.includes(leg) ? ["an agent's leg was recorded"] : []),
      ...(recordingNotice !== null && early.length > 0 ? ['recorded before the notice was heard'] : []),
      ...(recordings.length > 1 && settings.dedupeCommandIds ? [`${recordings.length} recordings of one leg`] : []),
    ]);
  });
}

/** C4 is about people: only where nothing fails can it be promised. */
export function deadAir({ record, ledger, calm }: End): readonly Verdict[] {
  if (!calm) return [];
  return leadLegsOf(ledger.legs, record).flatMap((leg) => {
    if (leg.answered_at === null) return [];
    const listens = ['hang_up', 'leave_message'].includes(record.request.answeringMachine.policy);
    const entries = ledger.conferences
      .flatMap(({ participants }) => participants)
      .filter(({ call_control_id }) => call_control_id === leg.call_control_id)
      .map(({ joined_at }) => joined_at);
    const [first] = [...entries, ...leg.sounds.map(({ started_at }) => started_at)].sort();
    const until = Date.parse(first ?? leg.ended_at ?? '');
    const silentMs = until - Date.parse(leg.answered_at);
    const isMachine = record.machine.verdict === 'machine' || record.machine.verdict === 'fax_detected';
    if (listens && (isMachine || record.machine.greetingEndsAfterMs !== null)) return [];
    return silentMs <= SILENCE_MS + (listens ? DETECTION_MS : 0)
      ? []
      : [{ oracle: 'C4', what: `whoever answered heard nothing for ${silentMs} ms` }];
  });
}

/** Where nothing fails: who is left alone hears hold audio and, in the end, an apology; ringback ends with the answer. */
export function courtesy(end: End): readonly Verdict[] {
  const { record, ledger, document, calm } = end;
  if (!calm || document.answered_by === 'machine') return [];
  return leadLegsOf(ledger.legs, record).flatMap((leg) => {
    const others = [record.request.recordingNotice, messageOf(end)];
    const apologized = leg.sounds.some(({ content }) => !others.includes(content));
    const isTurnedAway =
      document.outcome === 'agent_unavailable' &&
      leg.hangup_source === 'caller' &&
      !wasCanceled(record) &&
      !goesDownWithConference(end, leg);
    return verdicts('courtesy', [
      ...(isTurnedAway && document.answered_at !== null && !apologized ? ['nobody apologized to the lead'] : []),
      ...(isLeftInSilence(end, leg) ? ['the lead was left alone without hold audio'] : []),
      ...(isStillRinging(end, leg) ? ['the agent hears ringback while the lead talks'] : []),
    ]);
  });
}

/**
 * A known limit: the agent dropped while the lead's phone rang, so the carrier made the conference from the lead's leg at
 * the answer, with `end_conference_on_exit`; whoever takes the lead out of it to hear the apology hangs up on them.
 */
function goesDownWithConference({ record, ledger }: End, leg: LedgerLeg): boolean {
  const { agent, dialOrder } = record.request;
  const isMaker = ledger.conferences.some(({ creator }) => creator === leg.call_control_id);
  return isMaker && agent !== null && dialOrder === 'agent_first';
}

function isLeftInSilence(end: End, leg: LedgerLeg): boolean {
  const { record, ledger } = end;
  const company = companyIn(ledger, record, leg);
  const aloneSince = company
    .map(({ left_at }) => left_at ?? leg.ended_at ?? '')
    .sort()
    .at(-1);
  if (aloneSince === undefined || leg.answered_at === null || aloneSince < leg.answered_at) return false;
  if (Date.parse(leg.ended_at ?? '') - Date.parse(aloneSince) < SILENCE_MS || wasCanceled(record)) return false;
  return !played(end, leg.call_control_id, 'hold').some((at) => at >= aloneSince);
}

function isStillRinging(end: End, leg: LedgerLeg): boolean {
  const { record, ledger } = end;
  const isIn = ledger.conferences.some(({ participants }) =>
    participants.some(({ call_control_id }) => call_control_id === leg.call_control_id),
  );
  const stops = commands(end, 'stop').map(({ at }) => at);
  const company = companyIn(ledger, record, leg).filter(
    ({ left_at }) => left_at === null || left_at >= (leg.ended_at ?? ''),
  );
  return (
    isIn &&
    company.some(({ call_control_id }) =>
      played(end, call_control_id, 'ringback').some((at) => !stops.some((stop) => stop >= at)),
    )
  );
}

/** When a leg in the conference, or whose conference begins with it, was made to hear a sound of ours. */
const played = (end: End, callControlId: string, sound: string): readonly string[] =>
  [...commands(end, 'play'), ...commands(end, 'createConference')]
    .filter(
      ({ body }) => JSON.stringify(body).includes(callControlId) && JSON.stringify(body).includes(`/${sound}.mp3`),
    )
    .map(({ at }) => at);

interface Command {
  readonly name: string;
  readonly at: string;
  readonly body: unknown;
}

const commands = ({ ledger }: End, name: string): readonly Command[] =>
  (ledger.commands as unknown as readonly Command[]).filter((command) => command.name === name);
