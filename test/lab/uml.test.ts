import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { afterAll, expect, test } from 'vitest';
import { Cgroup } from '../../lab/cgroup.ts';
import { drivers } from '../../lab/drivers.ts';
import { paths } from '../../lab/home.ts';
import { ensureImage } from '../../lab/image.ts';
import { Lab } from '../../lab/lab.ts';
import { until } from '../../lab/process.ts';
import { loadState } from '../../lab/state.ts';
import { claimedBy } from '../../lab/subnet.ts';
import { tracesOf } from './lab-traces.ts';

// Hosts with a kernel of their own beside one that shares the machine's. Each test goes on from the one before.

const main = join(import.meta.dirname, '../../lab/main.ts');
const ansible = join(import.meta.dirname, '../../.venv/bin/ansible');
const own = ['nfs1', 'web1', 'web2'];
const name = `uml-${process.pid}`;
const crash = `uml-crash-${process.pid}`;
const old = `uml-old-${process.pid}`;
let lab: Lab;

afterAll(async () => {
  await Promise.all([name, crash, old].map((one) => Lab.down(one)));
});

const text = async (host: string, ...words: string[]): Promise<string> => (await lab.root(host, words)).stdout;

test('three hosts with kernels of their own and one without answer SSH within two minutes', async () => {
  // Making the image, where there is none, is not what is measured.
  await drivers.uml.prepare(await ensureImage());
  const started = Date.now();
  lab = await Lab.up({ name, hosts: [...own.map((host) => ({ name: host, driver: 'uml' as const, memory: 384 })), 'lb1'] });
  expect(Date.now() - started).toBeLessThan(120_000);
  const machine = (await execa('uname', ['-r'])).stdout;
  for (const host of [...own, 'lb1']) {
    expect((await lab.exec(host, ['hostname'])).stdout).toBe(host);
    expect((await lab.exec(host, ['sudo', '-n', 'uname', '-r'])).stdout === machine).toBe(host === 'lb1');
  }
  expect((await lab.exec('web1', ['systemctl', 'is-system-running', '--wait'])).stdout).toBe('running');
});

