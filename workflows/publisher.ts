/**
 * Keeps the status store up to date without ever making the story wait: changes that come while one is being written
 * are written together. Redis is a copy, so a write that fails costs a call nothing; the last one is tried for longer.
 */
import { condition, proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type { StatusActivities } from '../activities/status';
import type { StatusDocument } from '../domain/status';

/** Local: a marker instead of three events, and no queue between a fact and its readers. Short: a slow store must not hold the task open. */
const quick = proxyLocalActivities<StatusActivities>({
  startToCloseTimeout: '300 milliseconds',
  retry: { maximumAttempts: 1 },
});
const patient = proxyActivities<StatusActivities>({
  startToCloseTimeout: '5 seconds',
  scheduleToCloseTimeout: '1 minute',
  retry: { initialInterval: '1 second', maximumInterval: '10 seconds' },
});

export interface Publisher {
  /** Publishes this version unless a newer one overtakes it. */
  offer(document: StatusDocument): void;
  /** Returns when the newest version is written, or could not be within a minute. */
  finish(): Promise<void>;
}

export function createPublisher(announce: (document: StatusDocument) => void): Publisher {
  let newest: StatusDocument | null = null;
  let written: StatusDocument | null = null;
  let announced: string | null = null;
  let finishing = false;
  let failed = false;

  const writeAsTheyCome = async (): Promise<void> => {
    for (;;) {
      await condition(() => finishing || newest !== written);
      const document = newest;
      if (finishing || document === null) return;
      written = document;
      const gist = `${document.status}/${document.outcome}`;
      if (gist !== announced) announce(document);
      announced = gist;
      failed = await quick.publishStatus(document).then(
        () => false,
        () => true,
      );
    }
  };
  const writing = writeAsTheyCome();

  return {
    offer: (document) => {
      newest = document;
    },
    finish: async () => {
      await condition(() => newest === written);
      finishing = true;
      await writing;
      if (failed && newest) await patient.publishStatus(newest).catch(() => undefined);
    },
  };
}
