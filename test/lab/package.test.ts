import { existsSync } from 'node:fs';
import { mkdir, readFile, readlink, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { stringify } from 'yaml';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Status } from '../../cli/status/collect-status.ts';
import type { OperationResult } from '../../contract/result.ts';
import { makeLoadPages } from '../../lab/demo/application/make-release.ts';
import { Lab } from '../../lab/lab.ts';
import { CleanUser } from './clean-user.ts';
import { installPack, musherOf, packMusher, stateOf } from './pack-musher.ts';

// What `npm pack` makes, installed by a user who has nothing else of Musher's: an unprivileged one of this machine, then root of a host
// with systemd, to whom the same installation is copied, for hosts reach no registry.
const ROOT = join(import.meta.dirname, '../..');
const LONG = 900_000;
const MEMBERS = ['web1', 'web2'];
const name = `test-package-${process.pid}`;
/** Not below /tmp, which a host empties when it boots: the same paths are good in both places. */
const folder = `/var/tmp/musher-${name}`;

let pack: string;
let lab: Lab;
let user: CleanUser;

beforeAll(async () => {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { mode: 0o755 });
  pack = await packMusher(folder);
  user = await CleanUser.make(folder);
  lab = await Lab.up({ name, hosts: ['lb1', ...MEMBERS, 'ops'] });
}, LONG);
afterAll(async () => {
  if (user && existsSync(musherOf(user))) await user.run([musherOf(user), 'service', 'stop']);
  await Lab.down(name);
  await rm(folder, { recursive: true, force: true });
}, LONG);

const musher = (...words: string[]) => user.run([musherOf(user), ...words]);

/** A command as root of the host `ops`, with the state folder that was copied there. */
const onOps = (...words: string[]) => lab.root('ops', ['env', `MUSHER_HOME=${stateOf(user)}`, 'sh', '-c', 'cd "$0" && exec "$@"', user.home, ...words], { reject: false });
const musherOnOps = (...words: string[]) => onOps(musherOf(user), ...words);

const resultOf = (stdout: string): OperationResult => (JSON.parse(stdout.trim().split('\n').at(-1)!) as { result: OperationResult }).result;
const statusOf = (stdout: string) => (JSON.parse(stdout) as Status).subjects[0]!;

const currentOf = (member: string): Promise<string> => readlink(join(lab.rootOf(member), 'var/lib/musher/current/shop/live'));

async function writeSite(version: string, each: string[] = []): Promise<void> {
  const servers = ['lb1', ...MEMBERS].map((server) => [server, { address: lab.host(server).address, user: lab.state.user }]);
  const live = { group: 'eu', domains: ['shop.example.net'], health: { path: '/load.php' }, retry_timeout: 60 };
  const spec = {
    version: 1,
    servers: Object.fromEntries(servers) as object,
    groups: { eu: { kind: 'cluster', members: MEMBERS, balancers: ['lb1'] } },
    projects: { shop: { app: 'php', source: { directory: 'shop' }, docroot: 'public', shared: ['data'], hooks: { each }, environments: { live } } },
  };
  await rm(join(user.home, 'shop'), { recursive: true, force: true });
  await makeLoadPages({ folder: join(user.home, 'shop'), version });
  await user.give('musher.yml', stringify(spec));
}

test('The package installs in an empty folder of a clean user, who has no repository', async () => {
  expect((await user.run(['ls', '-A', ROOT])).stdout).toBe('');
  await installPack(user, pack);
  expect((await musher('--version')).stdout).toBe((JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { version: string }).version);
  const { stdout } = await user.run(['sh', '-c', 'cd node_modules/musher && find . -name "*.ts" ! -name "*.d.ts"; ls -d lab test dist/lab dist/test 2>/dev/null']);
  expect(stdout).toBe('');
}, LONG);

test('Another program imports the client from it', async () => {
  const script = "import { connect, deployRequest, MusherClient, parseSpec } from 'musher'; console.log([connect, deployRequest, MusherClient, parseSpec].map((one) => typeof one).join());";
  const { stdout, stderr } = await user.run(['node_modules/.bin/node', '--input-type=module', '--eval', script]);
  expect(stdout, stderr).toBe('function,function,function,function');
});

test('Without its set-up a command names it; "musher setup" brings all, and a second time nothing', async () => {
  const before = await musher('service', 'start');
  expect(before.exitCode).toBe(3);
  expect(before.stderr).toContain('Run "musher setup"');
  const first = await musher('setup', '--json');
  expect(first.exitCode, first.stdout + first.stderr).toBe(0);
  expect(JSON.parse(first.stdout)).toMatchObject({ made: true, ansible: expect.stringMatching(/^2\./) as string, temporal: { version: expect.stringMatching(/^\d/) as string } });
  expect(JSON.parse((await musher('setup', '--json')).stdout)).toEqual({ ...(JSON.parse(first.stdout) as object), made: false });
}, LONG);

test('From there bare hosts are provisioned, and a release deployed', async () => {
  await mkdir(join(user.home, '.ssh'), { mode: 0o700 });
  await user.give('.ssh/id_ed25519', await readFile(lab.key));
  await user.give('.ssh/known_hosts', await readFile(lab.knownHosts));
  await execa('chown', ['--reference', user.home, join(user.home, '.ssh')]);
  await writeSite('1');
  expect((await musher('check')).exitCode).toBe(0);
  const provision = await musher('provision', 'eu', '--json');
  expect(provision.exitCode, provision.stdout.slice(-3000) + provision.stderr).toBe(0);
  const deploy = await musher('deploy', 'shop/live', '--json');
  expect(deploy.exitCode, deploy.stdout.slice(-3000) + deploy.stderr).toBe(0);
  const { live = [] } = statusOf((await musher('status', 'shop/live', '--live', '--json')).stdout);
  expect(live.map(({ release }) => release)).toEqual(MEMBERS.map(() => resultOf(deploy.stdout).release!.id));
  expect((await musher('service', 'stop')).exitCode).toBe(0);
}, LONG);

