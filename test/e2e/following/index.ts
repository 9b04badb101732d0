/** Stands in for a TeXML call: answers requests for documents, each number in its own way. */
import { condition, continueAsNew, setHandler, sleep } from '@temporalio/workflow';
import type { CallRequest } from '../../../domain/call';
import type { Script } from '../../../flows/script';
import { instructionsUpdate } from '../../../workflows/messages';

/** By the number that is asked for. Every other is answered at once. */
export const NUMBERS = { slow: 100, endsTheCall: 101, goesOnAsNew: 102 } as const;

export async function coldCall(request: CallRequest, script: Script | undefined, run = 1): Promise<string> {
  let asked = 0;
  const next: { then: 'end' | 'goOn' | null } = { then: null };
  setHandler(instructionsUpdate, async ({ number }) => {
    asked += 1;
    const answer = `document ${number}, asked ${asked} times, run ${run}`;
    if (number === NUMBERS.slow) await sleep('2 seconds');
    if (run > 1) return answer;
    if (number === NUMBERS.endsTheCall) next.then = 'end';
    if (number === NUMBERS.goesOnAsNew) next.then = 'goOn';
    if (next.then !== null) await sleep('1 hour');
    return answer;
  });
  await condition(() => next.then !== null);
  if (next.then === 'goOn') await continueAsNew<typeof coldCall>(request, script, run + 1);
  return 'over';
}
