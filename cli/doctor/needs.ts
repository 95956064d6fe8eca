import type { Server, Spec } from '../../spec/spec.ts';

/** Of a storage: what is on it, and where code is asked to be mounted (NFSv3). */
export const NFS_PORT = 2049;
export const MOUNT_PORT = 20048;

/** To serve, to mount code, to mount shared files, and for images of releases. */
export type NfsModule = 'nfsd' | 'nfsv3' | 'nfsv4' | 'loop' | 'squashfs';

/** One server that another must reach, beside the SSH of this machine. */
export interface Way {
  to: Server;
  port: number;
  /** What for, in words that follow "to". */
  purpose: string;
}

/** What the groups of a spec ask of one of its servers. */
export interface Needs {
  /** Projects roots that are on it. */
  roots: string[];
  /** What its kernel must know, by the names of its modules. */
  nfs: NfsModule[];
  ways: Way[];
}

/** Balancers reach members on the port of the sites, and members the storage. */
export function needsOf({ name }: Server, { groups, servers }: Spec): Needs {
  const needs: Needs = { roots: [], nfs: [], ways: [] };
  const add = <T>(list: T[], item: T, same = (other: T) => other === item): unknown => list.some(same) || list.push(item);
  const reach = (to: string, port: number, purpose: string) => add(needs.ways, { to: servers[to]!, port, purpose }, (way) => way.to.name === to && way.port === port);
  for (const { members, balancers, root, port, storage, code, image, files } of Object.values(groups)) {
    const isMember = members.includes(name);
    if (isMember) add(needs.roots, root);
    if (storage?.server === name) for (const folder of [storage.export, ...Object.values(storage.volumes ?? {})]) add(needs.roots, folder);
    if (balancers.includes(name)) for (const member of members) reach(member, port, 'pass on requests');
    if (!storage) continue;
    // A storage that is a member, too, mounts nothing.
    if (storage.server === name) add(needs.nfs, 'nfsd');
    if (!isMember || storage.server === name) continue;
    if (files === 'nfs') add(needs.nfs, 'nfsv4');
    if (code === 'nfs') add(needs.nfs, 'nfsv3');
    if (image) for (const module of ['loop', 'squashfs'] as const) add(needs.nfs, module);
    reach(storage.server, NFS_PORT, 'mount what is on it');
    if (code === 'nfs') reach(storage.server, MOUNT_PORT, 'ask for the mount of code');
  }
  return needs;
}
