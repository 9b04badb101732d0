import { beside, firstOf, start, waitFor } from '../../../simulator/texml/steps';
import type { Step, Wait } from '../../../simulator/texml/steps';

/** A wait that the test ends, and what became of it. */
function aWait<T>() {
  const seen = { begun: 0, givenUp: 0 };
  const held: { resume: (value: T) => void } = { resume: () => undefined };
  const wait: Wait<T> = (resume) => {
    seen.begun += 1;
    held.resume = resume;
    return () => {
      seen.givenUp += 1;
    };
  };
  return {
    wait,
    seen,
    come: (value: T) => {
      held.resume(value);
    },
  };
}

const atOnce =
  <T>(value: T): Wait<T> =>
  (resume) => {
    resume(value);
    return () => undefined;
  };

describe('a story', () => {
  it('goes on with what came, and once only', () => {
    const [one, other] = [aWait<string>(), aWait<string>()];
    const told: string[] = [];
    start(
      (function* (): Step {
        told.push(yield* waitFor(one.wait));
        told.push(yield* waitFor(other.wait));
      })(),
    );
    one.come('a');
    one.come('b');
    other.come('c');
    expect(told).toEqual(['a', 'c']);
  });

  it('goes on at once when there is nothing to wait for', () => {
    const told: number[] = [];
    start(
      (function* (): Step {
        for (const number of [1, 2, 3]) told.push(yield* waitFor(atOnce(number)));
      })(),
    );
    expect(told).toEqual([1, 2, 3]);
  });

  it('that is stopped gives up its wait and tidies up, once', () => {
    const one = aWait<string>();
    const told: string[] = [];
    const stop = start(
      (function* (): Step {
        try {
          told.push(yield* waitFor(one.wait));
        } finally {
          told.push('tidied');
        }
      })(),
    );
    stop();
    stop();
    one.come('late');
    expect([told, one.seen]).toEqual([['tidied'], { begun: 1, givenUp: 1 }]);
  });

  it('that stops itself waits for nothing more', () => {
    const [one, other] = [aWait<string>(), aWait<string>()];
    const told: string[] = [];
    const held = { stop: (): void => undefined };
    held.stop = start(
      (function* (): Step {
        try {
          yield* waitFor(one.wait);
          held.stop();
          told.push('goes on to its next wait');
          yield* waitFor(other.wait);
          told.push('never');
        } finally {
          told.push('tidied');
        }
      })(),
    );
    one.come('now');
    expect([told, other.seen.begun]).toEqual([['goes on to its next wait', 'tidied'], 0]);
  });
});

describe('the first of several', () => {
  it('wins, and the others are given up', () => {
    const [one, other] = [aWait<string>(), aWait<string>()];
    const told: string[] = [];
    firstOf(one.wait, other.wait)((value) => told.push(value));
    other.come('other');
    one.come('one');
    expect([told, one.seen.givenUp]).toEqual([['other'], 1]);
  });

  it('that comes at once lets no other begin', () => {
    const other = aWait<string>();
    const told: string[] = [];
    firstOf(atOnce('now'), other.wait)((value) => told.push(value));
    expect([told, other.seen.begun]).toEqual([['now'], 0]);
  });

  it('may be a story of its own, which stops when another wins', () => {
    const [inner, other] = [aWait<string>(), aWait<string>()];
    const told: string[] = [];
    const story = (function* (): Step<string> {
      try {
        return yield* waitFor(inner.wait);
      } finally {
        told.push('tidied');
      }
    })();
    firstOf(beside(story), other.wait)((value) => told.push(value));
    other.come('other');
    expect([told, inner.seen.givenUp]).toEqual([['tidied', 'other'], 1]);
  });
});
