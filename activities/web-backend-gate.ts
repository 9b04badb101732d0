/**
 * How many deliveries a web-backend gets at once from this process. One that fails or says 429 gets half as many each
 * time, down to two, so that one that hangs does not hold up all others; each success doubles that again, so that the
 * first minute after an outage is not its last.
 */
export interface Gate {
  /** Waits for a turn. Rejects when the signal is aborted. */
  enter(signal: AbortSignal): Promise<void>;
  /** Ends a turn. Null: the web-backend had no part in it. */
  leave(wasTaken: boolean | null): void;
}

const LEAST = 2;

export function createGate(most: number): Gate {
  const least = Math.min(LEAST, most);
  let limit = most;
  let inside = 0;
  const waiting: (() => void)[] = [];
  const letIn = (): void => {
    while (inside < limit && waiting.length > 0) {
      inside += 1;
      waiting.shift()?.();
    }
  };
  return {
    enter: (signal) =>
      new Promise((resolve, reject) => {
        const admit = (): void => {
          signal.removeEventListener('abort', giveUp);
          resolve();
        };
        const giveUp = (): void => {
          waiting.splice(waiting.indexOf(admit), 1);
          reject(new Error('no longer wanted'));
        };
        signal.addEventListener('abort', giveUp, { once: true });
        waiting.push(admit);
        letIn();
      }),
    leave(wasTaken) {
      inside -= 1;
      if (wasTaken !== null) limit = wasTaken ? Math.min(most, limit * 2) : Math.max(least, Math.floor(limit / 2));
      letIn();
    },
  };
}
