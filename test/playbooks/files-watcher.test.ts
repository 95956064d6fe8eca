import { createServer, type AddressInfo, type Server } from 'node:net';
import { join } from 'node:path';
import { writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { until } from './private-host.ts';
import { FilesHost } from './shared-files.ts';

// The program that watches shared files, on mounts that answer, are missing, and never answer.

const ROOT = join(import.meta.dirname, '../../playbooks');
let files: FilesHost;
let storage: Server;

beforeEach(async () => {
  files = await FilesHost.start();
  storage = createServer((caller) => caller.destroy());
  await new Promise<void>((done) => storage.listen(0, '127.0.0.1', done));
  await files.sh(`mkdir -p /etc/musher/files /etc/musher/code ${files.shared} ${files.folder}/other; echo "storage ${files.shared} nfs softerr 0 0" >> /etc/fstab`);
  await files.sh(`mount -t tmpfs storage ${files.shared}; mount -t tmpfs storage ${files.folder}/other`);
  await configure('shop--live', files.shared);
  await configure('shop--other', join(files.folder, 'other'));
});
afterEach(async () => {
  storage.close();
  await files.stop();
});

async function configure(slug: string, path: string, kind = 'files'): Promise<void> {
  const watched = { slug, path, address: '127.0.0.1', port: (storage.address() as AddressInfo).port, reader: `musher-php@${slug}.service` };
  await writeFile(join(files.folder, `${slug}.json`), JSON.stringify(watched));
  await files.sh(`mv ${files.folder}/${slug}.json /etc/musher/${kind}/`);
}

async function watch(): Promise<void> {
  await files.sh(`PYTHONPATH=${ROOT}/plugins/module_utils python3 -B ${ROOT}/roles/files/files/musher_files.py > ${files.folder}/log 2>&1 & echo $! > ${files.folder}/pid`);
}
const marks = async (): Promise<string[]> => (await files.sh('ls /run/musher/files 2>/dev/null || true')).split('\n');
const children = (): Promise<string> => files.sh(`ps -o pid= --ppid $(cat ${files.folder}/pid) | wc -l`);

test('says that files are there, and forgets those that it is no longer told of', async () => {
  await files.sh('mkdir -p /run/musher/files; touch /run/musher/files/old--one /run/musher/files/old--one.gone');
  await watch();
  await until(async () => String(await marks()) === 'shop--live,shop--other');
  expect(await files.sh(`cat ${files.folder}/told 2>/dev/null || true`)).toBe('');
});

test('says since when they are not mounted, and mounts them', async () => {
  await files.sh(`umount ${files.shared}; touch ${files.folder}/broken`);
  await watch();
  await until(async () => String(await marks()) === 'shop--live.gone,shop--other');
  const since = await files.sh('cat /run/musher/files/shop--live.gone');
  expect(Math.abs(Date.now() - Date.parse(since))).toBeLessThan(15_000);
  await files.sh(`rm ${files.folder}/broken`);
  await until(async () => String(await marks()) === 'shop--live,shop--other');
  // PHP would remember for minutes that its files were not there.
  const told = await files.sh(`cat ${files.folder}/told`);
  expect(told).toMatch(/^reset-failed .*shared\.mount\nstart --no-block .*shared\.mount\n[^]*try-reload-or-restart --no-block musher-php@shop--live\.service$/);
  expect(told).not.toContain('musher-php@shop--other');
});

test('does not ask for a mount while the storage accepts no connection', async () => {
  storage.close();
  await files.sh(`umount ${files.shared}`);
  await watch();
  await until(async () => (await marks()).includes('shop--live.gone'));
  await new Promise((done) => setTimeout(done, 5_000));
  expect(await files.sh(`cat ${files.folder}/told 2>/dev/null || true`)).toBe('');
});

test('is held by no mount that never answers: others are watched on, it is taken off, and mounted when the storage is back', { timeout: 60_000 }, async () => {
  await watch();
  await until(async () => (await marks()).includes('shop--live'));
  // Nothing is mounted there meanwhile.
  await files.sh(`touch ${files.folder}/broken; umount ${files.shared}`);
  await files.mountDead(files.shared);
  const dead = await files.sh(`awk '$5 == "${files.shared}" { print "mnt_id:", $1 }' /proc/self/mountinfo`);
  const held = async (): Promise<string> => (await files.sh(`grep -h mnt_id "/proc/$(cat ${files.folder}/pid)/fdinfo/"*`)).replaceAll('\t', ' ');
  const began = Date.now();
  await until(async () => String(await marks()) === 'shop--live.gone,shop--other');
  // A look each second, which must end within 4; the storage lets itself be connected to, so that it may be slow.
  expect(Date.now() - began).toBeLessThan(8_000);
  expect(await files.sh(`grep -c "dead ${files.shared}" /proc/mounts`)).toBe('1');
  expect(Number(await children())).toBeLessThanOrEqual(3);
  await files.sh(`umount ${files.folder}/other`);
  await until(async () => !(await marks()).includes('shop--other'));
  await until(async () => (await files.sh(`grep -c "dead ${files.shared}" /proc/mounts || true`)) === '0');
  // Nobody who still has a file open there is the last to let go of it, who gives back what the storage has granted.
  expect(await held()).toContain(dead);
  await files.sh(`rm ${files.folder}/broken`);
  await until(async () => (await marks()).includes('shop--live'));
  expect(await held()).not.toContain(dead);
  expect(await files.sh(`cat ${files.folder}/log`)).toContain(`took ${files.shared} off until the storage 127.0.0.1 is back`);
});

test('takes files off at once where the storage cannot be connected to either', { timeout: 60_000 }, async () => {
  await watch();
  await until(async () => (await marks()).includes('shop--live'));
  storage.close();
  await files.sh(`umount ${files.shared}`);
  await files.mountDead(files.shared);
  const began = Date.now();
  await until(async () => (await files.sh(`grep -c "dead ${files.shared}" /proc/mounts || true`)) === '0');
  // A look each second, doubt after one more, two for the connection, and somewhat for a machine that is slow.
  expect(Date.now() - began).toBeLessThan(6_500);
  expect(String(await marks())).toBe('shop--live.gone,shop--other');
});

test('never takes code off: it stays in service from memory, and since when the storage is gone is said', { timeout: 60_000 }, async () => {
  const code = join(files.folder, 'live/releases');
  await files.sh(`mkdir -p ${code}`);
  await configure('shop--live', code, 'code');
  await files.mountDead(code);
  await watch();
  const said = async (): Promise<string> => files.sh('ls /run/musher/code 2>/dev/null || true');
  await until(async () => (await said()) === 'shop--live\nshop--live.gone');
  await new Promise((done) => setTimeout(done, 14_000));
  expect(await said()).toBe('shop--live\nshop--live.gone');
  expect(await files.sh(`grep -c "dead ${code}" /proc/mounts`)).toBe('1');
  // Mounted no more, it is out of service until it is mounted again; then PHP must not believe any longer that its files are not there.
  await files.sh(`umount -l ${code}`);
  await until(async () => (await said()) === 'shop--live.gone');
  await files.sh(`mount -t tmpfs storage ${code}`);
  await until(async () => (await said()) === 'shop--live');
  expect(await files.sh(`cat ${files.folder}/told`)).toContain('try-reload-or-restart --no-block musher-php@shop--live.service');
});
