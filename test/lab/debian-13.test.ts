import { afterAll, beforeAll, expect, test } from 'vitest';
import { ENVIRONMENTS, Site } from './site.ts';
import { fingerprint } from './traces.ts';

// A member with Debian 12 beside one with Debian 13, behind a balancer with Debian 13. Each test goes on from the one before.

const LONG = 600_000;
let site: Site;

beforeAll(async () => {
  site = await Site.start({ name: 'debian-13', members: ['web1', 'web2'], bare: true, releases: { lb1: 'trixie', web2: 'trixie' } });
  await site.source({ version: '1' });
}, LONG);
afterAll(() => site?.stop(), LONG);

const text = async (host: string, ...words: string[]): Promise<string> => (await site.lab.root(host, words)).stdout;

test('The hosts are of two releases', async () => {
  const releases = await Promise.all(['lb1', 'web1', 'web2'].map((host) => text(host, 'sh', '-c', '. /etc/os-release; echo $ID $VERSION_ID')));
  expect(releases).toEqual(['debian 13', 'debian 12', 'debian 13']);
});

test('A balancer of a distribution that is not known is refused before anything is changed, on the other servers too', async () => {
  const before = await fingerprint(site);
  await text('lb1', 'sh', '-c', 'rm /etc/os-release; printf "PRETTY_NAME=\\"Debian GNU/Linux 11 (bullseye)\\"\\nID=debian\\nVERSION_ID=11\\n" >/etc/os-release');
  const { exitCode, result } = await site.operate('provision', 'eu');
  await text('lb1', 'ln', '-sf', '../usr/lib/os-release', '/etc/os-release');
  expect(exitCode).toBe(1);
  expect(result.failure?.type).toBe('unsupported-distribution');
  expect(result.message).toMatch(/lb1: This server has Debian GNU\/Linux 11 \(bullseye\) \(debian 11\), and Musher knows debian 12, debian 13, ubuntu/);
  expect(await fingerprint(site)).toEqual(before);
  for (const host of ['lb1', 'web1', 'web2']) expect(await text(host, 'sh', '-c', 'ls -d /usr/local/lib/musher /var/lib/musher 2>/dev/null || true')).toBe('');
}, LONG);

test('They are provisioned, each with the PHP of its distribution, and a second time nothing changes', async () => {
  const first = await site.operate('provision', 'eu');
  expect(first.exitCode, first.result.message).toBe(0);
  for (const [host, version] of [['web1', '8.2'], ['web2', '8.4']] as const) {
    expect(await text(host, 'systemctl', 'show', '--property=ExecStart', 'musher-php@shop--live.service')).toContain(`/usr/sbin/php-fpm${version} `);
    expect(await text(host, 'sh', '-c', `systemctl is-enabled php${version}-fpm.service || true`)).toBe('disabled');
    // Nothing of theirs is on NFS. A package that others speak of is known to dpkg without being installed.
    expect(await text(host, 'dpkg-query', '--show', '--showformat', '${Package} ${db:Status-Status}\n')).not.toMatch(/^nfs-(common|kernel-server) installed$/m);
  }
  const second = await site.operate('provision', 'eu');
  expect(second.exitCode, second.result.message).toBe(0);
  expect(second.result.changed).toBe(0);
}, LONG);

test('A release is deployed, the next one replaces it under load and is rolled back, and no request is lost', async () => {
  const first = await site.operate('deploy', 'shop/live');
  expect(first.exitCode, first.result.message).toBe(0);
  expect(first.result.members.map(({ name, inService }) => [name, inService])).toEqual([['web1', true], ['web2', true]]);

  const load = await site.load(100_000, 240, [ENVIRONMENTS[0]!]);
  await site.source({ version: '2' });
  const second = await site.operate('deploy', 'shop/live');
  expect(second.exitCode, second.result.message).toBe(0);
  expect(await site.servedReleases()).toEqual({ web1: second.result.release!.id, web2: second.result.release!.id });
  const back = await site.operate('rollback', 'shop/live');
  expect(back.exitCode, back.result.message).toBe(0);
  const report = await load.stop();

  expect(await site.servedReleases()).toEqual({ web1: first.result.release!.id, web2: first.result.release!.id });
  expect(await site.outOfService()).toEqual([]);
  expect(report.failures).toEqual([]);
  expect(report.requests).toBeGreaterThan(500);
  const releases = [first, second].map(({ result }) => result.release!.id);
  expect(report.seen.map(({ member, release }) => `${member} ${release}`).sort()).toEqual(['web1', 'web2'].flatMap((member) => releases.map((release) => `${member} ${release}`)));
}, LONG);
