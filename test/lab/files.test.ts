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
  site = await Site.start({ name: 'files', members: ['web1', 'web2'], storage: 'nfs1', example: 'drupal.yml', others: ['web3'] });
}, LONG);
afterAll(() => site?.stop(), LONG);

/** A release with pages that upload, read an upload, and touch no shared file at all. */
const release = (version: string): Promise<void> =>
  site.source({ version }, async (folder) => {
    const pages = {
      'index.php': '<?php echo "well";',
      'upload.php': '<?php @mkdir("sites/default/files/up"); echo file_put_contents("sites/default/files/up/" . basename($_GET["name"]), $_GET["text"]) === false ? "failed" : "kept";',
      'read.php': '<?php echo @file_get_contents("sites/default/files/up/" . basename($_GET["name"])) ?: "nothing";',
      'there.php': '<?php echo file_exists("sites/default/files/up/" . basename($_GET["name"])) ? "there" : "not there";',
      'setting.php': '<?php if (isset($_GET["value"])) file_put_contents("../conf/local.php", "<?php return " . (int) $_GET["value"] . ";"); echo (include "../conf/local.php");',
      'written.php': '<?php readfile("../conf/local.php");',
      'plain.php': '<?php echo gethostname();',
    };
    for (const path of ['web', 'conf']) await mkdir(join(folder, path), { recursive: true });
    for (const [name, text] of Object.entries(pages)) await writeFile(join(folder, 'web', name), text);
    await writeFile(join(folder, 'conf/local.php'), '<?php return 1;');
  });

/** What a host answers to a page of the site: a member by itself, or the balancer. */
async function ask(host: string, page: string, seconds = 20): Promise<string> {
  const { address } = site.lab.host(host);
  const { stdout, stderr, failed } = await execa('curl', ['-sS', '-m', String(seconds), '-H', `Host: ${HOST}`, `http://${address}/${page}`], { reject: false });
  return failed ? stderr : stdout;
}

/** The members that the balancer asks. */
async function answering(): Promise<Set<string>> {
  const members = new Set<string>();
  for (let round = 0; round < 10; round++) members.add((await ask('lb1', 'plain.php')).trim());
  return members;
}

async function untilTrue(what: () => Promise<boolean>, seconds: number): Promise<void> {
  for (const end = Date.now() + seconds * 1000; !(await what()); await sleep(500)) if (Date.now() > end) throw new Error(`Not within ${seconds} s: ${what.toString()}`);
}

