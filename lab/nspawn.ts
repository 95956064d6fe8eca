import { existsSync } from 'node:fs';
import { chmod, chown, mkdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { groupOf } from './cgroup.ts';
import { startDetached } from './detached.ts';
import { consoleOf, type Driver, type HostFile, type HostPlace } from './driver.ts';
import { writeHostFile } from './host-files.ts';
import { isMounted, unmountBelow } from './mounts.ts';
import { identify, until, type ProcessIdentity } from './process.ts';

/** Runs its words, again when the host asks for a reboot (status 133). */
const runHost = `
  status=133
  while [ "$status" = 133 ]; do status=0; "$@" || status=$?; done`;

/** Hosts as containers of systemd-nspawn: they share the machine's kernel and answer SSH after two seconds. */
export const nspawn: Driver = {
  device: 'host0',
  hasOwnMachine: false,
  bootLimit: 60_000,
  prepare: async () => {},

  async create(host, files) {
    if (existsSync(join(host.folder, 'disk'))) return;
    const draft = join(host.folder, 'disk.partial');
    await rm(draft, { recursive: true, force: true });
    await mkdir(join(draft, 'work'), { recursive: true });
    for (const file of files) await put(join(draft, 'upper'), host.image, file);
    await mkdir(rootOf(host), { recursive: true });
    await rename(draft, join(host.folder, 'disk'));
  },

  async start(host) {
    const running = await findLeader(host);
    if (running) return running;
    // What a boot that was cut short has left.
    await nspawn.powerCut(host);
    const groups = await groupOf(host).make();
    await mount(host);
    const machine = machineOf(host);
    const options = [
      ...['--quiet', '--boot', '--timezone=off', '--register=no', '--keep-unit', '--resolv-conf=off', '--network-bridge=br0', '--link-journal=no'],
      ...[`--directory=${rootOf(host)}`, `--machine=${machine}`, `--hostname=${host.name}`],
    ];
    const command = [...host.network.inside, 'systemd-nspawn', ...options];
    await startDetached(host, groups, ['sh', '-ec', runHost, 'host', ...command]);
    const leader = await until(30_000, 10, () => findLeader(host));
    if (leader) return leader;
    throw new Error(`${host.name} does not start: ${await readFile(consoleOf(host), 'utf8').catch(() => 'it left no log')}`);
  },

  async powerCut(host) {
    // First the cable: a host without power does not close its connections.
    await nspawn.setLink(host, 'down').catch(() => {});
    await groupOf(host).kill();
    await host.network.deleteLink(linkOf(host));
  },

  async setLink(host, state) {
    await host.network.setLink(linkOf(host), state);
  },

  async enter(host, words) {
    const leader = await findLeader(host);
    if (!leader) throw new Error(`${host.name} is not running`);
    return ['nsenter', `--target=${leader.pid}`, '--mount', '--uts', '--ipc', '--net', '--pid', '--cgroup', '--root', '--wd=/root', ...words];
  },

  rootOf,

  async remove(host) {
    await nspawn.powerCut(host);
    await groupOf(host).remove();
    await unmountBelow(host.folder);
  },
};

function rootOf(host: HostPlace): string {
  return join(host.folder, 'root');
}

/** Unique on the machine, and short: the kernel takes 15 letters for a cable's name. */
function machineOf(host: HostPlace): string {
  return `l${host.network.number}h${host.number}`;
}

/** The cable's end at the bridge, as nspawn calls it. */
function linkOf(host: HostPlace): string {
  return `vb-${machineOf(host)}`;
}

async function mount(host: HostPlace): Promise<void> {
  if (await isMounted(rootOf(host))) return;
  const disk = join(host.folder, 'disk');
  const options = `lowerdir=${host.image},upperdir=${join(disk, 'upper')},workdir=${join(disk, 'work')}`;
  await execa('mount', ['-t', 'overlay', 'overlay', '-o', options, rootOf(host)]);
}

/** The container's first process: the one that is number 1 in a namespace of its own. */
async function findLeader(host: HostPlace): Promise<ProcessIdentity | undefined> {
  for (const pid of await groupOf(host).processes()) {
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
    const isFirst = /^NSpid:\t\d+.*\t1$/m.test(status);
    // Until it has become systemd it is still nspawn's own child, in the machine's file system.
    if (isFirst && /^Name:\tsystemd$/m.test(status)) return identify(pid);
  }
  return undefined;
}

/** A folder of the upper layer replaces the image's in owner and mode: it must have the same. */
async function putFolder(root: string, image: string, folder: string): Promise<void> {
  if (folder === '.' || existsSync(join(root, folder))) return;
  await putFolder(root, image, dirname(folder));
  const { uid, gid, mode } = await stat(join(image, folder));
  await mkdir(join(root, folder));
  await chown(join(root, folder), uid, gid);
  await chmod(join(root, folder), mode & 0o7777);
}

async function put(root: string, image: string, file: HostFile): Promise<void> {
  await mkdir(root, { recursive: true });
  await putFolder(root, image, dirname(file.path));
  await writeHostFile(root, file);
}
