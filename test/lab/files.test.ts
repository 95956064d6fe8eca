import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ENVIRONMENTS, Site } from './site.ts';

// A cluster whose shared files one server keeps (examples/drupal.yml), on hosts with a real NFS between them. Each test goes on from the one before.

const LONG = 900_000;
const HOST = ENVIRONMENTS[0]!.host;
let site: Site;

beforeAll(async () => {
  site = await Site.start({ name: 'files', members: ['web1', 'web2'], storage: 'nfs1', example: 'drupal.yml' });
}, LONG);
afterAll(() => site?.stop(), LONG);

/** A release with pages that upload, read an upload, and touch no shared file at all. */
const release = (version: string): Promise<void> =>
  site.source({ version }, async (folder) => {
    const pages = {
      'index.php': '<?php echo "well";',
      'upload.php': '<?php @mkdir("sites/default/files/up"); echo file_put_contents("sites/default/files/up/" . basename($_GET["name"]), $_GET["text"]) === false ? "failed" : "kept";',
      'read.php': '<?php echo @file_get_contents("sites/default/files/up/" . basename($_GET["name"])) ?: "nothing";',
      'plain.php': '<?php echo gethostname();',
    };
    await mkdir(join(folder, 'web'), { recursive: true });
    for (const [name, text] of Object.entries(pages)) await writeFile(join(folder, 'web', name), text);
  });

/** What a host answers to a page of the site: a member by itself, or the balancer. */
async function ask(host: string, page: string, seconds = 20): Promise<string> {
  const { address } = site.lab.host(host);
  const { stdout, stderr, failed } = await execa('curl', ['-sS', '-m', String(seconds), '-H', `Host: ${HOST}`, `http://${address}/${page}`], { reject: false });
  return failed ? stderr : stdout;
}

async function untilTrue(what: () => Promise<boolean>, seconds: number): Promise<void> {
  for (const end = Date.now() + seconds * 1000; !(await what()); await sleep(500)) if (Date.now() > end) throw new Error(`Not within ${seconds} s: ${what.toString()}`);
}

/** What provisioning changes first, by host. */
async function traces(): Promise<string[]> {
  const script = 'cat /etc/passwd /etc/fstab; ls -AR /usr/local/lib/musher /var/lib/musher /etc/musher /etc/exports.d /var/aegir 2>&1; true';
  return Promise.all([...site.members, 'nfs1'].map(async (host) => (await site.lab.root(host, ['sh', '-c', script])).stdout));
}

/** What is done to a host, what undoes that, and what provisioning says of it. */
const IN_THE_WAY: [what: string, host: string, done: string, undone: string, type: string, says: string][] = [
  ['a file where a shared folder is to be', 'nfs1', 'mkdir -p SHARED; echo mine > SHARED/private', 'grep -qx mine SHARED/private; rm -r /var/aegir', 'shared-path-clash', 'private'],
  ['a storage that a member does not reach', 'nfs1', 'ip route add blackhole WEB2/32', 'ip route del blackhole WEB2/32', 'storage-unreachable', 'web2 cannot reach the storage nfs1'],
  ['a mount point with files', 'web1', 'mkdir -p SHARED; echo mine > SHARED/cat.jpg', 'grep -qx mine SHARED/cat.jpg; rm -r /var/aegir', 'mount-point-filled', 'not empty: cat.jpg'],
  ['a user whose number is another', 'web2', 'useradd --system m-shop--live', 'userdel m-shop--live', 'user-clash', 'the user m-shop--live has id'],
];

test.each(IN_THE_WAY)('%s is told before anything is changed', async (_, host, done, undone, type, says) => {
  await release('1');
  const run = (script: string) => site.lab.root(host, ['sh', '-euc', script.replaceAll('SHARED', '/var/aegir/projects/shop/live/shared').replaceAll('WEB2', site.lab.host('web2').address)]);
  await run(done);
  const before = await traces();
  const { exitCode, result } = await site.operate('provision', 'eu');
  expect(exitCode).toBe(1);
  expect(result.failure?.type, result.message).toBe(type);
  expect(result.message).toContain(says);
  expect(await traces()).toEqual(before);
  await run(undone);
}, LONG);

test('Bare servers are provisioned with a storage, and a second time nothing changes', async () => {
  await release('1');
  await site.succeed('provision', 'eu');
  expect((await site.succeed('provision', 'eu')).changed).toBe(0);
}, LONG);

test('What is uploaded through one member is read through the other at once, over a deploy and a roll back', async () => {
  const first = await site.operate('deploy', 'shop/live');
  expect(first.exitCode, first.result.message).toBe(0);
  expect(await ask('web2', 'read.php?name=a')).toBe('nothing');
  expect(await ask('web1', 'upload.php?name=a&text=hello')).toBe('kept');
  expect(await ask('web2', 'read.php?name=a')).toBe('hello');
  expect(await ask('web2', 'sites/default/files/up/a')).toBe('hello');
  expect(await ask('web2', 'upload.php?name=a&text=changed')).toBe('kept');
  expect(await ask('web1', 'read.php?name=a')).toBe('changed');

  await release('2');
  const second = await site.operate('deploy', 'shop/live');
  expect(second.exitCode, second.result.message).toBe(0);
  expect((await site.operate('rollback', 'shop/live')).exitCode).toBe(0);
  for (const member of site.members) expect(await ask(member, 'read.php?name=a')).toBe('changed');
  expect(await site.outOfService()).toEqual([]);
}, LONG);

test('While the storage is gone pages that touch no file are served and status says since when; it comes back without a hand', async () => {
  await site.lab.powerCut('nfs1');
  await untilTrue(async () => (await site.status()).live!.every(({ files }) => typeof files?.gone === 'string'), 60);
  // The balancer goes on asking them, since none is better off.
  for (let round = 0; round < 20; round++) expect(['web1', 'web2']).toContain((await ask('lb1', 'plain.php')).trim());
  const { stdout } = await site.musher('status', 'shop/live', '--live');
  expect(stdout).toMatch(/web1 cannot see its shared files since \d{4}-/);
  await site.lab.start('nfs1');
  await untilTrue(async () => (await ask('web1', 'read.php?name=a', 5)) === 'changed' && (await ask('web2', 'read.php?name=a', 5)) === 'changed', 120);
  await untilTrue(async () => (await site.status()).live!.every(({ files }) => files?.mounted === true && files.gone === null), 60);
  expect(await site.outOfService()).toEqual([]);
}, LONG);

test('An upload survives the power cut of the member that took it', async () => {
  expect(await ask('web1', 'upload.php?name=b&text=kept+safe')).toBe('kept');
  await site.lab.powerCut('web1');
  expect(await ask('web2', 'read.php?name=b')).toBe('kept safe');
  await site.lab.start('web1');
  await untilTrue(async () => (await ask('web1', 'read.php?name=b', 5)) === 'kept safe', 120);
}, LONG);
