/** What the simulator's storage does to files when it is told to, and recordings without a call. */
import { connect } from 'node:net';
import { aSimulator } from './running-simulator';
import type { Running } from './running-simulator';

const MP3_BYTES_A_SECOND = 8000;

describe('storage that misbehaves', () => {
  let running: Running;
  let recordingId = '';
  let url = '';
  beforeEach(async () => {
    running = await aSimulator();
    const planted = await running.control('POST recordings', { duration_millis: 3600 });
    ({ recording_id: recordingId } = (await planted.json()) as { recording_id: string });
    const { data } = await running.client.recordings.retrieve(recordingId);
    url = data?.download_urls?.mp3 ?? '';
  });
  afterEach(() => running.close());

  const wholeBytes = (): number => running.simulator.ledger().recordings[0]?.size_bytes ?? 0;
  const order = (fault: object): Promise<Response> => running.control('POST faults', { operation: 'download', fault });

  /** The raw answer, as it stands on the wire until the connection ends. */
  function raw(): Promise<{ head: string; body: Buffer }> {
    const { hostname, port, pathname, search } = new URL(url);
    return new Promise((resolve, reject) => {
      const chunks: Buffer[] = [];
      const socket = connect(Number(port), hostname);
      socket.write(`GET ${pathname}${search} HTTP/1.1\r\nhost: ${hostname}\r\n\r\n`);
      socket.on('data', (chunk) => chunks.push(chunk));
      socket.on('error', reject);
      socket.on('end', () => {
        const all = Buffer.concat(chunks);
        const end = all.indexOf('\r\n\r\n');
        resolve({ head: all.subarray(0, end).toString(), body: all.subarray(end + 4) });
      });
    });
  }

  it('serves a planted recording, as long as it was said to be', async () => {
    const body = await (await fetch(url)).arrayBuffer();
    expect(body.byteLength).toBe(wholeBytes());
    expect(Math.abs(body.byteLength - 3.6 * MP3_BYTES_A_SECOND)).toBeLessThan(200);
  });

  it.each([0, 1, 1000, -1])('cuts a body of known length at byte %d', async (bytes) => {
    await order({ kind: 'cut', bytes });
    const { head, body } = await raw();
    expect(head).toMatch(new RegExp(`content-length: ${String(wholeBytes())}`));
    expect(body).toHaveLength(bytes < 0 ? wholeBytes() + bytes : bytes);
  });

  it('cuts a body in chunks before the last one', async () => {
    await order({ kind: 'cut', bytes: 10, framing: 'chunked' });
    const { head, body } = await raw();
    expect(head).toMatch(/transfer-encoding: chunked/);
    expect(body.toString('latin1')).toMatch(/^a\r\n[^]{10}\r\n$/);
  });

  it('cuts a body that ends with its connection, which nobody can tell from a whole one', async () => {
    await order({ kind: 'cut', bytes: 10, framing: 'close' });
    expect((await (await fetch(url)).arrayBuffer()).byteLength).toBe(10);
  });

  it('serves a file that was stored without its end', async () => {
    await order({ kind: 'truncated', bytes: 7 });
    const response = await fetch(url);
    expect(response.headers.get('content-length')).toBe(String(wholeBytes() - 7));
    expect((await response.arrayBuffer()).byteLength).toBe(wholeBytes() - 7);
  });

  it('is slow', async () => {
    await order({ kind: 'slow', bytesPerSecond: wholeBytes() * 2 });
    const startedAt = Date.now();
    expect((await (await fetch(url)).arrayBuffer()).byteLength).toBe(wholeBytes());
    expect(Date.now() - startedAt).toBeGreaterThan(400);
  });

  it('keeps a fault for the recording that it is meant for', async () => {
    const fault = { kind: 'status', status: 503 };
    await running.control('POST faults', { operation: 'download', recording: 'another', fault });
    expect((await fetch(url)).status).toBe(200);
    await running.control('POST faults', { operation: 'download', recording: recordingId, fault });
    expect((await fetch(url)).status).toBe(503);
  });

  it.each([{ kind: 'cut' }, { kind: 'truncated' }, { kind: 'slow' }])('wants to know how much: %p', async (fault) => {
    expect((await order(fault)).status).toBe(422);
  });
});

describe('a planted recording', () => {
  let running: Running;
  beforeEach(async () => {
    running = await aSimulator();
  });
  afterEach(() => running.close());

  it('is listed by its age and its connection, and no webhook tells of it', async () => {
    await running.control('POST recordings', { connection_id: '42', ago_millis: 3600_000 });
    await running.control('POST recordings', {});
    const listed = async (query: object): Promise<number> => (await running.client.recordings.list(query)).data.length;
    expect(await listed({ filter: { connection_id: '42' } })).toBe(1);
    const recently = new Date(Date.now() - 60_000).toISOString();
    expect(await listed({ filter: { created_at: { gte: recently } } })).toBe(1);
    expect(running.received).toEqual([]);
  });

  it('may be empty', async () => {
    await running.control('POST recordings', { empty: true });
    expect(running.simulator.ledger().recordings).toMatchObject([{ size_bytes: 0 }]);
  });
});
