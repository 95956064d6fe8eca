import { existsSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { afterAll, describe, expect, test } from 'vitest';
import { Cgroup } from '../../lab/cgroup.ts';
import { paths } from '../../lab/home.ts';
import { Lab } from '../../lab/lab.ts';
import { isMounted, unmountBelow } from '../../lab/mounts.ts';
import { until } from '../../lab/process.ts';
import { claimedBy } from '../../lab/subnet.ts';
import { tracesOf } from './lab-traces.ts';

const main = join(import.meta.dirname, '../../lab/main.ts');
const names = ['one', 'two', 'crash', 'boot', 'twice'].map((word) => `test-${word}-${process.pid}`);
const [one, two, crash, boot, twice] = names as [string, string, string, string, string];

afterAll(async () => {
  await Promise.all(names.map((name) => Lab.down(name)));
});

describe('two labs side by side', () => {
  let first: Lab;
  let second: Lab;

  test('start with fresh hosts that answer SSH with the keys that known_hosts has', async () => {
    [first, second] = await Promise.all([Lab.up({ name: one, hosts: ['web1', 'web2'] }), Lab.up({ name: two, hosts: ['web1'] })]);
    expect(first.state.subnet).not.toBe(second.state.subnet);
    for (const lab of [first, second]) expect(await claimedBy(join(paths.labs, lab.name))).toBe(lab.state.number);
    for (const [lab, host] of [[first, 'web1'], [first, 'web2'], [second, 'web1']] as const) {
      expect((await lab.exec(host, ['hostname'])).stdout).toBe(host);
      expect((await lab.exec(host, ['sudo', '-n', 'id', '-u'])).stdout).toBe('0');
    }
    expect((await stat(first.key)).mode & 0o777).toBe(0o600);
  });

  test('are refused under another host\'s key', async () => {
    const way = first.way('web1');
    const swapped = (await readFile(first.knownHosts, 'utf8')).replaceAll(first.host('web2').address, way.address);
    const foreign = swapped.split('\n').filter((line) => line.includes('web2'))[0]!;
    const { failed, stderr } = await execa({ input: foreign, reject: false })`ssh -F /dev/null -i ${way.key} -o BatchMode=yes -o StrictHostKeyChecking=yes
      -o UserKnownHostsFile=/dev/stdin -o GlobalKnownHostsFile=/dev/null ${way.user}@${way.address} true`;
    expect(failed).toBe(true);
    expect(stderr).toContain('Host key verification failed');
  });

  test('pass every word of a command as it is', async () => {
    const words = ['', ' ', `it's "$HOME"`, '*', ';', '\\', '$(id)', 'ä\n\tb'];
    const program = 'import json, sys; print(json.dumps(sys.argv[1:]))';
    expect(JSON.parse((await first.exec('web1', ['python3', '-c', program, ...words])).stdout)).toEqual(words);
    expect(JSON.parse((await first.root('web1', ['python3', '-c', program, ...words])).stdout)).toEqual(words);
  });

  test('install packages without any network, and their units run', async () => {
    await first.exec('web1', ['sudo', 'apt-get', 'update', '-qq']);
    await first.exec('web1', ['sudo', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', 'install', '-y', '-qq', 'haproxy', 'nginx']);
    expect((await first.root('web1', ['systemctl', 'is-active', 'haproxy', 'nginx'])).stdout).toBe('active\nactive');
    await first.exec('web1', ['sudo', 'systemd-run', '--wait', '--property=Type=oneshot', 'touch', '/var/tmp/ran']);
    expect(existsSync(join(first.rootOf('web1'), 'var/tmp/ran'))).toBe(true);
    await first.exec('web1', ['sudo', 'systemctl', 'stop', 'nginx'], { timeout: 10_000 });
  });

  test('have every package that the image promises', async () => {
    const packages = ['nginx', 'acl', 'php8.2-fpm', 'php8.2-cli', 'php8.2-xml', 'php8.2-mbstring', 'php8.2-curl', 'php8.2-gd', 'php8.2-sqlite3'];
    const { stdout } = await second.root('web1', ['apt-get', 'install', '--simulate', '--no-install-recommends', ...packages]);
    for (const name of packages) expect(stdout).toContain(`Inst ${name} `);
    expect((await readdir(paths.packages)).some((file) => file.startsWith('dokuwiki_'))).toBe(true);
  });

  test('have no way out of the machine, and are told so at once', async () => {
    const program = `import socket\nfor target in ['192.0.2.1', '8.8.8.8', '${second.host('web1').address}']:\n  try: socket.create_connection((target, 80), 5)\n  except OSError as error: print(error.errno)`;
    const started = Date.now();
    const { stdout } = await first.root('web1', ['python3', '-c', program]);
    expect(stdout.split('\n')).toEqual(['113', '113', '113']);
    expect(Date.now() - started).toBeLessThan(4_000);
  });

  test('nothing meant for a host leaves the machine, even when the lab\'s link is gone', async () => {
    const { address } = second.host('web1');
    expect((await execa('ip', ['route', 'get', address])).stdout).toContain(second.network.namespace);
    await execa('ip', ['link', 'delete', second.network.namespace]);
    const { failed, stderr } = await execa('ip', ['route', 'get', address], { reject: false });
    expect(failed).toBe(true);
    expect(stderr).toMatch(/unreachable|No route/i);
    // And a start makes it whole.
    second = await Lab.up({ name: two, hosts: ['web1'] });
    expect((await second.exec('web1', ['hostname'])).stdout).toBe('web1');
  });

  test('a host keeps its disk over a power cut', async () => {
    await first.exec('web1', ['sh', '-c', 'echo kept >note; cat /proc/sys/kernel/random/boot_id >/dev/null']);
    const machine = (await first.exec('web1', ['cat', '/etc/machine-id'])).stdout;
    await first.root('web1', ['systemd-run', '--quiet', 'sleep', '1000']);
    await first.powerCut('web1');
    expect(await first.isRunning('web1')).toBe(false);
    expect((await first.exec('web1', ['true'], { reject: false })).exitCode).toBe(255);
    expect((await first.exec('web2', ['hostname'])).stdout).toBe('web2');
    await first.start('web1');
    expect((await first.exec('web1', ['cat', 'note', '/etc/machine-id'])).stdout).toBe(`kept\n${machine}`);
    expect((await first.exec('web1', ['pgrep', 'sleep'], { reject: false })).stdout).toBe('');
    expect((await first.root('web1', ['systemctl', 'is-active', 'haproxy'])).stdout).toBe('active');
  });

  test('a host that reboots itself comes back', async () => {
    await first.root('web2', ['touch', '/run/before-the-reboot']);
    await first.exec('web2', ['sudo', 'systemd-run', '--quiet', 'systemctl', 'reboot', '--force']);
    const back = await until(60_000, 100, async () => {
      return (await first.exec('web2', ['test', '!', '-e', '/run/before-the-reboot'], { reject: false })).exitCode === 0;
    });
    expect(back).toBe(true);
  });

  test('a host out of reach runs on, and is back when its cable is', async () => {
    await first.cutLink('web2');
    expect((await first.exec('web2', ['true'], { reject: false })).exitCode).toBe(255);
    expect((await first.root('web2', ['hostname'])).stdout).toBe('web2');
    await first.joinLink('web2');
    expect((await first.exec('web2', ['hostname'])).stdout).toBe('web2');
  });

  test('the end of one leaves no trace of it and does not touch the other', async () => {
    const { number } = first.state;
    expect(await tracesOf(one, number)).not.toEqual([]);
    await first.down();
    expect(await tracesOf(one, number)).toEqual([]);
    expect((await second.exec('web1', ['hostname'])).stdout).toBe('web1');
    await second.down();
    expect(await tracesOf(two, second.state.number)).toEqual([]);
    await second.down();
  });
});

test('hosts outlive the command that starts them, and further ones join them', async () => {
  await execa('node', [main, 'up', '--lab', boot, 'web1']);
  const shown = await execa('node', [main, 'ssh', '--lab', boot, 'web1', 'hostname']);
  expect(shown.stdout).toBe('web1');
  const before = (await Lab.find(boot))!.host('web1');
  await execa('node', [main, 'up', '--lab', boot, 'web1', 'web2']);
  const lab = (await Lab.find(boot))!;
  expect(lab.host('web1')).toEqual(before);
  expect((await lab.exec('web2', ['hostname'])).stdout).toBe('web2');
  const labs = JSON.parse((await execa('node', [main, 'status', '--json'])).stdout) as { name: string; hosts: Record<string, { running: boolean }> }[];
  expect(Object.values(labs.find(({ name }) => name === boot)!.hosts).map(({ running }) => running)).toEqual([true, true]);
});

test('a lab that the machine\'s reboot has stopped starts again on its disks', async () => {
  const lab = (await Lab.find(boot))!;
  await lab.exec('web1', ['sh', '-c', 'echo kept >note']);
  // What a reboot does to a lab: no process, no network, no mount, and an empty /run.
  await new Cgroup(String(lab.state.number)).kill();
  await lab.network.down();
  await unmountBelow(join(paths.labs, boot));
  await execa('rm', [`/run/musher-lab/${lab.state.number}`]);
  const again = await Lab.up({ name: boot, hosts: ['web1'] });
  expect((await again.exec('web1', ['cat', 'note'])).stdout).toBe('kept');
  await again.down();
  expect(await tracesOf(boot, lab.state.number)).toEqual([]);
});

const folderOfCrash = join(paths.labs, crash);
const moments: [string, (number: number) => boolean | Promise<boolean>][] = [
  ['its subnet is claimed', () => true],
  ['its namespace is there', (number) => existsSync(`/run/netns/musher-lab-${number}`)],
  ['its link to the machine is there', (number) => existsSync(`/sys/class/net/musher-lab-${number}`)],
  ['the first disk is there', () => existsSync(join(folderOfCrash, 'hosts/web1/disk'))],
  ['a disk is mounted', () => isMounted(join(folderOfCrash, 'hosts/web1/root'))],
  ['a host\'s group is there', (number) => existsSync(`/sys/fs/cgroup/systemd/musher-lab/${number}/11`) || existsSync(`/sys/fs/cgroup/musher-lab/${number}/11`)],
  ['a host boots', async (number) => (await new Cgroup(String(number)).processes()).length > 3],
];

test.each(moments)('an `up` that is killed as soon as %s leaves nothing that `down` does not take away', async (_, reached) => {
  const started = execa('node', [main, 'up', '--lab', crash, 'web1', 'web2'], { reject: false });
  const number = await until(60_000, 1, async () => {
    const claimed = await claimedBy(folderOfCrash);
    return claimed !== undefined && (await reached(claimed)) && claimed;
  });
  started.kill('SIGKILL');
  expect((await started).signal).toBe('SIGKILL');
  expect(number).toBeDefined();
  await Lab.down(crash);
  // A child of the killed command may have been about to start something.
  await sleep(300);
  expect(await tracesOf(crash, number)).toEqual([]);
});

test('an `up` that is killed is completed by the next', async () => {
  const started = execa('node', [main, 'up', '--lab', crash, 'web1', 'web2'], { reject: false });
  await until(60_000, 1, () => isMounted(join(folderOfCrash, 'hosts/web1/root')));
  started.kill('SIGKILL');
  await started;
  const lab = await Lab.up({ name: crash, hosts: ['web1', 'web2'] });
  for (const host of ['web1', 'web2']) expect((await lab.exec(host, ['hostname'])).stdout).toBe(host);
  await lab.down();
  expect(await tracesOf(crash, lab.state.number)).toEqual([]);
});

test('two that start the same lab at once get one lab', async () => {
  const [left, right] = await Promise.all([Lab.up({ name: twice, hosts: ['web1'] }), Lab.up({ name: twice, hosts: ['web1'] })]);
  expect(left.state).toEqual(right.state);
  await left.down();
  expect(await tracesOf(twice, left.state.number)).toEqual([]);
});

test('names that are none, hosts that are not there and subnets in use are told in words', async () => {
  await expect(Lab.up({ name: '../x', hosts: ['web1'] })).rejects.toThrow('is no name');
  await expect(Lab.up({ name: twice, hosts: ['-oProxyCommand=id'] })).rejects.toThrow('is no name');
  const { stderr, exitCode } = await execa('node', [main, 'ssh', '--lab', twice, 'web1'], { reject: false });
  expect(exitCode).toBe(1);
  expect(stderr).toBe(`There is no lab ${twice}. Start it: node lab/main.ts up --lab ${twice}`);
  const lab = await Lab.up({ name: twice, hosts: ['web1'] });
  await expect(lab.exec('web9', ['true'])).rejects.toThrow(`has no host web9; it has web1`);
  await expect(Lab.up({ name: one, hosts: ['web1'], subnet: lab.state.number })).rejects.toThrow(`${lab.state.subnet.slice(0, -5)} is in use`);
});
