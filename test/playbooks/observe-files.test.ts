import { afterEach, beforeEach, expect, test } from 'vitest';
import { FilesHost } from './shared-files.ts';

// What is observed of shared files, also when whoever looks at them would wait for ever.

let files: FilesHost;

beforeEach(async () => {
  files = await FilesHost.start();
  // As the environment's own user, which may not enter a folder of root's.
  await files.sh(`chmod 755 ${files.folder}; mkdir -p ${files.shared} /run/musher/files; mount -t tmpfs -o mode=755 storage ${files.shared}; mkdir -p ${files.shared}/web/files`);
});
afterEach(() => files.stop());

async function observe(): Promise<{ exports: unknown; exportsOf: unknown; sources: unknown; live: Record<string, unknown> }> {
  const shared = [{ path: 'web/files', type: 'directory' }, { path: 'private', type: 'directory' }];
  const environment = { project: 'shop', name: 'live', slug: 'shop--live', path: `${files.folder}/live`, current: `${files.folder}/current`, user: 'nobody', uid: 65_534, web: 'none', app: 'php', shared };
  const { musher } = (await files.module('musher_observe', { environments: [environment] })) as { musher: { exports: unknown; exportsOf: unknown; sources: unknown; environments: Record<string, Record<string, unknown>> } };
  return { exports: musher.exports, exportsOf: musher.exportsOf, sources: musher.sources, live: musher.environments['shop/live']! };
}
const watched = (): Promise<string> => files.sh('mkdir -p /etc/musher/files; touch /etc/musher/files/shop--live.json');

test('what the last provision was told otherwise is told, of what one acts on, where that is on record', async () => {
  expect((await observe()).live).not.toHaveProperty('settings');
  const before = { slug: 'shop--live', app: 'php', web: 'none', workers: 8, keep: 3, domains: ['old.example.net'], image: false };
  const record = (group: string, told: object): Promise<string> => files.sh(`mkdir -p /var/lib/musher/provisioned; echo '${JSON.stringify(told)}' > /var/lib/musher/provisioned/${group}.json`);
  await record('eu', { 'shop--live': before, 'shop--other': { app: 'static' } });
  expect((await observe()).live['settings']).toEqual({ shared: [null, [{ path: 'web/files', type: 'directory' }, { path: 'private', type: 'directory' }]], domains: [['old.example.net'], null], workers: [8, null] });
  await record('broken', ['no', 'map']);
  await files.sh('echo half > /var/lib/musher/provisioned/cut.json');
  expect((await observe()).live['settings']).toMatchObject({ workers: [8, null] });
});

test("a server's own shared files are no mount", async () => {
  expect(await observe()).toMatchObject({ exports: null, live: { files: null, shared: ['web/files'] } });
});

test('those of a storage are seen through the mount', async () => {
  await watched();
  expect((await observe()).live).toMatchObject({ files: { mounted: true, gone: null }, shared: ['web/files'] });
});

test('those that are gone are gone since the watcher said so, and are not looked at', async () => {
  await watched();
  await files.sh('echo 2026-01-01T12:00:00Z > /run/musher/files/shop--live.gone');
  expect((await observe()).live).toMatchObject({ files: { mounted: true, gone: '2026-01-01T12:00:00Z' }, shared: null });
  await files.sh(`umount ${files.shared}`);
  expect((await observe()).live).toMatchObject({ files: { mounted: false, gone: '2026-01-01T12:00:00Z' }, shared: null });
});

test('a mount that never answers is given up, before the watcher has noticed', async () => {
  await watched();
  await files.sh(`umount ${files.shared}`);
  await files.mountDead(files.shared);
  const began = Date.now();
  expect((await observe()).live).toMatchObject({ files: { mounted: true, gone: null }, shared: null });
  expect(Date.now() - began).toBeLessThan(12_000);
});

test('a storage says what it exports for Musher, and to whom', async () => {
  await files.sh(`mkdir -p /etc/exports.d; cd /etc/exports.d
    printf '%s\\n' '# Managed' '"/srv/a b/shared" 192.0.2.12(rw,fsid=1) 2001:db8::2(rw,fsid=1)' > musher-eu.exports
    echo '"/srv/c/shared" 192.0.2.13(rw)' > musher-us.exports
    echo '/home *(rw)' > other.exports`);
  const { exports, exportsOf, sources } = await observe();
  expect(exports).toEqual({ '/srv/a b/shared': ['192.0.2.12', '2001:db8::2'], '/srv/c/shared': ['192.0.2.13'] });
  expect(exportsOf).toEqual({ eu: ['/srv/a b/shared'], us: ['/srv/c/shared'] });
  expect(sources).toBeUndefined();
});

test('a member says what it mounts, also of environments that nobody asks for', async () => {
  await files.sh(`mkdir -p /etc/musher/files /etc/musher/code
    printf '%s\\n' '192.0.2.20:/srv/a\\040b/shared ${files.folder}/old nfs4 hard 0 0' '192.0.2.20:/srv/c ${files.folder}/own nfs4 hard 0 0' >> /etc/fstab
    echo '{"path": "${files.folder}/old"}' > /etc/musher/files/shop--old.json
    echo 'damaged' > /etc/musher/code/shop--odd.json`);
  expect((await observe()).sources).toEqual(['192.0.2.20:/srv/a b/shared']);
});
