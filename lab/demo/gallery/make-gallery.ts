import { cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Adds pages to a site's source on which visitors upload pictures; its shared path is `pictures` in it.
 *
 * @param folder in the document root; it must not exist.
 * @param version what its page calls this version.
 */
export async function makeGallery({ folder, version }: { folder: string; version: string }): Promise<void> {
  await cp(join(import.meta.dirname, 'files'), folder, { recursive: true });
  await writeFile(join(folder, 'version.txt'), `${version}\n`);
}
