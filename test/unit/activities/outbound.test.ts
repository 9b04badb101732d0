import { buffer } from 'node:stream/consumers';
import { isPublic, send } from '../../../activities/outbound';
import { aLocalServer, answering, stallingInTheBody } from '../platform/local-server';

const server = aLocalServer();
const signal = new AbortController().signal;

test.each(['93.184.216.34', '8.8.8.8', '100.63.255.255', '172.32.0.1', '2606:4700::1111', '2001:4860:4860::8888'])(
  '%s is public',
  (address) => {
    expect(isPublic(address)).toBe(true);
  },
);

test.each([
  ...['0.0.0.0', '10.1.2.3', '100.64.0.1', '127.0.0.1', '127.255.255.255', '169.254.169.254', '172.16.0.1'],
  ...['172.31.255.255', '192.168.1.1', '198.18.0.1', '203.0.113.9', '224.0.0.1', '255.255.255.255'],
  ...['::', '::1', '::ffff:10.0.0.1', '::ffff:93.184.216.34', '64:ff9b::a00:1', 'fc00::1', 'fe80::1', 'ff02::1'],
  ...['2001:db8::1', '2001:0:a00:1::', '2002:a00:1::1'],
])('%s is not', (address) => {
  expect(isPublic(address)).toBe(false);
});

test('a name that is allowed and points to this machine is refused at the moment of connecting', async () => {
  server.answer = answering(200, {});
  const url = new URL(server.url.replace('127.0.0.1', 'localhost'));
  await expect(send(url, { headers: {}, signal, publicOnly: true })).rejects.toMatchObject({ code: 'NOT_PUBLIC' });
  expect(server.asked).toEqual([]);
});

test('an answer that stops in the middle ends when nothing has moved for a while', async () => {
  server.answer = stallingInTheBody;
  const { response } = await send(new URL(server.url), { headers: {}, signal, idleMs: 100 });
  await expect(buffer(response)).rejects.toThrow();
});

test('a server that never answers ends when nothing has moved for a while', async () => {
  await expect(send(new URL(server.url), { headers: {}, signal, idleMs: 100 })).rejects.toMatchObject({ code: 'IDLE' });
});
