import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Finding } from '../../cli/doctor/finding.ts';
import { Lab } from '../../lab/lab.ts';
import { musher } from '../cli/musher.ts';

const NAME = `test-doctor-${process.pid}`;

let lab: Lab;
let folder: string;

beforeAll(async () => {
  lab = await Lab.up({ name: NAME, hosts: ['lb1', 'web1', 'nfs1'] });
  folder = await mkdtemp(join(tmpdir(), 'musher-doctor-'));
  await mkdir(join(folder, 'state'), { mode: 0o700 });
  await writeFile(join(folder, 'state/known_hosts'), await readFile(lab.knownHosts));
});
afterAll(async () => {
  await Lab.down(NAME);
  await rm(folder, { recursive: true, force: true });
});

/** The doctor's findings about a balancer, a member and a storage of its files. */
async function lookBetween(): Promise<{ code: number | null; findings: Finding[] }> {
  const server = (name: string) => `  ${name}: { address: ${lab.host(name).address}, user: deploy, key: ${lab.key} }\n`;
  const spec = `version: 1\nservers:\n${['lb1', 'web1', 'nfs1'].map(server).join('')}groups:\n  eu: { kind: cluster, members: [web1], balancers: [lb1], files: { server: nfs1 } }\n`;
  await writeFile(join(folder, 'between.yml'), spec);
  const { code, stdout } = await musher(['doctor', '--json', '-f', 'between.yml'], { cwd: folder, env: { MUSHER_HOME: join(folder, 'state') } });
  return { code, findings: (JSON.parse(stdout) as { findings: Finding[] }).findings };
}

/** What was found of the attempt from one server to another. */
const wayTo = (to: string, findings: Finding[]) => findings.find(({ check }) => check === `to ${to}`);

/** One listener on the member's port, or none. */
async function listen(on?: string): Promise<void> {
  await lab.root('web1', ['sh', '-c', 'systemctl stop site.service 2>/dev/null; systemctl reset-failed site.service 2>/dev/null; true']);
  if (!on) return;
  await lab.root('web1', ['systemd-run', '--quiet', '--unit=site.service', 'python3', '-m', 'http.server', '--bind', on, '80']);
  await lab.root('web1', ['sh', '-c', 'for n in $(seq 100); do ss -ltn | grep -q ":80 " && exit; sleep 0.1; done; exit 1']);
}

/** The doctor's findings about one server, described by these settings beside its address. */
async function look(settings = 'user: deploy', words: string[] = ['--json']): Promise<{ code: number | null; stdout: string; findings: Finding[] }> {
  const { address } = lab.host('web1');
  await writeFile(join(folder, 'musher.yml'), `version: 1\nservers:\n  web1: { address: ${address}, key: ${lab.key}, ${settings} }\ngroups:\n  eu: { kind: cluster, members: [web1], root: /srv/sites }\n`);
  const { code, stdout } = await musher(['doctor', ...words], { cwd: folder, env: { MUSHER_HOME: join(folder, 'state') } });
  const findings = words.includes('--json') ? (JSON.parse(stdout) as { findings: Finding[] }).findings.filter(({ subject }) => subject === 'web1') : [];
  return { code, stdout, findings };
}

test('A bare host and this machine are fit; each thing looked at is said', async () => {
  const { code, stdout, findings } = await look();
  expect(code, stdout).toBe(0);
  expect(findings.map(({ check, state }) => `${check} ${state}`)).toEqual(['SSH ok', 'sudo ok', 'distribution ok', 'Python ok', 'clock ok', 'disk ok']);
  expect(stdout).toContain('free at /srv/sites');
  for (const check of ['Node', 'Ansible', 'Temporal CLI', 'rsync']) expect(stdout).toContain(`"check": "${check}",\n      "state": "ok"`);
  const text = await look('user: deploy', ['web1']);
  expect(text.stdout).toMatch(/^web1\n {2}✓ SSH: deploy@/m);
  expect(text.stdout).toContain('Nothing hinders operations');
});

test.each([
  ['another port', 'user: deploy, port: 3', 'SSH', 'Connection refused'],
  ['a user that does not exist', 'user: nobody-here', 'SSH login', 'Permission denied'],
  ['a Python that is not there', 'user: deploy, python: /usr/bin/python9', 'Python', '/usr/bin/python9 does not run there'],
])('%s is found', async (_, settings, check, message) => {
  const { code, findings } = await look(settings);
  expect(code).toBe(1);
  expect(findings.filter(({ state }) => state === 'failed')).toMatchObject([{ check, message: expect.stringContaining(message) as string, remedy: expect.stringMatching(/\w/) as string }]);
});

test('sudo that asks for a password is found', async () => {
  await lab.root('web1', ['sh', '-c', 'useradd --create-home --shell /bin/sh plain && cp -r /home/deploy/.ssh /home/plain/ && chown -R plain: /home/plain/.ssh']);
  const { code, findings } = await look('user: plain');
  expect(code).toBe(1);
  expect(findings.filter(({ state }) => state === 'failed')).toMatchObject([{ check: 'sudo', remedy: expect.stringContaining('NOPASSWD') as string }]);
});

test('a host key that is not on record, or another, is found', async () => {
  const record = join(folder, 'state/known_hosts');
  const before = await readFile(record, 'utf8');
  for (const text of ['', before.replaceAll(/AAAA\S+/g, (key) => `${key.slice(0, -4)}AAAA`)]) {
    await writeFile(record, text || '\n');
    const { code, findings } = await look();
    expect(code).toBe(1);
    expect(findings).toMatchObject([{ check: 'host key', remedy: 'See it beside the one on record: musher trust web1' }]);
  }
  await writeFile(record, before);
});

test('Servers try to reach one another as operations will have them do', async () => {
  const bare = await lookBetween();
  expect(bare.findings.filter(({ check }) => check === 'NFS').map(({ subject }) => subject)).toEqual(['web1', 'nfs1']);
  expect(wayTo('web1', bare.findings)).toMatchObject({ subject: 'lb1', state: 'ok', message: `${lab.host('web1').address}, TCP port 80 refuses: nothing listens there yet, and no firewall swallows it` });
  expect(wayTo('nfs1', bare.findings)).toMatchObject({ subject: 'web1', state: 'ok', message: expect.stringContaining('TCP port 2049 refuses: nothing listens') as string });

  await listen('0.0.0.0');
  expect(wayTo('web1', (await lookBetween()).findings)).toMatchObject({ state: 'ok', message: `reaches ${lab.host('web1').address}, TCP port 80` });

  await listen('127.0.0.1');
  const refused = await lookBetween();
  expect(refused.code).toBe(1);
  expect(wayTo('web1', refused.findings)).toMatchObject({ state: 'failed', message: expect.stringContaining('refuses, and something listens') as string });

  // Whatever the member sends to the balancer is lost, as behind a firewall that drops.
  await lab.root('web1', ['ip', 'route', 'add', 'blackhole', `${lab.host('lb1').address}/32`]);
  const silent = await lookBetween();
  expect(silent.code).toBe(1);
  expect(wayTo('web1', silent.findings)).toMatchObject({ state: 'failed', message: expect.stringContaining('gives no answer') as string, remedy: expect.stringContaining('firewalls of web1') as string });
  expect(silent.findings.find(({ subject, check }) => subject === 'web1' && check === 'SSH')).toMatchObject({ state: 'ok' });
});
