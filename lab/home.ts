import { join, resolve } from 'node:path';

/** The lab's folder on this machine, outside of the repository so that several clones share it: image, key, packages, the labs' states. */
export const home = resolve(process.env['MUSHER_LAB_HOME'] ?? '/var/tmp/musher-lab');

export const paths = {
  images: join(home, 'images'),
  umlImages: join(home, 'uml-images'),
  packages: join(home, 'packages'),
  downloads: join(home, 'downloads'),
  labs: join(home, 'labs'),
  locks: join(home, 'locks'),
  key: join(home, 'key'),
};

/** Throws, in words for a person, when the lab cannot work for this user or in this folder. */
export function checkHome(): void {
  if (process.getuid?.() !== 0) throw new Error('The lab makes networks and hosts on this machine, for which it must be root');
  // The kernel reads these in the options of an overlay mount.
  if (/[,:\\]/.test(home)) throw new Error(`MUSHER_LAB_HOME=${home}: use a path without commas, colons and backslashes`);
}
