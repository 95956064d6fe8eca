import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { replaceFile } from '../replace-file.ts';
import { withLock } from '../local/lock.ts';

const LOCK_SECONDS = 30;

/** Musher's own list of host keys, in its state folder. */
export const ownKnownHosts = (home: string): string => join(home, 'known_hosts');

const usersKnownHosts = (): string => join(homedir(), '.ssh/known_hosts');

/** The list that operations look keys up in: Musher's own where there is one, else the user's. */
export const knownHostsOf = (home: string): string => (existsSync(ownKnownHosts(home)) ? ownKnownHosts(home) : usersKnownHosts());

/** The text of that list; '' where there is none. */
export function readKnownHosts(home: string): string {
  try {
    return readFileSync(knownHostsOf(home), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

/**
 * Changes Musher's own list, one caller at a time. The first change makes it, from all that the user's list has: what operations
 * trusted until then they go on trusting.
 *
 * @param home the state folder.
 * @param change is given the text as it is now, and may be called long after the list was last read.
 */
export async function changeKnownHosts(home: string, change: (list: string) => string): Promise<void> {
  await withLock(
    join(home, 'known_hosts.lock'),
    async () => {
      const before = readKnownHosts(home);
      const after = change(before);
      if (after !== before || !existsSync(ownKnownHosts(home))) replaceFile(ownKnownHosts(home), after);
    },
    LOCK_SECONDS,
    'changing the list of host keys',
  );
}
