import { readdir, rename, rm, rmdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { runFolders } from './reap-runs.ts';
import { isKept, readExit } from './run-folder.ts';
import type { RunSettings } from './run-request.ts';

export interface PruneLimits {
  /** Runs that ended longer ago are removed. */
  maxAgeDays: number;
  /** Of the others at most so many are kept, the newest. */
  maxCount: number;
}

const DAY_MS = 86_400_000;

/** Removes old folders of runs that ended, and of those that died and were not taken up within the age. Returns how many. */
export async function pruneRuns(settings: RunSettings, limits: PruneLimits, now = Date.now()): Promise<number> {
  const runs = await Promise.all((await runFolders(settings.runsFolder)).map(describe));
  const old = runs.filter(({ at, kept }) => !kept && now - at > limits.maxAgeDays * DAY_MS);
  const surplus = runs.filter((run) => run.ended && !old.includes(run)).sort((a, b) => b.at - a.at).slice(limits.maxCount);
  for (const { folder } of [...old, ...surplus]) await remove(settings.runsFolder, folder);
  await removeEmptyFolders(settings.sshControlFolder, now);
  return old.length + surplus.length;
}

async function describe(folder: string): Promise<{ folder: string; ended: boolean; kept: boolean; at: number }> {
  const ended = (await readExit(folder)) !== undefined;
  const { mtimeMs } = await stat(folder);
  return { folder, ended, kept: !ended && (await isKept(folder)), at: mtimeMs };
}

/** Renamed first: a worker that asks for the run meanwhile finds all of it or nothing. */
async function remove(runsFolder: string, folder: string): Promise<void> {
  const doomed = join(runsFolder, `removed-${basename(folder)}`.slice(0, 200));
  await rename(folder, doomed);
  await rm(doomed, { recursive: true, force: true });
}

/**
 * Folders of SSH sockets are left by operations that ended; one with a socket in it is still in use. So may be one without: Ansible makes it
 * before ssh puts the first socket there, and an operation that waits for something has none for a while.
 */
async function removeEmptyFolders(parent: string, now: number): Promise<void> {
  for (const folder of (await readdir(parent).catch(() => [])).map((name) => join(parent, name))) {
    const changed = (await stat(folder).catch(() => undefined))?.mtimeMs;
    if (changed !== undefined && now - changed > DAY_MS) await rmdir(folder).catch(() => undefined);
  }
}
