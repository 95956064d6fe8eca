import { quote, type Path, type TreeProblem } from '../spec-error.ts';
import { holds } from '../text/path.ts';
import { entriesAt, textAt, type Tree } from '../tree.ts';
import { exportAt, keepingOf, rootAt, storageAt } from './keeping.ts';
import { machineOrName, machinesOf } from './machine.ts';
import { membersOf } from './servers-of.ts';

/** A projects root, on the servers that have it. */
interface Rooted {
  group: string;
  word: 'root' | 'export';
  folder: string;
  path: Path;
  /** The machines that have it: a server may have two names. */
  machines: Set<string>;
  /** How it is exported; '' where it is not. */
  exported: string;
  /** The machines that it is exported to as a whole. */
  clients: Set<string>;
}

/**
 * On one server projects roots, that of a storage too, are equal or apart: in a nested one a project of the outer group could be the inner root.
 * In equal ones each environment has its own folder, so they are well, unless one is exported as a whole and the other is not, or both are to one member:
 * NFS knows one export of a folder to a client, and could not tell whose it is once one of the groups goes.
 */
export function checkFolders(tree: Tree): TreeProblem[] {
  const groups = entriesAt(tree, 'groups').map(([group]) => rootedOf(tree, group));
  return groups.flatMap((own, index) => {
    const others = groups.slice(0, index).flat();
    const problem = own.map((one) => clashOf(one, others.filter(({ machines }) => meet(machines, one.machines)))).find(Boolean);
    return problem ? [problem] : [];
  });
}

function clashOf({ word, folder, path, exported, clients }: Rooted, others: Rooted[]): TreeProblem | undefined {
  const nested = others.find((other) => other.folder !== folder && (holds(other.folder, folder) || holds(folder, other.folder)));
  if (nested) {
    const message = `the ${word} ${quote(folder)} and ${quote(nested.folder)} of group ${quote(nested.group)} are nested on servers of both`;
    return { path, message, suggestion: 'give them one root, or two apart' };
  }
  const unlike = others.find((other) => other.folder === folder && exported && other.exported && other.exported !== exported);
  if (unlike) {
    const message = `${quote(folder)} would be exported in another way than for group ${quote(unlike.group)}, on the same storage`;
    return { path, message, suggestion: 'give both groups the same "scope" (and with "scope: group" the same "files"), or one of them another "export"' };
  }
  const twice = others.find((other) => other.folder === folder && meet(other.clients, clients));
  if (!twice) return undefined;
  const message = `${quote(folder)} would be exported as a whole to one member twice, for group ${quote(twice.group)} too`;
  return { path, message, suggestion: 'write "scope: environment" for both groups, or give one of them another "export"' };
}

const meet = (some: Set<string>, others: Set<string>): boolean => [...some].some((one) => others.has(one));

function rootedOf(tree: Tree, group: string): Rooted[] {
  const onMembers: Rooted = { group, word: 'root', ...rootAt(tree, group), machines: machinesOf(tree, membersOf(tree, group)), exported: '', clients: new Set() };
  const storage = storageAt(tree, group);
  const keeping = keepingOf(tree, group);
  if (!storage || !keeping) return [onMembers];
  const asWhole = textAt(tree, 'groups', group, 'storage', 'scope') === 'group';
  const exported = asWhole ? `group ${keeping.files}` : 'environment';
  const there = exportAt(tree, group);
  const machine = machineOrName(tree, storage.server);
  const clients = new Set([...(asWhole ? onMembers.machines : [])].filter((member) => member !== machine));
  return [onMembers, { group, word: there.path.at(-1) === 'export' ? 'export' : 'root', ...there, machines: new Set([machine]), exported, clients }];
}
