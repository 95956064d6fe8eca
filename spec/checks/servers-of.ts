import { textsAt, type Tree } from '../tree.ts';

/** Names of a group's members. */
export const membersOf = (tree: Tree, group: string): Set<string> => namesOf(tree, group, 'members');

/** Names of a group's balancers. */
export const balancersOf = (tree: Tree, group: string): Set<string> => namesOf(tree, group, 'balancers');

/** Names of a group's members and balancers. */
export const serversOf = (tree: Tree, group: string): Set<string> => new Set([...membersOf(tree, group), ...balancersOf(tree, group)]);

const namesOf = (tree: Tree, group: string, list: 'members' | 'balancers'): Set<string> =>
  new Set(textsAt(tree, 'groups', group, list).map(({ text }) => text));
