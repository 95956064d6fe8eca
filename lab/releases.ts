import { basename } from 'node:path';

/** The Debian releases that hosts can have, and the PHP of each, by which its packages are called. */
export const releases = {
  bookworm: { php: '8.2' },
  trixie: { php: '8.4' },
} satisfies Record<string, { php: string }>;

export type Release = keyof typeof releases;

/** What a host has when nobody says otherwise. */
export const usualRelease: Release = 'bookworm';

/** Gives back the name of a release, or throws. */
export function releaseName(name: string): Release {
  if (Object.hasOwn(releases, name)) return name as Release;
  throw new Error(`There is no release "${name}"; there are ${Object.keys(releases).join(' and ')}`);
}

/** The release of an image, by its folder: `RELEASE-HASH`, or a hash alone where it was made when there was one release only. */
export function releaseOf(image: string): Release {
  const [name = ''] = basename(image).split('-');
  return Object.hasOwn(releases, name) ? releaseName(name) : usualRelease;
}
