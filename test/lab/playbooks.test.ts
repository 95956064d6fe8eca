import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { request } from 'node:http';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Lab } from '../../lab/lab.ts';

// The playbooks as a person runs them by hand, on bare hosts, in the order of a site's life. Each test goes on from the one before.

const PLAYBOOKS = join(import.meta.dirname, '../../playbooks');
const ANSIBLE = join(import.meta.dirname, '../../.venv/bin/ansible-playbook');
const members = ['web1', 'web2'];

const live = {
  project: 'shop', name: 'live', slug: 'shop--live', backend: 'shop_live',
  path: '/var/aegir/projects/shop/live', current: '/var/lib/musher/current/shop/live', user: 'shop--live', uid: 20001,
  app: 'php', docroot: 'web', domains: ['shop.example.net'], shared: [{ path: 'web/files', type: 'directory' }],
  health: { path: '/', expect: 200, timeout: 10 }, keep: 2, workers: 4, port: 80, web: 'nginx', reload: null,
  drain_timeout: 10, hook_timeout: 60, tls: false,
};
const notes = {
  ...live, name: 'notes', slug: 'shop--notes', backend: 'shop_notes', path: '/var/aegir/projects/shop/notes',
  current: '/var/lib/musher/current/shop/notes', user: 'shop--notes', uid: 20002, app: 'static', docroot: '', domains: ['notes.example.net'], shared: [],
};
const group = { name: 'eu', kind: 'cluster', members, balancers: ['lb1'], root: '/var/aegir/projects', web: 'nginx', port: 80 };
const base = { musher_group: group, musher_environment: live, musher_environments: [live, notes] };

let lab: Lab;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'musher-playbooks-'));
  lab = await Lab.up({ name: `playbooks-${process.pid}`, hosts: ['lb1', ...members] });
  const host = (name: string): object => ({
    ansible_host: lab.hosts[name]?.address,
    ansible_user: lab.state.user,
    ansible_ssh_private_key_file: lab.key,
    ansible_ssh_common_args: `-o UserKnownHostsFile=${lab.knownHosts}`,
  });
  const of = (names: string[]): object => ({ hosts: Object.fromEntries(names.map((name) => [name, host(name)])) });
  await writeFile(join(folder, 'inventory.yml'), JSON.stringify({ all: { children: { members: of(members), balancers: of(['lb1']) } } }));
});

afterAll(async () => {
  await lab?.down();
  await rm(folder, { recursive: true, force: true });
});

interface Play {
  ok: boolean;
  changed: Record<string, number>;
  failures: { host: string; msg: string; musher_failure?: string }[];
  results: Record<string, Record<string, unknown>>;
  output: string;
}

interface TaskResult {
  failed?: boolean;
  unreachable?: boolean;
  msg: string;
  musher_failure?: string;
}

/** Runs a playbook; its recap, its failures, and the last result of each host. */
async function play(playbook: string, more: object = {}, ...options: string[]): Promise<Play> {
  const variables = join(folder, 'variables.yml');
  await writeFile(variables, JSON.stringify({ ...base, ...more }));
  const run = await execa(ANSIBLE, ['-i', join(folder, 'inventory.yml'), '-e', `@${variables}`, playbook, ...options], {
    cwd: PLAYBOOKS,
    reject: false,
    env: { ANSIBLE_STDOUT_CALLBACK: 'ansible.posix.json', ANSIBLE_HOME: join(folder, 'ansible') },
  });
  const found = JSON.parse(run.stdout.slice(run.stdout.indexOf('{'))) as {
    plays: { tasks: { hosts: Record<string, TaskResult> }[] }[];
    stats: Record<string, { changed: number }>;
  };
  const all = found.plays.flatMap((one) => one.tasks).flatMap((task) => Object.entries(task.hosts));
  return {
    ok: run.exitCode === 0,
    changed: Object.fromEntries(Object.entries(found.stats).map(([host, stats]) => [host, stats.changed])),
    failures: all.filter(([, result]) => result.failed || result.unreachable).map(([host, result]) => ({ ...result, host })),
    results: Object.fromEntries(all.map(([host, result]) => [host, result as unknown as Record<string, unknown>])),
    output: run.stdout.slice(-4000),
  };
}

