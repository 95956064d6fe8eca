import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { execa } from 'execa';
import { home, paths } from './home.ts';
import { withLock } from './lock.ts';

/** Makes the lab's folder and the SSH key that opens its hosts, where they are missing. */
export async function makeHome(): Promise<void> {
  await mkdir(home, { recursive: true, mode: 0o700 });
  for (const folder of [paths.images, paths.umlImages, paths.packages, paths.downloads, paths.labs, paths.locks]) await mkdir(folder, { recursive: true });
  await withLock('key', async () => {
    if (!existsSync(paths.key)) await execa('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'musher-lab', '-f', paths.key]);
  });
}
