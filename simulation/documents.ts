/**
 * The carrier asks what a TeXML call does next. Here are the way to us and back, as the seed has it, and what the API
 * server does: it starts a workflow update, or joins the one that runs already, and never keeps the carrier waiting.
 */
import { hangup, response } from '../texml/builder';
import { holdingDocument } from '../texml/holding';
import { writeTexml } from '../texml/writer';
import type { CallId } from '../domain/call';
import type { CarrierDeps, Clock, Question, Reply } from '../simulator/carrier/world';
import { instructionsUpdateId } from '../workflows/messages';
import type { RunningCall } from './call';
import type { Chance } from './chance';
import { DOCUMENT_FAULTS } from './faults';
import type { DocumentCopy } from './faults';
import type { Server } from './processes';
import { placeAt } from './texml-places';
import type { Place } from './texml-places';

export interface DocumentsDeps {
  readonly clock: Clock;
  readonly chance: Chance;
  readonly server: Server;
  /** How likely a request is to meet a fault. */
  readonly faulty: number;
  readonly calls: ReadonlyMap<CallId, RunningCall>;
  readonly watch: DocumentsWatch;
}

export interface DocumentsWatch {
  /** The carrier was sent where nobody answers. */
  broken(error: unknown): void;
  asked(callId: CallId, question: Question): void;
  /** The workflow has heard of it. */
  heardQuestion(callId: CallId, callSid: string): void;
  instructed(callId: CallId, how: 'given' | 'held' | 'over', texml: string): void;
}

/** As long as Telnyx waits, and the API server (`server/texml-exchange.ts`). */
const CARRIER_WAITS_MS = 5_000;
const PATIENCE_MS = 3_000;
const AS_IT_IS: readonly DocumentCopy[] = [{ afterMs: 0, fate: 'answered' }];
const BAD_GATEWAY: Reply = { status: 502, body: '<html>Bad Gateway</html>' };

/** What the carrier model asks. */
export function createDocuments(deps: DocumentsDeps): NonNullable<CarrierDeps['ask']> {
  const { clock, chance, server, faulty } = deps;
  const receive = createApi(deps);
  let asked = 0;
  return (question, reply) => {
    const occasion = `document ${++asked}`;
    const fault = chance.fault(occasion, faulty, DOCUMENT_FAULTS);
    const copies = fault?.row.copies(fault.draws) ?? AS_IT_IS;
    const travelMs = chance.draws(`${occasion}, travel`).between(15, 60);
    let open = true;
    const settle = (came: Reply): void => {
      if (!open) return;
      open = false;
      giveUp();
      reply(came);
    };
    const lastMs = Math.max(0, ...copies.map(({ afterMs }) => afterMs));
    const giveUp = clock.after(lastMs + CARRIER_WAITS_MS, () => {
      settle({ status: null, error: 'no answer' });
    });
    const arrive = ({ fate }: DocumentCopy): void => {
      if (fate === 'badGateway') settle(BAD_GATEWAY);
      else if (!server.isRunning()) settle({ status: null, error: 'ECONNREFUSED' });
      else
        receive(question, fate === 'temporalAway', (texml) => {
          if (fate !== 'answerLost')
            clock.after(travelMs, () => {
              settle({ status: 200, body: fate === 'garbled' ? texml.slice(0, texml.length / 2) : texml });
            });
        });
    };
    for (const copy of copies)
      clock.after(travelMs + copy.afterMs, () => {
        arrive(copy);
      });
    return () => {
      open = false;
      giveUp();
    };
  };
}

type Api = (question: Question, isTemporalAway: boolean, answer: (texml: string) => void) => void;

const HANG_UP = writeTexml(response(hangup()));
const HOLD_MUSIC = '<Response><Play loop="0">https://calls.example.com/hold.mp3</Play></Response>';

/** What the routes of TeXML calls do. */
function createApi({ clock, calls, watch }: DocumentsDeps): Api {
  let requests = 0;
  const placeOf = ({ url }: Question): Place | null => {
    try {
      return placeAt(url);
    } catch (error) {
      watch.broken(error);
      return null;
    }
  };
  return (question, isTemporalAway, answer) => {
    const place = placeOf(question);
    if (place === null) return;
    const { callId, base, path, query } = place;
    watch.asked(callId, question);
    if (path === 'wait') {
      answer(HOLD_MUSIC);
      return;
    }
    const said = [...query].filter(([name]) => /^[A-Z]/.test(name));
    const fields = { ...Object.fromEntries(said), ...question.fields };
    const callSid = fields['CallSid'] ?? '';
    const number = path === 'instructions/again' ? ('again' as const) : Number(path.slice('instructions/'.length));
    const [target, held] = [Number(query.get('to') ?? 0), Number(query.get('held') ?? 0)];
    let open = true;
    const finish = (how: 'given' | 'held' | 'over', texml: string): void => {
      if (!open) return;
      open = false;
      watch.instructed(callId, how, texml);
      answer(texml);
    };
    const hold = (): void => {
      finish('held', writeTexml(holdingDocument({ address: `${base}/${path}`, target, held, fields })));
    };
    if (isTemporalAway) {
      hold();
      return;
    }
    clock.after(PATIENCE_MS, hold);
    const updateId = `${instructionsUpdateId({ number })}${number === 'again' ? `/${++requests}` : ''}`;
    const asked = { number, target, base, callSid, fields, at: new Date(clock.now()).toISOString() };
    const isTaken = calls.get(callId)?.instruct(updateId, asked, {
      heard: () => {
        watch.heardQuestion(callId, callSid);
      },
      answered: (texml) => {
        finish('given', texml);
      },
    });
    if (isTaken !== true) finish('over', HANG_UP);
  };
}
