import type { Facts } from '../../domain/facts';
import type { CallRuntime } from '../runtime';

/** What is under way, or null when the predicate holds before it is over: what comes of it later has to be learned there. */
export async function unless<T>(
  predicate: (facts: Facts) => boolean,
  underWay: Promise<T>,
  summary: string,
  runtime: CallRuntime,
): Promise<T | null> {
  let isOver = false;
  const over = underWay.then((answer) => {
    isOver = true;
    return answer;
  });
  const held = runtime.until((facts) => isOver || predicate(facts), Infinity, summary).then(() => null);
  return Promise.race([over, held]);
}
