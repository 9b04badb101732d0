/**
 * What a TeXML call is told, a document at a time. Documents are numbered: the same number always has the same one,
 * however often the carrier asks, so a repeat or a crash between two of them changes nothing for the caller.
 */
import { LEAD, leadPhoneOf } from '../../domain/call';
import type { CallRequest } from '../../domain/call';
import type { Facts } from '../../domain/facts';
import { livingLegs } from '../../domain/legs';
import { iso } from '../../domain/time';
import { begin, step } from '../../flows/engine';
import type { Report, Scene, Script } from '../../flows/script';
import { hangup, response, say } from '../../texml/builder';
import type { TexmlDocument, TexmlElement } from '../../texml/document';
import { targetsOf } from '../../texml/targets';
import { writeTexml } from '../../texml/writer';
import type { InstructionsRequest } from '../messages';
import type { CallRuntime } from '../runtime';
import { canGoOn } from './going-on';
import { createMachineDocuments } from './machine-documents';

export interface Instructions {
  /** The document of this number, as text. A call that is over is told to hang up. */
  readonly answer: (request: InstructionsRequest) => Promise<string>;
  /** A machine was found only after something else had begun to play. */
  hasMoreToSay(facts: Facts): boolean;
  /** Has the carrier ask for the next document now. Once. */
  interrupt(): Promise<void>;
  /** A document that was answered records by itself. */
  readonly mayHaveRecorded: () => boolean;
}

/** A history has room for many more; a caller who hears so many is in a loop. The customer's server is asked less often. */
const MOST_DOCUMENTS: Readonly<Record<Script['kind'], number>> = { flow: 500, documents: 100 };
const MOST_ERRANDS = 20;
const MOST_REDIRECTS = 3;
/** After a redirect whose answer was not clear. */
const ASKED_WITHIN_MS = 1_000;

const HANG_UP = response(hangup());
const APOLOGY = response(say('We are sorry, something went wrong. Goodbye.'), hangup());

export function createInstructions(call: CallRequest, script: Script, runtime: CallRuntime): Instructions {
  const made = new Map<number, Promise<string>>();
  const machine = createMachineDocuments(call, runtime);
  let position = begin(script);
  let base = '';
  let recorded = false;
  let interrupted = false;
  /** How many documents are being made: they see for themselves what the carrier has found out. */
  let inTheMaking = 0;

  async function follow(number: number, { fields, target }: InstructionsRequest): Promise<TexmlDocument> {
    const scene = sceneOf(number);
    let turn = machine.lateTurn(script, scene) ?? step(script, position, { kind: 'asked', fields, target }, scene);
    for (let nth = 1; turn.kind === 'errand'; nth++) {
      position = turn.position;
      if (nth > MOST_ERRANDS) return APOLOGY;
      const { errand } = turn;
      const report: Report =
        errand.kind === 'verdict'
          ? await machine.verdict(position)
          : await runtime.errands.run(errand, `${number}.${nth}`);
      if (isOver(runtime.facts())) return HANG_UP;
      turn = step(script, position, { kind: 'report', report }, scene);
    }
    position = turn.position;
    return (await isForbidden(turn.document)) ? APOLOGY : turn.document;
  }

  const linkTo = (number: number): string => `${base}/instructions/${number}`;

  const sceneOf = (number: number): Scene => ({
    callId: call.callId,
    leadPhone: leadPhoneOf(call),
    ourPhone: call.incoming === undefined ? call.fromPhone : call.toPhone,
    nowMs: runtime.now(),
    base,
    number,
  });

  async function isForbidden(document: TexmlDocument): Promise<boolean> {
    const targets = targetsOf(document);
    const forbidden = targets.length === 0 ? null : await runtime.errands.firstForbidden(targets);
    if (forbidden === null) return false;
    const detail = 'a document would dial a number or an address that may not be dialed';
    const code = 'destination_not_allowed';
    runtime.learn({ kind: 'commandFailed', at: iso(runtime.now()), source: 'command', code, detail });
    return true;
  }

  async function make(number: number, request: InstructionsRequest, before: Promise<unknown>): Promise<string> {
    inTheMaking += 1;
    await before;
    const document = await documentOf(number, request);
    inTheMaking -= 1;
    recorded ||= recordsBesides(document);
    return writeTexml(document);
  }

  async function documentOf(number: number, request: InstructionsRequest): Promise<TexmlDocument> {
    if (isOver(runtime.facts())) return HANG_UP;
    if (number > MOST_DOCUMENTS[script.kind]) return APOLOGY;
    const treated = await machine.instead(linkTo(number + 1));
    if (treated !== null) return treated;
    const document = await follow(number, request);
    runtime.learn({ kind: 'followed', at: iso(runtime.now()), source: 'webhook', leg: legOf(request) });
    return document;
  }

  const legOf = ({ callSid }: InstructionsRequest) =>
    ({ ...LEAD, callLegId: callSid, callControlId: callSid, callSessionId: null }) as const;

  return {
    answer(request) {
      base = request.base;
      // Nobody is asked what to play before the answer, but for people who call us. When that was, the carrier's clock tells.
      const kind = call.incoming === undefined ? 'inProgress' : 'initiated';
      runtime.learn({ kind, at: request.at, source: 'webhook', leg: legOf(request) });
      if ('Digits' in request.fields || 'SpeechResult' in request.fields) machine.answers();
      const latest = made.size;
      const number = request.number === 'again' ? Math.max(1, latest) : Math.min(request.number, latest + 1);
      const known = made.get(number);
      if (known) return known;
      const making = make(number, request, made.get(latest) ?? Promise.resolve());
      made.set(number, making);
      return making;
    },
    // Whoever has not asked for a document yet will, and where the call's documents are is told with that.
    hasMoreToSay: (facts) => !interrupted && base !== '' && inTheMaking === 0 && machine.isLate(facts),
    async interrupt() {
      interrupted = true;
      const next = made.size + 1;
      const isAsked = (): boolean => made.size >= next;
      const leg = livingLegs(runtime.facts()).find(({ identity }) => identity.role === LEAD.role)?.identity;
      for (let attempt = 1; leg && attempt <= MOST_REDIRECTS; attempt++) {
        const answer = await runtime.carrier.redirect({ callId: call.callId, leg, url: linkTo(next) });
        // Done all the same, when the carrier asks: sent there again, whoever listens would hear it from the beginning.
        const isOpen = answer.kind === 'unavailable' && canGoOn(runtime.facts());
        if (!isOpen || (await runtime.until(isAsked, ASKED_WITHIN_MS, 'was it redirected?'))) return;
      }
    },
    mayHaveRecorded: () => recorded,
  };
}

/** Nobody is to hear anything more. */
function isOver({ endingAt, hangupRequestedAt }: Facts): boolean {
  return endingAt !== null || hangupRequestedAt !== null;
}

/** A `Record`, or the attribute of a `Dial` or a `Conference`. */
function recordsBesides({ name, attributes, children }: TexmlElement): boolean {
  const { record = 'do-not-record' } = attributes;
  return (
    name === 'Record' ||
    record !== 'do-not-record' ||
    children.some((child) => typeof child !== 'string' && recordsBesides(child))
  );
}
