import { KIND_NAMES, presetOf } from '../kinds.ts';
import type { Group } from '../spec.ts';
import type { Path } from '../spec-error.ts';
import { checkRoot, plainPath } from '../text/path.ts';
import { isMap, textAt, valueAt, type Tree } from '../tree.ts';

const DEFAULT_ROOT = '/var/aegir/projects';

/** Where a group keeps code and files; undefined where the file does not say so in a way that can be read. */
export function keepingOf(tree: Tree, group: string): Pick<Group, 'code' | 'files'> | undefined {
  const at = (key: string): unknown => valueAt(tree, 'groups', group, key);
  const kind = KIND_NAMES.find((name) => name === at('kind'));
  const said = at('code') ?? (kind && presetOf(kind).code);
  const code = said === 'image' ? 'nfs' : said;
  const stated = at('files') ?? (kind && presetOf(kind).files);
  const files = isMap(stated) ? 'nfs' : stated;
  if ((code !== 'rsync' && code !== 'nfs') || (files !== 'nfs' && files !== 'none')) return undefined;
  return { code, files };
}

/** A group's storage by its name in the file, with its place. */
export function storageAt(tree: Tree, group: string): { server: string; path: Path } | undefined {
  for (const key of ['storage', 'files']) {
    const path = ['groups', group, key, 'server'];
    const server = textAt(tree, ...path);
    if (server !== undefined) return { server, path };
  }
  return undefined;
}

/** Projects root on members, and where it is said. */
export const rootAt = (tree: Tree, group: string): { folder: string; path: Path } => folderAt(tree, ['groups', group, 'root'], ['groups', group], DEFAULT_ROOT);

/** Projects root on the storage, and where it is said. */
export function exportAt(tree: Tree, group: string): { folder: string; path: Path } {
  const root = rootAt(tree, group);
  return folderAt(tree, ['groups', group, 'storage', 'export'], root.path, root.folder);
}

function folderAt(tree: Tree, path: Path, otherwise: Path, preset: string): { folder: string; path: Path } {
  const text = textAt(tree, ...path);
  return text === undefined || checkRoot(text) ? { folder: preset, path: otherwise } : { folder: plainPath(text), path };
}
