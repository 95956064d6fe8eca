import { createHash } from 'node:crypto';
import { readdirSync, rmdirSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

/** Where the sockets of ssh lie. A socket's path is limited to 107 bytes, and a state folder may lie deep: a short folder stands for it. */
export function sshControlPath(home: string, { XDG_RUNTIME_DIR: runtime }: NodeJS.ProcessEnv = process.env): string {
  const name = `musher-${userInfo().uid}-${createHash('sha256').update(home).digest('hex').slice(0, 8)}`;
  return join(runtime && runtime.length < 40 ? runtime : tmpdir(), name);
}

/** Removes it and the folders in it as far as they are empty: a socket may be of an Ansible that goes on. */
export function removeEmptySshControlFolder(home: string): void {
  const folder = sshControlPath(home);
  for (const path of [...foldersBelow(folder), folder]) {
    try {
      rmdirSync(path);
    } catch (error) {
      if (!['ENOTEMPTY', 'EEXIST', 'ENOENT', 'EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code!)) throw error;
    }
  }
}

/** The deepest first. */
function foldersBelow(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => join(entry.parentPath, entry.name))
      .sort((a, b) => b.length - a.length);
  } catch {
    return [];
  }
}
