import { existsSync, lstatSync, readFileSync, readdirSync, readlinkSync, statSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { summarizeTree } from '../../activities/artifact/tree-checksum.ts';
import { runModule, type ModuleResult } from './run-module.ts';

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'musher-release-'));
  await mkdir(join(root, 'live/releases'), { recursive: true });
  await mkdir(join(root, 'live/shared'));
  await mkdir(join(root, 'current'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const SHARED = [
  { path: 'web/files', type: 'directory' },
  { path: 'settings.php', type: 'file' },
];

const release = (state: string, more: object = {}): Promise<ModuleResult> =>
  runModule('musher_release', { state, path: join(root, 'live'), current: join(root, 'current/live'), uid: process.getuid?.(), shared: SHARED, ...more });

/** Puts a tree where rsync would, and gives its checksum. */
async function upload(id: string, page = id): Promise<string> {
  const partial = join(root, `live/releases/.${id}.partial`);
  await mkdir(join(partial, 'web/files'), { recursive: true });
  await writeFile(join(partial, 'web/index.php'), page);
  await writeFile(join(partial, 'web/files/seed.txt'), 'seed');
  await writeFile(join(partial, 'web.d'), 'sorts between web and web/');
  await symlink('index.php', join(partial, 'web/öffnen.php'));
  return (await summarizeTree(partial)).checksum;
}

async function make(id: string): Promise<void> {
  const checksum = await upload(id);
  expect(await release('present', { id, checksum })).toMatchObject({ changed: true });
}

const releases = (): string[] => readdirSync(join(root, 'live/releases')).sort();

describe('a release', () => {
  test('is made of an upload whose checksum Node computed, and only once', async () => {
    const checksum = await upload('r1');
    expect(await release('present', { id: 'r1', checksum })).toMatchObject({ changed: true });
    expect(await release('present', { id: 'r1', checksum })).toMatchObject({ changed: false });
    expect(await release('prepared', { id: 'r1', checksum })).toMatchObject({ changed: false, needed: false });
    expect(releases()).toEqual(['.r1.json', '.r1.seeds.json', 'r1']);
    expect(JSON.parse(readFileSync(join(root, 'live/releases/.r1.json'), 'utf8'))).toMatchObject({ id: 'r1', checksum, files: 3 });
  });

  test('with another checksum is refused and removed', async () => {
    await upload('r1');
    expect(await release('present', { id: 'r1', checksum: 'sha256:0' })).toMatchObject({ failed: true, musher_failure: 'checksum-mismatch' });
    expect(releases()).toEqual([]);
  });

  test('never takes the id of another', async () => {
    await make('r1');
    expect(await release('prepared', { id: 'r1', checksum: 'sha256:0' })).toMatchObject({ failed: true, musher_failure: 'checksum-mismatch' });
  });

  test('is uploaded against the current one, and what others left half done goes', async () => {
    await make('r1');
    await make('r2');
    await release('current', { id: 'r1' });
    await upload('r9');
    const prepared = await release('prepared', { id: 'r3', checksum: 'sha256:3' });
    expect(prepared).toMatchObject({ needed: true, link_dest: join(root, 'live/releases/r1'), partial: join(root, 'live/releases/.r3.partial') });
    expect(releases()).toEqual(['.r1.json', '.r1.seeds.json', '.r2.json', '.r3.partial', 'r1', 'r2']);
  });

  test('has no place on a server that was not provisioned', async () => {
    await rm(join(root, 'live'), { recursive: true });
    expect(await release('prepared', { id: 'r1', checksum: 'sha256:1' })).toMatchObject({ failed: true, musher_failure: 'not-provisioned' });
  });
});

describe('shared paths', () => {
  test('are seeded when empty, linked, and never touched when filled', async () => {
    await make('r1');
    expect(await readFile(join(root, 'live/shared/web/files/seed.txt'), 'utf8')).toBe('seed');
    expect(readlinkSync(join(root, 'live/releases/r1/web/files'))).toBe('../../../shared/web/files');
    expect(readlinkSync(join(root, 'live/releases/r1/settings.php'))).toBe('../../shared/settings.php');
    await writeFile(join(root, 'live/shared/web/files/seed.txt'), 'changed by a user');
    await writeFile(join(root, 'live/shared/settings.php'), 'secret');
    await make('r2');
    expect(await readFile(join(root, 'live/releases/r2/web/files/seed.txt'), 'utf8')).toBe('changed by a user');
    expect(await readFile(join(root, 'live/releases/r2/settings.php'), 'utf8')).toBe('secret');
  });

  test('of code that leads elsewhere by a link are refused', async () => {
    const partial = join(root, 'live/releases/.r1.partial');
    await mkdir(partial);
    await symlink('/etc', join(partial, 'web'));
    const { checksum } = await summarizeTree(partial);
    expect(await release('present', { id: 'r1', checksum })).toMatchObject({ failed: true, msg: expect.stringContaining('/web to be a folder') as string });
    expect(existsSync('/etc/files')).toBe(false);
  });

  test('go with the first release when it is undone, so that the next brings its own', async () => {
    await make('r1');
    expect(await release('absent', { id: 'r1' })).toMatchObject({ changed: true });
    expect(await release('absent', { id: 'r1' })).toMatchObject({ changed: false });
    expect(readdirSync(join(root, 'live/shared'))).toEqual([]);
    expect(releases()).toEqual([]);
  });

  test.each([
    ['a file was changed', 'web/files/seed.txt', 'mine', ['web/files/seed.txt']],
    ['a file was added', 'web/files/more/upload.jpg', 'mine', ['web/files/more/upload.jpg', 'web/files/seed.txt']],
    ['an empty one was written to', 'settings.php', '<?php', ['settings.php']],
  ])('stay as they are where %s since', async (_what, path, content, left) => {
    await make('r1');
    await mkdir(join(root, 'live/shared', path, '..'), { recursive: true });
    await writeFile(join(root, 'live/shared', path), content);
    expect(await release('absent', { id: 'r1' })).toMatchObject({ changed: true });
    const found = readdirSync(join(root, 'live/shared'), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    expect(found.map((entry) => join(entry.parentPath, entry.name).slice(join(root, 'live/shared/').length)).sort()).toEqual(left);
    expect(await readFile(join(root, 'live/shared', path), 'utf8')).toBe(content);
  });

  test('go with it also where the removal was cut off, or the making before anything was made', async () => {
    await make('r1');
    await rm(join(root, 'live/shared/web/files/seed.txt'));
    await rm(join(root, 'live/shared/settings.php'));
    expect(await release('absent', { id: 'r1' })).toMatchObject({ changed: true });
    expect(readdirSync(join(root, 'live/shared'))).toEqual([]);
  });

  test('belong to the environment’s user, who has nothing of others removed by a link', async () => {
    const uid = 54_321;
    await chmod(root, 0o755);
    const checksum = await upload('r1');
    expect(await release('present', { id: 'r1', checksum, uid })).toMatchObject({ changed: true });
    const files = join(root, 'live/shared/web/files');
    expect(statSync(join(files, 'seed.txt')).uid).toBe(uid);
    const outside = join(root, 'outside');
    await mkdir(outside);
    await writeFile(join(outside, 'seed.txt'), 'seed');
    await rm(files, { recursive: true });
    await symlink(outside, files);
    expect(await release('absent', { id: 'r1', uid })).toMatchObject({ changed: true });
    expect(readFileSync(join(outside, 'seed.txt'), 'utf8')).toBe('seed');
    expect(readlinkSync(files)).toBe(outside);
  });

  test('of which it is not on record what was made go where they are still empty', async () => {
    await make('r1');
    const facts = join(root, 'live/releases/.r1.json');
    await rm(join(root, 'live/releases/.r1.seeds.json'));
    await writeFile(facts, JSON.stringify({ ...(JSON.parse(await readFile(facts, 'utf8')) as object), seeded: ['web/files', 'settings.php'] }));
    expect(await release('absent', { id: 'r1' })).toMatchObject({ changed: true });
    expect(readdirSync(join(root, 'live/shared'))).toEqual(['web']);
  });
});

describe('current', () => {
  test('goes forward, back and away', async () => {
    await make('r1');
    await make('r2');
    for (const id of ['r1', 'r2', 'r1']) {
      expect(await release('current', { id })).toMatchObject({ changed: true });
      expect(readlinkSync(join(root, 'current/live'))).toBe(join(root, 'live/releases', id));
    }
    expect(await release('current', { id: 'r1' })).toMatchObject({ changed: false });
    expect(await release('current')).toMatchObject({ changed: true });
    expect(await release('current')).toMatchObject({ changed: false });
    expect(lstatSync(join(root, 'current/live'), { throwIfNoEntry: false })).toBeUndefined();
  });

  test('has the web stack told again after a reload that failed, whatever that had done', async () => {
    await make('r1');
    await make('r2');
    const tell = (id: string, more = ''): Promise<ModuleResult> => release('current', { id, reload_command: `echo ${id} >> ${join(root, 'told')}${more}` });
    try {
      expect(await tell('r1')).toMatchObject({ changed: true });
      expect(await tell('r1')).toMatchObject({ changed: false });
      expect(await tell('r2', '; exit 1')).toMatchObject({ failed: true });
      expect(await tell('r1')).toMatchObject({ changed: true });
      expect(readFileSync(join(root, 'told'), 'utf8')).toBe('r1\nr2\nr1\n');
    } finally {
      await rm(join('/run/musher/loaded', `${join(root, 'current/live').slice(1).replaceAll('/', '%')}.release`), { force: true });
    }
  });

  test('never names what is not a release', async () => {
    await upload('r1');
    expect(await release('current', { id: 'r1' })).toMatchObject({ failed: true, musher_failure: 'no-release' });
  });

  test('is not deleted', async () => {
    await make('r1');
    await release('current', { id: 'r1' });
    expect(await release('absent', { id: 'r1' })).toMatchObject({ failed: true });
  });
});

test('pruning keeps the newest, the current and the named ones', async () => {
  for (const id of ['r1', 'r2', 'r3', 'r4', 'r5']) await make(id);
  await release('current', { id: 'r1' });
  expect(await release('pruned', { keep: 3, keep_ids: ['r2'] })).toMatchObject({ changed: true, removed: ['r4', 'r3'] });
  expect(releases()).toEqual(['.r1.json', '.r1.seeds.json', '.r2.json', '.r5.json', 'r1', 'r2', 'r5']);
  expect(await release('pruned', { keep: 3, keep_ids: ['r2'] })).toMatchObject({ changed: false, removed: [] });
});
