import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { Lab } from '../../lab/lab.ts';
import { until } from '../../lab/process.ts';
import { musher } from '../cli/musher.ts';

const NAME = `test-trust-${process.pid}`;
const PORT = 2201;
const MAIN = join(import.meta.dirname, '../../cli/main.ts');

let lab: Lab;
let folder: string;
let home: string;
let env: Record<string, string>;

beforeAll(async () => {
  lab = await Lab.up({ name: NAME, hosts: ['web1'] });
  folder = await mkdtemp(join(tmpdir(), 'musher-trust-'));
  for (const [name, type] of [['old', 'ed25519'], ['new', 'ed25519'], ['more', 'ecdsa']]) await lab.root('web1', ['ssh-keygen', '-q', '-t', type!, '-N', '', '-f', `/root/${name}`]);
});
afterAll(async () => {
  await Lab.down(NAME);
  await rm(folder, { recursive: true, force: true });
});

beforeEach(async () => {
  home = join(folder, 'state');
  await rm(home, { recursive: true, force: true });
  await mkdir(home, { mode: 0o700 });
  env = { MUSHER_HOME: home, HOME: folder };
  await rm(join(folder, '.ssh'), { recursive: true, force: true });
  await spec(`{ address: ${address()}, user: deploy, port: ${PORT} }`);
  await listen('old');
});

const address = () => lab.host('web1').address;
const spec = (web1: string, web2 = '') => writeFile(join(folder, 'musher.yml'), `version: 1\nservers:\n  web1: ${web1}\n${web2 && `  web2: ${web2}\n`}groups:\n  eu: { kind: cluster, members: [web1] }\n`);
const run = (...words: string[]) => musher(['trust', ...words], { cwd: folder, env });
const record = () => readFile(join(home, 'known_hosts'), 'utf8');
const fingerprint = async (key: string) => (await lab.root('web1', ['ssh-keygen', '-lf', `/root/${key}.pub`])).stdout.split(' ')[1]!;
const blob = async (key: string) => (await lab.root('web1', ['cat', `/root/${key}.pub`])).stdout.split(' ')[1]!;

/** One sshd with these keys on the port, in place of the one before. */
async function listen(...keys: string[]): Promise<void> {
  await lab.root('web1', ['sh', '-c', `test ! -e /run/extra.pid || kill $(cat /run/extra.pid); while ss -Hltn sport = :${PORT} | grep -q .; do sleep 0.05; done`]);
  await lab.root('web1', ['/usr/sbin/sshd', '-p', String(PORT), '-o', 'PidFile=/run/extra.pid', ...keys.flatMap((key) => ['-h', `/root/${key}`])]);
  expect(await until(5_000, 50, async () => (await lab.root('web1', ['ss', '-Hltn', `sport = :${PORT}`])).stdout !== '')).toBe(true);
}

/** Runs the command in a terminal, and types the answers. */
const inTerminal = (answers: string, ...words: string[]) =>
  execa('script', ['-qec', [process.execPath, MAIN, 'trust', ...words].join(' '), '/dev/null'], { cwd: folder, env, input: answers, reject: false, all: true });

/** Whether ssh, with the list that operations have, takes the host for the one on record: it is then refused for want of a key of its own. */
async function sshTrusts(): Promise<boolean> {
  const settings = ['BatchMode=yes', 'StrictHostKeyChecking=yes', `UserKnownHostsFile=${home}/known_hosts`, 'GlobalKnownHostsFile=/dev/null'];
  const { stderr } = await execa('ssh', ['-F', '/dev/null', ...settings.flatMap((setting) => ['-o', setting]), '-p', String(PORT), `deploy@${address()}`, 'true'], { reject: false });
  return /Permission denied/.test(stderr) && !/Host key verification failed/.test(stderr);
}

test('Without a terminal a new server is shown and refused, and nothing is written', async () => {
  const { code, stdout, stderr } = await run();
  expect(code).toBe(2);
  expect(stdout).toContain(`ssh-ed25519  ${await fingerprint('old')}  nothing`);
  expect(stderr).toContain('--fingerprint SHA256:');
  const { code: asJson, stdout: document } = await run('--json');
  expect(asJson).toBe(2);
  expect(JSON.parse(document)).toMatchObject({ servers: [{ server: 'web1', name: `[${address()}]:${PORT}`, standing: 'new', outcome: 'undecided', shown: [{ fingerprint: await fingerprint('old') }] }] });
  expect(existsSync(join(home, 'known_hosts'))).toBe(false);
});

test('--yes writes all its keys, privately; ssh then takes it for what it is, and a second time there is nothing to do', async () => {
  await listen('old', 'more');
  expect((await run('--yes')).code).toBe(0);
  expect((await stat(join(home, 'known_hosts'))).mode & 0o777).toBe(0o600);
  expect((await record()).trim().split('\n')).toHaveLength(2);
  expect(await sshTrusts()).toBe(true);
  const before = await record();
  const { code, stdout } = await run();
  expect(code).toBe(0);
  expect(stdout).toMatch(/^web1 .*: known$/m);
  expect(await record()).toBe(before);
});

