import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import express from 'express';
import { createFlowDirectory } from '../../../server/flow-directory';
import { flowDocument, flowRoutes } from '../../../server/flows';
import { close, listen } from '../../../server/listen';

test('flows are told with what they want to know and what is wrong with them', async () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'outcall-flows-'));
  const write = (name: string, text: string): void => {
    writeFileSync(path.join(folder, `${name}.yaml`), text);
  };
  write('good', 'variables:\n  name:\n  shop: Acme\nsteps:\n  a: { say: "{{name}}, this is {{shop}}" }\n');
  write('bad', 'steps:\n  a: { sya: Hello }\n');
  const server = await listen(express().use(flowRoutes(createFlowDirectory(folder))), 0, '127.0.0.1');
  const { port } = server.address() as AddressInfo;
  const { flows } = (await (await fetch(`http://127.0.0.1:${port}/flows`)).json()) as { flows: object[] };
  expect(flows).toMatchObject([
    { name: 'bad', variables: [], problems: [{ severity: 'error', line: 2 }] },
    {
      name: 'good',
      variables: [
        { name: 'name', required: true },
        { name: 'shop', required: false },
      ],
      problems: [],
    },
  ]);
  for (const flow of flows) expect(flowDocument.parse(flow)).toEqual(flow);
  server.closeAllConnections();
  await close(server);
  rmSync(folder, { recursive: true });
});
