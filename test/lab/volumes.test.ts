import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Site } from './site.ts';

// examples/pack-volumes.yml: what a member can reach of a storage beyond what is exported to it, tried as its root, who may be anybody there and make up file handles;
// and file systems for environments of their own.

const LONG = 1_500_000;
const BAKER = '/srv/volumes/baker';
const MILLER = '/srv/volumes/miller';
/** Where the storage has the shared files of each environment, and a member that it is on. */
const SUBJECTS = {
  'baker/live': { shared: `${BAKER}/shared`, member: 'web1' },
  'miller/live': { shared: `${MILLER}/shared`, member: 'web3' },
  'miller/test': { shared: '/srv/packs/miller/test/shared', member: 'web3' },
};
type Subject = keyof typeof SUBJECTS;
const subjects = Object.keys(SUBJECTS) as Subject[];
let site: Site;

beforeAll(async () => {
  site = await Site.start({ name: 'volumes', members: ['web1', 'web2', 'web3'], balancers: [], storage: 'nfs1', example: 'pack-volumes.yml' });
  for (const project of ['baker', 'miller']) {
    await mkdir(join(site.folder, project));
    await writeFile(join(site.folder, project, 'index.php'), `<?php echo "${project}";`);
  }
}, LONG);
afterAll(() => site?.stop(), LONG);

const root = async (host: string, script: string): Promise<string> => (await site.lab.root(host, ['sh', '-euc', script])).stdout.trim();
const userOf = (subject: string): string => `m-${subject.replace('/', '--')}`;
const asUser = (subject: Subject, command: string): Promise<string> =>
  root(SUBJECTS[subject].member, `cd /; setpriv --reuid ${userOf(subject)} --regid ${userOf(subject)} --clear-groups ${command} 2>&1 || true`);
/** What the root of a member reads of a path of the file system that shared files of its are in; `uid` whom it asks the storage. */
async function guess(from: Subject, path: string, uid: string): Promise<string> {
  const { shared, member } = SUBJECTS[from];
  return root(member, `/usr/bin/python3 /root/guess-handle.py ${site.lab.host('nfs1').address} ${shared} ${uid} ${path}`);
}
/** Users are the same everywhere; those of an environment are known to its storage. */
const uidOf = (subject: Subject): Promise<string> => root('nfs1', `id -u ${userOf(subject)}`);
const secretOf = (subject: Subject): Promise<string> => asUser(subject, `cat /var/aegir/projects/${subject}/shared/secret`);

test('A folder that is no file system of its own is refused before anything is changed', async () => {
  const { exitCode, result } = await site.operate('provision', 'baker');
  expect(exitCode).toBe(1);
  expect(result.failure?.type, result.message).toBe('volume-missing');
  expect(result.message).toContain(`Nothing is mounted at ${BAKER} on nfs1: it is to be the volume of baker/live`);

  await root('nfs1', `mkdir -p ${BAKER} ${MILLER}; mount --bind ${BAKER} ${BAKER}`);
  const bound = await site.operate('provision', 'baker');
  expect(bound.result.message).toContain(`${BAKER} on nfs1 is to be the volume of baker/live, and is on the same file system as`);
  await root('nfs1', `umount ${BAKER}`);
  expect(await root('nfs1', 'ls -d /srv/packs /etc/exports.d/musher* 2>/dev/null || true')).toBe('');
}, LONG);

