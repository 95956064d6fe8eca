import { lstat, mkdir, open, readdir, readlink, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { ObserveRequest, OperationRequest } from '../contract/requests.ts';
import { refused } from './admit-request.ts';

/** A workflow that was started within the hour that its input is good for may have begun with a delay, or waited for a worker: so long. */
const TAKEN_MILLISECONDS = 15 * 24 * 3600_000;
const REMEMBERED_MILLISECONDS = 2 * TAKEN_MILLISECONDS;

/**
 * Sees to it that a signed input that changes something is carried out by one run of a workflow only: every user of the machine
 * can read it in the histories of a server on loopback, and start it again.
 *
 * The run that used it first is let in as often as it asks (a retry). A run that a reset made is another one: reset to before it
 * was admitted, it needs a new input like everybody; reset to later, it does not come here until it finds that its turn is lost, and goes on
 * as a new run: let in if the first run of all is the one that used the input. Nothing else makes a run go on: cron and retries of the server
 * do, too, and there the first one was not let in.
 *
 * @param folder remembers the inputs, each a link named after its signature that "leads to" the run: made whole or not at all.
 * @param firstRunId of a run that goes on from another one, the first run of all.
 * @throws {ActivityError} `input-refused`
 */
export async function useInput(folder: string, request: OperationRequest | ObserveRequest, signature: string, runId: string, firstRunId?: string): Promise<void> {
  if (request.operation === 'observe' || request.only === 'plan') return;
  const path = join(folder, signature);
  if (firstRunId !== undefined) {
    if ((await readlink(path).catch(() => undefined)) === firstRunId) return;
    throw refused('Its workflow goes on from a run that was not let in with it. Make a new input.');
  }
  if (Date.now() - Date.parse(request.requestedAt) > TAKEN_MILLISECONDS) {
    throw refused(`It was made at ${request.requestedAt}, longer than 15 days ago. Make a new input.`);
  }
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await forgetOld(folder);
  const usedBy = await symlink(runId, path).then(
    () => runId,
    (error: NodeJS.ErrnoException) => (error.code === 'EEXIST' ? readlink(path) : Promise.reject(error)),
  );
  if (usedBy !== runId) throw refused(`It was used before, by the run ${usedBy}. Make a new input for each operation.`);
  await sync(folder);
}

async function forgetOld(folder: string): Promise<void> {
  const oldest = Date.now() - REMEMBERED_MILLISECONDS;
  for (const path of (await readdir(folder)).map((name) => join(folder, name))) {
    // Another worker may forget as well.
    const made = (await lstat(path).catch(() => undefined))?.mtimeMs ?? oldest;
    if (made < oldest) await rm(path, { force: true });
  }
}

async function sync(folder: string): Promise<void> {
  const handle = await open(folder);
  await handle.sync().finally(() => handle.close());
}
