import { environmentPath, environmentSubject } from '../environment-names.ts';
import { quote, type Path, type TreeProblem } from '../spec-error.ts';
import { suggestName } from '../suggest.ts';
import { checkRoot, holds, plainPath } from '../text/path.ts';
import { entriesAt, textAt, type Tree } from '../tree.ts';
import { environmentsOf } from './environments-of.ts';
import { exportAt, rootAt, storageAt } from './keeping.ts';
import { machineOrName, machinesOf } from './machine.ts';
import { membersOf } from './servers-of.ts';

/** The mount point of a file system that is for one environment alone. */
interface Volume {
  group: string;
  server: string;
  /** The same for each name of that server. */
  machine: string;
  folder: string;
  path: Path;
  /** Where the environment would be without it: a mount point there is as good as any other. */
  usual: string;
}

/** A volume is for an environment of its group, and nothing else is in it: then nobody who guesses his way about its file system meets another site. */
export function checkVolumes(tree: Tree): TreeProblem[] {
  const groups = entriesAt(tree, 'groups').map(([group]) => group);
  const environments = Map.groupBy(environmentsOf(tree), ({ path }) => textAt(tree, ...path, 'group'));
  const namesOf = (group: string) => (environments.get(group) ?? []).map(({ project, environment }) => environmentSubject(project, environment));
  const volumes = [...Map.groupBy(groups.flatMap((group) => volumesOf(tree, group)), ({ machine }) => machine).values()];
  const roots = volumes.length > 0 ? rootsByMachine(tree) : new Map<string, string[]>();
  return [
    ...groups.flatMap((group) => checkKeys(tree, group, namesOf)),
    ...volumes.flatMap((own) => own.flatMap((volume, index) => checkPlace(tree, volume, own.slice(0, index), roots.get(volume.machine) ?? []) ?? [])),
  ];
}

function checkKeys(tree: Tree, group: string, namesOf: (group: string) => string[]): TreeProblem[] {
  const path = ['groups', group, 'storage', 'volumes'];
  const entries = entriesAt(tree, ...path);
  if (entries.length === 0) return [];
  if (textAt(tree, 'groups', group, 'storage', 'scope') === 'group') {
    return [{ path, at: 'key', message: 'members may mount the whole folder of the group', suggestion: 'write "scope: environment", or leave "volumes" out' }];
  }
  const names = namesOf(group);
  return entries
    .filter(([name]) => !names.includes(name))
    .map(([name]) => ({
      path: [...path, name],
      at: 'key' as const,
      message: `no environment ${quote(name)} in this group`,
      suggestion: names.length > 0 ? suggestName(name, names, 'environment') : 'write PROJECT/ENVIRONMENT: the mount point of its file system',
    }));
}

/** @param before other volumes of the same machine. @param roots the folders below which groups keep their environments there. */
function checkPlace(tree: Tree, { group, server, folder, path, usual }: Volume, before: Volume[], roots: string[]): TreeProblem | undefined {
  if (membersOf(tree, group).has(server) && folder !== usual) {
    return { path, message: `${quote(server)} is a member, too, and looks for this environment in ${quote(usual)}`, suggestion: 'mount the file system there' };
  }
  const other = before.find((volume) => holds(volume.folder, folder) || holds(folder, volume.folder));
  if (other) {
    const message = `${quote(folder)} and ${quote(other.folder)} of ${quote(String(other.path.at(-1)))} are not apart on ${quote(server)}`;
    return { path, message, suggestion: 'give each a file system of its own, none mounted in another' };
  }
  if (folder === usual) return undefined;
  const root = roots.find((one) => holds(one, folder) || holds(folder, one));
  if (root === undefined) return undefined;
  const message = `${quote(folder)} and the projects root ${quote(root)} are not apart on ${quote(server)}`;
  return { path, message, suggestion: `mount it at ${quote(usual)}, or outside of that root` };
}

function rootsByMachine(tree: Tree): Map<string, string[]> {
  const roots = new Map<string, string[]>();
  const add = (machine: string, root: string): void => void roots.set(machine, [...(roots.get(machine) ?? []), root]);
  for (const [group] of entriesAt(tree, 'groups')) {
    for (const machine of machinesOf(tree, membersOf(tree, group))) add(machine, rootAt(tree, group).folder);
    const storage = storageAt(tree, group);
    if (storage) add(machineOrName(tree, storage.server), exportAt(tree, group).folder);
  }
  return roots;
}

function volumesOf(tree: Tree, group: string): Volume[] {
  const server = storageAt(tree, group)?.server;
  if (server === undefined) return [];
  return entriesAt(tree, 'groups', group, 'storage', 'volumes').flatMap(([name, { value }]) => {
    if (typeof value !== 'string' || checkRoot(value)) return [];
    const [project = '', environment = ''] = name.split('/');
    const usual = environmentPath(exportAt(tree, group).folder, project, environment);
    return [{ group, server, machine: machineOrName(tree, server), folder: plainPath(value), path: ['groups', group, 'storage', 'volumes', name], usual }];
  });
}