test('--fingerprint writes the key that has it and no other, and nothing for another fingerprint', async () => {
  await listen('old', 'more');
  const { code, stderr } = await run('web1', '--fingerprint', await fingerprint('new'));
  expect(code).toBe(1);
  expect(stderr).toContain('It shows no key with the fingerprint');
  expect(existsSync(join(home, 'known_hosts'))).toBe(false);
  expect((await run('web1', '--fingerprint', await fingerprint('more'))).code).toBe(0);
  expect(await record()).toContain(await blob('more'));
  expect(await record()).not.toContain(await blob('old'));
  expect(await sshTrusts()).toBe(true);
});

test('A changed key is told with both fingerprints and not replaced, --yes or not; --replace replaces it', async () => {
  expect((await run('--yes')).code).toBe(0);
  const before = await record();
  await listen('new');
  for (const words of [[], ['--yes'], ['--yes', '--json']]) {
    const { code, stdout, stderr } = await run(...words);
    expect(code).toBe(1);
    expect(stdout).toContain(await fingerprint('new'));
    expect(stdout).toContain(await fingerprint('old'));
    expect(stdout + stderr).toContain('musher trust web1 --replace');
    expect(await record()).toBe(before);
  }
  expect((await run('--replace')).code).toBe(2);
  expect(await record()).toBe(before);
  expect((await run('--replace', '--yes')).code).toBe(0);
  expect(await record()).toContain(await blob('new'));
  expect(await record()).not.toContain(await blob('old'));
  expect(await sshTrusts()).toBe(true);
});

test('In a terminal it asks: only yes is yes', async () => {
  for (const answer of ['\n', 'n\n', 'SHA256\n']) expect((await inTerminal(answer)).exitCode).toBe(1);
  expect(existsSync(join(home, 'known_hosts'))).toBe(false);
  const { exitCode, all } = await inTerminal('yes\n');
  expect({ exitCode, asked: all.includes('shall it be trusted? [y/N]') }).toEqual({ exitCode: 0, asked: true });
  await listen('new');
  expect((await inTerminal('n\n', '--replace')).exitCode).toBe(1);
  expect(await record()).toContain(await blob('old'));
  expect((await inTerminal('y\n', '--replace')).exitCode).toBe(0);
  expect(await record()).not.toContain(await blob('old'));
});

test('A server that cannot be asked is named, and the others are written', async () => {
  await spec(`{ address: ${address()}, user: deploy, port: ${PORT} }`, `{ address: ${address()}, user: deploy, port: 2 }`);
  const { code, stdout, stderr } = await run('--yes');
  expect(code).toBe(1);
  expect(stderr).toMatch(/It could not be asked: .*Connection refused.*ssh -p 2 deploy@/);
  expect(stdout).toContain('Not trusted: web2.');
  expect(await sshTrusts()).toBe(true);
});

test("What the user's own list had is kept; ssh's configuration is followed, with its aliases and jump hosts", async () => {
  await mkdir(join(folder, '.ssh'), { mode: 0o700 });
  await writeFile(join(folder, '.ssh/known_hosts'), `other.example.net ssh-ed25519 ${await blob('new')}\n`);
  const jump = `ssh -F /dev/null -i ${lab.key} -o BatchMode=yes -o UserKnownHostsFile=${lab.knownHosts} -W %h:%p deploy@${address()}`;
  await writeFile(join(folder, 'config'), `Host inner\n  HostName 127.0.0.1\n  HostKeyAlias inner-web1\n  ProxyCommand ${jump}\n`);
  // ssh reads the configuration of the home that the system has for the user, whatever HOME says.
  const wrapper = join(folder, 'bin');
  await mkdir(wrapper, { recursive: true });
  await writeFile(join(wrapper, 'ssh'), `#!/bin/sh\nexec /usr/bin/ssh -F ${folder}/config "$@"\n`, { mode: 0o755 });
  env = { ...env, PATH: `${wrapper}:${process.env['PATH']!}` };
  await spec(`{ address: inner, user: deploy, port: ${PORT} }`);
  const { code, stderr } = await run('--yes');
  expect({ code, stderr }).toMatchObject({ code: 0 });
  expect(await record()).toBe(`other.example.net ssh-ed25519 ${await blob('new')}\ninner-web1 ssh-ed25519 ${await blob('old')}\n`);
});

test('What cannot be meant is refused before anything is asked', async () => {
  for (const [words, message] of [
    [['web9'], 'The spec has no server "web9"; did you mean "web1"?'],
    [['--fingerprint', 'SHA256:x'], '--fingerprint takes what "ssh-keygen -lf" prints'],
    [['--fingerprint', await fingerprint('old')], '--fingerprint is of one server'],
    [['web1', '--yes', '--fingerprint', await fingerprint('old')], 'leave one of them out'],
  ] as const) {
    const { code, stderr } = await run(...words);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  }
  env = { ...env, MUSHER_KNOWN_HOSTS: '/etc/ssh/ssh_known_hosts' };
  expect(await run('--yes')).toMatchObject({ code: 2, stderr: expect.stringContaining('MUSHER_KNOWN_HOSTS') as string });
});
