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
  network: Network;
}

/** Files to be in a host's file system before it first boots. */
export interface HostFile {
  path: string;
  content: string;
  mode: number;
  owner?: number;
}

/** A way to run hosts. All methods may be called in any state of the host and do what is missing. */
export interface Driver {
  /** Gives the host its disk, with these files on it. One that is there stays as it is. */
  create(host: HostPlace, files: HostFile[]): Promise<void>;
  /** Boots the host from its disk, in the lab's network. Gives its first process. */
  start(host: HostPlace): Promise<ProcessIdentity>;
  isRunning(host: HostPlace): Promise<boolean>;
  /** Cuts its power: no process of it lives on, its disk stays. */
  powerCut(host: HostPlace): Promise<void>;
  /** Plugs its cable in or pulls it. */
  setLink(host: HostPlace, state: 'up' | 'down'): Promise<void>;
  /** Words to put before a command that is to run in the host as root, without the network. */
  enter(host: HostPlace): Promise<string[]>;
  /** The host's file system as seen from the machine. */
  rootOf(host: HostPlace): string;
  /** Cuts its power and leaves nothing of it but its folder. */
  remove(host: HostPlace): Promise<void>;
  /** Cuts the power of all hosts of a network, known or not. */
  removeAll(network: Network): Promise<void>;
}
