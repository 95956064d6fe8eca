import { mkdir, readFile, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { HostPlace } from './driver.ts';
import type { Network } from './network.ts';
import { foldersOf, until } from './process.ts';

/**
 * A control group for each host: its systemd has one to itself, and every process of the host is found in it,
 * whoever started it and however the lab's own process ended.
 */
export class Cgroup {
  readonly path: string;

  constructor(path: string) {
    this.path = join('musher-lab', path);
  }

  /** Makes the group, and gives the files that a process writes its number to in order to enter. */
  async make(): Promise<string[]> {
    const folders = (await hierarchies()).map((root) => join(root, this.path));
    await Promise.all(folders.map((folder) => mkdir(folder, { recursive: true })));
    return folders.map((folder) => join(folder, 'cgroup.procs'));
  }

  /** The numbers of all processes in the group and below. */
  async processes(): Promise<number[]> {
    const folders = (await Promise.all((await hierarchies()).map((root) => foldersOf(join(root, this.path))))).flat();
    const lists = await Promise.all(folders.map((folder) => readFile(join(folder, 'cgroup.procs'), 'utf8').catch(() => '')));
    // A process of a namespace that is not below ours reads as 0, which kill() takes for our own group.
    return [...new Set(lists.join('\n').split('\n').map(Number))].filter((pid) => pid > 1);
  }

  /** Kills every process in the group (SIGKILL), and comes back when none is left. Throws when some outlive a minute: one that waits for a busy disk ends after that only. */
  async kill(): Promise<void> {
    const empty = await until(60_000, 20, async () => {
      const processes = await this.processes();
      for (const pid of processes) {
        try {
          process.kill(pid, 'SIGKILL');
        } catch {
          // It ended by itself.
        }
      }
      return processes.length === 0;
    });
    if (!empty) throw new Error(`Processes of ${this.path} do not die: ${(await this.processes()).join(', ')}`);
  }

  /** Takes the empty group away. */
  async remove(): Promise<void> {
    for (const root of await hierarchies()) {
      for (const folder of await foldersOf(join(root, this.path))) await until(2_000, 20, () => rmdir(folder).then(() => true, isGone));
    }
  }
}

/** The group of one host. */
export function groupOf(host: HostPlace): Cgroup {
  return new Cgroup(join(String(host.network.number), String(host.number)));
}

/** Cuts the power of all hosts of a network, known or not. */
export async function cutAllPower(network: Network): Promise<void> {
  const group = new Cgroup(String(network.number));
  await group.kill();
  await group.remove();
}

function isGone(error: NodeJS.ErrnoException): boolean {
  return error.code === 'ENOENT';
}

/** Where processes are kept: the unified hierarchy, and systemd's own one on machines that still have it. */
async function hierarchies(): Promise<string[]> {
  const lines = (await readFile('/proc/self/mounts', 'utf8')).split('\n').map((line) => line.split(' '));
  return lines.filter(([, , type, options]) => type === 'cgroup2' || (type === 'cgroup' && options?.includes('name=systemd'))).map(([, path]) => path!);
}
