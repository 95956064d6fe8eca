import { ActivityError } from '../activity-error.ts';
import type { RunSettings } from '../ansible/run-request.ts';
import { currentActivity, heartbeating } from '../current-activity.ts';
import { makeArtifact, type Makings } from './make-artifact.ts';
import type { ArtifactStore } from './store.ts';

const BUILDING = { task: 'build again what another worker built', done: [], failed: [] };

/**
 * Finds the tree of an artifact in this worker's store. What another worker built into a store of its own is built again here, and taken
 * only if the same comes of it.
 *
 * @throws {ActivityError} `artifact-missing`, `disk-full`
 */
export async function obtainArtifact({ python }: Pick<RunSettings, 'python'>, store: ArtifactStore, checksum: string, makings: Makings): Promise<string> {
  const known = await store.tree(checksum);
  if (known) return known;

  const { signal } = currentActivity();
  const made = await heartbeating(() => BUILDING, () => makeArtifact(python, store, makings, signal)).catch((error: unknown) => {
    if (!(error instanceof ActivityError) || error.type === 'disk-full') throw error;
    throw missing(checksum, `it cannot be built here again: ${error.message}`);
  });
  const tree = made.checksum === checksum ? await store.tree(checksum) : undefined;
  if (tree) return tree;
  throw missing(checksum, `building it here again made ${made.checksum}: the source has changed since, or its build does not make the same twice.`);
}

const missing = (checksum: string, why: string) => new ActivityError('artifact-missing', `The artifact ${checksum} is not in the store of this worker, and ${why}`);
