import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { startLoad } from '../../lab/load/load.ts';
import { asking } from './asking.ts';
import { IMAGES, WAYS } from './pack-ways.ts';
import { ENVIRONMENTS, Site } from './site.ts';

// A web pack (examples/pack.yml) on hosts with a real NFS between them, and the other ways to keep code and files. Each test goes on from the one before.

const LONG = 900_000;
const [LIVE] = ENVIRONMENTS;
const HOST = LIVE!.host;
const CODE = '/var/aegir/projects/shop/live/releases';
/** As many requests at once as leaves hosts with slow system calls time for the deploy. */
const GENTLE = { concurrency: 3, maxRequests: 100_000, maxSeconds: 900 };
let site: Site;

beforeAll(async () => {
  site = await Site.start({ name: 'pack', members: ['web1', 'web2'], storage: 'nfs1', example: 'pack.yml' });
  await release('1');
}, LONG);
afterAll(() => site?.stop(), LONG);

/** A release with the load's pages, pages that upload and read, one that touches no shared file, a style sheet and what the hook runs. */
const release = (version: string, unhealthyOn: string[] = []): Promise<void> =>
  site.source({ version, unhealthyOn }, async (folder) => {
    const files = {
      'public/index.php': '<?php require __DIR__ . "/load.php";',
      'public/upload.php': '<?php echo file_put_contents("uploads/" . basename($_GET["name"]), $_GET["text"]) === false ? "failed" : "kept";',
      'public/read.php': '<?php echo @file_get_contents("uploads/" . basename($_GET["name"])) ?: "nothing";',
      'public/plain.php': '<?php echo gethostname(), " ", dirname(__DIR__);',
      'public/admin/index.php': '<?php echo "admin";',
      'public/late.php': '<?php require __DIR__ . "/late.inc"; echo file_get_contents(__DIR__ . "/late.json");',
      'public/late.inc': '<?php echo "not asked for ";',
      'public/late.json': '"before"',
      'public/style.css': `/* ${version} */`,
      'bin/migrate': '#!/bin/sh\necho "$MUSHER_RELEASE $(pwd)" >> "$HOME/migrated"\n',
    };
    for (const [name, text] of Object.entries(files)) {
      await mkdir(join(folder, name, '..'), { recursive: true });
      await writeFile(join(folder, name), text, { mode: 0o755 });
    }
  });

/** What a host answers to a page of a site: a member by itself, or the balancer. */
async function ask(host: string, page: string, { seconds = 20, domain = HOST, port = 80 } = {}): Promise<string> {
  const { address } = site.lab.host(host);
  const { stdout, stderr, failed } = await execa('curl', ['-sS', '-m', String(seconds), '-H', `Host: ${domain}`, `http://${address}:${port}/${page}`], { reject: false });
  return failed ? stderr : stdout;
}

async function untilTrue(what: () => Promise<boolean>, seconds: number): Promise<void> {
  for (const end = Date.now() + seconds * 1000; !(await what()); await sleep(500)) if (Date.now() > end) throw new Error(`Not within ${seconds} s: ${what.toString()}`);
}

/** The releases whose images a member has mounted. */
const images = async (member: string, project: string): Promise<string[]> =>
  (await root(member, `findmnt -rn -t squashfs -o TARGET | grep '/${project}/live/releases/' || true`)).split('\n').filter(Boolean).map((path) => basename(path)).sort();

const root = async (host: string, script: string): Promise<string> => (await site.lab.root(host, ['sh', '-euc', script])).stdout.trim();

/** What provisioning leaves of what it did, beside packages, on the hosts of the pack. */
const traces = (): Promise<string[]> =>
  Promise.all([...site.members, 'nfs1'].map((host) => root(host, 'grep -v "^statd\\|^_rpc" /etc/passwd; cat /etc/fstab; findmnt -t nfs,nfs4 -n || true; ls -AR /etc/exports.d/musher* /etc/musher /var/aegir /srv/packs /var/lib/musher/outlines 2>&1 || true')));

test('A mount point with files is told before anything is changed', async () => {
  await root('web2', `mkdir -p ${CODE}/r1; echo mine > ${CODE}/r1/index.php`);
  const before = await traces();
  const { exitCode, result } = await site.operate('provision', 'eu-pack');
  expect(exitCode).toBe(1);
  expect(result.failure?.type, result.message).toBe('mount-point-filled');
  expect(result.message).toContain(`${CODE}, which is not empty: r1/index.php`);
  expect(await traces()).toEqual(before);
  expect(await root('web2', `cat ${CODE}/r1/index.php; rm -r /var/aegir`)).toBe('mine');
}, LONG);

