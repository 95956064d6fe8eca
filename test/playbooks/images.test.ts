import { chmod, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { summarizeTree } from '../../activities/artifact/tree-checksum.ts';
import { until } from './private-host.ts';
import { FilesHost } from './shared-files.ts';
import type { ModuleResult } from './run-module.ts';

// Releases as images, made with the real mksquashfs and mounted by the real kernel, in a mount namespace of their own. A file system in memory is in the place of NFS.

const ROOT = join(import.meta.dirname, '../..');
const USER = 20_001;
let files: FilesHost;
let releases: string;
let checksum: string;

beforeAll(async () => {
  await execa(join(ROOT, 'lab/ensure-packages'), ['squashfs-tools:mksquashfs'], { stdout: 'ignore' });
});
beforeEach(async () => {
  files = await FilesHost.start();
  releases = join(files.folder, 'live/releases');
  await files.sh(`mkdir -p ${releases} ${files.folder}/outlines ${files.folder}/current; chmod 755 ${files.folder}; mount -t tmpfs -o mode=750,gid=${USER} storage ${releases}`);
});
afterEach(() => files.stop());

const release = (state: string, more: object = {}): Promise<ModuleResult> =>
  files.module('musher_release', { state, path: join(files.folder, 'live'), current: join(files.folder, 'current/live'), outline: join(files.folder, 'outlines'), uid: USER, ...more });

async function make(id: string): Promise<ModuleResult> {
  const draft = join(files.folder, 'draft');
  await execa('sh', ['-euc', `rm -rf ${draft}; mkdir -p ${draft}/public; echo "${id}" > ${draft}/public/index.php; echo run > ${draft}/run; chmod 755 ${draft}/run; ln -s public/index.php ${draft}/start.php`]);
  checksum = (await summarizeTree(draft)).checksum;
  await files.sh(`cp -a ${draft} ${releases}/.${id}.partial`);
  return release('present', { id, checksum, stored: true, image: true });
}

/** What a function of the module that mounts images says, of a release, as a user. */
const images = (what: string, id: string, user = USER): Promise<string> =>
  files.sh(`PYTHONPATH=${ROOT}/playbooks/plugins/module_utils python3 -B -c 'import sys, musher_images; print(musher_images.${what}(sys.argv[1], int(sys.argv[2])))' ${releases}/${id} ${user}`);
const mounted = async (): Promise<string[]> => (await files.sh(`awk '$3 == "squashfs" { print $2 }' /proc/self/mounts`)).split('\n').filter(Boolean).map((path) => path.slice(releases.length + 1));

test('a release has an image beside it, which goes with it', async () => {
  expect(await make('r1')).toMatchObject({ changed: true });
  expect(await files.sh(`ls -A ${releases}; stat -c %a ${releases}/.r1.squashfs`)).toBe('.r1.json\n.r1.squashfs\nr1\n644');
  // What was made half of one goes as other halves do, and what is left of one whose deletion was cut off.
  await files.sh(`touch ${releases}/.r0.squashfs.partial ${releases}/.r00.squashfs ${releases}/.r00.json`);
  expect(await release('pruned', { keep: 1 })).toMatchObject({ kept: ['r1'] });
  expect(await files.sh(`ls -A ${releases}`)).toBe('.r1.json\n.r1.squashfs\nr1');
  expect(await release('absent', { id: 'r1', files: true })).toMatchObject({ changed: true });
  expect(await files.sh(`ls -A ${releases}`)).toBe('');
});

test('mounted over the release it is the same files at the same paths, for reading, and as often as asked once', async () => {
  await make('r1');
  await files.sh(`echo changed > ${releases}/r1/public/index.php`);
  expect(await images('lay_over', 'r1')).toBe('True');
  expect(await images('lay_over', 'r1')).toBe('False');
  expect(await mounted()).toEqual(['r1']);
  expect(await files.sh(`cat ${releases}/r1/start.php; ls -l ${releases}/r1/run | cut -c1-10; findmnt -n -o OPTIONS ${releases}/r1`)).toMatch(/^r1\n-rwxr-xr-x\nro,nosuid,nodev/);
  await images('take_off', 'r1');
  expect(await files.sh(`cat ${releases}/r1/start.php`)).toBe('changed');
  // The device goes with the mount.
  expect(await files.sh(`losetup --list --noheadings --output BACK-FILE | grep -c ${files.folder} || true`)).toBe('0');
});

test('who may not read the release cannot mount its image, and where there is none nothing is', async () => {
  await make('r1');
  await expect(images('lay_over', 'r1', USER + 1)).rejects.toThrow('Permission denied');
  await files.sh(`rm ${releases}/.r1.squashfs`);
  expect(await images('lay_over', 'r1')).toBe('False');
  expect(await mounted()).toEqual([]);
});

test('what is forgotten is taken off, but never what is served', async () => {
  for (const id of ['r1', 'r2', 'r3']) {
    await make(id);
    await images('lay_over', id);
    await files.sh(`mkdir ${files.folder}/outlines/${id}`);
  }
  await release('current', { id: 'r3' });
  expect(await release('forgotten', { id: 'r1' })).toMatchObject({ changed: true });
  expect(await mounted()).toEqual(['r2', 'r3']);
  expect(await release('forgotten', { keep_ids: [] })).toMatchObject({ changed: true });
  expect(await mounted()).toEqual(['r3']);
  expect(await release('forgotten', { keep_ids: [] })).toMatchObject({ changed: false });
});

test('whether the image of what is served is mounted is observed, where there are images', async () => {
  const shop = { project: 'shop', name: 'live', slug: 'shop--live', path: join(files.folder, 'live'), current: join(files.folder, 'current/live'), user: 'nobody', uid: USER, web: 'none', app: 'php', shared: [] };
  const observed = async (more: object): Promise<unknown> => {
    const { musher } = (await files.module('musher_observe', { environments: [{ ...shop, ...more }] })) as unknown as { musher: { environments: Record<string, { code: unknown }> } };
    return musher.environments['shop/live']!.code;
  };
  await files.sh('mkdir -p /etc/musher/code; touch /etc/musher/code/shop--live.json');
  await make('r1');
  expect(await observed({ image: true })).toEqual({ mounted: true, gone: null });
  await release('current', { id: 'r1', outline: '' });
  expect(await observed({ image: true })).toEqual({ mounted: true, gone: null, image: false });
  await images('lay_over', 'r1');
  expect(await observed({ image: true })).toEqual({ mounted: true, gone: null, image: true });
  expect(await observed({})).toEqual({ mounted: true, gone: null });
});

test('a storage without the program says what to do, and a full disk leaves nothing half made', async () => {
  const failing = join(files.folder, 'bin/mksquashfs');
  await writeFile(failing, '#!/bin/sh\necho half > "$2"\necho "FATAL ERROR: Write failed because No space left on device" >&2\nexit 1\n');
  await chmod(failing, 0o755);
  expect(await make('r1')).toMatchObject({ failed: true, musher_failure: 'disk-full', msg: expect.stringContaining('No image could be made of r1: FATAL ERROR') as string });
  expect(await files.sh(`ls -A ${releases}`)).toBe('');
  await rm(failing);
  const program = await files.sh('command -v mksquashfs');
  await files.sh(`mount -t tmpfs tmpfs ${program.replace(/\/[^/]+$/, '/../../mnt')}; cp -a /usr/bin /mnt/bin; rm /mnt/bin/mksquashfs; mount --bind /mnt/bin /usr/bin`);
  expect(await make('r1')).toMatchObject({ failed: true, musher_failure: 'not-provisioned', msg: expect.stringContaining('provision the group') as string });
});

test('the watcher mounts the image of what is served, again after it was taken off, and serves on where that cannot be', async () => {
  const storage = createServer((caller) => caller.destroy());
  await new Promise<void>((done) => storage.listen(0, '127.0.0.1', done));
  try {
    await make('r1');
    await make('r2');
    await files.sh(`echo no image > ${releases}/.r2.squashfs; ln -s ${releases}/r1 ${files.folder}/current/live; mkdir -p /etc/musher/code`);
    const image = { current: join(files.folder, 'current/live'), uid: USER };
    await writeFile(join(files.folder, 'shop--live.json'), JSON.stringify({ slug: 'shop--live', path: releases, address: '127.0.0.1', port: (storage.address() as AddressInfo).port, image }));
    await files.sh(`mv ${files.folder}/shop--live.json /etc/musher/code/`);
    await files.sh(`PYTHONPATH=${ROOT}/playbooks/plugins/module_utils python3 -B ${ROOT}/playbooks/roles/files/files/musher_files.py > ${files.folder}/log 2>&1 & echo $! > ${files.folder}/pid`);
    await until(async () => String(await mounted()) === 'r1');
    await images('take_off', 'r1');
    await until(async () => String(await mounted()) === 'r1');
    await files.sh(`ln -sfn ${releases}/r2 ${files.folder}/current/live`);
    await until(async () => (await files.sh(`cat ${files.folder}/log`)).includes(`could not mount the image of ${releases}/r2: `));
    expect(await files.sh('ls /run/musher/code')).toBe('shop--live');
    // Once is enough.
    await sleep(6_000);
    expect((await files.sh(`grep 'could not' ${files.folder}/log`)).split('\n')).toHaveLength(1);
  } finally {
    storage.close();
  }
});
