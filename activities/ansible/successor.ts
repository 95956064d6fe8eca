import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { endRun } from './reap-runs.ts';
import { readKey, readText, runFolder } from './run-folder.ts';
import type { RunKey, RunSettings } from './run-request.ts';

const SUCCESSOR = 'successor';

/** The newest run that this worker started, or was about to start, for an activity: the one of its key, unless that has a successor. */
export async function latestRun(settings: RunSettings, key: RunKey): Promise<RunKey> {
  const activityId = await readText(join(runFolder(settings.runsFolder, key), SUCCESSOR));
  return activityId ? latestRun(settings, { ...key, activityId }) : key;
}

export const isStarted = async (settings: RunSettings, key: RunKey): Promise<boolean> => (await readKey(runFolder(settings.runsFolder, key))) !== undefined;

/**
 * A run that nobody has started here, in the place of one that another worker has taken over since: that one is ended, and not taken up again.
 * Its folder stays, since an older attempt in this process may still be following it.
 */
export async function successor(settings: RunSettings, key: RunKey, attempt: number): Promise<RunKey> {
  if (!(await isStarted(settings, key))) return key;
  const folder = runFolder(settings.runsFolder, key);
  await endRun(settings, folder);
  const activityId = `${key.activityId.split('-')[0]}-again-${attempt}`;
  await writeFile(join(folder, SUCCESSOR), activityId, { mode: 0o600 });
  return { ...key, activityId };
}
