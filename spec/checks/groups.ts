import { quote, type Path, type TreeProblem } from '../spec-error.ts';
import { suggestName } from '../suggest.ts';
import { entriesAt, textsAt, valueAt, type Tree } from '../tree.ts';
import { machineOf } from './machine.ts';

/** Members and balancers are servers, each once; the web server and its reload fit. */
export function checkGroups(tree: Tree): TreeProblem[] {
  const groups = entriesAt(tree, 'groups').map(([name]) => name);
  const servers = entriesAt(tree, 'servers').map(([name]) => name);
  const known = new Set(servers);
  return groups.flatMap((group) => [...checkRoles(tree, group, servers, known), ...checkReload(tree, group)]);
}

function checkRoles(tree: Tree, group: string, servers: string[], known: Set<string>): TreeProblem[] {
  const roles = new Map<string, string>();
  const machines = new Map<string, string>();
  return (['members', 'balancers'] as const).flatMap((list) =>
    textsAt(tree, 'groups', group, list).flatMap(({ text: name, path }): TreeProblem[] => {
      if (servers.length === 0) return [];
      if (!known.has(name)) return [{ path, message: `no server ${quote(name)}`, suggestion: suggestName(name, servers, 'server') }];
      const role = roles.get(name);
      if (role === list) return [{ path, message: `${quote(name)} is listed twice`, suggestion: 'leave one of them out' }];
      if (role) return [{ path, message: `${quote(name)} is a member of this group, too`, suggestion: 'take another server as balancer' }];
      roles.set(name, list);
      const machine = machineOf(tree, name);
      if (machine === undefined) return [];
      const twin = machines.get(machine);
      machines.set(machine, name);
      return twin ? [sameMachine(path, name, twin)] : [];
    }),
  );
}

const sameMachine = (path: Path, name: string, twin: string): TreeProblem => ({
  path,
  message: `${quote(name)} has the address of ${quote(twin)}`,
  suggestion: 'give each server of a group its own address',
});

function checkReload(tree: Tree, group: string): TreeProblem[] {
  const path = ['groups', group];
  const reload = valueAt(tree, ...path, 'reload') !== undefined;
  const web = valueAt(tree, ...path, 'web') ?? 'nginx';
  if (web === 'none' && !reload) {
    const suggestion = 'add the command that makes your web server see a new release';
    return [{ path: [...path, 'web'], message: 'needs "reload"', suggestion }];
  }
  if (web !== 'nginx' || !reload) return [];
  const suggestion = 'leave it out: Musher reloads nginx and PHP itself';
  return [{ path: [...path, 'reload'], at: 'key', message: 'belongs to "web: none"', suggestion }];
}
