/** Schemathesis (schemathesis.readthedocs.io), which makes up requests from an OpenAPI document, with all it needs. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { acquire, executable, install, onPath } from '../../../cli/programs/acquire';
import { run } from '../../../cli/programs/child';

const requirements = path.join(__dirname, 'requirements.txt');
const cacheDir = path.resolve(__dirname, '../../../.cache');

/** The Python that has it: run `-m schemathesis.cli`. The first time takes a minute. Rejects when it cannot be had. */
export function findSchemathesis(): Promise<string> {
  const version = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 12);
  const python = path.join(cacheDir, `schemathesis-${version}`, 'bin', 'python');
  return acquire(
    'Schemathesis',
    [
      { what: `cache ${cacheDir}`, attempt: () => executable(python) },
      { what: 'PyPI (checksums pinned), with python3', attempt: () => install(python, fromPyPI) },
    ],
    ['install Python 3.11 or newer with venv (Debian: apt-get install python3-venv), and let pip reach PyPI.'],
  );
}

async function fromPyPI(bin: string): Promise<void> {
  await run(await onPath('python3', process.env), ['-m', 'venv', path.dirname(bin)], { timeoutMs: 120_000 });
  const strict = ['--quiet', '--require-hashes', '--only-binary', ':all:', '--disable-pip-version-check'];
  await run(path.join(bin, 'python'), ['-m', 'pip', 'install', ...strict, '-r', requirements], { timeoutMs: 300_000 });
}