test('Where there is no systemd, "musher service install" is refused, and nothing changes', async () => {
  if (existsSync('/run/systemd/system')) return;
  const { exitCode, stderr } = await musher('service', 'install');
  expect(exitCode).toBe(3);
  expect(stderr).toContain('does not run systemd');
  expect(existsSync(join(user.home, '.config/systemd'))).toBe(false);
});

test('Installed as a service, it ends a deploy by itself whose machine was cut off in the middle', async ({ annotate }) => {
  const there = (path: string) => join(lab.rootOf('ops'), path);
  const copy = (from: string, to: string) => execa('cp', ['--recursive', '--preserve=mode,timestamps,links', from, there(to)]);
  await mkdir(there(stateOf(user)), { recursive: true, mode: 0o700 });
  await mkdir(there('root/.ssh'), { recursive: true, mode: 0o700 });
  // Its hook takes long enough on each member for the machine to go meanwhile.
  await writeSite('2', ['sleep 10']);
  for (const path of ['node_modules', 'musher.yml', 'shop']) await copy(join(user.home, path), join(user.home, path));
  // It is good in its own place alone.
  await copy(join(stateOf(user), 'python'), join(stateOf(user), 'python'));
  for (const file of ['id_ed25519', 'known_hosts']) await copy(join(user.home, '.ssh', file), join('root/.ssh', file));

  const installed = await musherOnOps('service', 'install', '--json');
  expect(installed.exitCode, installed.stdout + installed.stderr).toBe(0);
  const { systemd, keys } = JSON.parse(installed.stdout) as { systemd: { scope: string; server: string; worker: string }; keys: object[] };
  expect(systemd.scope).toBe('system');
  expect(keys).toEqual([{ path: '/root/.ssh/id_ed25519', opens: true }]);

  const before = await Promise.all(MEMBERS.map(currentOf));
  const started = await musherOnOps('deploy', 'shop/live', '--detach');
  expect(started.exitCode, started.stdout + started.stderr).toBe(0);
  await untilSwitching('switch batch 1 of 2');
  await lab.powerCut('ops');
  expect(await currentOf('web2')).toBe(before[1]);
  const cut = Date.now();
  await lab.start('ops');

  // Nobody gives a command there from now on.
  while ((await Promise.all(MEMBERS.map(currentOf))).some((now, index) => now === before[index]) && Date.now() < cut + 240_000) await sleep(500);
  const after = await Promise.all(MEMBERS.map(currentOf));
  expect(new Set(after).size).toBe(1);
  expect(after[0]).not.toBe(before[0]);
  await annotate(`Both members served the new release ${Math.round((Date.now() - cut) / 1000)} s after the power cut`);
  const ended = await musherOnOps('watch', 'shop/live', '--json');
  expect(ended.exitCode, ended.stdout.slice(-3000) + ended.stderr).toBe(0);
  const { last, running, members } = statusOf((await musherOnOps('status', 'shop/live', '--json')).stdout);
  expect({ outcome: last?.outcome, running }).toEqual({ outcome: 'done', running: null });
  expect(members.map(({ inService }) => inService)).toEqual([true, true]);
}, LONG);

test('systemd brings back what is killed; stop and start work through it; uninstall leaves nothing', async () => {
  const state = async () => JSON.parse((await musherOnOps('service', 'status', '--json')).stdout) as { systemd?: { worker: string; server: string }; worker: { running: boolean; pid?: number; current?: boolean }; server: { running: boolean } };
  const first = await state();
  expect(first).toMatchObject({ worker: { running: true, current: true }, server: { running: true } });
  await lab.root('ops', ['kill', '-KILL', String(first.worker.pid)]);
  for (const until = Date.now() + 60_000; Date.now() < until; await sleep(500)) {
    const { worker } = await state();
    if (worker.running && worker.pid !== first.worker.pid) break;
  }
  expect((await state()).worker).toMatchObject({ running: true, current: true });

  expect((await musherOnOps('service', 'stop')).exitCode).toBe(0);
  expect(await state()).toMatchObject({ worker: { running: false }, server: { running: false } });
  expect((await lab.root('ops', ['systemctl', 'is-active', first.systemd!.worker], { reject: false })).stdout).toBe('inactive');
  const started = await musherOnOps('service', 'start');
  expect(started.exitCode, started.stderr).toBe(0);
  expect((await lab.root('ops', ['systemctl', 'is-active', first.systemd!.worker, first.systemd!.server])).stdout).toBe('active\nactive');

  expect((await musherOnOps('service', 'uninstall')).exitCode).toBe(0);
  expect((await lab.root('ops', ['sh', '-c', 'ls /etc/systemd/system /etc/systemd/system/multi-user.target.wants | grep musher'], { reject: false })).stdout).toBe('');
  const last = await state();
  expect(last).toMatchObject({ worker: { running: false }, server: { running: false } });
  expect(last).not.toHaveProperty('systemd');
}, LONG);

/** Waits until a step of the deploy is under way on `ops`. */
async function untilSwitching(step: string): Promise<void> {
  let seen: unknown;
  for (const until = Date.now() + 120_000; Date.now() < until; await sleep(200)) {
    const { stdout } = await musherOnOps('status', 'shop/live', '--json');
    seen = statusOf(stdout).running?.steps;
    if (statusOf(stdout).running?.steps?.some((report) => report.name === step && report.state === 'running')) return;
  }
  throw new Error(`"${step}" was not under way within 120 s: ${JSON.stringify(seen)}`);
}
