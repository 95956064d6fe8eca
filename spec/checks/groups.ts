import { quote, type Path, type TreeProblem } from '../spec-error.ts';
import { suggestName } from '../suggest.ts';
import { holds, plainPath } from '../text/path.ts';
import { entriesAt, textAt, textsAt, valueAt, type Tree } from '../tree.ts';
import { holdersOf, membersOf } from './servers-of.ts';

const DEFAULT_ROOT = '/var/aegir/projects';

/** Members and balancers are servers, each once; the web server and its reload fit; roots do not nest. */
export function checkGroups(tree: Tree): TreeProblem[] {
  const groups = entriesAt(tree, 'groups').map(([name]) => name);
  const servers = entriesAt(tree, 'servers').map(([name]) => name);
  const known = new Set(servers);
  const ofGroup = (group: string) => [...checkRoles(tree, group, servers, known), ...checkStorage(tree, group, servers, known), ...checkReload(tree, group)];
  return [...groups.flatMap(ofGroup), ...checkRoots(tree, groups)];
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

/** The storage is a server, and none that would mount from itself. */
function checkStorage(tree: Tree, group: string, servers: string[], known: Set<string>): TreeProblem[] {
  const path = ['groups', group, 'files', 'server'];
  const name = textAt(tree, ...path);
  if (name === undefined || servers.length === 0) return [];
  if (!known.has(name)) return [{ path, message: `no server ${quote(name)}`, suggestion: suggestName(name, servers, 'server') }];
  const machine = machineOf(tree, name);
  const members = membersOf(tree, group);
  const twin = members.has(name) ? name : [...members].find((member) => machine !== undefined && machineOf(tree, member) === machine);
  if (twin === undefined) return [];
  const message = twin === name ? `${quote(name)} is a member of this group, too` : `${quote(name)} has the address of the member ${quote(twin)}`;
  return [{ path, message, suggestion: 'keep the files on a server that is not a member' }];
}

/** What tells one machine from another: two names of one are one server. */
function machineOf(tree: Tree, server: string): string | undefined {
  const address = textAt(tree, 'servers', server, 'address')?.toLowerCase();
  const port = valueAt(tree, 'servers', server, 'port') ?? 22;
  return address === undefined || typeof port !== 'number' ? undefined : `${address} ${port}`;
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

interface Rooted {
  name: string;
  root: string;
  servers: Set<string>;
}

/** Equal roots are well: each environment has its own folder. In a nested one a project of the outer group could be the inner root. */
function checkRoots(tree: Tree, groups: string[]): TreeProblem[] {
  const rooted = groups.map((name) => ({
    name,
    root: plainPath(textAt(tree, 'groups', name, 'root') ?? DEFAULT_ROOT),
    servers: holdersOf(tree, name),
  }));
  return rooted.flatMap((group, index) => {
    const other = rooted.slice(0, index).find((earlier) => clash(earlier, group));
    if (!other) return [];
    const path = ['groups', group.name, ...(valueAt(tree, 'groups', group.name, 'root') === undefined ? [] : ['root'])];
    const message = `the root ${quote(group.root)} and ${quote(other.root)} of group ${quote(other.name)} are nested on servers of both`;
    return [{ path, message, suggestion: 'give them one root, or two apart' }];
  });
}

const clash = (a: Rooted, b: Rooted): boolean =>
  a.root !== b.root && (holds(a.root, b.root) || holds(b.root, a.root)) && [...a.servers].some((name) => b.servers.has(name));
