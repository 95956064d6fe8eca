import { quote, type TreeProblem } from '../spec-error.ts';
import { suggestName } from '../suggest.ts';
import { entriesAt, textAt, valueAt, type Tree } from '../tree.ts';
import { exportAt, keepingOf, rootAt, storageAt } from './keeping.ts';
import { machineOf } from './machine.ts';
import { membersOf } from './servers-of.ts';

/** What is on NFS has a storage, which is one server and is needed; a storage that is a member too finds its own folders where members mount them. */
export const checkStorage = (tree: Tree): TreeProblem[] => {
  const servers = entriesAt(tree, 'servers').map(([name]) => name);
  return entriesAt(tree, 'groups').flatMap(([group]) => [...checkNeed(tree, group), ...checkServer(tree, group, servers), ...checkMember(tree, group)]);
};

function checkNeed(tree: Tree, group: string): TreeProblem[] {
  const path = ['groups', group];
  const stated = (key: string) => valueAt(tree, ...path, key) !== undefined;
  const keeping = keepingOf(tree, group);
  if (!keeping) return [];
  const { code, files } = keeping;
  const isOnNfs = code === 'nfs' || files === 'nfs';
  if (!isOnNfs && valueAt(tree, ...path, 'kind') === 'pack') {
    return [{ path: [...path, 'kind'], message: 'a pack keeps code or files on NFS, and here both are said not to be', suggestion: 'write "kind: cluster"' }];
  }
  if (!isOnNfs && stated('storage')) {
    return [{ path: [...path, 'storage'], at: 'key', message: 'nothing of this group is on NFS', suggestion: 'write "files: nfs" or "code: nfs", or leave "storage" out' }];
  }
  if (isOnNfs && !stated('storage') && typeof valueAt(tree, ...path, 'files') !== 'object') {
    const key = ['code', 'files', 'kind'].find((name) => /^(nfs|image|pack)$/.test(textAt(tree, ...path, name) ?? '')) ?? 'kind';
    return [{ path: [...path, key], message: 'needs a "storage"', suggestion: 'add "storage: { server: … }": the server that exports it over NFS' }];
  }
  if (code === 'rsync' && textAt(tree, ...path, 'storage', 'scope') === 'group') {
    return [{ path: [...path, 'storage', 'scope'], message: '"group" is for code on NFS, and this group has it on each member', suggestion: 'leave "scope" out' }];
  }
  return [];
}

function checkServer(tree: Tree, group: string, servers: string[]): TreeProblem[] {
  const found = storageAt(tree, group);
  if (!found || servers.length === 0) return [];
  const { server, path } = found;
  const short = ['groups', group, 'files', 'server'];
  const other = textAt(tree, ...short);
  const twice: TreeProblem[] =
    other !== undefined && other !== server
      ? [{ path: short, message: `the storage is ${quote(server)} already`, suggestion: 'write "files: nfs", or the same server: a group has one storage' }]
      : [];
  if (!servers.includes(server)) return [{ path, message: `no server ${quote(server)}`, suggestion: suggestName(server, servers, 'server') }, ...twice];
  const machine = machineOf(tree, server);
  const members = membersOf(tree, group);
  const twin = members.has(server) ? undefined : [...members].find((member) => machine !== undefined && machineOf(tree, member) === machine);
  if (twin === undefined) return twice;
  const message = `${quote(server)} has the address of the member ${quote(twin)}`;
  return [{ path, message, suggestion: `name ${quote(twin)} itself as the storage, or another server` }, ...twice];
}

function checkMember(tree: Tree, group: string): TreeProblem[] {
  const storage = storageAt(tree, group);
  const { folder, path } = exportAt(tree, group);
  const { folder: root } = rootAt(tree, group);
  if (!storage || folder === root || !membersOf(tree, group).has(storage.server)) return [];
  const message = `${quote(storage.server)} is a member, too, and has its folders in the root ${quote(root)}`;
  return [{ path, message, suggestion: 'leave "export" out, or keep them on a server that is not a member' }];
}
