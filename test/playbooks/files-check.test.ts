import { createServer, type AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FilesHost } from './shared-files.ts';
import type { ModuleResult } from './run-module.ts';

// What is found out before a server is changed for shared files.

let files: FilesHost;
let storage: ReturnType<typeof createServer>;
let port: number;

beforeEach(async () => {
  files = await FilesHost.start();
  storage = createServer((caller) => caller.destroy());
  await new Promise<void>((done) => storage.listen(0, '127.0.0.1', done));
  port = (storage.address() as AddressInfo).port;
  await kernel(['nfs4', 'nfsd'], 'nfsv3');
});
afterEach(async () => {
  storage.close();
  await files.stop();
});

/** Has this server's kernel know just these file systems, and module if that is said. */
const kernel = (systems: string[], module = ''): Promise<string> =>
  files.sh(`printf '%s\\n' ${systems.map((system) => `'nodev ${system}'`).join(' ')} > ${files.folder}/known; mount --bind ${files.folder}/known /proc/filesystems
    mount -t tmpfs tmpfs /sys/module; ${module && `mkdir /sys/module/${module}`}
    [ ! -e /sbin/modprobe ] || mount --bind /bin/false /sbin/modprobe`);
const member = (more: object = {}): Promise<ModuleResult> => check({ as: 'member', name: 'web1', storage: 'nfs1', address: '127.0.0.1', ports: [port], ...more });
const check = (args: object): Promise<ModuleResult> => {
  const shared = [{ path: 'web/files', type: 'directory' }, { path: 'settings.php', type: 'file' }];
  return files.module('musher_files_check', { environments: [{ slug: 'shop--live', path: `${files.folder}/live`, stored: `${files.folder}/live`, code: 'nfs', files: 'nfs', shared }], ...args });
};

test('a member that reaches the storage hears from where it does', async () => {
  expect(await member()).toMatchObject({ changed: false, source: '127.0.0.1' });
});

test('a refused connection is an answer: there may be no NFS server yet', async () => {
  storage.close();
  expect(await member()).toMatchObject({ source: '127.0.0.1' });
});

test('a refusal where the storage says that something listens is a firewall', async () => {
  const listening = ((await check({ as: 'storage', name: 'nfs1' })) as unknown as { listening: number[] }).listening;
  expect(listening).toContain(port);
  storage.close();
  expect(await member({ listening })).toMatchObject({ musher_failure: 'storage-unreachable', msg: expect.stringContaining('127.0.0.1: refused, though something listens there') as string });
});

test('a storage that gives no answer is told with who asked whom, and what to look at', async () => {
  const refused = await member({ address: '255.255.255.255' });
  expect(refused).toMatchObject({ failed: true, musher_failure: 'storage-unreachable' });
  expect(refused.msg).toMatch(/^web1 cannot reach the storage nfs1 at 255\.255\.255\.255, TCP port \d+ \(255.*\)\. Look at the address .* firewalls/);
});

test.each([
  ['member', ['nfsd'], 'nfsv3', 'nfsv4', 'mount files'],
  ['member', ['nfsd', 'nfs4'], '', 'nfsv3', 'mount code'],
  ['storage', ['nfs4'], 'nfsv3', 'nfsd', 'serve files'],
])('a %s whose kernel has but %j and the module "%s" is refused', async (as, systems, has, module, what) => {
  await kernel(systems, has);
  const refused = as === 'member' ? await member() : await check({ as, name: 'web1' });
  expect(refused).toMatchObject({ musher_failure: 'kernel-without-nfs', msg: expect.stringMatching(`The kernel of web1 .* has no module ${module}: it cannot ${what}`) as string });
});

test.each(['loop', 'squashfs'])('a member that is to mount images needs %s, too', async (lacks) => {
  const environments = [{ slug: 'shop--live', path: `${files.folder}/live`, stored: `${files.folder}/live`, code: 'nfs', image: true, files: 'none', shared: [] }];
  await kernel(lacks === 'loop' ? ['squashfs'] : ['ext4'], 'nfsv3');
  if (lacks === 'squashfs') await files.sh('mkdir /sys/module/loop');
  expect(await member({ environments })).toMatchObject({ musher_failure: 'kernel-without-nfs', msg: expect.stringContaining(`has no module ${lacks}: it cannot mount images of releases`) as string });
  await files.sh(`mkdir /sys/module/${lacks}`);
  expect(await member({ environments })).toMatchObject({ changed: false });
});

test('a module in whose place something else is run is not there', async () => {
  await kernel(['ext4'], 'nfsv3');
  const environments = [{ slug: 'shop--live', path: `${files.folder}/live`, stored: `${files.folder}/live`, code: 'nfs', image: true, files: 'none', shared: [] }];
  const modprobe = (prints: string): Promise<string> => files.sh(`[ -e /sbin/modprobe ] || { mkdir -p /mnt/sbin; cp -a /usr/sbin/. /mnt/sbin/; touch /mnt/sbin/modprobe; mount --bind /mnt/sbin /usr/sbin; }
    printf '#!/bin/sh\\necho %s\\n' '${prints}' > ${files.folder}/modprobe; chmod 755 ${files.folder}/modprobe; mount --bind ${files.folder}/modprobe /sbin/modprobe`);
  await modprobe('install /bin/false');
  expect(await member({ environments })).toMatchObject({ musher_failure: 'kernel-without-nfs' });
  await modprobe('insmod /lib/modules/loop.ko');
  expect(await member({ environments })).toMatchObject({ changed: false });
});