async function observe(): Promise<Record<string, unknown>> {
  const seen = await play('observe.yml');
  expect(seen.failures).toEqual([]);
  return Object.fromEntries(members.map((name) => [name, (seen.results[name] as { musher: { environments: unknown } }).musher.environments]));
}

/** A release on the controller: a tree and the variables that name it. */
async function release(id: string, page: string): Promise<object> {
  const artifact = join(folder, id);
  await mkdir(join(artifact, 'web/files'), { recursive: true });
  await writeFile(join(artifact, 'web/index.php'), page);
  await writeFile(join(artifact, 'web/files/upload.txt'), 'seeded');
  const { stdout } = await execa('python3', ['-c', 'import sys, musher_tree; print(musher_tree.checksum(sys.argv[1])[0])', artifact], {
    env: { PYTHONPATH: join(PLAYBOOKS, 'plugins/module_utils'), PYTHONDONTWRITEBYTECODE: '1' },
  });
  return { musher_release: { id, checksum: stdout, artifact } };
}

const targets = (id: string | null): object => ({ musher_targets: Object.fromEntries(members.map((name) => [name, { release: id, in_service: id !== null }])) });

/** What a host answers to a request for a site: status and body. */
const ask = (name: string, path = '/', domain = 'shop.example.net'): Promise<string> =>
  new Promise((resolve, reject) => {
    const asked = request({ host: lab.hosts[name]?.address, path, headers: { host: domain }, timeout: 10_000, agent: false }, (answer) => {
      let body = '';
      answer.on('data', (part: Buffer) => (body += part.toString()));
      answer.on('end', () => resolve(`${answer.statusCode} ${body.trim().split('\n')[0]}`));
    });
    asked.on('error', reject).end();
  });

const page = (name: string): string => `<?php echo '${name}', ' ', posix_geteuid();`;

