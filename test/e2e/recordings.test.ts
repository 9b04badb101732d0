/**
 * Deliveries whole, with a carrier, its storage and a web backend that misbehave: what reaches the web backend, what
 * operators see, what they can do. Waits are two thousand times shorter.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import { isSettled } from '../../domain/status';
import { encodeClientState } from '../../platform/telnyx/client-state';
import { LEAD } from '../../domain/call';
import { createSigner } from '../../simulator/webhooks';
import type { DeliveryDocument, RecordingAudit } from '../../workflows/messages';
import { replayAll } from '../support/histories';
import { atScale } from '../support/scale';
import { BASE_PATH, delivered, hasEnded, logLines, startSystem, stopSystems } from '../support/system';
import type { Answer, System } from '../support/system';

const SCALE = 2000;
const INSTALLATION = 'recordings-test';

/** What takes minutes. */
const slowly = atScale({ quick: describe.skip, ci: describe, full: describe });

let system: System;
let planted = 0;

beforeAll(async () => {
  system = await startSystem({ env: { TEST_TIME_SCALE: `${SCALE}`, OUTCALL_INSTALLATION: INSTALLATION } });
});
afterAll(stopSystems);

const aCallId = (): string => `COLD_CALL_${String((planted += 1)).padStart(26, '0')}`;
const ours = (callId: string): string => encodeClientState({ installation: INSTALLATION, callId, leg: LEAD });

/** A recording of ours that no webhook tells of, and of whose call nothing is known here. */
async function plant(wish: object = {}): Promise<string> {
  return plantAs({ client_state: ours(aCallId()), ...wish });
}

async function plantAs(wish: object): Promise<string> {
  const response = await fetch(`${system.simulator.url}/_simulator/recordings`, {
    method: 'POST',
    body: JSON.stringify({ ago_millis: 500, ...wish }),
  });
  return ((await response.json()) as { recording_id: string }).recording_id;
}

const show = async (id: string): Promise<DeliveryDocument | null> => {
  const { status, body } = await system.request('GET', `${BASE_PATH}/recordings/${id}`);
  return status === 200 ? (body as unknown as DeliveryDocument) : null;
};

/** Looks until it is as wanted; a sweep has to find a planted one first. */
async function until(
  id: string,
  wanted: (document: DeliveryDocument) => boolean,
  withinMs = 40_000,
): Promise<DeliveryDocument> {
  const endsAt = Date.now() + withinMs;
  for (;;) {
    const document = await show(id);
    if (document !== null && wanted(document)) return document;
    if (Date.now() > endsAt) throw new Error(`not as wanted: ${JSON.stringify(document)}`);
    await sleep(100);
  }
}
const isDelivered = ({ state }: DeliveryDocument): boolean => state === 'delivered';
const storedOf = (id: string) =>
  system.ledger().deliveries.filter(({ metadata }) => delivered(metadata).recording_sid === id);
const carriersSha = (id: string) => system.ledger().recordings.find((one) => one.id === id)?.sha256;

