/** What there is besides starting, reading and ending a call: the list, the stream of events, the limits, the document. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { BASE_PATH, hasEnded, startSystem, stopSystems } from '../support/system';
import type { System } from '../support/system';
import { outcall } from '../support/terminal';

let system: System;
beforeAll(async () => {
  system = await startSystem({ settings: { phoneSpeed: 4 } });
});
afterAll(stopSystems);

const list = async (query = ''): Promise<{ ids: string[]; next: string | null; statuses: unknown[] }> => {
  const { status, body } = await system.request('GET', `${BASE_PATH}/calls${query}`);
  expect({ status, body }).toMatchObject({ status: 200 });
  const calls = body['calls'] as { call_id: string; status: string }[];
  return {
    ids: calls.map(({ call_id }) => call_id),
    statuses: calls.map(({ status: word }) => word),
    next: body['next_cursor'] as string | null,
  };
};

/** Visibility is about a second late. */
const eventually = async (claim: () => Promise<void>): Promise<void> => {
  for (const endsAt = Date.now() + 10_000; ;) {
    try {
      await claim();
      return;
    } catch (error) {
      if (Date.now() > endsAt) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
};

describe('GET /calls', () => {
  let busy: string;
  let canceled: string;
  let talking: string;
  let answered: string;
  beforeAll(async () => {
    busy = await system.call({ to_phone: '+15550500001' });
    await system.until(busy, hasEnded);
    canceled = await system.call({ to_phone: '+15550500002' });
    await system.request('POST', `${BASE_PATH}/calls/${canceled}/hangup`);
    await system.until(canceled, hasEnded);
    answered = await system.call({ to_phone: '+15550500009' });
    talking = await system.call({ to_phone: '+15550501009' });
    await eventually(async () => {
      const lengths = [(await list('?status=ended')).ids.length, (await list()).ids.length];
      if (lengths.join() !== '2,4') throw new Error(`listed: ${lengths.join()}`);
    });
  });

  test('running calls come first, the latest before the others, then those that ended', async () => {
    expect((await list()).ids).toEqual([talking, answered, canceled, busy]);
  });

  test('each entry is the status document', async () => {
    const { body } = await system.request('GET', `${BASE_PATH}/calls?outcome=busy`);
    expect(body['calls']).toEqual([await system.status(busy)]);
  });

  test('status and outcome narrow it down', async () => {
    expect((await list('?outcome=busy')).ids).toEqual([busy]);
    expect((await list('?status=ended')).ids).toEqual([canceled, busy]);
    expect((await list('?status=ended&outcome=canceled')).ids).toEqual([canceled]);
    expect((await list('?outcome=voicemail')).ids).toEqual([]);
  });

  test('the pages together are the list', async () => {
    const seen: string[] = [];
    let next: string | null = null;
    do {
      const page = await list(`?limit=1${next === null ? '' : `&cursor=${next}`}`);
      expect(page.ids.length).toBeLessThanOrEqual(1);
      seen.push(...page.ids);
      next = page.next;
    } while (next !== null);
    expect(seen).toEqual([talking, answered, canceled, busy]);
  });

  test('a cursor is good for the filters it was given for', async () => {
    const { next } = await list('?limit=1&status=ended');
    expect(next).not.toBeNull();
    expect(await list(`?limit=1&status=ended&cursor=${next}`)).toMatchObject({ ids: [busy] });
    const { status } = await system.request('GET', `${BASE_PATH}/calls?limit=1&cursor=${next}`);
    expect(status).toBe(400);
  });

  test.each([
    ['?limit=0', 422, 'invalid_request'],
    ['?limit=101', 422, 'invalid_request'],
    ['?limit=ten', 422, 'invalid_request'],
    ['?limit=1e1', 422, 'invalid_request'],
    ['?status=talking', 422, 'invalid_request'],
    ["?status=ended'%20OR%20WorkflowType='x", 422, 'invalid_request'],
    ['?status=ended&status=queued', 422, 'invalid_request'],
    ['?outcome=good', 422, 'invalid_request'],
    ['?page=2', 422, 'invalid_request'],
    ['?cursor=', 400, 'invalid_cursor'],
    ['?cursor=nonsense', 400, 'invalid_cursor'],
    ['?cursor=!!!', 400, 'invalid_cursor'],
    ['?cursor=W10', 400, 'invalid_cursor'],
    [`?cursor=${Buffer.from('{"CloseTime":"x"}').toString('base64url')}`, 400, 'invalid_cursor'],
  ])('%s is %i %s', async (query, status, code) => {
    expect(await system.request('GET', `${BASE_PATH}/calls${query}`)).toMatchObject({ status, body: { code } });
  });
});

interface ServerSentEvent {
  readonly id: string;
  readonly event: string;
  readonly data: { readonly seq: number; readonly type: string; readonly at: string; readonly role: string | null };
}

const parse = (text: string): ServerSentEvent[] =>
  text
    .split('\n\n')
    .filter((block) => block.startsWith('id: '))
    .map((block) => {
      const field = (name: string): string =>
        block
          .split('\n')
          .find((line) => line.startsWith(`${name}: `))
          ?.slice(name.length + 2) ?? '';
      return {
        id: field('id'),
        event: field('event'),
        data: JSON.parse(field('data')) as ServerSentEvent['data'],
      };
    });

describe('GET /calls/{id}/events', () => {
  const open = (callId: string, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`${system.url}${BASE_PATH}/calls/${callId}/events`, {
      headers: { 'x-api-key': system.stack.apiKey, ...headers },
    });

  test('tells a call live from its start to its end, then ends itself', async () => {
    const callId = await system.call({ to_phone: '+15550510007' });
    const response = await open(callId);
    expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/);
    const events = parse(await response.text());
    expect(events.map(({ id }) => id)).toEqual(events.map((_event, index) => `${index + 1}`));
    expect(events.map(({ event }) => event)).toEqual(events.map(({ data }) => data.type));
    expect(events.at(-1)).toMatchObject({ event: 'end', data: { role: null } });
    expect(events.filter(({ data }) => data.role === 'lead').map(({ event }) => event)).toContain('answered');
    expect(await system.status(callId)).toMatchObject({ status: 'ended' });
  });

  test('Last-Event-ID goes on after that event; after the end there is nothing to come back for', async () => {
    const callId = await system.call({ to_phone: '+15550511001' });
    await system.until(callId, hasEnded);
    const all = parse(await (await open(callId)).text());
    const rest = parse(await (await open(callId, { 'last-event-id': '2' })).text());
    expect(rest).toEqual(all.slice(2));
    expect((await open(callId, { 'last-event-id': String(all.length) })).status).toBe(204);
  });

  test('a client that leaves is forgotten: more than can be open at once may come one after the other', async () => {
    const callId = await system.call({ to_phone: '+15550512009' });
    for (let round = 0; round < 3; round++) {
      const leaving = new AbortController();
      const url = `${system.url}${BASE_PATH}/calls/${callId}/events`;
      const headers = { 'x-api-key': system.stack.apiKey };
      const answers = await Promise.all(
        Array.from({ length: 100 }, () => fetch(url, { headers, signal: leaving.signal })),
      );
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
      leaving.abort();
      await Promise.all(answers.map((answer) => answer.text().catch(() => '')));
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
  });

  test.each([
    ['no key', { 'x-api-key': '' }, 401],
    ['a Last-Event-ID that is no number', { 'last-event-id': 'x' }, 400],
  ])('%s is refused', async (_what, headers, status) => {
    expect((await open(`COLD_CALL_${'0'.repeat(26)}`, headers)).status).toBe(status);
  });

  test('an unknown call is 404', async () => {
    expect((await open(`COLD_CALL_${'0'.repeat(26)}`)).status).toBe(404);
  });
});

describe('the document of the API', () => {
  const withoutKey = { headers: { 'x-api-key': '' } };

  test('names every route, and what may be sent is what is checked', async () => {
    const { body } = await system.request('GET', '/openapi.json', withoutKey);
    const paths = body['paths'] as Record<string, Record<string, { requestBody?: object; responses: object }>>;
    expect(Object.keys(paths).map((path) => path.replace(BASE_PATH, ''))).toEqual([
      '/initiate',
      '/calls',
      '/calls/{id}',
      '/status/{id}',
      '/calls/{id}/events',
      '/calls/{id}/hangup',
      '/end',
      '/webrtc-join',
      '/control/mute',
      '/flows',
      '/recordings',
      '/recordings/redeliver',
      '/recordings/audit',
      '/recordings/{id}',
      '/recordings/{id}/redeliver',
      '/webhook/telnyx/call-status',
      '/webhook/telnyx/conference-status',
      '/webhook/telnyx/recording-status',
      '/healthz',
      '/readyz',
    ]);
    const initiate = paths[`${BASE_PATH}/initiate`]?.['post'];
    expect(initiate?.requestBody).toMatchObject({
      content: { 'application/json': { schema: { required: ['to_phone'], additionalProperties: false } } },
    });
    expect(Object.keys(initiate?.responses ?? {})).toEqual(expect.arrayContaining(['201', '422', '429', '501', '503']));
    expect(body).toMatchObject({
      openapi: '3.1.0',
      components: { securitySchemes: { apiKey: { name: 'X-API-Key' } } },
    });
  });

  test('/docs shows it with files of this server only', async () => {
    const page = await fetch(`${system.url}/docs`);
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    const html = await page.text();
    const addresses = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address]) => address ?? '');
    expect(addresses).toHaveLength(4);
    for (const address of addresses) {
      expect(address).toMatch(/^\/docs\//);
      expect((await fetch(`${system.url}${address}`)).status).toBe(200);
    }
  });
});

