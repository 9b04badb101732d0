/** The HTTP API. `createApp` assembles it and never listens. */
import express from 'express';
import type { ErrorRequestHandler, Express } from 'express';
import helmet from 'helmet';
import type { Logger } from '../platform/logger';
import type { StatusStore } from '../platform/status-store';
import { agentRoutes } from './agents';
import type { AgentRoutesSettings } from './agents';
import { requireApiKey } from './authentication';
import { BASE_PATH } from './base-path';
import { TemporalUnavailableError } from './call-directory';
import { callEventsRoutes } from './call-events';
import { callListRoutes } from './call-list';
import { callRoutes } from './calls';
import type { CallRoutesSettings } from './calls';
import { docsRoutes } from './docs';
import { flowRoutes } from './flows';
import { healthRoutes } from './health';
import { metricsRoutes } from './metrics';
import { ApiProblem, problemHandler, sendProblem } from './problems';
import { DEFAULT_RATES, limitRates } from './rate-limit';
import type { Rates } from './rate-limit';
import type { RecordingDirectory } from './recording-directory';
import { recordingRoutes } from './recordings';
import { soundRoutes } from './sounds';
import { createStatusReader } from './status-reader';
import { texmlCallRoutes } from './texml-calls';
import { incomingRoutes } from './texml-incoming';
import type { IncomingSettings } from './texml-incoming';
import { webhookRoutes } from './webhooks';
import type { WebhookSettings } from './webhooks';

export interface AppDependencies
  extends
    Omit<CallRoutesSettings, 'readStatus'>,
    Omit<AgentRoutesSettings, 'readStatus'>,
    WebhookSettings,
    IncomingSettings {
  readonly statusStore: StatusStore;
  readonly recordings: RecordingDirectory;
  readonly apiKeys: readonly string[];
  /** @default DEFAULT_RATES */
  readonly rates?: Rates;
}

export function createApp(dependencies: AppDependencies): Express {
  const { directory, recordings, statusStore, apiKeys, log } = dependencies;
  const cursorSecret = apiKeys.join();
  const readStatus = createStatusReader(statusStore, directory, log);
  const app = express();
  // One listener for each stream of events.
  app.setMaxListeners(0);
  app.disable('x-powered-by').set('trust proxy', false).set('etag', false);
  app.use((request, _response, next) => {
    // Node takes a line without a version for HTTP/0.9.
    if (request.httpVersionMajor === 1) next();
    else next(new ApiProblem({ status: 400, code: 'malformed_request', detail: 'speak HTTP/1.1' }));
  });
  app.use(helmet());
  app.use((_request, response, next) => {
    response.set('Cache-Control', 'no-store');
    next();
  });
  app.use(
    healthRoutes({ directory, statusStore }),
    docsRoutes(dependencies.publicUrl),
    metricsRoutes({ recordings, log }),
  );
  app.use(
    BASE_PATH,
    webhookRoutes(dependencies),
    texmlCallRoutes(dependencies),
    incomingRoutes(dependencies),
    soundRoutes(),
  );
  app.use(
    BASE_PATH,
    requireApiKey(apiKeys),
    limitRates(dependencies.rates ?? DEFAULT_RATES),
    callListRoutes({ directory, statusStore, log, cursorSecret }),
    callEventsRoutes({ directory, statusStore, log }),
    callRoutes({ ...dependencies, readStatus }),
    agentRoutes({ ...dependencies, readStatus }),
    flowRoutes(dependencies.initiate.flows),
    recordingRoutes({ recordings, log, cursorSecret }),
  );
  app.use((_request, response) => {
    sendProblem(response, { status: 404, code: 'not_found', detail: 'there is nothing at this address' });
  });
  app.use(temporalUnavailable(log), problemHandler(log));
  return app;
}

function temporalUnavailable(log: Logger): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    if (!(error instanceof TemporalUnavailableError)) {
      next(error);
      return;
    }
    const reason = error.cause instanceof Error ? error.cause.message : 'unknown';
    log.warn({ event: 'temporal.unavailable', method: request.method, path: request.path, reason }, error.message);
    const detail = 'Temporal cannot be reached; try again';
    sendProblem(response, { status: 503, code: 'temporal_unavailable', detail, headers: { 'Retry-After': '2' } });
  };
}