test('A provision that fails at the balancer is undone on all: no mount, no line, no export, no folder', async () => {
  const before = await traces();
  await site.lab.root('lb1', ['systemd-run', '--unit=squatter', '/usr/bin/python3', '-m', 'http.server', '80']);
  const { exitCode, result } = await site.operate('provision', 'eu-pack');
  expect(exitCode).toBe(1);
  expect(result.failure?.type, result.message).toBe('balancer-refused');
  expect(result.notUndone).toEqual([]);
  expect(await traces()).toEqual(before);
  await site.lab.root('lb1', ['systemctl', 'stop', 'squatter']);
}, LONG);

test('Bare servers are provisioned, and a second time nothing changes', async () => {
  const first = await site.operate('provision', 'eu-pack');
  expect(first.exitCode, first.result.message).toBe(0);
  const second = await site.operate('provision', 'eu-pack');
  expect(second.exitCode, second.result.message).toBe(0);
  expect(second.result.changed).toBe(0);
}, LONG);

test('A release is on the storage alone, and members run it from there and cannot write to it', async () => {
  const { exitCode, result } = await site.operate('deploy', 'shop/live');
  expect(exitCode, result.message).toBe(0);
  const id = result.release!.id;
  expect(await root('nfs1', 'find / -xdev -name version.php | wc -l')).toBe('1');
  for (const member of site.members) {
    expect(await ask(member, 'plain.php')).toBe(`${member} ${CODE}/${id}`);
    expect(await root(member, `findmnt -n -o FSTYPE,SOURCE,OPTIONS ${CODE}`)).toMatch(/^nfs +\S+:\/srv\/packs\/shop\/live\/releases +ro,.*\bvers=3\b.*\bhard\b.*\bnocto\b/);
    expect(await images(member, 'shop')).toEqual([]);
    // What is there of it is its names.
    expect(await root(member, 'find / -xdev -name version.php -size +0 | wc -l')).toBe('0');
    // Neither root, also when it mounts it to write, nor the site's own user.
    const touch = `touch ${CODE}/${id}/new`;
    const asSite = `cd / && setpriv --reuid m-shop--live --regid m-shop--live --clear-groups ${touch}`;
    const tried = `${touch} 2>&1 || (${asSite}) 2>&1 || true`;
    const said = await root(member, `${tried}; mount -o remount,rw ${CODE}; ${tried}; mount -o remount,ro ${CODE}`);
    expect(said).toMatch(/^touch.*Permission denied\ntouch.*Read-only file system\ntouch.*Permission denied\ntouch.*Read-only file system$/);
    expect(await ask(member, 'style.css')).toBe('/* 1 */');
    expect(await ask(member, 'admin/')).toBe('admin');
    expect(await ask(member, 'no/such/page')).toContain('"page":"plain"');
  }
  expect(await root('nfs1', `find /srv/packs -name new`)).toBe('');
  const ran = await Promise.all(site.members.map((member) => root(member, 'cat /var/lib/musher/home/shop--live/migrated 2>/dev/null || true')));
  expect(ran.filter(Boolean)).toEqual([`${id} ${CODE}/${id}`]);
}, LONG);

test('Uploads through one member are read through the other, by PHP and by nginx', async () => {
  expect(await ask('web1', 'upload.php?name=a.txt&text=hello')).toBe('kept');
  expect(await ask('web2', 'read.php?name=a.txt')).toBe('hello');
  expect(await ask('web2', 'uploads/a.txt')).toBe('hello');
  expect(await ask('web2', 'upload.php?name=a.php&text=hello')).toBe('kept');
  expect(await ask('web1', 'uploads/a.php')).toContain('404 Not Found');
}, LONG);