describe('the commands', () => {
  const access = (): string[] => ['--url', system.url, '--api-key', system.stack.apiKey];

  test('tail prints every event up to the end; list finds the call', async () => {
    const callId = await system.call({ to_phone: '+15550520001' });
    const tail = await outcall(['tail', callId, '--json', ...access()]);
    const events = tail.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string });
    expect(tail.exitCode).toBe(0);
    expect(events.at(-1)).toMatchObject({ type: 'end' });
    await eventually(async () => {
      const listed = await outcall(['list', '--outcome', 'busy', '--status', 'ended', ...access()]);
      expect(listed.stdout).toMatch(new RegExp(`^${callId} +ended +busy +\\+15550520001 `, 'm'));
    });
    const json = await outcall(['list', '--limit', '1', '--json', ...access()]);
    expect(JSON.parse(json.stdout)).toMatchObject({ calls: [{ provider: 'telnyx' }] });
  });

  test('a call that is unknown, and a word that is no status, are said in a line', async () => {
    expect(await outcall(['tail', `COLD_CALL_${'0'.repeat(26)}`, ...access()])).toMatchObject({
      exitCode: 1,
      stderr: 'there is no call of this id (404 call_not_found)\n',
    });
    expect(await outcall(['list', '--status', 'good', ...access()])).toMatchObject({ exitCode: 2, stdout: '' });
  });

  test('a reader who has had enough ends tail without a word', async () => {
    const callId = await system.call({ to_phone: '+15550521009' });
    await system.until(callId, ({ answered_at }) => answered_at !== null);
    const command = `node --import tsx cli/main.ts tail ${callId} ${access().join(' ')} | head -1`;
    const { stdout, stderr } = await promisify(execFile)('sh', ['-c', command], { timeout: 20_000 });
    expect(stdout).toMatch(/^\S+ {2}dialSent +lead\n$/);
    expect(stderr).toBe('');
  });
});