test('a member needs the version of NFS of what it mounts, and no other', async () => {
  const only = (code: string, shared: string): Promise<ModuleResult> =>
    member({ environments: [{ slug: 'shop--live', path: `${files.folder}/live`, stored: `${files.folder}/live`, code, files: shared, shared: [] }] });
  await kernel(['ext4'], 'nfsv3');
  expect(await only('nfs', 'none')).toMatchObject({ changed: false });
  await kernel(['nfs4']);
  expect(await only('rsync', 'nfs')).toMatchObject({ changed: false });
});

test('a storage says whom it exports to for other groups', async () => {
  await files.sh(`mkdir -p /etc/exports.d; cd /etc/exports.d
    printf '# Managed\\n"/srv/a b(c)" 192.0.2.11(ro,sync) 2001:db8::1(rw)\\n' > musher-eu.exports
    printf '"/srv/a" 192.0.2.11(ro)\\n"/srv/b" 192.0.2.13(ro)\\n' > musher-us.exports
    printf '"/srv/a" 192.0.2.12(ro)\\n' > musher-own.exports
    printf '/srv/mine 192.0.2.14(ro)\\n' > mine.exports`);
  expect(await check({ as: 'storage', name: 'nfs1', exports: '/etc/exports.d/musher-own.exports' })).toMatchObject({ clients: ['192.0.2.11', '192.0.2.13', '2001:db8::1'] });
});

test('a mount point that is filled is refused, its files named', async () => {
  await files.sh(`mkdir -p ${files.shared}/web; touch ${files.shared}/web/cat.jpg`);
  expect(await member()).toMatchObject({ musher_failure: 'mount-point-filled', msg: expect.stringContaining('not empty: web/cat.jpg. Move') as string });
  await files.sh(`rm -r ${files.shared}; mkdir ${files.shared}; ln -s /srv ${files.shared}/pictures`);
  expect(await member()).toMatchObject({ musher_failure: 'mount-point-filled', msg: expect.stringContaining('not empty: pictures. Move') as string });
  await files.sh(`rm -r ${files.shared}; touch ${files.shared}`);
  expect(await member()).toMatchObject({ musher_failure: 'mount-point-filled', msg: expect.stringContaining('is a link or a file') as string });
  await files.sh(`rm ${files.shared}; mkdir ${files.shared}; mount -t tmpfs mine ${files.shared}`);
  expect(await member()).toMatchObject({ musher_failure: 'mount-point-filled', msg: expect.stringContaining(': mine') as string });
});

test('a mount point behind a link is refused, and where it leads is said', async () => {
  await files.sh(`mv ${files.folder}/live ${files.folder}/elsewhere; ln -s elsewhere ${files.folder}/live`);
  expect(await member()).toMatchObject({ musher_failure: 'mount-point-filled', msg: expect.stringContaining(`a link on the way leads to ${files.folder}/elsewhere/`) as string });
});

test('the mount point of code is looked at as that of shared files', async () => {
  await files.sh(`mkdir -p ${files.folder}/live/releases/r1; touch ${files.folder}/live/releases/r1/index.php`);
  expect(await member()).toMatchObject({ musher_failure: 'mount-point-filled', msg: expect.stringContaining('/live/releases, which is not empty: r1/index.php. Move') as string });
});

test('a storage that has a file where a folder is asked for, or the reverse, is refused, both told at once', async () => {
  await files.sh(`mkdir -p ${files.shared}/settings.php; touch ${files.shared}/web`);
  const refused = await check({ as: 'storage', name: 'nfs1' });
  expect(refused).toMatchObject({ failed: true, musher_failure: 'shared-path-clash' });
  expect(refused.msg).toMatch(/web\/files needs .*\/shared\/web to be a folder, and it is a file; The shared path settings\.php is to be a file, and .* is a folder/);
  await files.sh(`rm -r ${files.shared}/*; mkdir -p ${files.shared}/web/files; touch ${files.shared}/settings.php`);
  expect(await check({ as: 'storage', name: 'nfs1' })).toMatchObject({ changed: false });
});

test('a volume is the mount point of a file system that holds nothing else', async () => {
  const [one, two] = ['one', 'two'].map((name) => ({ project: 'shop', name, stored: `${files.folder}/${name}`, volume: true, code: 'nfs', files: 'none', shared: [] }));
  const asked = (...environments: unknown[]): Promise<ModuleResult> => check({ as: 'storage', name: 'nfs1', environments });
  await files.sh(`mkdir ${one!.stored} ${two!.stored}`);
  expect(await asked(one)).toMatchObject({ musher_failure: 'volume-missing', msg: `Nothing is mounted at ${one!.stored} on nfs1: it is to be the volume of shop/one` });
  await files.sh(`mount --bind ${one!.stored} ${one!.stored}`);
  expect(await asked(one)).toMatchObject({ musher_failure: 'volume-missing', msg: `${one!.stored} on nfs1 is to be the volume of shop/one, and is on the same file system as ${files.folder}` });
  await files.sh(`mount -t tmpfs one ${one!.stored}; mount --bind ${one!.stored} ${two!.stored}`);
  expect(await asked(one)).toMatchObject({ changed: false });
  expect(await asked(one, two)).toMatchObject({ msg: `${two!.stored} on nfs1 is to be the volume of shop/two, and is on the same file system as ${one!.stored}` });
  await files.sh(`umount ${two!.stored}; mount -t tmpfs two ${two!.stored}`);
  expect(await asked(one, two)).toMatchObject({ changed: false });
});
