import { join } from 'node:path';
import { endRun, runFolders } from '../../activities/ansible/reap-runs.ts';
import { readExit, readKey } from '../../activities/ansible/run-folder.ts';

/**
 * Ends the runs of Ansible that a state folder has, once its worker is gone: they outlive it, and would go on with hosts that are no more.
 *
 * @param python that clears up after those that nobody keeps.
 * @returns how many there were.
 */
export async function endRuns(home: string, python: string): Promise<number> {
  const folders = await runFolders(join(home, 'runs'));
  const underWay = await Promise.all(folders.map(async (folder) => ((await readKey(folder)) && !(await readExit(folder)) ? [folder] : [])));
  const ended = await Promise.all(underWay.flat().map((folder) => endRun({ python }, folder)));
  return ended.length;
}
