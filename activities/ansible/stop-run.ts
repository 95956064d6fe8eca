import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { livingSupervisor } from './run-folder.ts';

/**
 * Asks for the end of a run: leaves a note, so that it stays asked for even if nobody keeps the run at present, and
 * wakes the supervisor. Does not wait for the end. False if there is no such run.
 */
export async function stopRun(folder: string): Promise<boolean> {
  if ((await writeFile(join(folder, 'stop'), '', { mode: 0o600 }).catch(absent)) === false) return false;
  const supervisor = await livingSupervisor(folder);
  if (!supervisor) return true;
  try {
    process.kill(supervisor.pid, 'SIGTERM');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
  return true;
}

function absent(error: NodeJS.ErrnoException): false {
  if (error.code === 'ENOENT') return false;
  throw error;
}
