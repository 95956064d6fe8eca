import { existsSync, lstatSync, readdirSync, readlinkSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { summarizeTree } from '../../activities/artifact/tree-checksum.ts';
import { runModule, type ModuleResult } from './run-module.ts';

// Releases that a storage keeps, as a member sees them. Storage and member are one folder here, so nothing is mounted.

const SHARED = [{ path: 'web/files', type: 'directory' }];
let root: string;
let checksum: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'musher-outlines-'));
  for (const folder of ['live/releases', 'live/shared/web/files', 'outlines', 'current']) await mkdir(join(root, folder), { recursive: true });
  for (const id of ['r1', 'r2']) await make(id);
});
afterEach(() => rm(root, { recursive: true, force: true }));

const at = (...words: string[]): string => join(root, ...words);
const release = (state: string, more: object = {}): Promise<ModuleResult> =>
  runModule('musher_release', { state, path: at('live'), current: at('current/live'), outline: at('outlines'), uid: process.getuid?.(), ...more });
const see = (id: string, more: object = {}): Promise<ModuleResult> => release('seen', { id, checksum, shared: SHARED, files: true, ...more });

async function make(id: string): Promise<void> {
  const partial = at(`live/releases/.${id}.partial`);
  await mkdir(join(partial, 'web/core'), { recursive: true });
  await writeFile(join(partial, 'web/index.php'), '<?php');
  await symlink('index.php', join(partial, 'web/start.php'));
  await symlink('/etc/passwd', join(partial, 'web/outside.php'));
  await symlink('../../../x', join(partial, 'web/above.php'));
  checksum = (await summarizeTree(partial)).checksum;
  expect(await release('present', { id, checksum, shared: SHARED, files: true, stored: true })).toMatchObject({ changed: true });
}

test('what was seen whole has an outline: every name, no content, and no link that leads out', async () => {
  expect(await see('r1')).toMatchObject({ changed: true });
  expect(await see('r1')).toMatchObject({ changed: false });
  expect(readdirSync(at('outlines/r1/web')).sort()).toEqual(['core', 'index.php', 'start.php']);
  expect(lstatSync(at('outlines/r1/web/index.php')).size).toBe(0);
  expect(readlinkSync(at('outlines/r1/web/start.php'))).toBe('index.php');
});

test('what differs from what the storage wrote down is not taken for whole', async () => {
  await writeFile(at('live/releases/r1/web/index.php'), '<?php half');
  expect(await see('r1')).toMatchObject({ failed: true, musher_failure: 'checksum-mismatch' });
  await rm(at('live/releases/r2/web/index.php'));
  expect(await see('r2')).toMatchObject({ failed: true, musher_failure: 'checksum-mismatch' });
  expect(await see('r2', { checksum: 'sha256:0' })).toMatchObject({ failed: true, musher_failure: 'checksum-mismatch' });
  expect(readdirSync(at('outlines'))).toEqual([]);
});

test('a release that is not there, shared files that are not, and code that is not mounted are told apart', async () => {
  expect(await see('r9')).toMatchObject({ failed: true, musher_failure: 'no-release' });
  expect(await see('r1', { mounted: true })).toMatchObject({ failed: true, musher_failure: 'storage-gone', msg: expect.stringContaining('not mounted') as string });
  await rm(at('live/shared/web/files'), { recursive: true });
  expect(await see('r1')).toMatchObject({ failed: true, musher_failure: 'storage-gone', msg: expect.stringContaining('lack web/files') as string });
  expect(await see('r1', { files: false })).toMatchObject({ changed: true });
});

test('only what was seen can be served; then both links lead to it, and the release is not looked at', async () => {
  expect(await release('current', { id: 'r1' })).toMatchObject({ failed: true, musher_failure: 'no-release' });
  await see('r1');
  await see('r2');
  await rm(at('live/releases/.r1.json'));
  expect(await release('current', { id: 'r1' })).toMatchObject({ changed: true });
  expect([readlinkSync(at('current/live')), readlinkSync(at('outlines/current'))]).toEqual([at('live/releases/r1'), at('outlines/r1')]);
  await release('current', { id: 'r2' });
  expect([readlinkSync(at('current/live')), readlinkSync(at('outlines/current'))]).toEqual([at('live/releases/r2'), at('outlines/r2')]);
  expect(await release('current', { id: 'r2' })).toMatchObject({ changed: false });
  expect(await release('current')).toMatchObject({ changed: true });
  expect(existsSync(at('outlines/current'))).toBe(false);
});

test('what is forgotten is never what is served', async () => {
  await see('r1');
  await see('r2');
  await release('current', { id: 'r2' });
  expect(await release('forgotten', { id: 'r2' })).toMatchObject({ changed: false });
  expect(await release('forgotten', { keep_ids: [] })).toMatchObject({ changed: true });
  expect(readdirSync(at('outlines')).sort()).toEqual(['current', 'r2']);
});

test('pruning says what is left', async () => {
  expect(await release('pruned', { keep: 1 })).toMatchObject({ changed: true, removed: ['r1'], kept: ['r2'] });
});
