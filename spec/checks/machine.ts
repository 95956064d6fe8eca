import { textAt, valueAt, type Tree } from '../tree.ts';

/** What tells one machine from another: two names of one are one server. */
export function machineOf(tree: Tree, server: string): string | undefined {
  const address = textAt(tree, 'servers', server, 'address')?.toLowerCase();
  const port = valueAt(tree, 'servers', server, 'port') ?? 22;
  return address === undefined || typeof port !== 'number' ? undefined : `${address} ${port}`;
}
