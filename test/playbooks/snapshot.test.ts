import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ModuleResult } from './run-module.ts';
import { FilesHost } from './shared-files.ts';

// What a provision keeps of a server, and puts back. Two groups may have the server in common, and be provisioned at once.

let files: FilesHost;

beforeEach(async () => {
  files = await FilesHost.start();
  await files.sh('useradd --no-create-home reader');
});
afterEach(async () => {
  await files.sh(`umount -l ${files.shared} 2>/dev/null || true; chattr -i ${files.shared} 2>/dev/null || true`);
  await files.stop();
});

const SHARED = '/etc/musher-shared.conf';
const ownOf = (group: string): string => `/etc/musher-${group}.conf`;
const userOf = (group: string): string => `m-${group}--live`;
const snapshot = (group: string, state: 'taken' | 'restored', more: object = {}): Promise<ModuleResult> =>
  files.module('musher_snapshot', { state, id: `of-${group}`, group, paths: [SHARED, ownOf(group)], users: [userOf(group), 'reader'], ...more });
const provision = (group: string): Promise<string> => files.sh(`echo shared > ${SHARED}; echo ${group} > ${ownOf(group)}; useradd --no-create-home ${userOf(group)}; usermod --append --groups ${userOf(group)} reader`);
const there = (): Promise<string> => files.sh(`cd /etc; ls musher-*.conf; id --name --groups reader | tr ' ' '\\n' | grep -v reader || true; getent group ${['eu', 'us'].map(userOf).join(' ')} | cut -d: -f1`);

test.each([
  ['that began after it', ['eu', 'us'] as const],
  ['that began before it', ['us', 'eu'] as const],
])('What another group needs by now, %s, stays when one is undone; the last takes all away', async (_, [first, second]) => {
  await snapshot(first, 'taken');
  await snapshot(second, 'taken');
  await provision('eu');
  await provision('us');
  await snapshot('eu', 'restored');
  expect((await there()).split('\n')).toEqual(['musher-shared.conf', 'musher-us.conf', userOf('us'), userOf('us')]);
  await snapshot('us', 'restored');
  await expect(there()).rejects.toThrow();
  expect(await files.sh("id --name --groups reader; ls /etc | grep -c '^musher-' || true")).toBe('reader\n0');
});

test('What an earlier operation on the same group listed is no reason to keep what this one made', async () => {
  await snapshot('eu', 'taken', { id: 'earlier' });
  await snapshot('eu', 'taken');
  await provision('eu');
  await snapshot('eu', 'restored');
  expect(await files.sh("ls /etc | grep -c '^musher-' || true")).toBe('0');
});

test('A snapshot is not disturbed by another that is taken at the same time', async () => {
  await files.sh(`seq 100000 > ${SHARED}`);
  await Promise.all(Array.from({ length: 4 }, async (_, index) => snapshot(`g${index}`, 'taken')));
  expect(await files.sh('cd /var/lib/musher/undo; ls -A; sha256sum */0 | cut -d" " -f1 | sort -u | wc -l')).toBe(`${Array.from({ length: 4 }, (_, index) => `of-g${index}`).join('\n')}\n1`);
});

test('A group whose user was not made yet, or is gone already, goes too', async () => {
  await snapshot('eu', 'taken');
  await files.sh(`groupadd ${userOf('eu')}`);
  expect(await snapshot('eu', 'restored')).toMatchObject({ changed: true, restored: [`${userOf('eu')} removed`] });
  expect(await files.sh(`getent group ${userOf('eu')} || true`)).toBe('');
});

test('A mount whose storage is gone keeps nothing else from being put back; it is named, and has its line', async () => {
  const mount = (options: string[]): Promise<ModuleResult> => files.module('musher_mount', { path: files.shared, source: `192.0.2.20:${files.shared}`, options, timeout: 1 });
  await mount(['softerr']);
  await snapshot('eu', 'taken', { mounts: [files.shared] });
  await provision('eu');
  await mount(['hard']);
  await files.sh(`touch ${files.folder}/broken`);
  const restored = await snapshot('eu', 'restored', { mounts: [files.shared] });
  expect(restored).toMatchObject({ failed: true, musher_failure: 'storage-gone', msg: expect.stringContaining('Connection refused') as string });
  expect(await files.sh("ls /etc | grep -c '^musher-' || true; grep -o 'nfs softerr' /etc/fstab")).toBe('0\nnfs softerr');
  await files.sh(`rm ${files.folder}/broken`);
  expect(await snapshot('eu', 'restored', { mounts: [files.shared] })).toMatchObject({ changed: true });
}, 120_000);
