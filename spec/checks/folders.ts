import { quote, type Path, type TreeProblem } from '../spec-error.ts';
import { holds } from '../text/path.ts';
import { entriesAt, textAt, type Tree } from '../tree.ts';
import { exportAt, keepingOf, rootAt, storageAt } from './keeping.ts';
import { membersOf } from './servers-of.ts';

/** A projects root, on the servers that have it. */
interface Rooted {
  group: string;
  word: 'root' | 'export';
  folder: string;
  path: Path;
  servers: Set<string>;
  /** How it is exported; '' where it is not. */
  exported: string;
}

/**
 * On one server projects roots, that of a storage too, are equal or apart: in a nested one a project of the outer group could be the inner root.
 * In equal ones each environment has its own folder, so they are well, unless one is exported as a whole and the other is not.
 */
export function checkFolders(tree: Tree): TreeProblem[] {
  const groups = entriesAt(tree, 'groups').map(([group]) => rootedOf(tree, group));
  return groups.flatMap((own, index) => {
    const others = groups.slice(0, index).flat();
    const problem = own.map((one) => clashOf(one, others.filter(({ servers }) => [...servers].some((server) => one.servers.has(server))))).find(Boolean);
    return problem ? [problem] : [];
  });
}

function clashOf({ word, folder, path, exported }: Rooted, others: Rooted[]): TreeProblem | undefined {
  const nested = others.find((other) => other.folder !== folder && (holds(other.folder, folder) || holds(folder, other.folder)));
  if (nested) {
    const message = `the ${word} ${quote(folder)} and ${quote(nested.folder)} of group ${quote(nested.group)} are nested on servers of both`;
    return { path, message, suggestion: 'give them one root, or two apart' };
  }
  const unlike = others.find((other) => other.folder === folder && exported && other.exported && other.exported !== exported);
  if (!unlike) return undefined;
  const message = `${quote(folder)} would be exported in another way than for group ${quote(unlike.group)}, on the same storage`;
  return { path, message, suggestion: 'give both groups the same "scope" (and with "scope: group" the same "files"), or one of them another "export"' };
}

function rootedOf(tree: Tree, group: string): Rooted[] {
  const onMembers: Rooted = { group, word: 'root', ...rootAt(tree, group), servers: membersOf(tree, group), exported: '' };
  const storage = storageAt(tree, group);
  const keeping = keepingOf(tree, group);
  if (!storage || !keeping) return [onMembers];
  const exported = textAt(tree, 'groups', group, 'storage', 'scope') === 'group' ? `group ${keeping.files}` : 'environment';
  const there = exportAt(tree, group);
  return [onMembers, { group, word: there.path.at(-1) === 'export' ? 'export' : 'root', ...there, servers: new Set([storage.server]), exported }];
}
