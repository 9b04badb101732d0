/**
 * `GET /metrics` for Prometheus: what is known of all deliveries together, asked from Temporal when it is scraped, so
 * that it is the same at every process of the API. Numbers only: no id, no phone number.
 */
import { Router } from 'express';
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { RISKS } from '../domain/delivery';
import type { Logger } from '../platform/logger';
import { onlyMethods } from './methods';
import type { RecordingDirectory } from './recording-directory';

export interface MetricsSettings {
  readonly recordings: RecordingDirectory;
  readonly log: Logger;
}

/** States in which a delivery is open. */
const OPEN = ['fetching', 'delivering', 'dead_letter', 'quarantined'] as const;
/** Whoever scrapes more often gets the numbers of the last time. */
const KEPT_MS = 5_000;

export function metricsRoutes({ recordings, log }: MetricsSettings): Router {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  // What runs here is nobody's business.
  registry.removeSingleMetric('nodejs_version_info');
  const refresh = createGauges(registry, recordings);
  let underWay: Promise<void> | null = null;
  let refreshedAtMs = 0;
  const refreshed = (): Promise<void> => {
    if (Date.now() - refreshedAtMs < KEPT_MS) return Promise.resolve();
    underWay ??= refresh()
      .then(
        () => (refreshedAtMs = Date.now()),
        // The scrape still has the process's own numbers; those of Temporal are missing rather than old.
        (error: unknown) => {
          log.warn({ event: 'temporal.unavailable', reason: String(error) }, 'metrics without those of recordings');
        },
      )
      .then(() => {
        underWay = null;
      });
    return underWay;
  };
  const router = Router();
  router
    .route('/metrics')
    .get(async (_request, response) => {
      await refreshed();
      response.type(registry.contentType).send(await registry.metrics());
    })
    .all(onlyMethods('GET', 'HEAD'));
  return router;
}

/** Returns what asks for all of them anew. */
function createGauges(registry: Registry, recordings: RecordingDirectory): () => Promise<void> {
  const registers = [registry];
  const open = new Gauge({
    name: 'outcall_recordings_open',
    help: 'Deliveries that are not over, by state.',
    labelNames: ['state'],
    registers,
  });
  const atRisk = new Gauge({
    name: 'outcall_recordings_at_risk',
    help: 'Deliveries that are not over, by how soon the carrier deletes its copy.',
    labelNames: ['within'],
    registers,
  });
  const unaccounted = new Gauge({
    name: 'outcall_recordings_unaccounted',
    help: 'Recordings of the carrier that nobody was delivering at the last audit; 0 is good.',
    registers,
  });
  const age = new Gauge({
    name: 'outcall_recordings_last_seconds',
    help: 'When the last sweep and the last audit began that reached the carrier, Unix time.',
    labelNames: ['of'],
    registers,
  });
  return async () => {
    for (const gauge of [open, atRisk, unaccounted, age]) gauge.reset();
    const [states, risks, sweep] = await Promise.all([
      Promise.all(OPEN.map((state) => recordings.count({ state, atRisk: null }))),
      Promise.all(RISKS.map((risk) => recordings.count({ state: null, atRisk: risk }))),
      recordings.sweep(),
    ]);
    OPEN.forEach((state, index) => {
      open.set({ state }, states[index] ?? 0);
    });
    RISKS.forEach((within, index) => {
      atRisk.set({ within }, risks[index] ?? 0);
    });
    if (sweep?.audit) {
      unaccounted.set(sweep.audit.unaccounted);
      age.set({ of: 'audit' }, Date.parse(sweep.audit.audited_at) / 1000);
    }
    if (sweep?.sweptAt) age.set({ of: 'sweep' }, Date.parse(sweep.sweptAt) / 1000);
  };
}