test('A deploy, one that fails its health check, a roll back and a pruning deploy under load lose no request', async () => {
  const load = startLoad({ target: { address: site.lab.host('lb1').address, port: 80 }, environments: [LIVE!], ...GENTLE });
  await load.started;
  const first = Object.values(await site.servedReleases())[0]!;
  await release('2');
  const second = await site.operate('deploy', 'shop/live');
  expect(second.exitCode, second.result.message).toBe(0);
  for (const member of site.members) expect(await ask(member, 'style.css')).toBe('/* 2 */');

  await release('3', ['web2']);
  const failed = await site.operate('deploy', 'shop/live');
  expect(failed.result.failure, failed.result.message).toMatchObject({ type: 'health-check-failed', step: 'switch batch 2 of 2' });
  expect(failed.result.undone).toEqual(['switch batch 2 of 2', 'switch batch 1 of 2', 'once hooks', 'see', 'upload']);
  const kept = (): Promise<string> => root('nfs1', 'ls /srv/packs/shop/live/releases');
  expect((await kept()).split('\n')).toEqual([first, second.result.release!.id]);
  expect(new Set(Object.values(await site.servedReleases()))).toEqual(new Set([second.result.release!.id]));

  const back = await site.operate('rollback', 'shop/live');
  expect(back.exitCode, back.result.message).toBe(0);
  expect(new Set(Object.values(await site.servedReleases()))).toEqual(new Set([first]));
  for (const member of site.members) expect(await ask(member, 'style.css')).toBe('/* 1 */');

  const ids: string[] = [];
  for (const version of ['4', '5']) {
    await release(version);
    const next = await site.operate('deploy', 'shop/live');
    expect(next.exitCode, next.result.message).toBe(0);
    ids.push(next.result.release!.id);
  }
  const left = [second.result.release!.id, ...ids];
  expect((await kept()).split('\n').sort()).toEqual(left.sort());
  expect((await root('web1', 'ls /var/lib/musher/outlines/shop/live')).split('\n').sort()).toEqual([...left, 'current'].sort());
  const report = await load.stop();
  expect(report.failures).toEqual([]);
  expect(report.failed).toBe(0);
  expect(report.requests).toBeGreaterThan(500);
  expect(await site.outOfService()).toEqual([]);
}, LONG);

/** What the site's user and root come to who mount on a member what the storage exports to it, and write into the code there. */
function writingCode(member: string, project: string, exported: string): Promise<string> {
  const below = exported.includes('PROJECT') ? '' : `/${project}/live/releases`;
  return root(
    member,
    `mkdir -p /mnt/tried; mount -t nfs -o vers=3,nolock,rw,proto=tcp,port=2049,mountproto=tcp,mountport=20048 ${site.lab.host('nfs1').address}:${exported.replace('PROJECT', project)} /mnt/tried
    release=$(basename "$(readlink /var/lib/musher/current/${project}/live)")
    for who in m-${project}--live root; do runuser -u $who -- touch /mnt/tried${below}/$release/index.php 2>/dev/null && echo written || echo refused; done | paste -sd' '
    umount /mnt/tried`,
  );
}

test.each(WAYS.map((way, index) => [...way, index] as const))('%s', async (_what, group, code, exports, index) => {
  const project = `way${index}`;
  const [port, domain] = [8081 + index, `way${index}.example.net`];
  const members = Object.keys(code);
  const folder = join(site.folder, project);
  await mkdir(join(folder, 'site/files'), { recursive: true });
  await writeFile(join(folder, 'site/index.php'), '<?php echo "way ", @file_get_contents("files/seed.txt"), @file_get_contents("files/new.txt");');
  await writeFile(join(folder, 'site/plain.php'), '<?php echo "plain";');
  await writeFile(join(folder, 'site/up.php'), '<?php file_put_contents("files/new.txt", " and new");');
  await writeFile(join(folder, 'site/files/seed.txt'), 'seeded');
  const servers = [...new Set([...members, 'nfs1'])].map((name) => [name, { address: site.lab.host(name).address, user: site.lab.state.user, key: site.lab.key }]);
  await writeFile(
    join(folder, 'musher.yml'),
    stringify({
      version: 1,
      servers: Object.fromEntries(servers) as object,
      groups: { [project]: { ...group, port } },
      projects: { [project]: { app: 'php', source: { directory: 'site' }, shared: ['files'], environments: { live: { group: project, domains: [domain], batch: 2 } } } },
    }),
  );
  for (const [operation, subject] of [['provision', project], ['deploy', `${project}/live`]] as const) {
    const { exitCode, result } = await site.follow(operation, subject, '--file', join(folder, 'musher.yml'));
    expect(exitCode, `${operation}: ${result.message}`).toBe(0);
  }
  const path = `/var/aegir/projects/${project}/live`;
  for (const member of members) {
    expect(await ask(member, '', { port, domain })).toBe('way seeded');
    expect(await ask(member, 'files/seed.txt', { port, domain })).toBe('seeded');
    expect(await root(member, `findmnt -n -o FSTYPE --target ${path}/releases`)).toBe(code[member]);
    expect(await images(member, project)).toHaveLength(group['code'] === 'image' ? 1 : 0);
  }
  await ask(members[0]!, 'up.php', { port, domain });
  const isShared = (group['files'] ?? (group['kind'] === 'pack' ? 'nfs' : 'none')) === 'nfs';
  await untilTrue(async () => (await ask(members[1]!, '', { port, domain })) === (isShared ? 'way seeded and new' : 'way seeded'), 10);
  for (const member of members.filter((one) => code[one] === 'nfs')) expect(await writingCode(member, project, exports[0]!)).toBe('refused refused');
  const exported = (await root('nfs1', 'exportfs -s')).split('\n').map((line) => line.split(/\s+/)[0]!);
  expect(exported).toEqual(expect.arrayContaining(exports.map((one) => one.replace('PROJECT', project))));
}, LONG);

