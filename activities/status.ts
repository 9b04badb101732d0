/** Writes the copy of a call's state that readers look at. It decides nothing; losing it changes no call. */
import type { StatusDocument } from '../domain/status';
import type { StatusStore } from '../platform/status-store';

export interface StatusActivities {
  /** Safe to repeat and to come late: the store only moves forward. */
  publishStatus(document: StatusDocument): Promise<void>;
}

export function createStatusActivities({ statusStore }: { readonly statusStore: StatusStore }): StatusActivities {
  return { publishStatus: (document) => statusStore.save(document) };
}
