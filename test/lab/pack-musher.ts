import { join } from 'node:path';
import { execa } from 'execa';
import { withLock } from '../../lab/lock.ts';
import type { CleanUser } from './clean-user.ts';

const ROOT = join(import.meta.dirname, '../..');

/** Makes of the repository what users get. @returns the file, in `folder`. */
export async function packMusher(folder: string): Promise<string> {
  // It compiles in the repository's own folder.
  const { stdout } = await withLock('pack', () => execa('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: ROOT }));
  return join(folder, stdout.trim());
}

/** Installs it in a user's home. */
export async function installPack(user: CleanUser, pack: string): Promise<void> {
  const { exitCode, stderr } = await user.run(['npm', 'install', '--no-audit', '--no-fund', '--loglevel=error', pack]);
  if (exitCode !== 0) throw new Error(`The package could not be installed: ${stderr}`);
}

export const musherOf = ({ home }: CleanUser): string => join(home, 'node_modules/.bin/musher');
export const stateOf = ({ home }: CleanUser): string => join(home, '.local/state/musher');
