/**
 * The same script against the same phone where nothing goes wrong: the engine alone answers the carrier model, with what
 * the errands of the real call came to. What is heard here is what has to be heard there.
 */
import { begin, step } from '../flows/engine';
import type { Errand, Fields, Position, Report, Scene, Script } from '../flows/script';
import { createCarrier } from '../simulator/carrier/carrier';
import { accountSid } from '../simulator/carrier/provisioning';
import type { Settings } from '../simulator/carrier/settings';
import { createVirtualClock } from '../simulator/carrier/virtual-clock';
import { mulberry32 } from '../simulator/mischief';
import type { PhoneBehaviour } from '../simulator/phones';
import { usualTexmlApplicationId } from '../simulator/texml/state';
import type { TranscriptLine } from '../simulator/texml/state';
import { hangup, response } from '../texml/builder';
import { targetsOf } from '../texml/targets';
import { writeTexml } from '../texml/writer';
import { pageAt, PREMIUM } from './customer';
import { addresses, placeAt } from './texml-places';

export interface Rehearsal {
  readonly script: Script;
  readonly callId: string;
  readonly leadPhone: string;
  readonly ourPhone: string;
  /** Number or address of everybody who may be called. */
  readonly phones: Readonly<Record<string, PhoneBehaviour>>;
  readonly settings: Settings;
  /** For a script that asks, and what its errands came to, by key. */
  readonly verdict: 'person' | 'machine';
  readonly reports: ReadonlyMap<string, Report>;
  /** When the call was placed, and how long it lasted: nothing takes longer here. */
  readonly placedAtMs: number;
  readonly lastsMs: number;
}

/** From a request to its answer: a document that only leads to itself still takes time. */
const ANSWER_AFTER_MS = 20;

export function rehearse(rehearsal: Rehearsal): readonly TranscriptLine[] {
  const { leadPhone, ourPhone, callId, phones, settings, placedAtMs, lastsMs } = rehearsal;
  const clock = createVirtualClock(placedAtMs);
  const answer = createPlayer(rehearsal, clock.now);
  const carrier = createCarrier({
    clock,
    random: mulberry32(1),
    emit: () => undefined,
    ask: ({ url, fields }, reply) =>
      clock.after(ANSWER_AFTER_MS, () => {
        reply({ status: 200, body: answer(url, fields) });
      }),
    storageUrl: ({ recordingId }) => recordingId,
    settings,
    account: { connectionId: '1', webhookUrl: null, failoverUrl: null, phoneNumbers: [] },
  });
  for (const [to, behaviour] of Object.entries(phones)) carrier.setPhone(to, behaviour);
  const Url = `${addresses.base(callId)}/instructions/1`;
  const body = { ApplicationSid: usualTexmlApplicationId, From: ourPhone, To: leadPhone, Url, Timeout: 120 };
  const query = {};
  carrier.match({ method: 'POST', path: `/texml/Accounts/${accountSid}/Calls`, query, body })?.run();
  clock.advance(lastsMs);
  return carrier.ledger().texml_calls[0]?.transcript ?? [];
}

/** Answers requests for documents, each number once. */
function createPlayer(rehearsal: Rehearsal, now: () => number): (url: string, fields: Fields) => string {
  const { script, callId, leadPhone, ourPhone } = rehearsal;
  let position: Position = begin(script);
  return (url, fields) => {
    const { base, path, query } = placeAt(url);
    if (path === 'wait') return writeTexml(response());
    const number = Number(path.slice('instructions/'.length));
    const scene: Scene = { callId, leadPhone, ourPhone, nowMs: now(), base, number };
    let turn = step(script, position, { kind: 'asked', fields, target: Number(query.get('to') ?? 0) }, scene);
    for (let nth = 1; turn.kind === 'errand'; nth++) {
      const report = reportOf(turn.errand, `${number}.${nth}`, rehearsal);
      turn = step(script, turn.position, { kind: 'report', report }, scene);
    }
    position = turn.position;
    const isForbidden = targetsOf(turn.document).includes(PREMIUM);
    return writeTexml(isForbidden ? response(hangup()) : turn.document);
  };
}

/** As it was told; what was never asked for in the real call has not been heard there either. */
function reportOf(errand: Errand, key: string, { reports, verdict }: Rehearsal): Report {
  const known = reports.get(key);
  if (errand.kind === 'verdict') return { kind: 'verdict', verdict };
  if (known) return known;
  if (errand.kind === 'address') return { kind: 'address', sipUri: `sip:${errand.clientId}@sip.telnyx.com` };
  const { url } = errand.kind === 'http' ? errand.request : errand.target;
  const { status, body } = pageAt(
    new URL(url),
    new URLSearchParams('fields' in errand ? errand.fields : {}).toString(),
  );
  return errand.kind === 'http'
    ? { kind: 'http', status, body }
    : { kind: 'document', texml: status === 200 ? body : null, url };
}
