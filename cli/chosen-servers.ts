import { quote } from '../spec/spec-error.ts';
import type { Server, Spec } from '../spec/spec.ts';
import { suggestName } from '../spec/suggest.ts';
import { CommandError } from './command-error.ts';

/** The servers of these names; all of the spec where none is named. @throws {CommandError} there is none of a name. */
export function chosenServers({ servers }: Spec, names: string[]): Server[] {
  if (names.length === 0) return Object.values(servers);
  return [...new Set(names)].map((name) => {
    if (!Object.hasOwn(servers, name)) throw new CommandError(`The spec has no server ${quote(name)}; ${suggestName(name, Object.keys(servers), 'server')}`);
    return servers[name]!;
  });
}
