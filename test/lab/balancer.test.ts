import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { BackendServerObservation, HostObservation } from '../../contract/observation.ts';
import { Lab } from '../../lab/lab.ts';

// HAProxy under systemd, before members that are web servers of Python's. Each test goes on from the one before.

const PLAYBOOKS = join(import.meta.dirname, '../../playbooks');
const members = ['web1', 'web2'];
const live = {
  project: 'shop', name: 'live', slug: 'shop--live', backend: 'shop_live', domains: ['shop.example.net'],
  health: { path: '/', expect: 200, timeout: 10 }, port: 80, drain_timeout: 10, tls: false,
};
const serving = { admin: 'ready', held: false };

let lab: Lab;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'musher-balancer-'));
  await execa(join(import.meta.dirname, '../../lab/ensure-packages'), ['openssl']);
  lab = await Lab.up({ name: `balancer-${process.pid}`, hosts: ['lb1', ...members] });
  for (const name of members) {
    await lab.root(name, ['sh', '-c', `mkdir /srv/site && echo ${name} > /srv/site/index.html`]);
    await lab.root(name, ['systemd-run', '--quiet', 'python3', '-m', 'http.server', '--directory', '/srv/site', '80']);
  }
  const host = (name: string): object => ({
    ansible_host: lab.hosts[name]?.address,
    ansible_user: lab.state.user,
    ansible_ssh_private_key_file: lab.key,
    ansible_ssh_common_args: `-o UserKnownHostsFile=${lab.knownHosts}`,
  });
  const of = (names: string[]): object => ({ hosts: Object.fromEntries(names.map((name) => [name, host(name)])) });
  await writeFile(join(folder, 'inventory.yml'), JSON.stringify({ all: { children: { members: of(members), balancers: of(['lb1']) } } }));
  const step = (name: string): object => ({
    hosts: 'balancers',
    gather_facts: false,
    become: true,
    tasks: [{ 'ansible.builtin.include_role': { name: 'balancer', tasks_from: name } }],
  });
  for (const name of ['drain', 'ready']) await writeFile(join(folder, `${name}.yml`), JSON.stringify([step(name)]));
});

afterAll(async () => {
  await lab?.down();
  await rm(folder, { recursive: true, force: true });
});

/** Runs a playbook; what it prints. Throws when it fails. */
async function play(playbook: string, more: object = {}, ...options: string[]): Promise<string> {
  const variables = join(folder, 'variables.yml');
  const group = { name: 'eu', root: '/srv', web: 'nginx', port: 80 };
  await writeFile(variables, JSON.stringify({ musher_group: group, musher_environments: [live], musher_environment: live, ...more }));
  const { stdout } = await execa('ansible-playbook', ['-i', join(folder, 'inventory.yml'), '-e', `@${variables}`, playbook, ...options], {
    cwd: PLAYBOOKS,
    env: { ANSIBLE_HOME: join(folder, 'ansible'), ANSIBLE_ROLES_PATH: join(PLAYBOOKS, 'roles'), ANSIBLE_NOCOLOR: '1' },
  });
  return stdout;
}

const targets = (names: string[]): object => ({
  musher_targets: Object.fromEntries(names.map((name) => [name, { release: 'r1', in_service: true }])),
});
const drain = (...names: string[]): Promise<string> => play(join(folder, 'drain.yml'), targets(names));
const ready = (...names: string[]): Promise<string> => play(join(folder, 'ready.yml'), targets(names));

async function observe(): Promise<Record<string, BackendServerObservation> | undefined> {
  const code = 'import json, sys; sys.path.insert(0, "/usr/local/lib/musher"); import musher_haproxy; print(json.dumps(musher_haproxy.observe()))';
  const { stdout } = await lab.root('lb1', ['python3', '-B', '-c', code]);
  return (JSON.parse(stdout) as HostObservation['balancer'])?.backends['shop_live'];
}

const ask = (): Promise<string> =>
  new Promise((resolve) => {
    request({ host: lab.hosts['lb1']!.address, headers: { host: 'shop.example.net' }, timeout: 10_000, agent: false }, (answer) => {
      let body = '';
      answer.on('data', (part: Buffer) => (body += part.toString()));
      answer.on('end', () => resolve(answer.statusCode === 200 ? body.trim() : String(answer.statusCode)));
    })
      .on('error', (error) => resolve(error.message))
      .end();
  });
