/**
 * Questions for TeXML on the wire: signed, answered within 5 s or given up. Faults of the operation `instructions` and
 * mischief act on the way. Mischief's `drop` loses the answer, and the same question comes again.
 */
import type http from 'node:http';
import type { Clock, Question, Reply } from './carrier/world';
import type { Faults } from './faults';
import { isApplied } from './http';
import type { Fate } from './mischief';
import { encodeForm, formType, send } from './outgoing';
import type { Signer } from './webhooks';

/** How long an answer may take. */
const timeoutMs = 5000;

/** From a lost answer to the same question again. Ours. */
const againAfterMs = 1000;

export interface QuestionDeps {
  readonly clock: Clock;
  readonly signer: Signer;
  readonly faults: Faults;
  readonly fateOf: (about: { readonly eventType: string; readonly to: string }) => Fate;
  /** Divides the waits that mischief orders. */
  readonly speed: () => number;
}

export interface Asker {
  /** Replies once, later, unless given up. */
  readonly ask: (question: Question, reply: (reply: Reply) => void) => () => void;
  /** Gives up what is on its way. */
  stop(): void;
}

export function createAsker({ clock, signer, faults, fateOf, speed }: QuestionDeps): Asker {
  const running = new Set<http.ClientRequest>();

  const once = async (question: Question): Promise<Reply> => {
    const { method } = question;
    const { url, body } = encodeForm(question);
    const headers = signer.headers(body, clock.now(), formType);
    const result = await send({ method, url, body, headers, timeoutMs, running });
    if (result.status === null) return { status: null, error: result.error ?? 'no answer' };
    return { status: result.status, body: result.body };
  };

  const throughFault = async (question: Question): Promise<Reply> => {
    const fault = faults.take('instructions', { to: question.to });
    const honest = isApplied(fault) ? await once(question) : null;
    if (fault === null || (fault.kind === 'delay' && honest !== null)) {
      if (fault?.kind === 'delay') await new Promise<void>((resolve) => clock.after(fault.ms, resolve));
      return honest ?? { status: null, error: 'no answer' };
    }
    if (fault.kind === 'status') return { status: fault.status, body: '' };
    if (fault.kind === 'html') return { status: 200, body: '<html><body>One moment, please.</body></html>' };
    return { status: null, error: `lost on the way (${fault.kind})` };
  };

  return {
    ask(question, reply) {
      const fate = fateOf({ eventType: 'texml.instructions', to: question.to });
      const copiesAfterMs = fate.dropped ? [0, againAfterMs * speed()] : fate.copiesAfterMs;
      let over = false;
      copiesAfterMs.forEach((delayMs, nth) => {
        clock.after(delayMs / speed(), () => {
          // A copy sets out even when the first one has been answered: that is what makes it a copy.
          void throughFault(question).then((came) => {
            const isLost = fate.dropped && nth === 0;
            if (!over && !isLost) reply(came);
            if (!isLost) over = true;
          });
        });
      });
      return () => {
        over = true;
      };
    },
    stop() {
      for (const request of running) request.destroy();
    },
  };
}
