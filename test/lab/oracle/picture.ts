import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Lab } from '../../../lab/lab.ts';

/** What a host is: facts by name, and of some of them the package that brought what they are about. */
export interface HostPicture {
  facts: Record<string, string>;
  owners: Record<string, string>;
}

/** By host. */
export type Picture = Record<string, HostPicture>;

/** Wherever Musher may write: configuration, its own programs and records, code and shared files, here and on a storage. */
const ROOTS = ['/etc', '/usr/local', '/var/lib/musher', '/var/aegir', '/srv', '/var/log/musher', '/var/cache/musher-code'];

/**
 * What hosts of a lab are, as root and by the lab's own way into them, and with nothing of what Musher observes by: paths with mode, owner and content,
 * accounts, enabled and active units, sockets, exports, mounts, packages, and HAProxy's state.
 */
export async function picture(lab: Lab, hosts: readonly string[] = Object.keys(lab.hosts)): Promise<Picture> {
  const program = await readFile(join(import.meta.dirname, 'look.py'), 'utf8');
  const look = async (host: string): Promise<HostPicture> => JSON.parse((await lab.root(host, ['python3', '-', ...ROOTS], { input: program })).stdout) as HostPicture;
  return Object.fromEntries(await Promise.all(hosts.map(async (host) => [host, await look(host)] as const)));
}
