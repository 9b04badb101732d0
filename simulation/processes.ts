/**
 * The two processes on our side, as far as their absence can be noticed: the worker, which runs workflows and
 * activities, and the server, which takes webhooks.
 */
import type { Clock } from '../simulator/carrier/world';
import type { Chance } from './chance';
import { SERVER_FAULTS, WORKER_FAULTS } from './faults';
import type { Weather } from './plan';

/** Faults of processes begin within this time. */
const WITHIN_MS = 300_000;
const OCCASIONS = 3;

export interface Worker {
  /** Does it now, or as soon as a worker runs. */
  whenRunning(work: () => void): void;
  readonly isRunning: () => boolean;
  /** How often it was killed: what an earlier life had begun is never finished. */
  readonly life: () => number;
}

export function createWorker(clock: Clock, chance: Chance, weather: Weather): Worker {
  let life = 0;
  let awayUntilMs = -Infinity;
  let waiting: (() => void)[] = [];
  const isRunning = (): boolean => clock.now() >= awayUntilMs;
  const wake = (): void => {
    if (!isRunning()) return;
    const works = waiting;
    waiting = [];
    for (const work of works) work();
  };
  for (let nth = 1; nth <= OCCASIONS; nth++) {
    const occasion = `worker ${nth}`;
    clock.after(chance.draws(`${occasion}, when`).between(0, WITHIN_MS / 4 ** (nth - 1)), () => {
      const fault = chance.fault(occasion, weather.worker, WORKER_FAULTS);
      if (!fault) return;
      const lastsMs = fault.row.lastsMs(fault.draws);
      if (fault.row.fate === 'killed') life += 1;
      awayUntilMs = Math.max(awayUntilMs, clock.now() + lastsMs);
      chance.lasts(awayUntilMs);
      clock.after(lastsMs, wake);
    });
  }
  return {
    isRunning,
    life: () => life,
    whenRunning(work) {
      if (isRunning()) work();
      else waiting.push(work);
    },
  };
}

export interface Server {
  readonly isRunning: () => boolean;
}

export function createServer(clock: Clock, chance: Chance, weather: Weather): Server {
  let awayUntilMs = -Infinity;
  clock.after(chance.draws('server, when').between(0, WITHIN_MS / 10), () => {
    const fault = chance.fault('server', weather.server, SERVER_FAULTS);
    if (!fault) return;
    awayUntilMs = clock.now() + fault.row.lastsMs(fault.draws);
    chance.lasts(awayUntilMs);
  });
  return { isRunning: () => clock.now() >= awayUntilMs };
}
