import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSpool } from '../../../activities/spool';

const folder = mkdtempSync(join(tmpdir(), 'outcall-spool-'));
let directory = '';
let made = 0;

beforeEach(() => {
  made += 1;
  directory = join(folder, `spool-${made}`);
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

test('a file has no name, so that a killed process leaves nothing', async () => {
  const file = await createSpool({ directory, maxBytes: 10 }).open(10);
  await file.handle.writeFile('0123456789');
  expect(readdirSync(directory)).toEqual([]);
  await file.close();
});

test('nobody else can read what is in it', async () => {
  const file = await createSpool({ directory, maxBytes: 10 }).open(1);
  expect((await file.handle.stat()).mode & 0o777).toBe(0o600);
  expect(statSync(directory).mode & 0o777).toBe(0o700);
  await file.close();
});

test('what is open never exceeds the limit, and closing gives the room back, once', async () => {
  const spool = createSpool({ directory, maxBytes: 10 });
  const first = await spool.open(6);
  await expect(spool.open(5)).rejects.toMatchObject({ failure: 'spool_full' });
  const second = await spool.open(4);
  await first.close();
  await first.close();
  await expect(spool.open(7)).rejects.toMatchObject({ failure: 'spool_full' });
  const third = await spool.open(6);
  await Promise.all([second.close(), third.close()]);
});

test('what a process left behind in the instant of its death is swept at the next start; what is new stays', async () => {
  mkdirSync(directory);
  const old = join(directory, 'left');
  writeFileSync(old, '');
  utimesSync(old, new Date(0), new Date(Date.now() - 61_000));
  writeFileSync(join(directory, 'just-made'), '');
  const file = await createSpool({ directory, maxBytes: 10 }).open(1);
  expect(readdirSync(directory)).toEqual(['just-made']);
  await file.close();
});

test.each([
  [
    'is a file',
    () => {
      writeFileSync(directory, '');
    },
  ],
  [
    'cannot be made',
    () => {
      writeFileSync(`${directory}-file`, '');
      directory = join(`${directory}-file`, 'spool');
    },
  ],
])('a spool whose folder %s is unusable, which is told, and takes no room', async (_name, spoil) => {
  spoil();
  const spool = createSpool({ directory, maxBytes: 1 });
  await expect(spool.open(1)).rejects.toMatchObject({ failure: 'spool_unusable' });
  await expect(spool.open(1)).rejects.toMatchObject({ failure: 'spool_unusable' });
});

test('a spool whose folder vanishes is made again', async () => {
  const spool = createSpool({ directory, maxBytes: 2 });
  const first = await spool.open(1);
  rmSync(directory, { recursive: true });
  const second = await spool.open(1);
  await expect(second.handle.stat()).resolves.toMatchObject({ size: 0 });
  await Promise.all([first.close(), second.close()]);
});
