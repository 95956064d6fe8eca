import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isKept, readExit, readKey } from './run-folder.ts';
import type { RunKey, RunSettings } from './run-request.ts';
import { clearUpRun } from './start-supervisor.ts';
import { stopRun } from './stop-run.ts';

const INTERVAL_MS = 100;

/**
 * Ends the runs whose workflow is closed, and clears up after those that died (their processes, their secrets), so that a
 * worker should call it when it starts and now and then. Returns the keys of the runs that it ended. An error of `isOpen` leaves
 * everything as it is, and so are runs that were not started for the namespace of these settings: their workflows are not known here.
 */
export async function reapRuns(settings: RunSettings, isOpen: (key: RunKey) => Promise<boolean>): Promise<RunKey[]> {
  const ended: RunKey[] = [];
  for (const folder of await runFolders(settings.runsFolder)) {
    const key = await readKey(folder);
    if (!key?.namespaceId || key.namespaceId !== settings.namespaceId || (await readExit(folder))) continue;
    const open = await isOpen(key);
    if (!open) await endRun(settings, folder);
    else if (!(await isKept(folder))) await clearUpRun(settings, folder);
    if (!open) ended.push(key);
  }
  return ended;
}

/** All run folders there are. */
export async function runFolders(runsFolder: string): Promise<string[]> {
  const entries = await readdir(runsFolder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return entries.filter((entry) => entry.isDirectory()).map((entry) => join(runsFolder, entry.name));
}

/** Stops a run, whoever keeps it, and waits for its end. */
export async function endRun(settings: Pick<RunSettings, 'python'>, folder: string): Promise<void> {
  await stopRun(folder);
  while (!(await readExit(folder))) {
    if (await isKept(folder)) await sleep(INTERVAL_MS);
    else await clearUpRun(settings, folder);
  }
}
