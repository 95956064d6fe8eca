import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { summarizeTree } from '../../activities/artifact/tree-checksum.ts';
import { runModule, type ModuleResult } from './run-module.ts';

// Shared paths that a storage has: made and filled there, only linked on members.

const SHARED = [
  { path: 'web/files', type: 'directory' },
  { path: 'settings.php', type: 'file' },
];
let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'musher-seeds-'));
  await mkdir(join(root, 'live/shared'), { recursive: true });
});
afterEach(() => rm(root, { recursive: true, force: true }));

const at = (...words: string[]): string => join(root, 'live', ...words);
const release = (state: string, more: object = {}): Promise<ModuleResult> =>
  runModule('musher_release', { state, id: 'r1', path: at(), current: join(root, 'current'), uid: process.getuid?.(), shared: SHARED, ...more });

/** What rsync brings to the storage. */
async function send(partial: string): Promise<void> {
  await mkdir(join(partial, 'web/files'), { recursive: true });
  await writeFile(join(partial, 'web/files/seed.txt'), 'seed');
}

describe('on the storage', () => {
  test('empty shared paths are filled from what was sent, and all are made', async () => {
    const room = await release('seedable');
    expect(room).toMatchObject({ changed: false, needed: true, empty: ['web/files', 'settings.php'] });
    await send(String(room['partial']));
    expect(await release('seeded')).toMatchObject({ changed: true });
    expect(readFileSync(at('shared/web/files/seed.txt'), 'utf8')).toBe('seed');
    expect(readFileSync(at('shared/settings.php'), 'utf8')).toBe('');
    expect(readdirSync(at('seeds'))).toEqual(['r1.json']);
    expect(await release('seeded')).toMatchObject({ changed: false });
  });

  test('a filled one is never touched', async () => {
    await mkdir(at('shared/web/files'), { recursive: true });
    await writeFile(at('shared/web/files/upload.jpg'), 'mine');
    const room = await release('seedable');
    expect(room['empty']).toEqual(['settings.php']);
    await send(String(room['partial']));
    await release('seeded');
    expect(readdirSync(at('shared/web/files'))).toEqual(['upload.jpg']);
    expect(await release('unseeded')).toMatchObject({ changed: true });
    expect(readdirSync(at('shared/web/files'))).toEqual(['upload.jpg']);
    expect(existsSync(at('shared/settings.php'))).toBe(false);
  });

  test('undoing a release leaves nothing of it, half sent or whole', async () => {
    await send(String((await release('seedable'))['partial']));
    expect(await release('unseeded')).toMatchObject({ changed: true });
    await release('seeded');
    expect(await release('unseeded')).toMatchObject({ changed: true });
    expect(readdirSync(at())).toEqual(['shared']);
    expect(readdirSync(at('shared'))).toEqual([]);
    expect(await release('unseeded')).toMatchObject({ changed: false });
  });

  test('a file where a folder is asked for is refused, and so is the reverse of what was built', async () => {
    await writeFile(at('shared/web'), '');
    expect(await release('seedable')).toMatchObject({ failed: true, musher_failure: 'shared-path-clash' });
    await rm(at('shared/web'));
    await mkdir(String((await release('seedable'))['partial']) + '/settings.php');
    expect(await release('seeded')).toMatchObject({ failed: true, musher_failure: 'shared-path-clash' });
    expect(existsSync(at('shared/settings.php'))).toBe(false);
  });

  test('that was not provisioned nothing is made', async () => {
    await rm(at(), { recursive: true });
    expect(await release('seeded')).toMatchObject({ failed: true, musher_failure: 'not-provisioned' });
  });
});

describe('on a member', () => {
  async function upload(): Promise<string> {
    await mkdir(at('releases/.r1.partial'), { recursive: true });
    await send(at('releases/.r1.partial'));
    return (await summarizeTree(at('releases/.r1.partial'))).checksum;
  }

  test('a release only leads to what the storage has', async () => {
    await release('seeded');
    expect(await release('present', { checksum: await upload(), files: true })).toMatchObject({ changed: true });
    expect(readlinkSync(at('releases/r1/web/files'))).toBe('../../../shared/web/files');
    expect(readdirSync(at('shared/web/files'))).toEqual([]);
    expect(await release('absent', { files: true })).toMatchObject({ changed: true });
    expect(existsSync(at('shared/web/files'))).toBe(true);
  });

  test('what the storage does not show is no release', async () => {
    expect(await release('present', { checksum: await upload(), files: true })).toMatchObject({ failed: true, musher_failure: 'storage-gone' });
    await release('seeded');
    await rm(at('shared/settings.php'));
    await mkdir(at('shared/settings.php'));
    expect(await release('present', { checksum: await upload(), files: true })).toMatchObject({ failed: true, musher_failure: 'shared-path-clash' });
    expect(readdirSync(at('releases'))).toEqual(['.r1.partial']);
  });
});
