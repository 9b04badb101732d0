/**
 * What a machine hears in a TeXML call. The carrier listens beside the document that plays; whoever has not been found
 * out a few seconds after the answer is taken for a person, and a machine that is found out later gets its turn then.
 */
import type { CallRequest } from '../../domain/call';
import type { Facts } from '../../domain/facts';
import { leadLeg } from '../../domain/legs';
import { iso } from '../../domain/time';
import { step } from '../../flows/engine';
import type { Position, Report, Scene, Script, Turn } from '../../flows/script';
import { hangup, play, redirect, response, say } from '../../texml/builder';
import type { TexmlDocument } from '../../texml/document';
import type { CallRuntime } from '../runtime';
import { isMachine, isMeantForPeople } from './going-on';
import { isPerson, untilGreeted } from './machine';

export interface MachineDocuments {
  /** What is played instead of the script's next document; null: the script goes on. @param next where the document after it is */
  instead(next: string): Promise<TexmlDocument | null>;
  /** For a script that asks at this position. */
  verdict(position: Position): Promise<Report>;
  /** The turn that a script should have taken for a machine, when it took the one for a person and was wrong. Once. */
  lateTurn(script: Script, scene: Scene): Turn | null;
  /** A machine was found out, and has not had its turn. */
  isLate(facts: Facts): boolean;
  /** Somebody has pressed a key or spoken: whatever the carrier finds out later, the script goes on. */
  answers(): void;
}

export function createMachineDocuments(call: CallRequest, runtime: CallRuntime): MachineDocuments {
  const { answeringMachine } = call;
  /** Where the script was when it took somebody for a person whom the carrier had not made out. */
  let doubtful: Position | null = null;
  let hasPlayed = false;
  let isAnswering = false;

  const reach = (): void => {
    runtime.learn({ kind: 'machineReached', at: iso(runtime.now()), source: 'command' });
  };

  async function messageFor(next: string): Promise<TexmlDocument> {
    const lead = leadLeg(runtime.facts());
    if (answeringMachine.policy !== 'leave_message' || lead?.verdict !== 'machine') return response(hangup());
    if (hasPlayed) {
      const said = { kind: 'said', at: iso(runtime.now()), source: 'webhook', leg: lead.identity } as const;
      runtime.learn({ ...said, speech: 'message', completed: true });
      return response(hangup());
    }
    hasPlayed = true;
    await untilGreeted(call, runtime);
    const { message } = answeringMachine;
    return response('say' in message ? say(message.say) : play(message.play), redirect(next));
  }

  return {
    async instead(next) {
      if (!isMeantForPeople(call) || isAnswering || (await isPerson(call, runtime))) return null;
      reach();
      return messageFor(next);
    },
    async verdict(position) {
      const person = isAnswering || (await isPerson(call, runtime));
      doubtful = person && leadLeg(runtime.facts())?.verdict === 'unknown' ? position : null;
      if (person) return { kind: 'verdict', verdict: 'person' };
      await untilGreeted(call, runtime);
      reach();
      return { kind: 'verdict', verdict: 'machine' };
    },
    lateTurn(script, scene) {
      if (doubtful === null || !isMachine(runtime.facts())) return null;
      const turn = step(script, doubtful, { kind: 'report', report: { kind: 'verdict', verdict: 'machine' } }, scene);
      doubtful = null;
      reach();
      return turn;
    },
    isLate: (facts) =>
      isMachine(facts) &&
      (doubtful !== null || (isMeantForPeople(call) && !isAnswering && facts.machineReachedAt === null)),
    answers() {
      isAnswering = true;
      doubtful = null;
    },
  };
}