test('Images go with their releases: of those that were deleted on the storage, or undone, none is mounted, and no device is left', async () => {
  const project = `way${WAYS.findIndex(([what]) => what === IMAGES)}`;
  const file = join(site.folder, project, 'musher.yml');
  const text = await readFile(file, 'utf8');
  await writeFile(file, text.replace('batch: 2', 'batch: 1\n        keep: 2'));
  const deploy = async (exit: number): Promise<string> => {
    const { exitCode, result } = await site.follow('deploy', `${project}/live`, '--file', file);
    expect(exitCode, result.message).toBe(exit);
    return result.release!.id;
  };
  const ids = [await deploy(0), await deploy(0)];
  await writeFile(join(site.folder, project, 'site/index.php'), '<?php http_response_code(gethostname() === "web2" ? 500 : 200);');
  await deploy(1);
  await writeFile(join(site.folder, project, 'site/index.php'), '<?php echo "way";');
  ids.push(await deploy(0));
  const back = await site.follow('rollback', `${project}/live`, '--file', file);
  expect(back.exitCode, back.result.message).toBe(0);
  expect((await root('nfs1', `ls -A /srv/images/${project}/live/releases | grep squashfs`)).split('\n')).toEqual(ids.slice(-2).map((id) => `.${id}.squashfs`));
  for (const member of site.members) {
    expect(await images(member, project)).toEqual(ids.slice(-2));
    expect(await root(member, `losetup --list --noheadings | grep -c /${project}/`)).toBe('2');
    expect(await root(member, `readlink /var/lib/musher/current/${project}/live`)).toContain(ids.at(-2));
  }
}, LONG);

test('What other groups have got on the same servers meanwhile changes nothing for a group', async () => {
  const { exitCode, result } = await site.operate('provision', 'eu-pack');
  expect(exitCode, result.message).toBe(0);
  expect(result.changed).toBe(0);
}, LONG);

test('A spec that keeps the site elsewhere is refused before anything is changed, and it is served on', async () => {
  await site.writeSpec();
  const moved = join(site.folder, 'moved.yml');
  const text = await readFile(join(site.folder, 'musher.yml'), 'utf8');
  await writeFile(moved, text.replace('/srv/packs', '/srv/elsewhere'));
  const before = await traces();
  for (const [operation, subject] of [['provision', 'eu-pack'], ['deploy', 'shop/live']] as const) {
    const { exitCode, result } = await site.follow(operation, subject, '--file', moved);
    expect(exitCode).toBe(1);
    expect(result.failure?.type, result.message).toBe('kept-elsewhere');
    expect(result.message).toContain(':/srv/packs/shop/live/releases, and the spec wants it at');
  }
  expect(await traces()).toEqual(before);
  expect(await ask('lb1', 'plain.php')).toMatch(/^web[12] /);
}, LONG);

const OUTAGE_SECONDS = 120;
/** Seconds in which a page that reads a shared file has its answer, whatever that is: until the watcher has taken the files off (decision 7), and a lot for machines that are slow. */
const LONGEST_WAIT = 30;
const AFTER_RETURN_SECONDS = 20;