test('With their volumes packs are provisioned, a second time nothing changes, and each release is on the volume of its environment', async () => {
  await root('nfs1', `modprobe loop; echo loop > /etc/modules-load.d/loop.conf`);
  for (const volume of [BAKER, MILLER]) {
    await root('nfs1', `truncate -s 64M ${volume}.img; mkfs.ext4 -q ${volume}.img; echo "${volume}.img ${volume} ext4 loop,nofail 0 2" >> /etc/fstab; mount ${volume}`);
  }
  for (const group of ['baker', 'miller']) await site.succeed('provision', group);
  expect((await site.succeed('provision', 'baker')).changed).toBe(0);
  for (const subject of subjects) {
    await root('nfs1', `cd ${SUBJECTS[subject].shared}; echo ${subject} > secret; chown ${userOf(subject)}: secret; chmod 600 secret`);
    expect(await secretOf(subject)).toBe(subject);
  }
  const served = [
    { subject: 'baker/live', domain: 'baker.example.net', members: ['web1', 'web2'], says: 'baker' },
    { subject: 'miller/test', domain: 'test.miller.example.net', members: ['web3'], says: 'miller' },
  ] as const;
  for (const { subject, domain, members, says } of served) {
    const { release } = await site.succeed('deploy', subject);
    expect(await root('nfs1', `ls ${SUBJECTS[subject].shared}/../releases`)).toBe(release!.id);
    for (const member of members) {
      const { stdout } = await execa('curl', ['-sS', '-m', '20', '-H', `Host: ${domain}`, `http://${site.lab.host(member).address}/`]);
      expect(stdout).toBe(says);
    }
  }
}, LONG);

test('The web user of an environment reads no other; the root of a member, who makes up handles, what shares a file system with what it may mount, and nothing else', async () => {
  const program = await readFile(join(import.meta.dirname, 'guess-handle.py'), 'utf8');
  for (const member of ['web1', 'web3']) await site.lab.root(member, ['sh', '-c', 'cat > /root/guess-handle.py'], { input: program });
  expect(await asUser('miller/test', 'cat /var/aegir/projects/miller/live/shared/secret')).toContain('Permission denied');

  // This much a root has, and docs/decisions/0008-web-packs.md says so: all that is on the storage's own disk, as any user but root.
  const test = await uidOf('miller/test');
  await root('nfs1', 'echo "of the storage" > /srv/own; chown m-miller--test: /srv/own; chmod 600 /srv/own');
  expect(await guess('miller/test', '/srv/own', test)).toBe('of the storage');
  expect(await guess('miller/test', SUBJECTS['miller/test'].shared + '/secret', '0')).toBe('NFS4ERR_ACCESS');
  // But not what is on the volume of another, whether it guesses from the storage's disk or from a volume that is its own; nor from there what is on the disk.
  const baker = await uidOf('baker/live');
  expect(await guess('miller/test', `${BAKER}/shared/secret`, baker)).toBe('NFS4ERR_NOENT');
  expect(await guess('miller/live', `${BAKER}/shared/secret`, baker)).toBe('NFS4ERR_NOENT');
  expect(await guess('baker/live', '/shared/secret', baker)).toBe('baker/live');
  expect(await guess('baker/live', SUBJECTS['miller/test'].shared + '/secret', test)).toBe('NFS4ERR_NOENT');
  expect(await root('web3', `mount -t nfs4 ${site.lab.host('nfs1').address}:${BAKER}/shared /mnt 2>&1 || true`)).toContain('No such file or directory');
  const older = await root('web3', `mount -t nfs -o vers=3,nolock,mountport=20048 ${site.lab.host('nfs1').address}:${BAKER}/releases /mnt 2>&1 || true`);
  expect(older).toContain('access denied by server');
}, LONG);

test('While a volume is not mounted nothing is exported of what is below, and nothing written there; a deploy says so; others go on; and it is served again when it is mounted', async () => {
  await root('nfs1', `systemctl stop nfs-server; umount ${BAKER}; systemctl start nfs-server`);
  const { exitCode, result } = await site.operate('deploy', 'baker/live');
  expect(exitCode).toBe(1);
  expect(result.failure?.type, result.message).toBe('volume-missing');
  expect(result.message).toContain(`Nothing is mounted at ${BAKER} on nfs1: it is to be the volume of baker/live`);
  expect(await root('nfs1', `ls -A ${BAKER}`)).toBe('');
  expect(await secretOf('baker/live')).not.toBe('baker/live');
  await site.succeed('deploy', 'miller/live');

  await root('nfs1', `mount ${BAKER}; exportfs -r`);
  for (const end = Date.now() + 60_000; (await secretOf('baker/live')) !== 'baker/live' && Date.now() < end; ) await sleep(1000);
  await site.succeed('deploy', 'baker/live');
  expect(await secretOf('baker/live')).toBe('baker/live');
}, LONG);