describe('playbooks by hand', () => {
  let bare: Record<string, unknown>;

  test('a bare host has nothing', async () => {
    bare = await observe();
    expect(bare).toEqual({ web1: {}, web2: {} });
  });

  test('a clash of user ids changes nothing', async () => {
    const clashing = await play('provision.yml', { musher_operation: 'clash', musher_environments: [{ ...live, uid: 33 }] });
    expect(clashing.ok).toBe(false);
    expect(clashing.failures[0]?.msg).toContain('id 33, meant for shop--live, belongs to the user www-data here');
    expect(clashing.changed).toMatchObject({ web1: 0, web2: 0 });
  });

  test('provisions bare hosts, and the second time changes nothing', async () => {
    const first = await play('provision.yml', { musher_operation: 'group/eu/1' });
    expect(first.failures).toEqual([]);
    const second = await play('provision.yml', { musher_operation: 'group/eu/2' });
    expect(second.changed).toEqual({ lb1: 0, web1: 0, web2: 0 });
    expect(await ask('web1', '/', 'nobody.example.net')).toMatch(/^421/);
  });

  test('deploys a release, seeds shared paths once, and lets nobody run an upload', async () => {
    const first = await release('r1', page('one'));
    expect((await play('deploy-upload.yml', first)).failures).toEqual([]);
    expect((await play('deploy-upload.yml', first)).changed).toEqual({ web1: 0, web2: 0 });
    expect((await play('deploy-switch.yml', { ...first, ...targets('r1') })).failures).toEqual([]);
    expect(await Promise.all(members.map((name) => ask(name)))).toEqual(['200 one 20001', '200 one 20001']);
    expect(await ask('lb1')).toBe('200 one 20001');
    expect(await ask('web1', '/files/upload.txt')).toBe('200 seeded');
    await lab.root('web1', ['sh', '-c', `echo changed > ${live.path}/shared/web/files/upload.txt; echo '<?php echo 1;' > ${live.path}/shared/web/files/x.php`]);
    expect(await ask('web1', '/files/x.php')).toMatch(/^404/);
  });

  test('rolls to a second release, keeping what users uploaded', async () => {
    const second = await release('r2', page('two'));
    expect((await play('deploy-upload.yml', second)).failures).toEqual([]);
    const hooks = { musher_hooks: { id: 'r2', hooks: ['echo once >> "$HOME/once"'], timeout: 30 } };
    expect((await play('deploy-once.yml', { ...second, ...hooks }, '--limit', 'web1')).changed).toEqual({ web1: 1 });
    expect((await play('deploy-once.yml', { ...second, ...hooks }, '--limit', 'web1')).changed).toEqual({ web1: 0 });
    expect(await lab.root('web1', ['cat', '/var/lib/musher/home/shop--live/once']).then((done) => done.stdout.trim())).toBe('once');
    expect((await play('deploy-switch.yml', { ...second, ...targets('r2') })).failures).toEqual([]);
    expect(await Promise.all(members.map((name) => ask(name)))).toEqual(['200 two 20001', '200 two 20001']);
    expect(await ask('web1', '/files/upload.txt')).toBe('200 changed');
    expect((await play('deploy-switch.yml', { ...second, ...targets('r2') })).changed).toMatchObject({ web1: 0, web2: 0 });
  });

  test('a release that is ill says what was asked and what came back, and the switch goes back', async () => {
    const third = await release('r3', `<?php http_response_code(500); echo 'no database';`);
    await play('deploy-upload.yml', third);
    const ill = await play('deploy-switch.yml', { ...third, ...targets('r3') });
    expect(ill.failures[0]).toMatchObject({
      musher_failure: 'health-check-failed',
      msg: 'GET http://127.0.0.1:80/ (Host: shop.example.net) answered 500, not 200: no database',
    });
    expect((await play('deploy-switch.yml', { ...third, ...targets('r2') })).failures).toEqual([]);
    expect((await play('deploy-delete.yml', third)).changed).toEqual({ web1: 1, web2: 1 });
    expect(await ask('lb1')).toBe('200 two 20001');
  });

  test('a configuration that nginx refuses leaves the live site as it was', async () => {
    const before = await lab.root('web1', ['sh', '-c', 'cat /etc/nginx/musher/*.conf']);
    const broken = { ...live, domains: ['shop.example.net', '}'] };
    const refused = await play('provision.yml', { musher_operation: 'group/eu/3', musher_environments: [broken, notes] });
    expect(refused.failures[0]?.msg).toContain('The configuration of nginx.service is refused, and was not put in force');
    expect((await lab.root('web1', ['sh', '-c', 'cat /etc/nginx/musher/*.conf'])).stdout).toBe(before.stdout);
    expect(await ask('web1')).toBe('200 two 20001');
  });

  test('undoing a second provisioning puts the first back', async () => {
    const wider = { ...live, domains: ['shop.example.net', 'wide.example.net'], workers: 6 };
    expect((await play('provision.yml', { musher_operation: 'group/eu/4', musher_environments: [wider, notes] })).failures).toEqual([]);
    expect(await ask('web1', '/', 'wide.example.net')).toBe('200 two 20001');
    expect((await play('provision-undo.yml', { musher_operation: 'group/eu/4' })).failures).toEqual([]);
    expect(await ask('web1', '/', 'wide.example.net')).toMatch(/^421/);
    expect(await ask('web1')).toBe('200 two 20001');
    expect((await play('provision.yml', { musher_operation: 'group/eu/5' })).changed).toMatchObject({ web1: 0, web2: 0 });
  });

  test('undoing the first provisioning leaves the data and nothing that serves', async () => {
    expect((await play('provision-undo.yml', { musher_operation: 'group/eu/1' })).failures).toEqual([]);
    expect((await play('provision-undo.yml', { musher_operation: 'group/eu/1' })).changed).toEqual({ lb1: 0, web1: 0, web2: 0 });
    await expect(ask('web1')).rejects.toThrow(/ECONNREFUSED/);
    const left = await observe();
    expect(left).toMatchObject({ web1: { 'shop/live': { provisioned: false, shared: ['web/files'] } } });
    expect(left.web1).not.toHaveProperty('shop/notes');
  });
});
