import { environmentSubject } from '../environment-names.ts';
import { quote, type Path, type TreeProblem } from '../spec-error.ts';
import { suggestName } from '../suggest.ts';
import { entriesAt, textAt, textsAt, valueAt, type Tree } from '../tree.ts';
import { environmentsOf } from './environments-of.ts';
import { balancersOf, serversOf } from './servers-of.ts';

interface Claim {
  environment: string;
  servers: Set<string>;
}

/** Each environment's group is there, and no domain leads to two environments on one server. */
export function checkEnvironments(tree: Tree): TreeProblem[] {
  const groups = entriesAt(tree, 'groups').map(([name]) => name);
  const servers = new Map(groups.map((name) => [name, serversOf(tree, name)]));
  const claims = new Map<string, Claim[]>();
  return environmentsOf(tree).flatMap(({ project, environment, path }) => {
    const group = textAt(tree, ...path, 'group');
    if (group === undefined || groups.length === 0) return [];
    const own = servers.get(group);
    if (!own) return [{ path: [...path, 'group'], message: `no group ${quote(group)}`, suggestion: suggestName(group, groups, 'group') }];
    const claim = { environment: environmentSubject(project, environment), servers: own };
    return [...checkTls(tree, path, group), ...checkWorkers(tree, path, project, group), ...checkHealth(tree, path, group), ...checkDomains(tree, path, claim, claims)];
  });
}

function checkTls(tree: Tree, path: Path, group: string): TreeProblem[] {
  if (valueAt(tree, ...path, 'tls') === undefined || balancersOf(tree, group).size > 0) return [];
  return [
    {
      path: [...path, 'tls'],
      at: 'key',
      message: `is for balancers, and group ${quote(group)} has none`,
      suggestion: 'leave it out, or add a balancer to the group',
    },
  ];
}

function checkWorkers(tree: Tree, path: Path, project: string, group: string): TreeProblem[] {
  if (valueAt(tree, ...path, 'workers') === undefined) return [];
  const why =
    textAt(tree, 'projects', project, 'app') === 'static' ? `project ${quote(project)} is static` : textAt(tree, 'groups', group, 'web') === 'none' ? `"web" of group ${quote(group)} is none` : undefined;
  return why === undefined ? [] : [{ path: [...path, 'workers'], at: 'key', message: `is for PHP, which Musher does not run here: ${why}`, suggestion: 'leave it out' }];
}

function checkHealth(tree: Tree, path: Path, group: string): TreeProblem[] {
  if (textAt(tree, ...path, 'health', 'check') !== 'none' || balancersOf(tree, group).size === 0) return [];
  return [
    {
      path: [...path, 'health', 'check'],
      message: `is none, and group ${quote(group)} has balancers, which must know whom they may ask`,
      suggestion: 'write http, or leave it out',
    },
  ];
}

function checkDomains(tree: Tree, path: Path, claim: Claim, claims: Map<string, Claim[]>): TreeProblem[] {
  return textsAt(tree, ...path, 'domains').flatMap(({ text, path: at }): TreeProblem[] => {
    const domain = text.toLowerCase();
    const earlier = claims.get(domain) ?? [];
    const holder = earlier.find(
      ({ environment, servers }) => environment === claim.environment || [...servers].some((name) => claim.servers.has(name)),
    );
    if (!holder) claims.set(domain, [...earlier, claim]);
    if (!holder) return [];
    const whose =
      holder.environment === claim.environment
        ? 'is listed twice'
        : `is a domain of ${quote(holder.environment)} already, on the same servers`;
    return [{ path: at, message: `${quote(text)} ${whose}`, suggestion: 'leave one of them out' }];
  });
}
