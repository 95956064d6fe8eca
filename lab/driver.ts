import type { Network } from './network.ts';
import type { ProcessIdentity } from './process.ts';

/** What a driver needs to know of a host. */
export interface HostPlace {
  name: string;
  /** Its place in the subnet, 11 and up. */
  number: number;
  address: string;
  /** Its folder in the lab's state, for the driver to fill. */
  folder: string;
  /** The image's folder: a whole file system, shared by all hosts, never written to. */
  image: string;
  /** Its RAM in MiB, where the driver gives it a share of its own. */
  memory: number;
  network: Network;
}

/** Files to be in a host's file system before it first boots. */
export interface HostFile {
  path: string;
  content: string;
  mode: number;
  owner?: number;
}

/** A way to run hosts. All methods may be called in any state of the host and do what is missing. All processes of a host are in its Cgroup. */
export interface Driver {
  /** Its hosts' network device, as they see it. */
  device: string;
  /** Whether each host has a kernel and a disk of its own, or a share of the machine's. */
  hasOwnMachine: boolean;
  /** Milliseconds within which a host answers SSH, one of many that boot on a busy machine. */
  bootLimit: number;
  /** Makes what its hosts need beside the image, where it is missing. */
  prepare(image: string, say?: (line: string) => void): Promise<void>;
  /** Gives the host its disk, with these files on it. One that is there stays as it is. */
  create(host: HostPlace, files: HostFile[]): Promise<void>;
  /** Boots the host from its disk, in the lab's network. Gives its first process. */
  start(host: HostPlace): Promise<ProcessIdentity>;
  /** Cuts its power: no process of it lives on, its disk stays. */
  powerCut(host: HostPlace): Promise<void>;
  /** Plugs its cable in or pulls it. */
  setLink(host: HostPlace, state: 'up' | 'down'): Promise<void>;
  /** The command that runs these words in the host as root, without the network. Each word arrives as it is. Throws when the host has no power. */
  enter(host: HostPlace, words: readonly string[]): Promise<string[]>;
  /** The host's file system as seen from the machine; undefined where only the host itself can read it. */
  rootOf(host: HostPlace): string | undefined;
  /** Cuts its power and leaves nothing of it but its folder. */
  remove(host: HostPlace): Promise<void>;
}

/** The host's console: what it says while it boots, and why it does not. */
export function consoleOf(host: HostPlace): string {
  return `${host.folder}/console.log`;
}
