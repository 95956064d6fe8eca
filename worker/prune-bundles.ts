import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Bundles that stay, however old: going back to the version before costs nobody a wait. */
const KEPT = 5;
/** Beyond this many even a young one goes. */
const MOST = 20;
const YOUNG_MILLISECONDS = 24 * 3600_000;

/**
 * Deletes the bundles, and drafts of them, that were not used for the longest time. One that was used within a day stays while
 * there are few: a worker of another version may be running.
 *
 * @param folder the bundles', each with the time of its last use as its own.
 */
export function pruneBundles(folder: string): void {
  const found = readdirSync(folder)
    .map((name) => join(folder, name))
    .flatMap((path) => {
      // Another worker may prune as well.
      const used = statSync(path, { throwIfNoEntry: false })?.mtimeMs;
      return used === undefined ? [] : [{ path, used }];
    })
    .sort((a, b) => b.used - a.used);
  const oldest = Date.now() - YOUNG_MILLISECONDS;
  for (const { path } of found.filter(({ used }, index) => index >= MOST || (index >= KEPT && used < oldest))) rmSync(path, { force: true });
}
