/**
 * The errands of a script, made of activities. An attempt ends before its worker could be missed for long: meanwhile the
 * caller hears a pause. A repeat after a crash carries the same key.
 */
import { proxyActivities } from '@temporalio/workflow';
import type { ActivityOptions } from '@temporalio/workflow';
import type { ErrandActivities } from '../activities/errands';
import { leadPhoneOf } from '../domain/call';
import type { CallRequest } from '../domain/call';
import type { Errand, Report } from '../flows/script';
import { activityFailure } from './activity-failure';
import type { Errands } from './runtime';

/** A document may be asked for twice, 5 s each; a request of a flow takes 10 s at most. */
const RUNNING: ActivityOptions = {
  startToCloseTimeout: '11 seconds',
  scheduleToCloseTimeout: '25 seconds',
  retry: { initialInterval: '200 milliseconds', maximumInterval: '1 second' },
};

/** @param proxy binds activities to the world: Temporal's own, or that of the seeded simulation. */
export function createErrands(call: CallRequest, proxy = proxyActivities): Errands {
  const running = proxy<ErrandActivities>(RUNNING);
  return {
    run: (errand, key) => {
      const keyed = `${call.callId}/${key}`;
      return performed(errand, keyed).catch((error: unknown) => {
        activityFailure(error);
        return nothingOf(errand);
      });
    },
    firstForbidden: (targets) =>
      running.checkTargets
        .executeWithOptions({ summary: 'May these be dialed?' }, [{ targets, leadPhone: leadPhoneOf(call) }])
        .catch((error: unknown) => {
          activityFailure(error);
          return targets[0] ?? null;
        }),
  };

  function performed(errand: Parameters<Errands['run']>[0], key: string): Promise<Report> {
    switch (errand.kind) {
      case 'http':
        return running.requestForFlow.executeWithOptions({ summary: 'Ask a server' }, [{ ...errand, key }]);
      case 'document':
        return running.fetchDocument.executeWithOptions({ summary: 'Ask for a document' }, [{ ...errand, key }]);
      case 'address':
        return running.addressOfAgent.executeWithOptions({ summary: `Where is ${errand.clientId}?` }, [errand]);
    }
  }
}

/** Nobody answered. */
function nothingOf(errand: Exclude<Errand, { kind: 'verdict' }>): Report {
  switch (errand.kind) {
    case 'http':
      return { kind: 'http', status: null, body: '' };
    case 'document':
      return { kind: 'document', texml: null, url: errand.target.url };
    case 'address':
      return { kind: 'address', sipUri: null };
  }
}
