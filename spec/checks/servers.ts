import type { TreeProblem } from '../spec-error.ts';
import { entriesAt, valueAt, type Tree } from '../tree.ts';

/** A user other than root can do nothing here without sudo. */
export const checkServers = (tree: Tree): TreeProblem[] =>
  entriesAt(tree, 'servers').flatMap(([name]) => {
    const server = ['servers', name];
    const user = valueAt(tree, ...server, 'user');
    if (valueAt(tree, ...server, 'become') !== false || typeof user !== 'string' || user === 'root') return [];
    return [
      {
        path: [...server, 'become'],
        message: 'may be false only where the user is root',
        suggestion: 'write true, and allow sudo without a password',
      },
    ];
  });
