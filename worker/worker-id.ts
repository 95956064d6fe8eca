import { randomUUID } from 'node:crypto';
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What tells this state folder's worker from others; made once. @param folder the state folder. */
export function workerId(folder: string): string {
  const path = join(folder, 'worker.id');
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, randomUUID(), { mode: 0o600 });
  try {
    // Whole or not at all, and the first one stays.
    linkSync(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft);
  }
  return readFileSync(path, 'utf8');
}
