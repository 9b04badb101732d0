import { createHash } from 'node:crypto';
import { readMultipart } from '../../../simulator/multipart';
import { aSimulator } from './running-simulator';
import type { Running } from './running-simulator';

const metadata = JSON.stringify({ recording_sid: 'r1' });

describe('the stand-in for the web backend', () => {
  let running: Running;
  beforeEach(async () => {
    running = await aSimulator();
  });
  afterEach(() => running.close());

  /** Delivers a form; the parts in the order given. */
  const deliver = (parts: readonly (readonly [string, string])[], key: string | null = 'rec-r1-mp3') => {
    const form = new FormData();
    for (const [name, text] of parts)
      form.append(name, name === 'file' ? new Blob([text], { type: 'audio/mpeg' }) : text);
    const headers = key === null ? {} : { 'idempotency-key': key };
    return fetch(`${running.simulator.webBackendUrl}/api/v1/recordings`, { method: 'POST', body: form, headers });
  };
  const inOrder = (file: string) =>
    [
      ['metadata', metadata],
      ['file', file],
    ] as const;

  it('answers with the digest and the size of what it got', async () => {
    const response = await deliver(inOrder('sound'));
    const sha256 = createHash('sha256').update('sound').digest('hex');
    expect([response.status, await response.json()]).toEqual([201, { id: 'delivery-1', sha256, size_bytes: 5 }]);
    expect(running.simulator.ledger().deliveries).toMatchObject([
      { sha256, metadata: { recording_sid: 'r1' }, repeats: 0 },
    ]);
  });

  it('gives the same answer to the same file under the same key', async () => {
    const first: unknown = await (await deliver(inOrder('sound'))).json();
    const again = await deliver(inOrder('sound'));
    expect([again.status, await again.json()]).toEqual([200, first]);
    expect(running.simulator.ledger().deliveries).toMatchObject([{ repeats: 1 }]);
  });

  it('refuses another file under the same key', async () => {
    await deliver(inOrder('sound'));
    expect((await deliver(inOrder('noise'))).status).toBe(409);
  });

  it.each([
    [
      'the file first',
      [
        ['file', 'x'],
        ['metadata', metadata],
      ],
      'k',
    ],
    ['no metadata', [['file', 'x']], 'k'],
    [
      'metadata that is no JSON',
      [
        ['metadata', '{'],
        ['file', 'x'],
      ],
      'k',
    ],
    [
      'no key',
      [
        ['metadata', metadata],
        ['file', 'x'],
      ],
      null,
    ],
  ] as const)('refuses %s', async (_, parts, key) => {
    expect((await deliver(parts, key)).status).toBe(400);
    expect(running.simulator.ledger().deliveries).toEqual([]);
  });

  it('has taken the file although its answer is lost, when a fault says so', async () => {
    await running.control('POST faults', { operation: 'deliver', fault: { kind: 'reset', applied: true } });
    await expect(deliver(inOrder('sound'))).rejects.toThrow();
    expect((await deliver(inOrder('sound'))).status).toBe(200);
  });
});

describe('the multipart reader', () => {
  const form =
    '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\none\r\n--other\r\n--b\r\nContent-Disposition: form-data; name="f"; filename="x"\r\n\r\n\r\n--b--\r\n';

  async function read(text: string, pieceBytes: number): Promise<Record<string, string>> {
    const parts: Record<string, string> = {};
    async function* pieces() {
      for (let at = 0; at < text.length; at += pieceBytes)
        yield await Promise.resolve(Buffer.from(text.slice(at, at + pieceBytes)));
    }
    await readMultipart(pieces(), 'b', ({ name }) => {
      parts[name] = '';
      return { write: (chunk) => (parts[name] = `${parts[name] ?? ''}${chunk.toString()}`), end: () => undefined };
    });
    return parts;
  }

  it.each([1, 2, 3, 7, 1000])('reads the same in pieces of %d bytes', async (pieceBytes) => {
    await expect(read(form, pieceBytes)).resolves.toEqual({ a: 'one\r\n--other', f: '' });
  });

  it('throws when the stream breaks off', async () => {
    await expect(read(form.slice(0, -8), 10)).rejects.toThrow('before the closing boundary');
  });
});
