import { readFile, readdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DriverName } from './drivers.ts';
import { paths } from './home.ts';
import type { ProcessIdentity } from './process.ts';
import { releaseOf, type Release } from './releases.ts';

/** A host as `lab.json` records it. */
export interface HostState {
  name: string;
  address: string;
  /** Its place in the subnet. */
  number: number;
  driver: DriverName;
  release: Release;
  /** The folder of the file system that it started from. */
  image: string;
  /** Its RAM in MiB, where it has a share of its own. */
  memory?: number;
  /** Its file system, where the machine sees it. */
  root?: string;
  /** Its SSH host key, as a line of known_hosts has it. */
  hostKey: string;
  /** Its first process, since it last booted. */
  leader?: ProcessIdentity;
}

/** What `<lab home>/labs/NAME/lab.json` holds. */
export interface LabState {
  name: string;
  /** The network, 10.77.N.0/24. */
  subnet: string;
  number: number;
  key: string;
  knownHosts: string;
  user: string;
  hosts: Record<string, HostState>;
}

/** The folder of a lab's state. Throws when the name is not a short RFC 1123 label. */
export function folderOf(lab: string): string {
  return join(paths.labs, label(lab));
}

/** Gives back a name that is fit for a host or a lab (RFC 1123 label of at most 40 letters), or throws. */
export function label(name: string): string {
  if (/^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/.test(name)) return name;
  throw new Error(`"${name}" is no name: use at most 40 lower-case letters, digits and inner hyphens`);
}

/** The lab's state; undefined when there is none. */
export async function loadState(lab: string): Promise<LabState | undefined> {
  const text = await readFile(join(folderOf(lab), 'lab.json'), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const { image = '', ...state } = JSON.parse(text) as LabState & { image?: string };
  for (const host of Object.values(state.hosts)) {
    // Written when there was one driver only, and one image for all hosts.
    host.driver ??= 'nspawn';
    host.image ??= image;
    host.release ??= releaseOf(host.image);
  }
  return state;
}

export async function saveState(state: LabState): Promise<void> {
  await writeWhole(join(folderOf(state.name), 'lab.json'), `${JSON.stringify(state, null, 2)}\n`);
}

/** The names of all labs that have a state, whole or half. */
export async function labNames(): Promise<string[]> {
  return (await readdir(paths.labs).catch(() => [])).sort();
}

/** Writes a private file such that it is seen whole or not at all. */
export async function writeWhole(path: string, content: string): Promise<void> {
  await writeFile(`${path}.partial`, content, { mode: 0o600 });
  await rename(`${path}.partial`, path);
}
