import { afterEach, beforeEach, expect, test } from 'vitest';
import { FilesHost } from './shared-files.ts';
import type { ModuleResult } from './run-module.ts';

// A mount of shared files, its line in fstab and the guarded folder below it.

let files: FilesHost;

beforeEach(async () => {
  files = await FilesHost.start();
});
afterEach(async () => {
  await files.sh(`umount -l ${files.shared} 2>/dev/null || true; chattr -i ${files.shared} 2>/dev/null || true`);
  await files.stop();
});

const mount = (more: object = {}): Promise<ModuleResult> =>
  files.module('musher_mount', { path: files.shared, source: `192.0.2.20:${files.shared}`, options: ['vers=4.2', 'softerr', 'nofail'], timeout: 1, ...more });
const line = (options = 'vers=4.2,softerr,nofail'): string => `192.0.2.20:${files.shared} ${files.shared} nfs ${options} 0 0`;
const fstab = (): Promise<string> => files.sh('cat /etc/fstab');
const undo = (state: string): Promise<ModuleResult> => files.module('musher_snapshot', { state, id: 'first', group: 'eu', mounts: [files.shared] });

test('is made once, by a line of its own', async () => {
  expect(await mount()).toMatchObject({ changed: true, actions: [`wrote the line of ${files.shared} in fstab`, `mounted ${files.shared}`] });
  expect(await fstab()).toBe(`# mine, # and mine\n${line()}`);
  expect(await mount()).toMatchObject({ changed: false, actions: [] });
  expect(await mount({ _ansible_check_mode: true })).toMatchObject({ changed: false });
});

test('nobody writes into the folder below it, root included', async () => {
  const made = await mount();
  await files.sh(`umount ${files.shared}`);
  expect(await files.sh(`stat -c '%a %U' ${files.shared}`)).toBe('0 root');
  expect(made['remark']).toBeUndefined();
  await expect(files.sh(`touch ${files.shared}/upload`)).rejects.toThrow('Operation not permitted');
  expect(await mount()).toMatchObject({ changed: true, actions: [`mounted ${files.shared}`] });
});

test('is refused over files, which it names and leaves as they are', async () => {
  await files.sh(`mkdir -p ${files.shared}/a/b ${files.shared}/empty; cd ${files.shared}; touch a/b/1 a/2 3 4 5 6; chmod 751 .`);
  const refused = await mount();
  expect(refused).toMatchObject({ failed: true, musher_failure: 'mount-point-filled', msg: expect.stringContaining('not empty: 3, 4, 5, 6, a/2 and 2 more') as string });
  expect(await files.sh(`stat -c %a ${files.shared}; cd ${files.shared}; find . -type f | wc -l`)).toBe('751\n6');
});

test('names files whose names are no UTF-8', async () => {
  await files.sh(`mkdir -p ${files.shared}; touch "${files.shared}/$(printf 'caf\\351')"`);
  expect(await mount()).toMatchObject({ failed: true, musher_failure: 'mount-point-filled', msg: expect.stringContaining('not empty: caf\\xe9.') as string });
});

test('leaves other lines of fstab byte for byte, whatever their ends are', async () => {
  const others = String.raw`# mine\r\n# was:\014UUID=1 /old ext4 defaults 0 0\n\tLABEL=2\t/other ext4 defaults 0 0\r\n`;
  await files.sh(`printf '${others}' >/etc/fstab; cp /etc/fstab ${files.folder}/before`);
  await undo('taken');
  await mount();
  expect(await files.sh(`head -n 3 /etc/fstab | cmp - ${files.folder}/before && tail -n +4 /etc/fstab`)).toBe(line());
  await undo('restored');
  await files.sh(`cmp /etc/fstab ${files.folder}/before`);
});

test('with other options is made anew, also by the run after one that was cut off', async () => {
  await mount();
  await files.sh(`touch ${files.shared}/of-the-first`);
  expect(await mount({ options: ['hard'] })).toMatchObject({ changed: true });
  expect(await fstab()).toBe(`# mine, # and mine\n${line('hard')}`);
  expect(await files.sh(`ls ${files.shared}`)).toBe('');
  await files.sh(`touch ${files.folder}/broken`);
  expect(await mount({ options: ['soft'] })).toMatchObject({ failed: true, musher_failure: 'storage-gone', msg: expect.stringContaining('Connection refused') as string });
  await files.sh(`rm ${files.folder}/broken`);
  expect(await mount({ options: ['soft'] })).toMatchObject({ actions: [`mounted ${files.shared}`] });
  expect(await mount({ options: ['soft'] })).toMatchObject({ changed: false });
});

test('is found wanting when the storage does not answer', async () => {
  await mount();
  await files.sh(`umount ${files.shared}; chattr -i ${files.shared}`);
  await files.mountDead(files.shared);
  expect(await mount()).toMatchObject({ failed: true, musher_failure: 'storage-gone' });
});

test('is undone to what was before it: nothing', async () => {
  await undo('taken');
  await mount();
  expect(await undo('restored')).toMatchObject({ changed: true, restored: [`${files.shared} not mounted`] });
  expect(await fstab()).toBe('# mine, # and mine');
  expect(await files.sh(`ls ${files.folder}/live; grep -c ${files.shared} /proc/mounts || true`)).toBe('0');
  expect(await undo('restored')).toMatchObject({ changed: false });
});

test('is undone to what was before it: a folder of its own', async () => {
  await files.sh(`mkdir -m 751 ${files.shared}; chown 33:33 ${files.shared}`);
  await undo('taken');
  await mount();
  await undo('restored');
  expect(await files.sh(`stat -c '%a %u' ${files.shared}; touch ${files.shared}/free; cat /etc/fstab`)).toBe('751 33\n# mine, # and mine');
});

test('is undone to what was before it: an older mount, also when its storage is gone meanwhile', async () => {
  await mount();
  await undo('taken');
  expect(await undo('restored')).toMatchObject({ changed: false });
  await mount({ options: ['hard'] });
  await files.sh(`umount ${files.shared}`);
  await files.sh(`chattr -i ${files.shared}`);
  await files.mountDead(files.shared);
  expect(await undo('restored')).toMatchObject({ restored: [`${files.shared} mounted as before`] });
  expect(await fstab()).toBe(`# mine, # and mine\n${line()}`);
});
