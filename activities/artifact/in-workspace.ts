import { ActivityError } from '../activity-error.ts';
import { removeTrees } from './remove-trees.ts';
import type { ArtifactStore } from './store.ts';

/**
 * Does something with a source in a folder of its own, which is then taken away.
 *
 * @throws {ActivityError} `source-failed`, `disk-full`, and what `action` throws
 */
export async function inWorkspace<T>(store: ArtifactStore, signal: AbortSignal, action: (workspace: string) => Promise<T>): Promise<T> {
  const workspace = await store.workspace();
  try {
    return await action(workspace);
  } catch (error) {
    signal.throwIfAborted();
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOSPC') throw new ActivityError('disk-full', "The disk of the worker's machine is full.");
    if (error instanceof ActivityError || code === undefined) throw error;
    throw new ActivityError('source-failed', `The source cannot be read: ${message}.`);
  } finally {
    // What stays must not hide what came of it; the store deletes it later.
    await removeTrees([workspace]).catch(() => undefined);
  }
}
