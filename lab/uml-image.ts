import { existsSync } from 'node:fs';
import { cp, rename } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { execa } from 'execa';
import { ensureEquipped } from './equipped-image.ts';
import { paths } from './home.ts';
import { inLayer } from './layer.ts';
import { withLock } from './lock.ts';
import { quote } from './ssh.ts';

const folder = join(import.meta.dirname, 'image/uml');

/** What it takes on the machine, as `lab/ensure-packages` reads it. */
const machine = ['e2fsprogs:mkfs.ext4', 'util-linux:findmnt'];

/**
 * The Debian whose `user-mode-linux` and C library the kernel is taken from. Since 6.16 its processes need not be traced (`seccomp=auto`): a new process takes a
 * quarter of the time, a system call half, and it boots on processors with AMX.
 */
export const kernelRelease = 'forky';

/** How much a host's disk holds. As a file it takes no more room than is used of it. */
export const diskSize = '3G';

/** Where the kernel (`linux`) and the first disk (`base.img`) of the `uml` hosts of an image are. */
export function umlImageOf(image: string): string {
  return join(paths.umlImages, basename(image));
}

/** Makes the `uml` hosts' disk from the file system of equipped ones, where it is missing (a few seconds). Never change it later: disks depend on it. */
export async function ensureUmlImage(image: string, say: (line: string) => void = () => {}): Promise<void> {
  const target = umlImageOf(image);
  if (existsSync(target)) return;
  await execa(join(import.meta.dirname, 'ensure-packages'), machine, { stdout: 'ignore' });
  const tree = await ensureEquipped(image, say);
  await withLock('uml-image', async () => {
    if (!existsSync(target)) await build(tree, target, say);
  });
}

/** Adds what makes a tree a host with a kernel of its own, and sets the kernel aside: `linux`, and its `libraries`. */
const before = `
    cp -a --no-preserve=ownership ${quote(join(folder, 'files'))}/. layers/root/
    for package in layers/root/var/local/kernel/*.deb; do dpkg-deb --extract "$package" packages; done
    rm -r layers/root/var/local/kernel
    cp -a packages/usr/lib/uml/modules layers/root/usr/lib/
    mv packages/usr/bin/linux.uml linux
    mv packages/usr/lib/x86_64-linux-gnu libraries
    rm -r packages`;

const after = `
    truncate --size=${diskSize} base.img
    mkfs.ext4 -q -F -m 0 -E lazy_itable_init=0,lazy_journal_init=0 -d layers/root base.img`;

async function build(tree: string, target: string, say: (line: string) => void): Promise<void> {
  say('Making the disk of hosts with a kernel of their own (some seconds, once)…');
  const draft = `${target}.partial`;
  await inLayer({ tree, draft, before, setup: join(folder, 'setup.sh'), after });
  await cp(join(folder, 'boot'), join(draft, 'boot'));
  await rename(draft, target);
}
