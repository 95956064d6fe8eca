import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { inLayer } from './layer.ts';
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
    await inLayer({ tree: image, draft, setup, words: heavyOf(releaseOf(image)), after: 'mkdir root; cp -a layers/root/. root/' });
    await rename(join(draft, 'root'), target);
    await rm(draft, { recursive: true });
  });
  return target;
}
