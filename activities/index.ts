/** What the workers run. Everything the activities need is handed to them; they read no environment. */
import { createCallBackActivities } from './call-backs';
import type { CallBackActivities } from './call-backs';
import { createCarrierActivities } from './carrier';
import type { CarrierActivities, CarrierDependencies } from './carrier';
import { createErrandActivities } from './errands';
import type { ErrandActivities, ErrandSettings } from './errands';
import { createOrphanActivities } from './orphan-legs';
import type { OrphanActivities } from './orphan-legs';
import { createAccountsActivities } from './recording-accounts';
import type { AccountsActivities, AccountsSettings } from './recording-accounts';
import { createRecordingActivities } from './recordings';
import type { RecordingActivities, RecordingDependencies } from './recordings';
import { createStatusActivities } from './status';
import type { StatusActivities } from './status';
import { createTexmlActivities } from './texml-calls';
import type { TexmlActivities, TexmlSettings } from './texml-calls';

export type ActivityDependencies = CarrierDependencies &
  TexmlSettings &
  ErrandSettings &
  RecordingDependencies &
  AccountsSettings;

export interface Activities {
  /** For the calls' own task queue. */
  readonly calls: CarrierActivities &
    TexmlActivities &
    ErrandActivities &
    CallBackActivities &
    OrphanActivities &
    StatusActivities &
    AccountsActivities;
  /** For the recordings' task queue. */
  readonly recordings: RecordingActivities;
}

export function createActivities(dependencies: ActivityDependencies): Activities {
  return {
    calls: {
      ...createCarrierActivities(dependencies),
      ...createTexmlActivities(dependencies),
      ...createErrandActivities(dependencies),
      ...createCallBackActivities(dependencies),
      ...createOrphanActivities(dependencies),
      ...createStatusActivities(dependencies),
      // Here, because a queue full of deliveries must not keep the next sweep from finding more.
      ...createAccountsActivities(dependencies),
    },
    recordings: createRecordingActivities(dependencies),
  };
}
