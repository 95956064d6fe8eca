import { environmentUser } from '../environment-user.ts';
import { quote, type TreeProblem } from '../spec-error.ts';
import { entriesAt, textAt, textsAt, type Tree } from '../tree.ts';

interface Owner {
  subject: string;
  members: Set<string>;
}

/** No two environments on one member have one user: neither its number nor, cut short, its name. */
export function checkUsers(tree: Tree): TreeProblem[] {
  const members = new Map(entriesAt(tree, 'groups').map(([name]) => [name, membersOf(tree, name)]));
  const owners = new Map<string | number, Owner[]>();
  return environmentsOf(tree).flatMap(({ project, environment, path }): TreeProblem[] => {
    const own = { subject: `${project}/${environment}`, members: members.get(textAt(tree, ...path, 'group') ?? '') ?? new Set() };
    const { name, uid } = environmentUser(project, environment);
    const other = [name, uid].flatMap((key) => owners.get(key) ?? []).find((owner) => [...owner.members].some((member) => own.members.has(member)));
    for (const key of [name, uid]) owners.set(key, [...(owners.get(key) ?? []), own]);
    if (!other) return [];
    const message = `${quote(own.subject)} and ${quote(other.subject)} would be one user (number ${uid}) on members of both`;
    return [{ path, at: 'key', message, suggestion: 'rename one of them' }];
  });
}

const environmentsOf = (tree: Tree) =>
  entriesAt(tree, 'projects').flatMap(([project]) =>
    entriesAt(tree, 'projects', project, 'environments').map(([environment]) => ({
      project,
      environment,
      path: ['projects', project, 'environments', environment],
    })),
  );

const membersOf = (tree: Tree, group: string): Set<string> => new Set(textsAt(tree, 'groups', group, 'members').map(({ text }) => text));