const served = async (): Promise<string[]> => [...new Set([await ask(), await ask(), await ask(), await ask()])].sort();

test('provisions a bare host once, and a second time changes nothing', async () => {
  expect(await play('balancer.yml')).toMatch(/lb1 .*changed=[1-9].*failed=0/);
  expect(await play('balancer.yml')).toMatch(/lb1 .*changed=0 .*failed=0/);
  expect(await served()).toEqual(['503']);
  await ready(...members);
  expect(await served()).toEqual(members);
  expect(await play('balancer.yml')).toMatch(/lb1 .*changed=0 .*failed=0/);
});

test('only root reaches the master, and the runtime state', async () => {
  const { stdout } = await lab.root('lb1', ['stat', '-c', '%U %a', '/run/haproxy-master.sock', '/run/haproxy-musher', '/etc/haproxy/musher']);
  expect(stdout.split('\n')).toEqual(['root 755', 'root 700', 'root 700']);
});

test('no request is lost while members are drained and put back, and the service is reloaded by hand', async () => {
  const answers: Record<string, number> = {};
  let working = true;
  const load = Promise.all(
    Array.from({ length: 4 }, async () => {
      while (working) {
        const answer = await ask();
        answers[answer] = (answers[answer] ?? 0) + 1;
      }
    }),
  );
  try {
    for (const name of members) {
      await drain(name);
      await lab.root('lb1', ['systemctl', 'reload', 'haproxy']);
      expect(await served()).toEqual(members.filter((other) => other !== name));
      await ready(name);
    }
  } finally {
    working = false;
  }
  await load;
  expect(Object.keys(answers).sort()).toEqual(members);
  expect(Math.min(...Object.values(answers))).toBeGreaterThan(100);
});

test('a drain lasts over a reload, and no longer than HAProxy runs', async () => {
  await drain('web1');
  await lab.root('lb1', ['systemctl', 'reload', 'haproxy']);
  expect(await observe()).toEqual({ web1: { admin: 'drain', held: false }, web2: serving });
  expect((await lab.root('lb1', ['ls', '-A', '/run/haproxy-musher'])).stdout).toBe('');
  await lab.root('lb1', ['systemctl', 'restart', 'haproxy']);
  expect(await observe()).toEqual({ web1: serving, web2: serving });
  await drain('web2');
  await lab.powerCut('lb1');
  await lab.start('lb1');
  await expect.poll(served, { timeout: 20_000 }).toEqual(members);
  expect(await observe()).toEqual({ web1: serving, web2: serving });
  expect(await play('balancer.yml')).toMatch(/lb1 .*changed=0 .*failed=0/);
});

test('one that is held stays out through a reload, a restart and a power cut, healthy as it is', async () => {
  await play('balancer-hold.yml', { musher_holds: ['web1'] });
  const held = { web1: { admin: 'maint', held: true }, web2: serving };
  const events: [string, () => Promise<unknown>][] = [
    ['reload', () => lab.root('lb1', ['systemctl', 'reload', 'haproxy'])],
    ['provision', () => play('balancer.yml')],
    ['restart', () => lab.root('lb1', ['systemctl', 'restart', 'haproxy'])],
    ['power cut', () => lab.powerCut('lb1').then(() => lab.start('lb1'))],
  ];
  for (const [event, happens] of events) {
    await happens();
    await expect.poll(served, { timeout: 20_000 }).toEqual(['web2']);
    expect([event, await observe()]).toEqual([event, held]);
  }
  await play('balancer-hold.yml', { musher_releases: ['web1'] });
  await expect.poll(served, { timeout: 20_000 }).toEqual(members);
});

