import { textsAt, type Tree } from '../tree.ts';
import { storageAt } from './keeping.ts';

/** Names of a group's members. */
export const membersOf = (tree: Tree, group: string): Set<string> => namesOf(tree, group, 'members');

/** Names of a group's balancers. */
export const balancersOf = (tree: Tree, group: string): Set<string> => namesOf(tree, group, 'balancers');

/** Names of the servers that hold files of a group's environments: its members, and its storage where it has one. */
export const holdersOf = (tree: Tree, group: string): Set<string> => {
  const storage = storageAt(tree, group);
  return new Set([...membersOf(tree, group), ...(storage ? [storage.server] : [])]);
};

/** Names of all servers of a group. */
export const serversOf = (tree: Tree, group: string): Set<string> => new Set([...holdersOf(tree, group), ...balancersOf(tree, group)]);

const namesOf = (tree: Tree, group: string, list: 'members' | 'balancers'): Set<string> =>
  new Set(textsAt(tree, 'groups', group, list).map(({ text }) => text));
