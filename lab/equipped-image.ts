import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { isolated } from './isolated.ts';
import { withLock } from './lock.ts';
import { releaseOf, releases, type Release } from './releases.ts';

const setup = join(import.meta.dirname, 'image/equip.sh');

/** What takes a host longest to install: PHP's packages run hundreds of processes. */
export function heavyOf(release: Release): string[] {
  const parts = ['cli', 'fpm', 'curl', 'gd', 'mbstring', 'mysql', 'sqlite3', 'xml', 'zip', 'intl', 'opcache'];
  return ['nginx', ...parts.map((part) => `php${releases[release].php}-${part}`)];
}

/** Where the file system of an image's equipped hosts is. */
export function equippedOf(image: string): string {
  return `${image}-equipped`;
}

export function isEquipped(image: string): boolean {
  return basename(image).includes('-equipped');
}

/** In the mount namespace of its own: the tree below, what is added in a layer above it, and a copy of the two together. */
const script = `
  tree=$1 draft=$2 setup=$3 packages=$4
  cd "$draft"
  mkdir layers root
  mount -t tmpfs -o mode=755 tmpfs layers
  mkdir layers/upper layers/work layers/root
  mount -t overlay overlay -o "lowerdir=$tree,upperdir=layers/upper,workdir=layers/work" layers/root
  cp "$setup" layers/root/root/equip.sh
  mount -t proc proc layers/root/proc
  chroot layers/root sh /root/equip.sh "$packages"
  umount layers/root/proc
  rm layers/root/root/equip.sh
  cp -a layers/root/. root/`;

/**
 * Makes the file system of hosts that have nginx and PHP, stopped, from that of the bare ones, where it is missing (half a minute): for those to which a
 * provision is not what matters. Gives its folder.
 */
export async function ensureEquipped(image: string, say: (line: string) => void = () => {}): Promise<string> {
  const target = equippedOf(image);
  if (existsSync(target)) return target;
  await withLock('equipped-image', async () => {
    if (existsSync(target)) return;
    say('Installing nginx and PHP for hosts that have them from the beginning (half a minute, once)…');
    const draft = `${target}.partial`;
    await rm(draft, { recursive: true, force: true });
    await mkdir(draft, { recursive: true });
    await isolated('sh', '-ec', script, 'build', image, draft, setup, heavyOf(releaseOf(image)).join(' '));
    await rename(join(draft, 'root'), target);
    await rm(draft, { recursive: true });
  });
  return target;
}
