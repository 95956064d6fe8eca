import { environmentSubject } from '../environment-names.ts';
import { quote, type TreeProblem } from '../spec-error.ts';
import { entriesAt, textAt, textsAt, valueAt, type Tree } from '../tree.ts';
import { environmentsOf } from './environments-of.ts';
import { storageAt } from './keeping.ts';
import { balancersOf } from './servers-of.ts';

const SSH = 22;
/** Of a storage: NFS, and the mount daemon as `playbooks/roles/storage` fixes it. */
const NFS = [2049, 20_048];
const HTTP = 80;
const HTTPS = 443;
const DEFAULT_PORT = 80;

/** Members serve on a port that nothing else of theirs has: neither SSH, nor NFS, nor a balancer of another group. */
export function checkPorts(tree: Tree): TreeProblem[] {
  const groups = entriesAt(tree, 'groups').map(([name]) => name);
  const bound = boundPorts(tree, groups);
  const storages = new Set(groups.flatMap((group) => storageAt(tree, group)?.server ?? []));
  return groups.flatMap((group) => [...checkTaken(tree, group, storages), ...checkBalancing(tree, group, bound)]);
}

function checkTaken(tree: Tree, group: string, storages: ReadonlySet<string>): TreeProblem[] {
  const path = ['groups', group, 'port'];
  const port = valueAt(tree, ...path);
  if (typeof port !== 'number') return [];
  for (const { text: name } of textsAt(tree, 'groups', group, 'members')) {
    const has = port === (valueAt(tree, 'servers', name, 'port') ?? SSH) ? 'SSH' : storages.has(name) && NFS.includes(port) ? 'NFS' : undefined;
    if (has) return [{ path, message: `is the port of ${has} on member ${quote(name)}`, suggestion: 'take another one, such as 8080' }];
  }
  return [];
}

/** A server that balances for one group and serves in another cannot have both on one port. */
function checkBalancing(tree: Tree, group: string, bound: ReturnType<typeof boundPorts>): TreeProblem[] {
  const port = valueAt(tree, 'groups', group, 'port') ?? DEFAULT_PORT;
  if (port !== HTTP && port !== HTTPS) return [];
  const own = balancersOf(tree, group);
  return textsAt(tree, 'groups', group, 'members').flatMap(({ text: name, path }): TreeProblem[] => {
    const whose = bound[port].get(name);
    // In one and the same group the role itself is refused.
    if (whose === undefined || own.has(name)) return [];
    const message = `${quote(name)} balances for ${whose} on port ${port}, which members of ${quote(group)} serve on, too`;
    return [{ path, message, suggestion: `give group ${quote(group)} another "port", such as 8080` }];
  });
}

/** For whom each balancer listens on HAProxy's ports: for HTTP always, for HTTPS where an environment has TLS. */
function boundPorts(tree: Tree, groups: string[]): Record<typeof HTTP | typeof HTTPS, Map<string, string>> {
  const secure = environmentsOf(tree).filter(({ path }) => valueAt(tree, ...path, 'tls') !== undefined);
  const forAll = (group: string, whose: string) => [...balancersOf(tree, group)].map((name) => [name, whose] as const);
  return {
    [HTTP]: new Map(groups.flatMap((group) => forAll(group, `group ${quote(group)}`))),
    [HTTPS]: new Map(
      secure.flatMap(({ project, environment, path }) => forAll(textAt(tree, ...path, 'group') ?? '', `${quote(environmentSubject(project, environment))} with TLS`)),
    ),
  };
}
