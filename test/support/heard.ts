/** What people hear and do on TeXML calls, by the carrier's own books. */
import type { Ledger } from '../../simulator/server';

type TexmlCall = Ledger['texml_calls'][number];

/** What the carrier does that is noticed on the line. */
const NOTICED = ['bridges', 'ends the dial', 'leaves the queue'];
/** Whoever waits for a document hears a pause, and knows nothing of documents. */
const NOT_NOTICED = ['fetches', 'pauses'];

/** The leg of the person: called by us, or calling us. */
export function legWith(phone: string, { legs }: Ledger): Ledger['legs'][number] | undefined {
  return legs.find(({ direction, to, from }) => (direction === 'outgoing' ? to : from) === phone);
}

export function transcriptWith(phone: string, ledger: Ledger): TexmlCall['transcript'] {
  const leg = legWith(phone, ledger);
  return ledger.texml_calls.find(({ call_sid }) => call_sid === leg?.call_control_id)?.transcript ?? [];
}

/** Lines like `document says Hello.` and `phone presses 1`, without pauses. */
export function heardBy(phone: string, ledger: Ledger): readonly string[] {
  return transcriptWith(phone, ledger)
    .filter(({ who, does }) => (who === 'carrier' ? NOTICED.includes(does) : !NOT_NOTICED.includes(does)))
    .map(({ who, does, text }) => `${who} ${does} ${text}`.trim());
}

/** Lines that begin as expected are as expected. */
export function shortened(lines: readonly string[], expected: readonly string[]): readonly string[] {
  return lines.map((line, nth) => {
    const beginning = expected[nth];
    return beginning !== undefined && line.startsWith(beginning) ? beginning : line;
  });
}
