/** `GET /flows`: which flows there are, what they want to know, and what is wrong with them. */
import { Router } from 'express';
import { z } from 'zod';
import { variablesOf } from '../flows/flow';
import type { FlowDirectory, FlowFile } from './flow-directory';
import { onlyMethods } from './methods';

export const flowDocument = z.object({
  name: z.string(),
  version: z.string().meta({ description: 'Changes with its text. A call keeps the one that it began with.' }),
  variables: z.array(z.object({ name: z.string(), required: z.boolean() })),
  problems: z
    .array(z.object({ severity: z.enum(['error', 'warning']), line: z.int(), column: z.int(), message: z.string() }))
    .meta({ description: 'With an error among them no call can follow it.' }),
});

export function flowRoutes(flows: FlowDirectory): Router {
  const router = Router();
  router
    .route('/flows')
    .get((_request, response) => {
      response.json({ flows: flows.list().map(describe) });
    })
    .all(onlyMethods('GET', 'HEAD'));
  return router;
}

function describe({ name, version, flow, findings }: FlowFile): z.infer<typeof flowDocument> {
  return {
    name,
    version,
    variables:
      flow === null ? [] : variablesOf(flow).map(({ name: of, isRequired }) => ({ name: of, required: isRequired })),
    problems: findings.map(({ severity, line, column, message }) => ({ severity, line, column, message })),
  };
}
