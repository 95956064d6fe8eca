import { quote, type TreeProblem } from '../spec-error.ts';
import { entriesAt, textsAt, valueAt, type Tree } from '../tree.ts';
import { balancersOf } from './servers-of.ts';

/** HAProxy's port for HTTP. */
const BALANCER_PORT = 80;
const DEFAULT_PORT = 80;

/** A server that balances for one group and serves in another cannot have both on one port. */
export function checkPorts(tree: Tree): TreeProblem[] {
  const groups = entriesAt(tree, 'groups').map(([name]) => name);
  const balanced = new Map(groups.flatMap((group) => [...balancersOf(tree, group)].map((name) => [name, group] as const)));
  return groups.flatMap((group) => {
    if ((valueAt(tree, 'groups', group, 'port') ?? DEFAULT_PORT) !== BALANCER_PORT) return [];
    return textsAt(tree, 'groups', group, 'members').flatMap(({ text: name, path }): TreeProblem[] => {
      const other = balanced.get(name);
      // In one and the same group the role itself is refused.
      if (other === undefined || balancersOf(tree, group).has(name)) return [];
      const message = `${quote(name)} balances for group ${quote(other)} on port ${BALANCER_PORT}, which members of ${quote(group)} serve on, too`;
      return [{ path, message, suggestion: `give group ${quote(group)} another "port", such as 8080` }];
    });
  });
}
