/** Is the process alive, and can it do its work? */
import { Router } from 'express';
import type { StatusStore } from '../platform/status-store';
import type { CallDirectory } from './call-directory';
import { onlyMethods } from './methods';

export interface HealthSettings {
  readonly directory: CallDirectory;
  readonly statusStore: StatusStore;
}

interface Check {
  readonly name: string;
  /** Without it no call can be taken; the others only degrade. */
  readonly needed: boolean;
  run(): Promise<void>;
}

export function healthRoutes({ directory, statusStore }: HealthSettings): Router {
  const router = Router();
  const checks: readonly Check[] = [
    { name: 'temporal', needed: true, run: () => directory.ping() },
    { name: 'status_store', needed: false, run: () => statusStore.ping() },
  ];
  router
    .route('/healthz')
    .get((_request, response) => {
      response.json({ status: 'ok' });
    })
    .all(onlyMethods('GET', 'HEAD'));
  router
    .route('/readyz')
    .get(async (_request, response) => {
      const results = await Promise.all(checks.map(async (check) => ({ ...check, ok: await succeeds(check) })));
      const ready = results.every(({ ok, needed }) => ok || !needed);
      const all = results.every(({ ok }) => ok);
      response.status(ready ? 200 : 503).json({
        status: all ? 'ready' : ready ? 'degraded' : 'unavailable',
        checks: Object.fromEntries(results.map(({ name, ok }) => [name, ok ? 'ok' : 'unavailable'])),
      });
    })
    .all(onlyMethods('GET', 'HEAD'));
  return router;
}

async function succeeds(check: Check): Promise<boolean> {
  return check.run().then(
    () => true,
    () => false,
  );
}