/** Faults that pass, by themselves or with a fresh address; `seen` is what the delivery says of them meanwhile. */
const PASSING: readonly {
  readonly what: string;
  readonly operation: string;
  readonly fault: object;
  readonly seen: string;
  /** How often the stand-in takes the same delivery again. @default 0 */
  readonly repeats?: number;
}[] = [
  ...[0, 1, 5_000, -1].map((bytes) => ({
    what: `a download cut at byte ${bytes}`,
    operation: 'download',
    fault: { kind: 'cut', bytes },
    seen: 'file_cut',
  })),
  ...(['chunked', 'close'] as const).map((framing) => ({
    what: `a download without a length (${framing}), cut`,
    operation: 'download',
    fault: { kind: 'cut', bytes: 100, framing },
    seen: 'file_unexpected',
  })),
  {
    what: 'a file stored without its last byte',
    operation: 'download',
    fault: { kind: 'truncated', bytes: 1 },
    seen: 'file_damaged',
  },
  {
    what: 'a file stored by half, at a whole frame',
    operation: 'download',
    fault: { kind: 'truncated', bytes: 288 * 100 },
    seen: 'file_damaged',
  },
  { what: 'a page with status 200', operation: 'download', fault: { kind: 'html' }, seen: 'file_unexpected' },
  {
    what: 'an expired address',
    operation: 'download',
    fault: { kind: 'status', status: 403, body: 'Request has expired' },
    seen: 'storage_refused',
  },
  {
    what: 'a redirect to the cloud’s metadata',
    operation: 'download',
    fault: { kind: 'status', status: 302, headers: { location: 'http://169.254.169.254/latest/meta-data' } },
    seen: 'storage_not_allowed',
  },
  { what: 'a storage that resets', operation: 'download', fault: { kind: 'reset' }, seen: 'storage_unreachable' },
  {
    what: 'a carrier that is away',
    operation: 'getRecording',
    fault: { kind: 'status', status: 503 },
    seen: 'carrier_unavailable',
  },
  {
    what: 'a carrier that answers HTML',
    operation: 'getRecording',
    fault: { kind: 'html' },
    seen: 'carrier_unavailable',
  },
  {
    what: 'a web backend that resets',
    operation: 'deliver',
    fault: { kind: 'reset' },
    seen: 'web_backend_unreachable',
  },
  {
    what: 'a web backend that dies in the middle of the file',
    operation: 'deliver',
    fault: { kind: 'cut', bytes: 20_000 },
    seen: 'web_backend_unreachable',
  },
  {
    what: 'a web backend that stores, and whose answer is lost',
    operation: 'deliver',
    fault: { kind: 'reset', applied: true },
    seen: 'web_backend_unreachable',
    repeats: 1,
  },
  {
    what: 'a web backend that stores, and answers 500',
    operation: 'deliver',
    fault: { kind: 'status', status: 500, applied: true },
    seen: 'web_backend_failing',
    repeats: 1,
  },
  {
    what: 'a web backend that is busy',
    operation: 'deliver',
    fault: { kind: 'status', status: 429 },
    seen: 'web_backend_busy',
  },
  {
    what: 'a web backend that takes it for later',
    operation: 'deliver',
    fault: { kind: 'status', status: 202 },
    seen: 'web_backend_undecided',
  },
  {
    what: 'a web backend that redirects',
    operation: 'deliver',
    fault: { kind: 'status', status: 307, headers: { location: 'http://169.254.169.254/' } },
    seen: 'web_backend_redirects',
  },
  {
    what: 'a web backend that knows no such route yet',
    operation: 'deliver',
    fault: { kind: 'status', status: 404 },
    seen: 'web_backend_refuses',
  },
  {
    what: 'a web backend with another key',
    operation: 'deliver',
    fault: { kind: 'status', status: 401 },
    seen: 'web_backend_credentials',
  },
];
/** The failures that are logged of a recording once it is delivered, in order; lines of a worker come a little late. */
async function failuresOf(id: string): Promise<string[]> {
  const of = (event: string) => logLines.filter((line) => line.includes(id) && line.includes(`"event":"${event}"`));
  for (let looks = 0; of('recording.delivered').length === 0 && looks < 100; looks++) await sleep(100);
  return of('recording.not_delivered').map((line) => (JSON.parse(line) as { failure: string }).failure);
}

describe('what passes', () => {
  const ids = new Map<string, string>();
  beforeAll(async () => {
    for (const row of PASSING) {
      const id = await plant({ duration_millis: 10_000, fault: { operation: row.operation, fault: row.fault } });
      ids.set(row.what, id);
    }
  });

  test.each(PASSING)('$what is seen as $seen, and the recording arrives, once and as it is', async (row) => {
    const id = ids.get(row.what) ?? '';
    const document = await until(id, isDelivered);
    expect(await failuresOf(id)).toEqual([row.seen]);
    expect(document).toMatchObject({ attempts: 2, last_error: null, sha256: carriersSha(id) });
    expect(storedOf(id)).toMatchObject([{ sha256: carriersSha(id), repeats: row.repeats ?? 0 }]);
  });

  test('a recording of whose call nothing is known is delivered as an orphan of that call', () => {
    const [id = ''] = ids.values();
    expect(storedOf(id)[0]?.metadata).toMatchObject({
      orphan: true,
      call_id: expect.stringMatching(/^COLD_CALL_/) as string,
    });
  });

  test('neither logs nor histories show where recordings are fetched from', async () => {
    const secrets = /[?&]token=|expires=\d/;
    expect(logLines.filter((line) => secrets.test(line))).toEqual([]);
    for (const id of ids.values()) expect(await historyOf(id)).not.toMatch(secrets);
  });
});

// By itself: the connection has to be silent for a minute before it is given up, and holds a turn at the web backend.
slowly('what passes slowly', () => {
  test('a web backend that stores, and whose answer is cut, has it once', async () => {
    const fault = { kind: 'stallBody', applied: true };
    const id = await plant({ duration_millis: 10_000, fault: { operation: 'deliver', fault } });
    await until(id, isDelivered, 100_000);
    expect(await failuresOf(id)).toEqual(['web_backend_unconfirmed']);
    expect(storedOf(id)).toMatchObject([{ sha256: carriersSha(id), repeats: 1 }]);
  }, 120_000);
});

