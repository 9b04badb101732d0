import { createConfig, lintFromString } from '@redocly/openapi-core';
import { describeApi } from '../../../server/openapi';

interface Finding {
  readonly rule: string;
  readonly at: string | undefined;
}

/** By the rules that Redocly recommends, its warnings included. */
async function lint(document: object): Promise<Finding[]> {
  const config = await createConfig({ extends: ['recommended'] });
  const findings = await lintFromString({ source: JSON.stringify(document), absoluteRef: 'openapi.json', config });
  return findings.map(({ ruleId, location }) => ({ rule: ruleId, at: location[0]?.pointer }));
}

const document = describeApi('https://calls.acme.com');

test('Redocly’s recommended rules find only what is so', async () => {
  expect(await lint(document)).toEqual([
    // There is no licence yet that could be named.
    { rule: 'info-license', at: '#/info' },
    // Nothing in a question for health can be wrong.
    { rule: 'operation-4xx-response', at: '#/paths/~1healthz/get/responses' },
    { rule: 'operation-4xx-response', at: '#/paths/~1readyz/get/responses' },
  ]);
});

test('the linter still sees: a reference that leads nowhere is found', async () => {
  const planted = { ...document, paths: { '/x': { get: { $ref: '#/components/schemas/Nothing' } } } };
  expect((await lint(planted)).map(({ rule }) => rule)).toContain('no-unresolved-refs');
});

test('what may be null and is one of some words says so', () => {
  expect(document).toMatchObject({
    components: { schemas: { Call: { properties: { outcome: { enum: expect.arrayContaining([null]) as unknown } } } } },
  });
});
