import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A process that a recycled number cannot be mistaken for. `start` is in clock ticks since the machine's boot. */
export interface ProcessIdentity {
  pid: number;
  start: string;
}

/** Who `pid` is now; undefined when there is no such process. */
export async function identify(pid: number): Promise<ProcessIdentity | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  // The command's name, in parentheses, may hold anything, parentheses and blanks too.
  const start = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  return start === undefined ? undefined : { pid, start };
}

/** Asks every `interval` ms until the answer is neither undefined nor false, and gives it; undefined after `limit` ms. */
export async function until<T>(limit: number, interval: number, ask: () => Promise<T | undefined | false>): Promise<T | undefined> {
  const end = Date.now() + limit;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (Date.now() > end) return undefined;
    await sleep(interval);
  }
}

/** All folders below `folder` and itself, deepest first; none when it is missing. */
export async function foldersOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const below = await Promise.all(entries.filter((entry) => entry.isDirectory()).map((entry) => foldersOf(join(folder, entry.name))));
  return entries.length ? [...below.flat(), folder] : [];
}
