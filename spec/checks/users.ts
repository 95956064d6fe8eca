import { environmentSubject } from '../environment-names.ts';
import { environmentUser } from '../environment-user.ts';
import { quote, type TreeProblem } from '../spec-error.ts';
import { entriesAt, textAt, type Tree } from '../tree.ts';
import { environmentsOf } from './environments-of.ts';
import { membersOf } from './servers-of.ts';

interface Owner {
  subject: string;
  members: Set<string>;
}

/** No two environments on one member have one user: neither its number nor, cut short, its name. */
export function checkUsers(tree: Tree): TreeProblem[] {
  const members = new Map(entriesAt(tree, 'groups').map(([name]) => [name, membersOf(tree, name)]));
  const owners = new Map<string | number, Owner[]>();
  return environmentsOf(tree).flatMap(({ project, environment, path }): TreeProblem[] => {
    const own = { subject: environmentSubject(project, environment), members: members.get(textAt(tree, ...path, 'group') ?? '') ?? new Set() };
    const { name, uid } = environmentUser(project, environment);
    const other = [name, uid].flatMap((key) => owners.get(key) ?? []).find((owner) => [...owner.members].some((member) => own.members.has(member)));
    for (const key of [name, uid]) owners.set(key, [...(owners.get(key) ?? []), own]);
    if (!other) return [];
    const message = `${quote(own.subject)} and ${quote(other.subject)} would be one user (number ${uid}) on members of both`;
    return [{ path, at: 'key', message, suggestion: 'rename one of them' }];
  });
}