/** What provisioning changes first, by host. */
async function traces(): Promise<string[]> {
  const script = 'cat /etc/passwd /etc/fstab; ls -AR /usr/local/lib/musher /var/lib/musher /etc/musher /etc/exports.d /var/aegir 2>&1; true';
  return Promise.all([...site.members, 'nfs1', 'web3'].map(async (host) => (await site.lab.root(host, ['sh', '-c', script])).stdout));
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

test('A member whose kernel has no NFS is told before anything is changed', async () => {
  await release('1');
  site.amend = ({ servers, groups }) => {
    servers['web3'] = { ...servers['web1'], address: site.lab.host('web3').address };
    groups.eu.members.push('web3');
  };
  const before = await traces();
  const { exitCode, result } = await site.operate('provision', 'eu');
  expect(exitCode).toBe(1);
  expect(result.failure?.type, result.message).toBe('kernel-without-nfs');
  expect(result.message).toContain('The kernel of web3');
  expect(await traces()).toEqual(before);
  site.amend = () => {};
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

test('What a member has not seen yet it sees within three seconds', async ({ annotate }) => {
  const seen: number[] = [];
  for (const name of ['n1', 'n2', 'n3']) {
    // Both members know that it is not there.
    for (const member of site.members) expect(await ask(member, `there.php?name=${name}`)).toBe('not there');
    expect(await ask('web1', `upload.php?name=${name}&text=new`)).toBe('kept');
    const from = Date.now();
    await untilTrue(async () => (await ask('web2', `there.php?name=${name}`)) === 'there', 20);
    seen.push((Date.now() - from) / 1000);
  }
  await annotate(`a new file was seen after ${seen.map((seconds) => seconds.toFixed(1)).join(', ')} s`);
  // What is stated, and what asking for it takes.
  for (const seconds of seen) expect(seconds).toBeLessThan(3 + 2);
}, LONG);

test('A single file is shared from a later provision on, with what the release had in it; as code it counts from the next deploy on', async () => {
  const shared = ['web/sites/default/files', 'private', { path: 'conf/local.php', type: 'file' }];
  site.amend = ({ projects }) => Object.assign(projects.shop, { shared });
  await site.succeed('provision', 'eu');
  await site.succeed('deploy', 'shop/live');
  expect(await ask('web1', 'setting.php')).toBe('1');
  expect(await ask('web2', 'setting.php?value=2')).toBe('2');
  await untilTrue(async () => (await ask('web1', 'written.php')) === '<?php return 2;', 3 + 2);
  await release('3');
  await site.succeed('deploy', 'shop/live');
  for (const member of site.members) expect(await ask(member, 'setting.php')).toBe('2');
  expect(await ask('web2', 'read.php?name=a')).toBe('changed');
}, LONG);

test('A member that alone does not see its files is out of service, and back when it does', async () => {
  const { address } = site.lab.host('nfs1');
  await site.lab.root('web1', ['ip', 'route', 'add', 'blackhole', `${address}/32`]);
  await untilTrue(async () => (await answering()).size === 1, 60);
  expect([...(await answering())]).toEqual(['web2']);
  expect(await ask('lb1', 'read.php?name=a')).toBe('changed');
  expect((await site.musher('status', 'shop/live', '--live')).stdout).toMatch(/web1 cannot see its shared files since \d{4}-/);
  await site.lab.root('web1', ['ip', 'route', 'del', 'blackhole', `${address}/32`]);
  await untilTrue(async () => (await answering()).size === 2, 120);
  expect(await ask('web1', 'read.php?name=a')).toBe('changed');
}, LONG);

test('Files that somebody put back from a copy on the storage are mounted anew, without a hand', async () => {
  await site.lab.root('nfs1', ['sh', '-euc', 'cd /var/aegir/projects/shop/live; cp -a shared copy; mv shared before; mv copy shared; rm -rf before']);
  for (const member of site.members) {
    const upload = (): Promise<string> => ask(member, `upload.php?name=of-${member}&text=after`, 5);
    await untilTrue(async () => (await upload()) === 'kept', 90);
  }
  for (const member of site.members) for (const by of site.members) expect(await ask(member, `read.php?name=of-${by}`)).toBe('after');
  expect(await ask('web2', 'read.php?name=a')).toBe('changed');
  await untilTrue(async () => (await site.status()).live!.every(({ files }) => files?.mounted === true && files.gone === null), 60);
}, LONG);

test('An upload that the storage has no room for is told to the page, and kept once there is', async () => {
  await site.lab.fill('nfs1');
  const text = 'x'.repeat(6000);
  expect(await ask('web1', `upload.php?name=full&text=${text}`)).toBe('failed');
  expect(await ask('web2', 'read.php?name=full')).toBe('nothing');
  // What is there is read on.
  expect(await ask('web2', 'read.php?name=a')).toBe('changed');
  await site.lab.free('nfs1');
  expect(await ask('web1', `upload.php?name=full&text=${text}`)).toBe('kept');
  expect(await ask('web2', 'read.php?name=full')).toBe(text);
}, LONG);

test('A storage that answers slowly is not taken for one that is gone', async () => {
  await site.lab.delay('nfs1', 300);
  for (const end = Date.now() + 30_000; Date.now() < end; await sleep(1000)) expect(await ask('lb1', 'read.php?name=a')).toBe('changed');
  expect((await site.status()).live!.map(({ files }) => files?.gone)).toEqual([null, null]);
  expect((await answering()).size).toBe(2);
  await site.lab.delay('nfs1', 0);
}, LONG);

test('A member whose nginx stands still is not asked, and is again when it goes on', async () => {
  await site.lab.freeze('web1', 'nginx');
  await untilTrue(async () => [...(await answering())].join() === 'web2', 60);
  await site.lab.thaw('web1', 'nginx');
  await untilTrue(async () => (await answering()).size === 2, 60);
  expect(await ask('web1', 'read.php?name=a')).toBe('changed');
}, LONG);

test('A spec that keeps the files on the members again is refused before anything is changed', async () => {
  const before = await traces();
  const { amend } = site;
  site.amend = (spec) => {
    amend(spec);
    delete spec.groups.eu['files'];
  };
  for (const words of [['provision', 'eu'], ['deploy', 'shop/live']]) {
    const { exitCode, result } = await site.operate(...words);
    expect([exitCode, result.failure?.type], result.message).toEqual([1, 'kept-elsewhere']);
  }
  site.amend = amend;
  expect(await traces()).toEqual(before);
  expect(await ask('web2', 'read.php?name=a')).toBe('changed');
}, LONG);

test('While the storage is gone pages that touch no file are served and status says since when; it comes back without a hand', async () => {
  await site.lab.powerCut('nfs1');
  await untilTrue(async () => (await site.status()).live!.every(({ files }) => typeof files?.gone === 'string'), 60);
  // The balancer goes on asking them, since none is better off.
  for (let round = 0; round < 20; round++) expect(['web1', 'web2']).toContain((await ask('lb1', 'plain.php')).trim());
  const { stdout } = await site.musher('status', 'shop/live', '--live');
  expect(stdout).toMatch(/web1 cannot see its shared files since \d{4}-/);
  // What is written into a mount point would be lost to sight.
  const tries = 'findmnt --noheadings SHARED || for who in root m-shop--live; do runuser -u $who -- touch SHARED/hidden 2>/dev/null && echo written || echo refused; done';
  const tried = (member: string) => site.lab.root(member, ['sh', '-c', tries.replaceAll('SHARED', '/var/aegir/projects/shop/live/shared')], { reject: false });
  for (const member of site.members) expect((await tried(member)).stdout).toBe('refused\nrefused');
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