function withRun<T>(id: string, look: (run: WorkflowHandle) => Promise<T>): Promise<T> {
  return system.withTemporal(({ workflow }) => look(workflow.getHandle(`rec:${id}`)));
}

async function historyOf(id: string): Promise<string> {
  const history = JSON.stringify(await withRun(id, (run) => run.fetchHistory()));
  // Payloads are base64 of JSON.
  return history.replace(/"[\w+/=]{20,}"/g, (text) => Buffer.from(text.slice(1, -1), 'base64').toString('utf8'));
}

describe('what does not pass', () => {
  const gone = { kind: 'status', status: 410 };
  const isAt = (state: string) => (document: DeliveryDocument) => document.state === state;
  const list = async (query: string): Promise<string[]> => {
    const { body } = await system.request('GET', `${BASE_PATH}/recordings?${query}`);
    return (body['recordings'] as DeliveryDocument[]).map(({ recording_id }) => recording_id);
  };
  /** Visibility is a little late. */
  const untilListed = async (query: string, wanted: (ids: string[]) => boolean): Promise<void> => {
    for (let looks = 0; !wanted(await list(query)); looks++) {
      if (looks > 50) throw new Error(`never listed as wanted: ${query}`);
      await sleep(200);
    }
  };
  const metric = async (name: string): Promise<string | undefined> => {
    const text = await (await fetch(`${system.url}/metrics`)).text();
    return text.split('\n').find((line) => line.startsWith(name));
  };

  test('a refused recording rests in the dead-letter queue; its call, the list and the metrics say so; redelivered, it arrives', async () => {
    const id = await plant({ fault: { operation: 'deliver', fault: gone, times: 1 } });
    const resting = await until(id, isAt('dead_letter'));
    expect(resting).toMatchObject({ attempts: 1, last_error: 'web_backend_gone: the web-backend answered 410' });
    await untilListed('state=dead_letter', (ids) => ids.includes(id));
    expect(await metric('outcall_recordings_open{state="dead_letter"}')).toMatch(/ 1$/);
    const again = await system.request('POST', `${BASE_PATH}/recordings/${id}/redeliver`);
    expect(again.status).toBe(202);
    await until(id, isDelivered);
    expect(storedOf(id)).toHaveLength(1);
    await untilListed('state=dead_letter', (ids) => !ids.includes(id));
    const late = await system.request('POST', `${BASE_PATH}/recordings/${id}/redeliver`);
    expect([late.status, late.body['code']]).toEqual([409, 'delivery_over']);
  });

  test('all of a queue are redelivered with one request', async () => {
    const dying = { fault: { operation: 'deliver', fault: gone, times: 1 } };
    const ids = [await plant(dying), await plant(dying), await plant(dying)];
    for (const id of ids) await until(id, isAt('dead_letter'));
    await untilListed('state=dead_letter', (listed) => ids.every((id) => listed.includes(id)));
    const answer = await system.request('POST', `${BASE_PATH}/recordings/redeliver`, {
      body: { state: 'dead_letter' },
    });
    expect([answer.status, answer.body]).toEqual([202, { state: 'dead_letter', asked: 3 }]);
    for (const id of ids) await until(id, isDelivered);
    expect(ids.map((id) => storedOf(id).length)).toEqual([1, 1, 1]);
  });

  test('many who ask for that at once: some are told to come again, and nobody is told that Temporal is away', async () => {
    const id = await plant({ fault: { operation: 'deliver', fault: gone, times: 1_000_000 } });
    await until(id, isAt('dead_letter'));
    await untilListed('state=dead_letter', (listed) => listed.includes(id));
    const ask = (): Promise<Answer> =>
      system.request('POST', `${BASE_PATH}/recordings/redeliver`, { body: { state: 'dead_letter' } });
    const statuses = new Set<number>();
    // Whoever asked before is served first: an earlier test, for one.
    for (let bursts = 0; bursts < 100 && (bursts < 3 || !statuses.has(202)); bursts++) {
      for (const { status } of await Promise.all(Array.from({ length: 8 }, ask))) statuses.add(status);
    }
    expect([...statuses].filter((status) => status !== 409)).toEqual([202]);
  });

  test('a web backend that stores and answers 500 each time has one copy, however often it is tried', async () => {
    const id = await plant({
      fault: { operation: 'deliver', fault: { kind: 'status', status: 500, applied: true }, times: 5 },
    });
    await until(id, isDelivered);
    expect(storedOf(id)).toMatchObject([{ repeats: 5, sha256: carriersSha(id) }]);
  });

  test('a refusal that lasts is tried three times before it rests', async () => {
    const id = await plant({ fault: { operation: 'deliver', fault: { kind: 'status', status: 422 }, times: 3 } });
    expect(await until(id, isAt('dead_letter'))).toMatchObject({ attempts: 3 });
    await system.request('POST', `${BASE_PATH}/recordings/${id}/redeliver`);
    await until(id, isDelivered);
  });

  test('an empty file of a call that was heard is quarantined after four looks', async () => {
    const id = await plant({ empty: true });
    expect(await until(id, isAt('quarantined'))).toMatchObject({
      attempts: 4,
      last_error: expect.stringContaining('file_empty') as string,
    });
    expect(storedOf(id)).toEqual([]);
  });

  test('an empty file in which nothing was said is delivered as empty', async () => {
    const id = await plant({ empty: true, duration_millis: 0 });
    await until(id, isDelivered);
    expect(storedOf(id)).toMatchObject([{ size_bytes: 0, metadata: { empty: true } }]);
  });

  test('a recording that somebody deletes at the carrier is lost, and the log says so as an error', async () => {
    const id = await plant({ fault: { operation: 'download', fault: { kind: 'status', status: 503 }, times: 1000 } });
    await until(id, ({ attempts }) => attempts > 0);
    const { apiBaseUrl, apiKey } = system.simulator;
    await fetch(`${apiBaseUrl}/recordings/${id}`, { method: 'DELETE', headers: { authorization: `Bearer ${apiKey}` } });
    expect(await until(id, isAt('lost'))).toMatchObject({
      last_error: expect.stringContaining('recording_vanished') as string,
    });
    const told = (): number =>
      logLines.filter((line) => line.includes('"event":"recording.lost"') && line.includes(id)).length;
    for (let looks = 0; told() === 0 && looks < 20; looks++) await sleep(100);
    expect(told()).toBe(1);
  });
});

