/** What `outcall call --handler` names: a file of this machine, an address, or a flow of the server's. */
import { readFileSync } from 'node:fs';
import { InvalidArgumentError } from 'commander';
import { CommandFailure } from '../terminal';

export type Variables = Readonly<Record<string, string>>;

/** The `handler` of a request. Throws a CommandFailure when the file cannot be read. */
export function handlerOf(what: string, variables: Variables | undefined): object {
  const given = variables && { variables };
  if (/^https?:\/\//.test(what)) return { type: 'texml', url: what, ...given };
  if (/\.ya?ml$/.test(what)) return { type: 'texml', flow_source: contentOf(what), ...given };
  if (/\.(xml|texml)$/.test(what)) return { type: 'texml', texml: contentOf(what), ...given };
  return { type: 'texml', flow: what, ...given };
}

/** Collects `--set name=value`; the last of a name counts. */
export function addVariable(text: string, before: Variables = {}): Variables {
  const [, name, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (name === undefined || value === undefined) throw new InvalidArgumentError('It is name=value.');
  return { ...before, [name]: value };
}

function contentOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw new CommandFailure(`${file} cannot be read; a flow of the server's is named without an ending`);
  }
}