test(`While the storage is gone for ${OUTAGE_SECONDS} s, whatever touches no shared file is served, every time, also what was never asked for`, async () => {
  // Whoever is the last to leave a mount that is taken off waits once for each file that the storage has granted it.
  const granted = ['b', 'c', 'd', 'e', 'f'].map((name) => `${name}.txt`);
  for (const name of granted) await ask('web1', `upload.php?name=${name}&text=hello`);
  for (const member of site.members) {
    for (const page of ['plain.php', 'style.css', 'load.php', ...['a.txt', ...granted].map((name) => `read.php?name=${name}`)]) await ask(member, page);
  }
  const hosts = ['lb1', ...site.members];
  const disk = { domain: `way${WAYS.findIndex(([what]) => what === 'code and files on disk')}.example.net` };
  const image = WAYS.findIndex(([what]) => what === IMAGES);
  const diskPort = 8081 + WAYS.findIndex(([what]) => what === 'code and files on disk');
  await site.lab.powerCut('nfs1');
  const served = [
    ...hosts.map((host) => asking(ask, host, 'plain.php', /^web[12] /)),
    ...hosts.map((host) => asking(ask, host, 'style.css', /^\/\* 5 \*\/$/)),
    ...site.members.map((host) => asking(ask, host, 'plain.php', /^plain$/, { domain: `way${image}.example.net`, port: 8081 + image })),
    ...site.members.map((host) => asking(ask, host, '', /^way seeded/, { ...disk, port: diskPort })),
  ];
  // Pages that read a shared file hold workers as long as NFS lets them wait; nobody is promised what they say.
  const files = hosts.map((host) => asking(ask, host, 'read.php?name=a.txt', /^/, { seconds: 2 * LONGEST_WAIT }));
  await sleep(OUTAGE_SECONDS * 1000);
  const late = await Promise.all(hosts.map((host) => ask(host, 'late.php')));
  const { stdout } = await site.musher('status', 'shop/live', '--live');
  const said = await Promise.all(served.map((one) => one.stop()));
  const ofFiles = await Promise.all(files.map((one) => one.stop()));

  // A member that boots meanwhile boots, and mounts later.
  await site.lab.powerCut('web2');
  await site.lab.start('web2');
  let withoutCode = '';
  for (const end = Date.now() + 60_000; !withoutCode.includes('The code') && Date.now() < end; await sleep(1000)) withoutCode = await ask('web2', 'plain.php', { seconds: 5 });
  const throughBalancer = await ask('lb1', 'plain.php');
  // Before what was said is judged: other tests may need the storage.
  await site.lab.start('nfs1');
  await untilTrue(async () => (await root('nfs1', 'systemctl is-active nfs-server || true')) === 'active', 60);
  const back = performance.now();
  const isServed = async (host: string): Promise<boolean> => (await ask(host, 'read.php?name=a.txt', { seconds: 5 })) === 'hello' && /^web[12] /.test(await ask(host, 'plain.php', { seconds: 5 }));
  await untilTrue(async () => (await Promise.all(hosts.map(isServed))).every(Boolean), 120);
  const seconds = (performance.now() - back) / 1000;

  console.log(`outage: ${JSON.stringify({ served: said, files: ofFiles.map(({ asked, slowest }) => ({ asked, slowest })), back: seconds })}`);
  expect(said.flatMap(({ wrong }) => wrong)).toEqual([]);
  expect(late).toEqual(hosts.map(() => 'not asked for "before"'));
  for (const { asked } of said) expect(asked).toBeGreaterThan(20);
  for (const { slowest } of ofFiles) expect(slowest).toBeLessThan(LONGEST_WAIT);
  expect(stdout).toMatch(/web1 cannot see its code since \d{4}-.*, and serves what it has in memory/);
  expect(stdout).toMatch(/web2 cannot see its shared files since \d{4}-/);
  expect(withoutCode).toContain('The code is not there.');
  expect(throughBalancer).toMatch(/^web1 /);
  expect(seconds).toBeLessThan(AFTER_RETURN_SECONDS);
  await untilTrue(async () => (await site.status()).live!.every(({ code, files }) => code?.mounted && !code.gone && files?.mounted && !files.gone), 60);
  // After a boot, the image of what is served; others are mounted by whoever goes back to them.
  await untilTrue(async () => (await images('web2', `way${image}`)).length === 1, 30);
  expect(await site.outOfService()).toEqual([]);
}, LONG);
