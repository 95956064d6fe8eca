import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';

/** DokuWiki, and the libraries that its Debian package shares with others. */
export const APPLICATION_PACKAGES = [
  'dokuwiki',
  'php-geshi',
  'php-phpseclib',
  'libphp-simplepie',
  'libjs-jquery',
  'libjs-jquery-ui',
] as const;

/**
 * Unpacks the application's Debian packages into a folder.
 * They are taken from `store`; one that is not there is downloaded into it with apt.
 */
export async function unpackPackages(store: string, folder: string): Promise<void> {
  const missing = (await findPackages(store)).flatMap(({ name, file }) => (file ? [] : [name]));
  // As the current user: apt's own sandbox user may not write here.
  if (missing.length) await execa('apt-get', ['download', '-qq', '-o', 'APT::Sandbox::User=root', ...missing], { cwd: store });
  for (const { name, file } of await findPackages(store)) {
    if (!file)
      throw new Error(`the Debian package ${name} is not in ${store} and apt did not download it; run apt-get update, then try again`);
    await execa('dpkg-deb', ['-x', join(store, file), folder]);
  }
}

async function findPackages(store: string): Promise<{ name: string; file: string | undefined }[]> {
  const files = await readdir(store);
  return APPLICATION_PACKAGES.map((name) => ({ name, file: files.find((file) => file.startsWith(`${name}_`) && file.endsWith('.deb')) }));
}
