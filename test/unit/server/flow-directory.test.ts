import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createFlowDirectory } from '../../../server/flow-directory';

const HELLO = 'steps:\n  hello: { say: Hello }\n';

let folder: string;
let root: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'outcall-flows-'));
  root = path.join(folder, 'flows');
  mkdirSync(root);
  writeFileSync(path.join(root, 'hello.yaml'), HELLO);
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

test('a file is a flow, and its version follows from its text', () => {
  expect(createFlowDirectory(root).find('hello')).toMatchObject({
    name: 'hello',
    version: createHash('sha256').update(HELLO).digest('hex').slice(0, 16),
    flow: { name: 'hello' },
    findings: [],
  });
});

test('a file that has changed is read anew', () => {
  const flows = createFlowDirectory(root);
  const before = flows.find('hello');
  writeFileSync(path.join(root, 'hello.yaml'), HELLO.replace('Hello', 'Howdy'));
  expect(flows.find('hello')?.version).not.toBe(before?.version);
});

test('a file that has not changed is not read again', () => {
  const flows = createFlowDirectory(root);
  expect(flows.find('hello')).toBe(flows.find('hello'));
});

test('a flow that is taken away is gone', () => {
  const flows = createFlowDirectory(root);
  flows.find('hello');
  rmSync(path.join(root, 'hello.yaml'));
  expect(flows.find('hello')).toBeNull();
});

test('a flow with errors says where they are', () => {
  writeFileSync(path.join(root, 'broken.yaml'), 'steps:\n  hello: { sya: Hello }\n');
  const file = createFlowDirectory(root).find('broken');
  expect(file?.flow).toBeNull();
  expect(file?.findings[0]).toMatchObject({ severity: 'error', line: 2 });
});

test('a file of more than 64 KiB is no flow', () => {
  writeFileSync(path.join(root, 'large.yaml'), `${HELLO}#${'x'.repeat(65_536)}`);
  expect(createFlowDirectory(root).find('large')).toMatchObject({ flow: null, findings: [{ code: 'too_large' }] });
});

test('bytes that are no text are no flow', () => {
  writeFileSync(path.join(root, 'bytes.yaml'), Buffer.from([0xff, 0x00, 0xfe, 0x3a]));
  expect(createFlowDirectory(root).find('bytes')?.flow).toBeNull();
});

test.each([
  ...['../flows/hello', '../../etc/passwd', '/etc/passwd', 'hello\0', 'hello%00', 'hello.yaml', '.', '..', ''],
  ...['CON', 'Hello', 'con', 'x'.repeat(65), 'x'.repeat(300), 'hello\n', '__proto__', 'constructor'],
])('B80 %j is the name of no flow', (name) => {
  expect(createFlowDirectory(root).find(name)).toBeNull();
});

test('B80 a link that leads out of the folder is not followed', () => {
  writeFileSync(path.join(folder, 'secret.yaml'), HELLO);
  symlinkSync(path.join(folder, 'secret.yaml'), path.join(root, 'secret.yaml'));
  const flows = createFlowDirectory(root);
  expect(flows.find('secret')).toBeNull();
  expect(flows.list().map(({ name }) => name)).toEqual(['hello']);
});

test('a folder in the dress of a flow is none', () => {
  mkdirSync(path.join(root, 'folder.yaml'));
  expect(createFlowDirectory(root).find('folder')).toBeNull();
});

test('the folder itself may be a link', () => {
  const link = path.join(folder, 'link');
  symlinkSync(root, link);
  expect(createFlowDirectory(link).find('hello')).not.toBeNull();
});

test('all flows are listed by name, without what is none', () => {
  writeFileSync(path.join(root, 'a.yaml'), HELLO);
  writeFileSync(path.join(root, 'README.md'), 'x');
  writeFileSync(path.join(root, 'Upper.yaml'), HELLO);
  expect(
    createFlowDirectory(root)
      .list()
      .map(({ name }) => name),
  ).toEqual(['a', 'hello']);
});

test('a folder that is not there has no flows', () => {
  const flows = createFlowDirectory(path.join(folder, 'nowhere'));
  expect([flows.list(), flows.find('hello')]).toEqual([[], null]);
});
