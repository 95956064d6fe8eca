import { lstat, realpath, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import type { Source } from '../../spec/spec.ts';
import { SPEC_NAME } from '../../spec/spec-name.ts';

/** Repositories, wherever they are. */
const REPOSITORY = '.git';

/** An entry of a tree. */
interface Entry {
  path: string;
  name: string;
  isDirectory: boolean;
}

/**
 * What of a source is no part of a release, since a web server might show it to everybody: repositories, and the spec, which has
 * addresses, users and where keys are.
 */
export function isLeftOut(source: Source): (entry: Entry) => boolean {
  const specs = specsIn(source);
  return ({ path, name, isDirectory }) => name === REPOSITORY || (!isDirectory && specs.includes(path));
}

/** Takes it out of a tree, after the build, which may ask the repository. */
export async function takeOut(source: Source, tree: string, signal: AbortSignal): Promise<void> {
  await execa('find', [tree, '-name', REPOSITORY, '-prune', '-exec', 'rm', '-rf', '{}', '+'], { cancelSignal: signal });
  const root = await realpath(tree);
  for (const path of specsIn(source)) {
    const file = join(root, path);
    const [found, folder] = await Promise.all([lstat(file).catch(() => undefined), realpath(dirname(file)).catch(() => undefined)]);
    // What lies behind a link is not in the tree: it is the user's own.
    if (found && !found.isDirectory() && folder === dirname(file)) await rm(file);
  }
}

const specsIn = (source: Source): string[] => [SPEC_NAME, ...(source.type === 'directory' && source.spec !== undefined ? [source.spec] : [])];
