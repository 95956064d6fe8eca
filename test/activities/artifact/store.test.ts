import { chmod, mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { inWorkspace } from '../../../activities/artifact/in-workspace.ts';
import { removeTrees } from '../../../activities/artifact/remove-trees.ts';
import { ArtifactStore } from '../../../activities/artifact/store.ts';
import { summarizeTree } from '../../../activities/artifact/tree-checksum.ts';

let folder: string;

beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'musher-store-'))));
afterAll(() => rm(folder, { recursive: true }));

const age = (path: string, days: number): Promise<void> => utimes(path, Date.now() / 1000 - days * 86_400, Date.now() / 1000 - days * 86_400);

/** Builds a release that is like no other. */
async function add(store: ArtifactStore, content: string): Promise<string> {
  return inWorkspace(store, new AbortController().signal, async (workspace) => {
    const tree = join(workspace, 'tree');
    await mkdir(tree);
    await writeFile(join(tree, 'index.php'), content);
    const { checksum, files, bytes } = await summarizeTree(tree);
    await store.add(tree, { checksum, files, bytes, seconds: 0 });
    return checksum;
  });
}

test('The ten that were used last stay, and whatever else was used within a day, which an operation may still need', async () => {
  const [store, place] = [new ArtifactStore(join(folder, 'store')), (checksum: string) => join(folder, 'store', checksum.replace(':', '-'))];
  const made: string[] = [];
  for (let count = 0; count < 13; count++) made.push(await add(store, String(count)));
  expect(made.filter((checksum) => !existsSync(place(checksum)))).toEqual([]);

  for (const [index, checksum] of made.slice(0, 5).entries()) await age(place(checksum), index < 3 ? 2 : 0.9);
  const left = join(folder, 'store/.build-left');
  await mkdir(left);
  await age(left, 2);
  await add(store, 'one more');
  expect(made.filter((checksum) => !existsSync(place(checksum)))).toEqual(made.slice(0, 3));
  expect(existsSync(left)).toBe(false);
});

test('Folders go that their owner may not write in', async () => {
  const locked = join(folder, 'locked');
  await mkdir(join(locked, 'inner'), { recursive: true });
  await writeFile(join(locked, 'inner/file'), '');
  await chmod(join(locked, 'inner'), 0o500);
  await removeTrees([locked]);
  expect(existsSync(locked)).toBe(false);
});
