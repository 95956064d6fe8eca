import { textAt, valueAt, type Tree } from '../tree.ts';

/** What tells one machine from another: two names of one are one server. */
export function machineOf(tree: Tree, server: string): string | undefined {
  const address = textAt(tree, 'servers', server, 'address')?.toLowerCase();
  const port = valueAt(tree, 'servers', server, 'port') ?? 22;
  return address === undefined || typeof port !== 'number' ? undefined : `${address} ${port}`;
}

/** The machine of a server; where that cannot be told, its name stands for it. */
export const machineOrName = (tree: Tree, server: string): string => machineOf(tree, server) ?? server;

/** The machines of some servers. */
export const machinesOf = (tree: Tree, servers: Iterable<string>): Set<string> => new Set([...servers].map((server) => machineOrName(tree, server)));