test('all of them answer Ansible, under the host keys that the lab made', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'musher-uml-'));
  try {
    const hosts = Object.values(lab.hosts).map(({ name: host, address }) => `${host} ansible_host=${address}`);
    const common = `-o UserKnownHostsFile=${lab.knownHosts} -o StrictHostKeyChecking=yes -o ControlPath=none`;
    const all = `[all:vars]\nansible_user=${lab.state.user}\nansible_ssh_private_key_file=${lab.key}\nansible_ssh_common_args=${common}\n`;
    await writeFile(join(folder, 'inventory'), `${hosts.join('\n')}\n${all}`);
    const env = { ANSIBLE_HOME: join(folder, 'ansible'), ANSIBLE_HOST_KEY_CHECKING: 'True' };
    const started = Date.now();
    const { stdout } = await execa(ansible, ['-i', join(folder, 'inventory'), 'all', '--one-line', '-m', 'ping'], { env });
    expect(Date.now() - started).toBeLessThan(60_000);
    expect(stdout.match(/SUCCESS/g)).toHaveLength(4);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('the state says how each host is run, in `status` too, and a host stays what it is', async () => {
  const { hosts } = (await loadState(name))!;
  expect(hosts['nfs1']).toMatchObject({ driver: 'uml', memory: 384 });
  expect(hosts['lb1']).toMatchObject({ driver: 'nspawn', root: lab.rootOf('lb1') });
  const { stdout } = await execa('node', [main, 'status']);
  expect(stdout).toMatch(/^ {2}nfs1 .* running {2}uml with 384 MiB$/m);
  expect(stdout).toMatch(/^ {2}lb1 .* running {2}nspawn$/m);
  expect(() => lab.rootOf('nfs1')).toThrow('has a disk of its own');
  await expect(Lab.up({ name, hosts: [{ name: 'nfs1', driver: 'nspawn' }] })).rejects.toThrow('has nfs1 as uml with 384 MiB already');
  await expect(Lab.up({ name, hosts: [{ name: 'lb1', release: 'trixie' }] })).rejects.toThrow('has lb1 as nspawn already, with Debian bookworm');
  await expect(Lab.up({ name, hosts: [{ name: 'lb1', equipped: true }] })).rejects.toThrow('has lb1 as nspawn already');
  await expect(Lab.up({ name, hosts: [{ name: 'web9', memory: 512 }] })).rejects.toThrow('only a host of the driver uml');
  const { exitCode, stderr } = await execa('node', [main, 'up', '--lab', name, 'web9:xen'], { reject: false });
  expect([exitCode, stderr]).toEqual([1, 'There is no driver "xen"; there are nspawn and uml']);
});

test('a state file from before there were two drivers and two releases still reads', async () => {
  const state = (await loadState(name))!;
  const { driver: _driver, release: _release, image: _image, ...host } = state.hosts['lb1']!;
  await mkdir(join(paths.labs, old), { recursive: true });
  await writeFile(join(paths.labs, old, 'lab.json'), JSON.stringify({ ...state, name: old, image: '/images/0123456789abcdef', hosts: { lb1: host } }));
  expect((await Lab.find(old))!.host('lb1')).toEqual({ ...host, driver: 'nspawn', release: 'bookworm', image: '/images/0123456789abcdef' });
  await rm(join(paths.labs, old), { recursive: true });
});

test('one of them is entered as root without its network and its sshd, and every word arrives as it is', async () => {
  const words = ['', ' ', `it's "$HOME"`, '*', ';', '\\', '$(id)', 'ä\n\tb'];
  const program = 'import json, sys; print(json.dumps([sys.argv[1:], sys.stdin.read()]))';
  await lab.cutLink('web2');
  await lab.root('web2', ['systemctl', 'stop', 'ssh']);
  expect((await lab.exec('web2', ['true'], { reject: false })).exitCode).toBe(255);
  const { stdout } = await lab.root('web2', ['python3', '-c', program, ...words], { input: 'a\0b' });
  expect(JSON.parse(stdout)).toEqual([words, 'a\0b']);
  expect((await lab.root('web2', ['sh', '-c', 'exit 7'], { reject: false })).exitCode).toBe(7);
  // It is in the host's own network, of which it is no part.
  expect(await text('web2', 'ip', '-brief', 'address', 'show', 'up')).toMatch(new RegExp(`^lo .*\nvec0 .* ${lab.host('web2').address}/24.*$`));
  await lab.root('web2', ['systemctl', 'start', 'ssh']);
  await lab.joinLink('web2');
  expect((await lab.exec('web2', ['hostname'])).stdout).toBe('web2');
});

test('its guests see nothing of the machine\'s files, and have no way out', async () => {
  expect((await lab.root('web1', ['mount', '-t', 'hostfs', 'none', '/mnt', '-o', '/etc'], { reject: false })).exitCode).not.toBe(0);
  const program = 'import socket\ntry: socket.create_connection(("192.0.2.1", 80), 5)\nexcept OSError as error: print(error.errno)';
  expect(await text('web1', 'python3', '-c', program)).toBe('113');
});

test('one exports files over NFS 4.2 that another reads and writes', async () => {
  const install = async (host: string, ...packages: string[]) => {
    await lab.exec(host, ['sudo', 'apt-get', 'update', '-qq']);
    await lab.exec(host, ['sudo', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', 'install', '-y', '-qq', '--no-install-recommends', ...packages]);
  };
  expect((await lab.root('nfs1', ['which', 'exportfs'], { reject: false })).exitCode).toBe(1);
  await Promise.all([install('nfs1', 'nfs-kernel-server'), install('web1', 'nfs-common')]);
  const line = `/srv/files ${lab.host('web1').address}(rw,sync,no_subtree_check,root_squash,fsid=1)`;
  await lab.root('nfs1', ['sh', '-c', 'install -d -o deploy -g deploy /srv/files; echo "$1" >/etc/exports; exportfs -ra', 'sh', line]);
  const source = `${lab.host('nfs1').address}:/srv/files`;
  await lab.root('web1', ['mount', '-t', 'nfs4', '-o', 'vers=4.2', source, '/mnt']);
  expect(await text('web1', 'cat', '/proc/mounts')).toMatch(/ \/mnt nfs4 \S*vers=4\.2,/);
  await lab.exec('web1', ['sh', '-c', 'echo from web1 >/mnt/note']);
  expect(await text('nfs1', 'cat', '/srv/files/note')).toBe('from web1');
  await lab.exec('nfs1', ['sh', '-c', 'echo from nfs1 >/srv/files/answer']);
  expect((await lab.exec('web1', ['cat', '/mnt/answer'])).stdout).toBe('from nfs1');
  // Root of a member is nobody on the server.
  expect((await lab.root('web1', ['touch', '/mnt/root'], { reject: false })).stderr).toContain('Permission denied');
});

/** Milliseconds until the host's kernel answers a connection, the quickest of five. */
async function roundTrip(host: string): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < 5; round++) {
    const started = performance.now();
    await new Promise<void>((resolve, reject) => {
      const socket = connect({ host: lab.host(host).address, port: 22 }, () => resolve(void socket.destroy()));
      socket.once('error', reject);
    });
    times.push(performance.now() - started);
  }
  return Math.min(...times);
}

test('a slow link delays each answer by what it was told, and not longer than it was told', async () => {
  const before = await roundTrip('web2');
  await lab.delay('web2', 300);
  const slow = await roundTrip('web2');
  await lab.delay('web2', 100);
  const lessSlow = await roundTrip('web2');
  await execa('node', [main, 'delay', '--lab', name, 'web2', '0']);
  const after = await roundTrip('web2');
  expect(slow - before).toBeGreaterThan(290);
  expect(slow - before).toBeLessThan(450);
  expect(lessSlow - before).toBeGreaterThan(95);
  expect(lessSlow - before).toBeLessThan(200);
  expect(after).toBeLessThan(90);
  await lab.delay('web2', 0);
  await expect(lab.delay('web2', -1)).rejects.toThrow('0 to 60000');
});

test('a host on the machine\'s kernel has a slow link, or says why not', async () => {
  const outcome = await lab.delay('lb1', 200).catch((error: Error) => error.message);
  if (outcome === undefined) {
    expect(await roundTrip('lb1')).toBeGreaterThan(190);
    await lab.delay('lb1', 0);
    expect(await roundTrip('lb1')).toBeLessThan(90);
  } else {
    expect(outcome).toBe('lb1 cannot have a slow link: its kernel has no netem (module sch_netem). Hosts of the driver uml have it');
  }
});

test('a full disk takes nothing more until it is freed', async () => {
  const write = () => lab.exec('nfs1', ['sh', '-c', 'head -c 8192 /dev/zero >more'], { reject: false });
  expect((await write()).exitCode).toBe(0);
  await lab.fill('nfs1');
  await lab.exec('nfs1', ['rm', 'more']);
  await lab.fill('nfs1');
  expect((await write()).stderr).toContain('No space left on device');
  expect((await lab.root('nfs1', ['sh', '-c', 'head -c 8192 /dev/zero >/root/more'], { reject: false })).stderr).toContain('No space left on device');
  // Over NFS it is the same disk.
  expect((await lab.exec('web1', ['sh', '-c', 'head -c 8192 /dev/zero >/mnt/more'], { reject: false })).stderr).toContain('No space left on device');
  await lab.free('nfs1');
  expect((await write()).exitCode).toBe(0);
  await expect(lab.fill('lb1')).rejects.toThrow('shares this machine\'s disk');
});

test.each(['web2', 'lb1'])('a frozen process on %s neither works nor ends until it is thawed', async (host) => {
  const program = 'import time\nwhile True:\n  open("/run/count", "a").write("x")\n  time.sleep(0.02)';
  const count = async () => Number(await text(host, 'stat', '-c', '%s', '/run/count'));
  await lab.root(host, ['systemd-run', '--quiet', '--unit=counter', 'python3', '-c', program]);
  expect(await until(10_000, 200, async () => (await lab.root(host, ['test', '-s', '/run/count'], { reject: false })).exitCode === 0)).toBe(true);
  await lab.freeze(host, 'python3');
  const frozen = await count();
  await sleep(500);
  expect(await count()).toBe(frozen);
  await execa('node', [main, 'thaw', '--lab', name, host, 'python3']);
  expect(await until(10_000, 200, async () => (await count()) > frozen)).toBe(true);
  await lab.root(host, ['systemctl', 'stop', 'counter']);
  await expect(lab.freeze(host, 'python3')).rejects.toThrow(`No process named python3 runs on ${host}`);
  await expect(lab.thaw(host, 'p.*')).rejects.toThrow(`No process named p.* runs on ${host}`);
});

test('a thread of the kernel is not said to be frozen', async () => {
  await expect(lab.freeze('web2', 'kthreadd')).rejects.toThrow('web2 cannot freeze kthreadd');
});

test('a host keeps over a power cut what it had synced, and none of its processes', async () => {
  await lab.exec('web1', ['sh', '-c', 'echo kept >note; sync note']);
  const machine = await text('web1', 'cat', '/etc/machine-id');
  await lab.root('web1', ['systemd-run', '--quiet', 'sleep', '1000']);
  const group = new Cgroup(join(String(lab.state.number), String(lab.host('web1').number)));
  expect(await group.processes()).toContain(lab.host('web1').leader!.pid);
  expect((await group.processes()).length).toBeGreaterThan(3);
  await lab.powerCut('web1');
  expect(await group.processes()).toEqual([]);
  expect(await lab.isRunning('web1')).toBe(false);
  expect((await lab.exec('web1', ['true'], { reject: false })).exitCode).toBe(255);
  await expect(lab.root('web1', ['true'])).rejects.toThrow('web1 is not running');
  expect((await lab.exec('web2', ['hostname'])).stdout).toBe('web2');
  await lab.start('web1');
  expect((await lab.exec('web1', ['cat', 'note', '/etc/machine-id'])).stdout).toBe(`kept\n${machine}`);
  expect((await lab.exec('web1', ['pgrep', 'sleep'], { reject: false })).stdout).toBe('');
  expect((await loadState(name))!.hosts['web1']!.leader).toEqual(lab.host('web1').leader);
});

test('a host that reboots itself comes back', async () => {
  await lab.root('web1', ['touch', '/run/before-the-reboot']);
  await lab.exec('web1', ['sudo', 'systemd-run', '--quiet', 'systemctl', 'reboot', '--force']);
  const back = await until(60_000, 500, async () => (await lab.exec('web1', ['test', '!', '-e', '/run/before-the-reboot'], { reject: false })).exitCode === 0);
  expect(back).toBe(true);
});

test('an `up` that is killed leaves nothing that `down` does not take away, and `down` touches no other lab', async () => {
  const started = execa('node', [main, 'up', '--lab', crash, 'web1:uml:256', 'lb1'], { reject: false });
  const folder = join(paths.labs, crash);
  const number = await until(60_000, 5, async () => {
    const claimed = await claimedBy(folder);
    return claimed !== undefined && (await new Cgroup(join(String(claimed), '11')).processes()).length > 3 && claimed;
  });
  started.kill('SIGKILL');
  await started;
  expect(number).toBeDefined();
  expect(await readFile(join(folder, 'hosts/web1/console.log'), 'utf8')).toBeTypeOf('string');
  await Lab.down(crash);
  // A child of the killed command may have been about to start something.
  await sleep(300);
  expect(await tracesOf(crash, number)).toEqual([]);
  for (const host of Object.keys(lab.hosts)) expect((await lab.exec(host, ['hostname'])).stdout).toBe(host);
});

test('the end of the lab leaves no process, mount, link or file', async () => {
  const { number } = lab.state;
  expect((await tracesOf(name, number)).length).toBeGreaterThan(20);
  await lab.down();
  expect(await tracesOf(name, number)).toEqual([]);
});
