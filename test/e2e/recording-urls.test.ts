/**
 * What a webhook says of where a recording is does not matter: it is fetched from where the carrier's API says. Signed
 * webhooks, so that only the address is wrong.
 */
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { hasEnded, startSystem, stopSystems } from '../support/system';
import type { System } from '../support/system';
import { event, post, signedHeaders } from '../support/webhooks';

/** Nobody has any business there. */
let connections = 0;
const canary = createServer((socket) => {
  connections++;
  socket.destroy();
});

let system: System;
let canaryAt: string;
beforeAll(async () => {
  await new Promise<void>((resolve) => canary.listen(0, '127.0.0.1', resolve));
  canaryAt = `127.0.0.1:${(canary.address() as AddressInfo).port}`;
  system = await startSystem({ settings: { phoneSpeed: 10 } });
});
afterAll(async () => {
  await stopSystems();
  canary.close();
});

const rows: [string, (canary: string) => unknown][] = [
  ['B49 the address of this machine', (at) => ({ mp3: `http://${at}/r.mp3`, wav: `http://${at}/r.wav` })],
  ['B49 this machine by another spelling', (at) => ({ mp3: `http://${at.replace('127.0.0.1', '2130706433')}/r.mp3` })],
  ['B49 the cloud’s metadata', () => ({ mp3: 'http://169.254.169.254/latest/meta-data' })],
  ['B49 a file', () => ({ mp3: 'file:///etc/passwd' })],
  ['B49 a user that looks like the carrier', (at) => ({ mp3: `https://s3.amazonaws.com@${at}/r.mp3` })],
  ['B49 a name that begins like the carrier’s', () => ({ mp3: 'https://s3.amazonaws.com.evil.test/r.mp3' })],
  ['B50 null', () => null],
  ['B50 both null', () => ({ mp3: null, wav: null })],
  ['B50 none', () => ({})],
  ['B50 the other format only', (at) => ({ wav: `http://${at}/r.wav` })],
  ['B50 no object', () => 'r.mp3'],
];

test.each(rows.map(([what, urls], index) => [what, index, urls] as const))(
  'a webhook with %s for its recording: it is fetched from the carrier, whole',
  async (_what, index, urls) => {
    // Its recording is ready, and the carrier itself sends no webhook of it.
    const to = `+155507${String(index).padStart(2, '0')}032`;
    const callId = await system.call({ to_phone: to });
    await system.until(callId, hasEnded);
    const leg = system.ledger().legs.find((each) => each.to === to);
    const recording_id = leg?.recording_ids[0];
    const saved = event('call.recording.saved', { ...leg, recording_id, recording_urls: urls(canaryAt) });
    expect((await post(system, saved, signedHeaders(system, saved), 'recording-status')).status).toBe(200);
    const { recording } = await system.until(callId, (document) => document.recording?.state === 'delivered', 60_000);
    const carriers = system.ledger().recordings.find(({ id }) => id === recording_id);
    expect(recording).toMatchObject({ recording_id, sha256: carriers?.sha256 });
    expect(connections).toBe(0);
  },
);