describe('whose it is', () => {
  const audit = async (): Promise<RecordingAudit> => {
    const read = async (): Promise<RecordingAudit | null> => {
      const { body } = await system.request('GET', `${BASE_PATH}/recordings/audit`);
      return body['audit'] as RecordingAudit | null;
    };
    // One that was under way before does not count: it may have looked too early.
    const askedAt = new Date().toISOString();
    await system.request('POST', `${BASE_PATH}/recordings/audit`);
    for (let looks = 0; looks < 100; looks++) {
      const after = await read();
      if (after !== null && after.audited_at >= askedAt) return after;
      await sleep(200);
    }
    throw new Error('there was no audit');
  };

  test('recordings of other applications, other installations and other systems are left alone', async () => {
    const others = [
      await plantAs({ connection_id: '42', client_state: ours(aCallId()) }),
      await plantAs({ client_state: encodeClientState({ installation: 'another', callId: aCallId(), leg: LEAD }) }),
      await plantAs({}),
    ];
    const before = await audit();
    const mine = await plant();
    await until(mine, isDelivered);
    const after = await audit();
    expect(after.foreign).toBe(before.foreign);
    expect(after.foreign).toBeGreaterThanOrEqual(2);
    expect(await Promise.all(others.map(show))).toEqual([null, null, null]);
    expect(others.flatMap(storedOf)).toEqual([]);
  });

  test('a recording that sweeps did not see is found by the audit, counted, and delivered', async () => {
    const old = await plant({ ago_millis: 120_000 });
    const first = await audit();
    expect(first).toMatchObject({ unaccounted: 1, unaccounted_ids: [old], started: 1 });
    await until(old, isDelivered);
    expect(await audit()).toMatchObject({ unaccounted: 0 });
  });

  test('a delivery that was ended by hand is found, and done', async () => {
    const id = await plant({
      ago_millis: 120_000,
      fault: { operation: 'deliver', fault: { kind: 'status', status: 410 } },
    });
    await audit();
    await until(id, ({ state }) => state === 'dead_letter');
    await withRun(id, (run) => run.terminate('by hand'));
    await audit();
    await until(id, isDelivered);
    expect(storedOf(id)).toHaveLength(1);
  });

  test('the carrier’s word that it is saved, two hundred times after it was delivered, changes nothing', async () => {
    const to = '+15557770900';
    const callId = await system.call({ to_phone: to });
    await system.until(callId, isSettled, 60_000);
    const leg = system.ledger().legs.find((one) => one.to === to);
    const payload = { ...leg, client_state: ours(callId), format: 'mp3', channels: 'dual' };
    const at = new Date().toISOString();
    const signer = createSigner(system.simulator.signingKey);
    const send = async (eventId: string): Promise<number> => {
      const data = { record_type: 'event', event_type: 'call.recording.saved', id: eventId, occurred_at: at, payload };
      const body = JSON.stringify({ data });
      const headers = signer.headers(body, Date.now());
      const url = `${system.url}${BASE_PATH}/webhook/telnyx/recording-status`;
      return (await fetch(url, { method: 'POST', body, headers })).status;
    };
    const copies = Array.from({ length: 100 }, (_, nth) => [send('the-same'), send(`another-${nth}`)]).flat();
    expect(new Set(await Promise.all(copies))).toEqual(new Set([200]));
    const stored = system.ledger().deliveries.filter(({ metadata }) => delivered(metadata).call_id === callId);
    expect(stored).toMatchObject([{ repeats: 0 }]);
    expect(await show(delivered(stored[0]?.metadata).recording_sid)).toMatchObject({ state: 'delivered', attempts: 1 });
  });

  test('the recording of a call whose webhooks are all lost arrives with all that the call knows', async () => {
    const callId = await system.call({ to_phone: '+15557770032', metadata: { deal: 7 } });
    await system.until(callId, isSettled, 60_000);
    const stored = system.ledger().deliveries.filter(({ metadata }) => delivered(metadata).call_id === callId);
    expect(stored).toMatchObject([{ metadata: { to_phone: '+15557770032', metadata: { deal: 7 } } }]);
    expect(stored[0]?.metadata).not.toHaveProperty('orphan');
  });
});