test('a certificate is served, and nobody but root on the balancer gets to see its key', async () => {
  const pem = join(folder, 'shop.pem');
  await execa('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=shop.example.net', '-keyout', pem, '-out', `${pem}.crt`]);
  const key = await readFile(pem, 'utf8');
  await writeFile(pem, (await readFile(`${pem}.crt`, 'utf8')) + key);
  const secure = { musher_environments: [{ ...live, tls: true }], musher_secret_files: { 'shop--live': pem } };
  const told = await play('balancer.yml', secure, '-vvv');
  expect(told).toMatch(/lb1 .*changed=1 .*failed=0/);
  expect(told).not.toContain(key.split('\n')[2]);
  expect(await play('balancer.yml', secure)).toMatch(/lb1 .*changed=0 .*failed=0/);
  expect(await ask()).toBe('301');
  const address = lab.hosts['lb1']!.address;
  const { stdout } = await execa('openssl', ['s_client', '-connect', `${address}:443`, '-servername', 'shop.example.net', '-CAfile', `${pem}.crt`], { input: '' });
  expect(stdout).toContain('Verify return code: 0 (ok)');
  expect((await lab.root('lb1', ['stat', '-c', '%U %a', '/etc/haproxy/musher/certificates/shop--live.pem'])).stdout).toBe('root 600');
  expect((await lab.root('lb1', ['journalctl', '--no-pager', '-o', 'cat'])).stdout).not.toContain(key.split('\n')[2]);
  await writeFile(pem, 'no certificate');
  await expect(play('balancer.yml', secure)).rejects.toThrow(/HAProxy refused the new configuration; the one from before is in force: .*ALERT.*shop--live\.pem/);
  expect(await play('balancer.yml')).toMatch(/lb1 .*changed=1 .*failed=0/);
});

test('a provision that took HTTPS away is undone, and keeps no key', async () => {
  const pem = join(folder, 'again.pem');
  await execa('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=shop.example.net', '-keyout', pem, '-out', `${pem}.crt`]);
  await writeFile(pem, (await readFile(`${pem}.crt`, 'utf8')) + (await readFile(pem, 'utf8')));
  const kept = () => lab.root('lb1', ['sh', '-c', 'grep -rl PRIVATE /var/lib/musher/undo || true']).then(({ stdout }) => stdout);
  const onBalancers = (playbook: string, more: object) => play(playbook, more, '--limit', 'balancers');
  const secure = { musher_environments: [{ ...live, tls: true }], musher_secret_files: { 'shop--live': pem } };
  await onBalancers('provision.yml', { ...secure, musher_operation: 'group/eu/1' });
  expect(await ask()).toBe('301');
  expect(await onBalancers('provision.yml', { ...secure, musher_operation: 'group/eu/2' })).toMatch(/lb1 .*changed=0 .*failed=0/);
  // One that fails elsewhere ends here, before its last play.
  await play('balancer.yml', { balancer_operation: 'group/eu/3' });
  expect(await served()).toEqual(members);
  expect(await kept()).toBe('/var/lib/musher/undo/group%eu%3/balancer.json');
  await play('balancer-hold.yml', { musher_holds: ['web1'] });
  await onBalancers('provision-undo.yml', { musher_operation: 'group/eu/3' });
  expect(await ask()).toBe('301');
  expect(await observe()).toEqual({ web1: { admin: 'maint', held: true }, web2: serving });
  await lab.root('lb1', ['sh', '-c', 'cd / && haproxy -c -f /etc/haproxy/haproxy.cfg']);
  expect(await kept()).toBe('');
  await play('balancer-hold.yml', { musher_releases: ['web1'] });
  await onBalancers('provision.yml', { musher_operation: 'group/eu/4' });
  expect(await kept()).toBe('');
  await expect.poll(served, { timeout: 20_000 }).toEqual(members);
});

test('a port that somebody else took is named, and the configuration from before stays in force', async () => {
  const before = await readFile(join(lab.rootOf('lb1'), 'etc/haproxy/haproxy.cfg'), 'utf8');
  await lab.root('lb1', ['systemd-run', '--quiet', '--unit=other', 'python3', '-m', 'http.server', '8081']);
  await expect.poll(() => lab.root('lb1', ['ss', '-ltnH', 'sport', '=', ':8081']).then(({ stdout }) => stdout)).not.toBe('');
  const defaults = parse(await readFile(join(PLAYBOOKS, 'roles/balancer/defaults/main.yml'), 'utf8')) as { balancer_settings: object };
  const refused = play('balancer.yml', { balancer_settings: { ...defaults.balancer_settings, http_port: 8081 } });
  await expect(refused).rejects.toThrow(/HAProxy cannot listen on \*:8081: Address already in use/);
  expect(await readFile(join(lab.rootOf('lb1'), 'etc/haproxy/haproxy.cfg'), 'utf8')).toBe(before);
  expect(await served()).toEqual(members);
});
