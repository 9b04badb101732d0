/**
 * How a flow is written as a story although time is handed in: a generator that yields what it waits for. Nothing here
 * is asynchronous in the sense of the language, so a virtual clock drives a flow exactly as a real one does.
 */

/** Something to wait for: begins, and returns how to give it up. `resume` counts once; later calls do nothing. */
export type Wait<T> = (resume: (value: T) => void) => () => void;

export type Step<T = void> = Generator<Wait<unknown>, T, unknown>;

/** Waits, and gives back what came. */
export function* waitFor<T>(wait: Wait<T>): Step<T> {
  return (yield wait) as T;
}

/** Waits for whichever comes first, and gives the others up. */
export function firstOf<T>(...waits: readonly Wait<T>[]): Wait<T> {
  return (resume) => {
    const givingUp: (() => void)[] = [];
    let over = false;
    const isOver = (): boolean => over;
    const stop = () => {
      over = true;
      for (const giveUp of givingUp) giveUp();
    };
    for (const wait of waits) {
      if (isOver()) break;
      const giveUp = wait((value) => {
        if (isOver()) return;
        stop();
        resume(value);
      });
      givingUp.push(giveUp);
      // One that came at once was not yet among those that were given up.
      if (isOver()) giveUp();
    }
    return stop;
  };
}

/**
 * Runs a story and returns how to stop it; its `finally` blocks run then. A story may stop itself, by ending the call
 * it plays on: it then goes on to its next wait and no further.
 */
export function start(story: Step): () => void {
  let giveUp: () => void = () => undefined;
  let running = false;
  let over = false;
  const goOn = (value: unknown): void => {
    running = true;
    const next = story.next(value);
    running = false;
    if (next.done === true) over = true;
    else if (over) story.return();
    else begin(next.value);
  };
  const begin = (wait: Wait<unknown>): void => {
    const state = { resumed: false };
    const stop = wait((value) => {
      if (state.resumed || over) return;
      state.resumed = true;
      goOn(value);
    });
    // A wait that resumed at once has left its successor's way of giving up in place.
    if (!state.resumed) giveUp = stop;
  };
  goOn(undefined);
  return () => {
    if (over) return;
    over = true;
    giveUp();
    if (!running) story.return();
  };
}

/** A story beside the one that waits for it. */
export const beside =
  <T>(story: Step<T>): Wait<T> =>
  (resume) =>
    start(
      (function* (): Step {
        resume(yield* story);
      })(),
    );
