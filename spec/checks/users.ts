import { environmentSubject } from '../environment-names.ts';
import { environmentUser } from '../environment-user.ts';
import { quote, type TreeProblem } from '../spec-error.ts';
import { entriesAt, textAt, type Tree } from '../tree.ts';
import { environmentsOf } from './environments-of.ts';
import { holdersOf } from './servers-of.ts';

interface Owner {
  subject: string;
  servers: Set<string>;
}

/** No two environments on one server have one user: neither its number nor, cut short, its name. */
export function checkUsers(tree: Tree): TreeProblem[] {
  const servers = new Map(entriesAt(tree, 'groups').map(([name]) => [name, holdersOf(tree, name)]));
  const owners = new Map<string | number, Owner[]>();
  return environmentsOf(tree).flatMap(({ project, environment, path }): TreeProblem[] => {
    const own = { subject: environmentSubject(project, environment), servers: servers.get(textAt(tree, ...path, 'group') ?? '') ?? new Set() };
    const { name, uid } = environmentUser(project, environment);
    const other = [name, uid].flatMap((key) => owners.get(key) ?? []).find((owner) => [...owner.servers].some((server) => own.servers.has(server)));
    for (const key of [name, uid]) owners.set(key, [...(owners.get(key) ?? []), own]);
    if (!other) return [];
    const message = `${quote(own.subject)} and ${quote(other.subject)} would be one user (number ${uid}) on servers of both`;
    return [{ path, at: 'key', message, suggestion: 'rename one of them' }];
  });
}
