/** What a TeXML call is asked and told, whichever address the carrier came to. */
import { createHash, randomUUID } from 'node:crypto';
import type { CallId } from '../domain/call';
import type { Fields } from '../flows/script';
import type { Logger } from '../platform/logger';
import type { Heard } from '../platform/telnyx/texml-callbacks';
import type { TexmlDocument } from '../texml/document';
import { holdingDocument } from '../texml/holding';
import { instructionsUpdateId } from '../workflows/messages';
import type { InstructionsRequest, SignalledEvent } from '../workflows/messages';
import type { CallDirectory } from './call-directory';
import { malformed } from './carrier-forms';
import type { CarrierForm } from './carrier-forms';
import { createTeller } from './teller';
import { HANG_UP } from './texml-answers';

interface ExchangeSettings {
  readonly directory: CallDirectory;
  readonly log: Logger;
}

export interface Asked extends CarrierForm, Pick<InstructionsRequest, 'number' | 'base'> {}

/** The next document of a call. Throws an ApiProblem (400) when the form names no leg, and nothing else. */
export type Instruct = (callId: CallId, asked: Asked) => Promise<string | TexmlDocument>;

/** The carrier waits for 5 s at least; whoever is on the line hears nothing meanwhile. */
const PATIENCE_MS = 3_000;

export function createInstructor({ directory, log }: ExchangeSettings): Instruct {
  return async (callId, { number, base, fields, target, held }) => {
    const request = { number, target, base, callSid: callSidIn(fields), fields, at: new Date().toISOString() };
    const answer = await directory.instruct(callId, request, { updateId: updateIdOf(number), withinMs: PATIENCE_MS });
    // No fields: what was pressed can be the number of a card.
    log.info({ event: 'texml.asked', callId, number, held, answer: answer.kind }, 'Telnyx asked for a TeXML document');
    switch (answer.kind) {
      case 'document':
        return answer.texml;
      case 'over':
        return HANG_UP;
      case 'late':
        return holdingDocument({ address: `${base}/instructions/${number}`, target, held, fields });
    }
  };
}

/** What was answered last changes from request to request, so each is a request of its own. */
function updateIdOf(number: InstructionsRequest['number']): string {
  const id = instructionsUpdateId({ number });
  return number === 'again' ? `${id}/${randomUUID()}` : id;
}

/** Of a callback: all that it says, or nothing. */
export type Reading = (form: Fields, heard: Heard) => readonly SignalledEvent[];

/** Tells a call what a callback says. Durable when it resolves; the same callback again has no effect. */
export type Report = (callId: CallId, type: string, read: Reading, fields: Fields) => Promise<void>;

export function createReporter({ directory, log }: ExchangeSettings): Report {
  const tell = createTeller(directory);
  return async (callId, type, read, fields) => {
    const events = read(fields, { source: 'webhook', receivedAt: new Date().toISOString() });
    const digest = digestOf(type, fields);
    const known = [];
    for (const event of events) known.push(await tell(callId, event, `${digest}/${event.kind}`));
    const told = { event: 'webhook.received', type: `texml.${type}`, callId, says: events.map(({ kind }) => kind) };
    const ignored = known.includes('over') ? { ignored: 'call_over' } : {};
    if (events.length === 0 || known.some((one) => one !== 'known'))
      log.info({ ...told, ...ignored }, `Telnyx texml webhook received: ${type}`);
  };
}

/** Callbacks have no id: a repeat says the same. */
function digestOf(type: string, fields: Fields): string {
  const sorted = Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256')
    .update(JSON.stringify([type, sorted]))
    .digest('hex')
    .slice(0, 32);
}

export function callSidIn(fields: Fields): string {
  const callSid = fields['CallSid'] ?? '';
  if (callSid !== '' && callSid.length <= 500) return callSid;
  throw malformed('the form has no CallSid');
}