test('a long attempt shows that it lives every 5 seconds: a worker that is busy for 10 is not taken for dead', async () => {
  const slow = { operation: 'download', fault: { kind: 'slow', bytesPerSecond: 6_000 } };
  const id = await plant({ duration_millis: 10_000, fault: slow });
  const signs = new Set<number>();
  await until(id, () => true);
  while ((await show(id))?.state !== 'delivered') {
    const { raw } = await withRun(id, (run) => run.describe());
    for (const { lastHeartbeatTime } of raw.pendingActivities ?? []) {
      if (lastHeartbeatTime?.seconds) signs.add(Number(lastHeartbeatTime.seconds));
    }
    await sleep(500);
  }
  expect(signs.size).toBeGreaterThanOrEqual(2);
});

slowly('a call that the carrier answers nothing of', () => {
  test('a recording of a call of which it never became known whether it was placed is delivered as an orphan', async () => {
    // The carrier answers none of its dials; that takes a minute to become certain.
    const callId = await system.call({ to_phone: '+15557770050', metadata: { deal: 8 } });
    const { outcome } = await system.until(callId, hasEnded, 120_000);
    expect(outcome).toBe('dial_unknown');
    const id = await plantAs({ client_state: ours(callId) });
    await until(id, isDelivered);
    expect(storedOf(id)[0]?.metadata).toMatchObject({ orphan: true, call_id: callId, metadata: { deal: 8 } });
  }, 180_000);
});

describe('requests that are refused', () => {
  test.each<[string, string, string, unknown, number, string]>([
    ['an unknown recording', 'GET', '/recordings/nobody', undefined, 404, 'recording_not_found'],
    ['a strange id', 'GET', '/recordings/%22%20OR%201', undefined, 404, 'recording_not_found'],
    ['redelivery of an unknown one', 'POST', '/recordings/nobody/redeliver', undefined, 404, 'recording_not_found'],
    ['an unknown state', 'GET', '/recordings?state=asleep', undefined, 422, 'invalid_request'],
    ['a made-up cursor', 'GET', '/recordings?cursor=AAAA', undefined, 400, 'invalid_cursor'],
    ['redelivery of all delivered', 'POST', '/recordings/redeliver', { state: 'delivered' }, 422, 'invalid_request'],
    ['another method', 'DELETE', '/recordings/nobody', undefined, 405, 'method_not_allowed'],
  ])('%s', async (_name, method, path, body, status, code) => {
    const answer = await system.request(method, `${BASE_PATH}${path}`, body === undefined ? {} : { body });
    expect([answer.status, answer.body['code']]).toEqual([status, code]);
  });

  test('without a key', async () => {
    const answer = await system.request('GET', `${BASE_PATH}/recordings`, { headers: { 'x-api-key': 'wrong' } });
    expect(answer.status).toBe(401);
  });
});

test('every history replays on the code that made it', async () => {
  expect(await replayAll(system)).toEqual([]);
});
