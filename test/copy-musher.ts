import { cp, mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..');
/** What `musher` and its worker are made of, and what they find beside it. */
const ROOMS = ['bin', 'cli', 'client', 'contract', 'spec', 'plan', 'workflows', 'activities', 'playbooks', 'worker', 'package.json', 'package-lock.json', 'requirements.txt'];
const INSTALLED = ['node_modules', '.venv'];

/** Makes a copy of Musher, whose code a test may change. It is of the same version: that is made of what the files say. */
export async function copyMusher(folder: string): Promise<void> {
  await mkdir(folder);
  for (const room of ROOMS) await cp(join(ROOT, room), join(folder, room), { recursive: true });
  for (const name of INSTALLED) await symlink(join(ROOT, name), join(folder, name));
}
